// The search language as the console needs it: the pieces of a text for colours and completion, and writing conditions.
// Whether a text can be read, and what it means, only the server says.

export type TokenKind = "field" | "sign" | "value" | "quoted" | "text" | "keyword" | "bracket" | "blank";
export interface Token { kind: TokenKind; from: number; to: number }

/** What is being typed at a place of a text. */
export interface Spot {
  kind: "field" | "value";
  /** The field whose value it is. */
  field: string;
  /** What stands there so far, and would be replaced. */
  typed: string;
  from: number;
  to: number;
}

const KEYWORDS = ["AND", "OR", "NOT", "TO", "&&", "||"];
const SIGNS = ["!=", ">=", "<=", ":", ">", "<", "="];

/** Splits a text; the tokens together are the text. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  // Whether each open parenthesis holds a field's values.
  const lists: boolean[] = [];
  let value = false;
  let at = 0;
  const push = (kind: TokenKind, to: number) => {
    found.push({ kind, from: at, to });
    at = to;
  };
  while (at < text.length) {
    const rest = text.slice(at);
    const blank = /^\s+/.exec(rest)?.[0].length ?? 0;
    const inList = lists.at(-1) ?? false;
    if (blank > 0) {
      push("blank", at + blank);
      continue;
    }
    const next = rest.charAt(0);
    const keyword = KEYWORDS.find((word) => rest.startsWith(word) && /^(?:$|[\s()[\]{}"])/.test(rest.slice(word.length)));
    if (keyword && !value) {
      push("keyword", at + keyword.length);
      continue;
    }
    if (next === "(") {
      lists.push(value);
      value = false;
      push("bracket", at + 1);
      continue;
    }
    if (next === ")" || (inList && next === ",")) {
      if (next === ")") lists.pop();
      push("bracket", at + 1);
      continue;
    }
    if (!value && !inList && /^[-!][^\s=]/.test(rest)) {
      push("keyword", at + 1);
      continue;
    }
    if ((value || inList) && /^[<>]=?/.test(rest)) {
      push("sign", at + (/^[<>]=?/.exec(rest)?.[0].length ?? 1));
      continue;
    }
    if ((value || inList) && (next === "[" || next === "{")) {
      push("value", at + range(rest));
      value = false;
      continue;
    }
    const length = next === '"' ? quoted(rest) : word(rest, value ? "value" : inList ? "list" : "term");
    if (value || inList) {
      push(next === '"' ? "quoted" : "value", at + length);
      value = false;
      continue;
    }
    const after = /^\s*/.exec(rest.slice(length))?.[0].length ?? 0;
    const direct = rest.startsWith(":", length);
    const sign = direct ? ":" : SIGNS.find((one) => one !== ":" && rest.startsWith(one, length + after));
    if (!sign) {
      push(next === '"' ? "quoted" : "text", at + length);
      continue;
    }
    push("field", at + length);
    if (!direct && after > 0) push("blank", at + after);
    push("sign", at + sign.length);
    value = true;
  }
  return found;
}

function quoted(rest: string): number {
  for (let at = 1; at < rest.length; at += 1) {
    if (rest[at] === "\\" && /["\\]/.test(rest.charAt(at + 1))) at += 1;
    else if (rest[at] === '"') return at + 1;
  }
  return rest.length;
}

function range(rest: string): number {
  for (let at = 1; at < rest.length; at += 1) {
    if (rest[at] === '"') at += quoted(rest.slice(at)) - 1;
    else if (rest[at] === "]" || rest[at] === "}") return at + 1;
  }
  return rest.length;
}

function word(rest: string, place: "term" | "value" | "list"): number {
  const ends = place === "term" ? /[\s()"<>=[\]{}]/ : place === "list" ? /[\s()",]/ : /[\s()"]/;
  let at = 0;
  for (; at < rest.length; at += 1) {
    const next = rest.charAt(at);
    if (next === "\\" && at + 1 < rest.length) {
      at += 1;
      continue;
    }
    if (ends.test(next) || (place === "term" && rest.startsWith("!=", at))) break;
    // A colon between the digits of a time or in front of `//` is no field's.
    if (next === ":" && place === "term" && !rest.startsWith("://", at) && !/^[\d:.-]+$/.test(rest.slice(0, at))) break;
  }
  return Math.max(1, at);
}

/** What the caret stands in, where something can be proposed. */
export function spotAt(text: string, caret: number): Spot | null {
  const all = tokens(text.slice(0, caret));
  const last = all.at(-1);
  if (!last) return { kind: "field", field: "", typed: "", from: caret, to: caret };
  const end = tokens(text).find((token) => token.from <= caret && caret < token.to && token.from === last.from)?.to ?? caret;
  const typed = text.slice(last.from, caret);
  const field = () => {
    const name = all.findLast((token) => token.kind === "field");
    return name ? unquoted(text.slice(name.from, name.to)) : "";
  };
  switch (last.kind) {
    case "text": return { kind: "field", field: "", typed, from: last.from, to: end };
    case "keyword": return /^[A-Z&|]/.test(typed) ? null : { kind: "field", field: "", typed: "", from: caret, to: caret };
    case "blank": return { kind: "field", field: "", typed: "", from: caret, to: caret };
    case "sign": return text.charAt(caret - 1) === ":" || text.charAt(caret - 1) === "=" ? { kind: "value", field: field(), typed: "", from: caret, to: caret } : null;
    case "value": return /^[[{]/.test(typed) ? null : { kind: "value", field: field(), typed, from: last.from, to: end };
    case "quoted": {
      const before = all.at(-2)?.kind;
      return before === "sign" ? { kind: "value", field: field(), typed: unquoted(typed), from: last.from, to: end } : null;
    }
    case "bracket": return typed === "(" && all.at(-2)?.kind === "sign" ? { kind: "value", field: field(), typed: "", from: caret, to: caret } : null;
    default: return null;
  }
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1).replace(/"$/, "").replace(/\\(["\\])/g, "$1") : text;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A value that is meant as it is written, in quotes where it would mean something else without. */
export function literal(value: string): string {
  const plain = /^[\p{L}\p{N}_.@-][\p{L}\p{N}_.@/-]*$/u.test(value);
  const network = /\/\d{1,3}$/.test(value);
  return plain && !network && !KEYWORDS.includes(value) ? value : quote(value);
}

/** A field's name as it stands in a query. */
export function fieldName(name: string): string {
  return /^[\p{L}_@][\p{L}\p{N}_.@-]*$/u.test(name) && !KEYWORDS.includes(name) ? name : quote(name);
}

/** A text with every sign taken literally, for use beside wildcards. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N}_.]/gu, "\\$&");
}

/** `field:value`, the value as it is. */
export function is(field: string, value: string): string {
  return `${fieldName(field)}:${literal(value)}`;
}

/** What must not hold. */
export function not(condition: string): string {
  return condition.startsWith("NOT ") ? condition.slice(4) : `NOT ${condition}`;
}

/** A text that stands somewhere in the record. */
export function contains(text: string): string {
  return `*${escaped(text)}*`;
}

/** A phrase that stands in the record at word borders. */
export function phrase(text: string): string {
  return quote(text);
}

/** A condition in the words of the old filters, which are in old links. */
export function ofFilter(field: string, op: string, value: string): string {
  const name = fieldName(field);
  switch (op) {
    case "is_not": return `NOT ${is(field, value)}`;
    case "contains": return `${name}:*${escaped(value)}*`;
    case "starts_with": return `${name}:${escaped(value)}*`;
    case "exists": return `${name}:*`;
    case "missing": return `NOT ${name}:*`;
    case "in_range": return `${name}:${value}`;
    case "is": return is(field, value);
    default: return "";
  }
}

/** The words and quoted phrases of the old free text, each to stand anywhere in the record. */
export function ofText(text: string): string[] {
  const parts = text.split('"').flatMap((part, place) => (place % 2 === 1 ? [part] : part.split(/\s+/)));
  return parts.filter(Boolean).map(contains);
}

/** A query that also asks for `condition`, which is not repeated. */
export function and(query: string, condition: string): string {
  const before = query.trim();
  if (!before || before === "*") return condition;
  if (` ${before} `.includes(` ${condition} `) && !before.includes(" OR ")) return before;
  const hasOr = tokens(before).some((token) => token.kind === "keyword" && /^(OR|\|\|)$/.test(before.slice(token.from, token.to)));
  return `${hasOr ? `(${before})` : before} AND ${condition}`;
}

export interface Part { text: string; not: boolean }

/** The query of these parts. */
export function ofParts(parts: Part[]): string {
  return parts.map((part) => (part.not ? `NOT ${part.text}` : part.text)).join(" AND ");
}

/** Where the server's place, in characters, is in a JavaScript string. */
export function placeOf(text: string, characters: number): number {
  return [...text].slice(0, characters).join("").length;
}
