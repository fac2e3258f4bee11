// The colours of YARA rules: comments, strings, regular expressions, names of strings, words of the language.
import type { StreamParser } from "@codemirror/language";

const WORDS = new Set(["rule", "private", "global", "import", "include", "meta", "strings", "condition"]);
const LOGIC = new Set([
  "all", "and", "any", "ascii", "at", "base64", "base64wide", "contains", "defined", "endswith", "entrypoint", "false", "filesize", "for", "fullword", "icontains",
  "iendswith", "iequals", "in", "istartswith", "matches", "nocase", "none", "not", "of", "or", "startswith", "them", "true", "wide", "xor",
]);

interface State { comment: boolean; value: boolean }

export const yara: StreamParser<State> = {
  name: "yara",
  startState: () => ({ comment: false, value: false }),
  token(stream, state) {
    if (state.comment) {
      state.comment = !stream.match(/^.*?\*\//);
      if (state.comment) stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//")) { stream.skipToEnd(); return "comment"; }
    if (stream.match("/*")) { state.comment = true; return "comment"; }
    const value = state.value;
    state.value = false;
    if (stream.match(/^"(\\.|[^"\\])*"?/)) return "string";
    if (value && stream.match(/^\/(\\.|[^/\\])+\/[is]*/)) return "string";
    if (stream.match(/^[$#@!][A-Za-z0-9_*]*/)) return "propertyName";
    if (stream.match(/^(0x[0-9a-fA-F]+|[0-9]+(\.[0-9]+)?(KB|MB)?)/)) return "number";
    const word = stream.match(/^[A-Za-z_][A-Za-z0-9_]*/) as RegExpMatchArray | null;
    if (word) {
      state.value = word[0] === "matches";
      return WORDS.has(word[0]) ? "keyword" : LOGIC.has(word[0]) ? "atom" : null;
    }
    const next = stream.next();
    state.value = next === "=" || next === "(" || next === ",";
    return null;
  },
  languageData: { commentTokens: { line: "//" } },
};
