// The name of a log source; one that was added by its operator is called what they called it.
import { word } from "../i18n/text.ts";

export function SourceName({ id }: { id: string }) {
  return <span title={id} class={word("log-source", id) === id ? "mono" : undefined}>{word("log-source", id)}</span>;
}
