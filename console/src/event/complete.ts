// What can be proposed where somebody is typing a query: fields, key words, values, and what was searched before.
import { type Spot, fieldName, literal } from "./language.ts";

export interface Proposal {
  /** What is put in place of what was typed. */
  insert: string;
  label: string;
  /** Beside the label: how much of the result has it, how often it occurs, what it is. */
  note: string;
}

export interface KnownField { name: string; kind: string; /** Of the rows read, which share has it. */ share?: number }

const MOST = 12;
const WORDS = ["AND", "OR", "NOT"];

export function fieldProposals(spot: Spot, fields: KnownField[], share: (share: number) => string, sayKind: (kind: string) => string): Proposal[] {
  const typed = spot.typed.toLowerCase();
  const rank = ({ name }: KnownField) => {
    const at = name.toLowerCase().indexOf(typed);
    return at < 0 ? -1 : at === 0 ? 0 : 1;
  };
  const fitting = fields.filter((field) => rank(field) >= 0 && field.name !== spot.typed);
  fitting.sort((a, b) => rank(a) - rank(b) || (b.share ?? 0) - (a.share ?? 0) || a.name.localeCompare(b.name));
  const words = spot.from > 0 ? WORDS.filter((word) => typed !== "" && word.startsWith(spot.typed) && word !== spot.typed) : [];
  return [
    ...words.map((word) => ({ insert: `${word} `, label: word, note: "" })),
    ...fitting.map((field) => ({
      insert: `${fieldName(field.name)}:`, label: field.name,
      note: field.share === undefined ? sayKind(field.kind) : share(field.share),
    })),
  ].slice(0, MOST);
}

export function valueProposals(spot: Spot, values: { value: string; count: number }[], count: (count: number) => string, exists: string): Proposal[] {
  const typed = spot.typed.toLowerCase();
  const fitting = values.filter(({ value }) => value.toLowerCase().includes(typed) && value.length <= 200 && value !== spot.typed);
  const proposals = fitting.map((one) => ({ insert: `${literal(one.value)} `, label: one.value, note: count(one.count) }));
  return [...proposals.slice(0, MOST - 1), ...(typed === "" ? [{ insert: "* ", label: "*", note: exists }] : [])];
}
