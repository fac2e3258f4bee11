// Two texts as one, with what was taken out and put in; what stays the same is folded where it is long.
import { t } from "../i18n/text.ts";
import { type DiffLine, diff } from "./diff.ts";

/** Lines shown around a difference. */
const AROUND = 3;

export function Diff({ before, after }: { before: string; after: string }) {
  const lines = diff(before, after);
  const near = lines.map((_, place) => lines.slice(Math.max(0, place - AROUND), place + AROUND + 1).some((line) => line.kind !== "same"));
  if (!near.includes(true)) return <p class="muted">{t("diff-none")}</p>;
  return (
    <pre class="diff mono" tabIndex={0}>
      {lines.map((line, place) => near[place]
        ? <span key={place} class={line.kind}>{sign(line)}{line.text}{"\n"}</span>
        : near[place - 1] || place === 0 ? <span key={place} class="fold">…{"\n"}</span> : null)}
    </pre>
  );
}

const sign = (line: DiffLine) => line.kind === "added" ? "+ " : line.kind === "removed" ? "- " : "  ";
