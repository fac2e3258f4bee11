// What the server says of a query it cannot read, in the reader's words. One that is not known is shown as it came.
import { t } from "../i18n/text.ts";

const FORMS: [RegExp, (hit: RegExpExecArray) => string][] = [
  [/^this quotation mark is never closed/, () => t("query-unclosed-quote")],
  [/^this `\(` is never closed/, () => t("query-unclosed-parenthesis")],
  [/^this `\)` closes nothing/, () => t("query-stray-parenthesis")],
  [/^this range is never closed/, () => t("query-unclosed-range")],
  [/^expected TO between/, () => t("query-range-to")],
  [/^a range needs an end/, () => t("query-range-end")],
  [/^a range's end takes no wildcards/, () => t("query-range-wildcard")],
  [/^a range stands after a field/, () => t("query-range-field")],
  [/^expected a condition before (AND|OR|&&|\|\|);/, (hit) => t("query-before-word", { word: hit[1] ?? "" })],
  [/^expected a condition before `\)`/, () => t("query-before-parenthesis")],
  [/^the query ends where a condition/, () => t("query-ends")],
  [/^expected a condition(?::| or the end)/, () => t("query-condition")],
  [/^expected OR, AND or `\)`/, () => t("query-list")],
  [/^expected a value; write "(.+)" if/, (hit) => t("query-value-word", { word: hit[1] ?? "" })],
  [/^expected a value(?::|,)/, () => t("query-value")],
  [/^expected a number, an address or a text/, () => t("query-compare")],
  [/^expected a time as/, () => t("query-time")],
  [/^a field name has no wildcards/, () => t("query-field-wildcard")],
  [/^a query has at most (\d+) characters/, (hit) => t("query-too-long", { most: hit[1] ?? "" })],
  [/^a query has at most (\d+) conditions/, (hit) => t("query-too-many", { most: hit[1] ?? "" })],
  [/^conditions nest at most (\d+) deep/, (hit) => t("query-too-deep", { most: hit[1] ?? "" })],
];

export function queryMessage(message: string): string {
  for (const [form, say] of FORMS) {
    const hit = form.exec(message);
    if (hit) return say(hit);
  }
  return message;
}
