// Marks the values that made a rule fire inside the record as it was received.
import type { MatchedField } from "../api/types.ts";

export interface Segment { text: string; marked: boolean }

/** Values shorter than this are marked only beside their field's name: `1` is everywhere. */
const SHORT = 3;

/** How a value may stand in a record: as it is, escaped for JSON, or for XML. */
function forms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const xml = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = xml.replaceAll('"', "&quot;").replaceAll("'", "&apos;");
  return [...new Set([value, json, xml, quoted])];
}

const escapeRegex = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Splits a record into marked and plain segments that together are the record. */
export function segments(raw: string, matched: MatchedField[]): Segment[] {
  const ranges: [number, number][] = [];
  const low = raw.toLowerCase();
  const lengthKept = low.length === raw.length;
  for (const { field, value } of matched) {
    if (!value) continue;
    if (value.length < SHORT) {
      if (!field) continue;
      const name = field.split(".").at(-1) ?? field;
      const pattern = new RegExp(`${escapeRegex(name)}["']?\\W{0,4}?[=:>]\\s*["']?(${escapeRegex(value)})(?![\\w.])`, "gid");
      for (const hit of raw.matchAll(pattern)) if (hit.indices?.[1]) ranges.push([hit.indices[1][0], hit.indices[1][1]]);
      continue;
    }
    for (const form of forms(value)) {
      const hay = lengthKept ? low : raw;
      const needle = lengthKept ? form.toLowerCase() : form;
      for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + needle.length)) ranges.push([at, at + needle.length]);
    }
  }
  return cut(raw, ranges);
}

function cut(raw: string, ranges: [number, number][]): Segment[] {
  const found: Segment[] = [];
  let done = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (to <= done) continue;
    const start = Math.max(from, done);
    if (start > done) found.push({ text: raw.slice(done, start), marked: false });
    const last = found.at(-1);
    if (last?.marked && start === done) last.text += raw.slice(start, to);
    else found.push({ text: raw.slice(start, to), marked: true });
    done = to;
  }
  if (done < raw.length || found.length === 0) found.push({ text: raw.slice(done), marked: false });
  return found;
}

export function Raw({ text, matched = [] }: { text: string; matched?: MatchedField[] }) {
  return (
    <pre class="raw" tabIndex={0}>
      {segments(text, matched).map((segment, place) =>
        segment.marked ? <mark key={place}>{segment.text}</mark> : segment.text)}
    </pre>
  );
}
