// What a rule reads: its log source as Sigma writes it, or other rules.
import { word } from "../i18n/text.ts";

export function LogSource({ of }: { of: string | null | undefined }) {
  if (of === "correlation" || of === "baseline") return <>{word("alert-origin", of)}</>;
  return <span class="mono">{of}</span>;
}
