// The search language in the console: its pieces, what can be proposed where, and writing conditions.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldProposals, valueProposals } from "../src/event/complete.ts";
import { and, fieldName, is, literal, not, ofParts, placeOf, spotAt, tokens } from "../src/event/language.ts";
import { csvCell } from "../src/event/sql_file.ts";

const kinds = (text: string) => tokens(text).filter((token) => token.kind !== "blank").map((token) => `${token.kind}=${text.slice(token.from, token.to)}`);

test("the pieces of a query are together the query", () => {
  const texts = [
    'source_ip:10.0.0.0/8 AND user_name:li* NOT event_action:(allow OR "a b") "failed password"', "a:[1 TO 5] b>=3 c != d", '"open', "((x", "a:{1 TO",
    "10:30:11 https://x/y?z -not !y a\\:b 中文:值", "",
  ];
  for (const text of texts) {
    let at = 0;
    for (const token of tokens(text)) {
      assert.equal(token.from, at, text);
      assert.ok(token.to > token.from, text);
      at = token.to;
    }
    assert.equal(at, text.length, text);
  }
});

test("fields, signs, values, words and key words are told apart", () => {
  assert.deepEqual(kinds("source_ip:10.0.0.0/8 AND li*"), ["field=source_ip", "sign=:", "value=10.0.0.0/8", "keyword=AND", "text=li*"]);
  assert.deepEqual(kinds('a:(b OR "c d")'), ["field=a", "sign=:", "bracket=(", "value=b", "keyword=OR", 'quoted="c d"', "bracket=)"]);
  assert.deepEqual(kinds("p:[1 TO 5] q > 3"), ["field=p", "sign=:", "value=[1 TO 5]", "field=q", "sign=>", "value=3"]);
  assert.deepEqual(kinds('-x "my field":y'), ["keyword=-", "text=x", 'field="my field"', "sign=:", "value=y"]);
  assert.deepEqual(kinds("10:30:11 https://a/b"), ["text=10:30:11", "text=https://a/b"]);
});

test("what is typed at the caret is known", () => {
  const spot = (text: string) => {
    const caret = text.indexOf("|");
    const found = spotAt(text.replace("|", ""), caret);
    return found && [found.kind, found.field, found.typed, found.from, found.to];
  };
  assert.deepEqual(spot("|"), ["field", "", "", 0, 0]);
  assert.deepEqual(spot("user|"), ["field", "", "user", 0, 4]);
  assert.deepEqual(spot("user_name:|"), ["value", "user_name", "", 10, 10]);
  assert.deepEqual(spot("a AND user_name:li|"), ["value", "user_name", "li", 16, 18]);
  assert.deepEqual(spot('user_name:"Li L|'), ["value", "user_name", "Li L", 10, 15]);
  assert.deepEqual(spot("a:(b OR c|"), ["value", "a", "c", 8, 9]);
  assert.equal(spot("a:[1 TO|"), null);
  assert.deepEqual(spot("so| AND x"), ["field", "", "so", 0, 2]);
});

test("conditions mean what they were made from", () => {
  assert.equal(is("user_name", "li.lei"), "user_name:li.lei");
  assert.equal(is("user_name", 'Li "Lei" \\'), 'user_name:"Li \\"Lei\\" \\\\"');
  assert.equal(is("source_ip", "10.0.0.0/8"), 'source_ip:"10.0.0.0/8"', "a value that looks like a range is meant as it is");
  assert.equal(literal("AND"), '"AND"');
  assert.equal(literal("a*"), '"a*"');
  assert.equal(literal("-x"), "-x");
  assert.equal(literal(""), '""');
  assert.equal(fieldName("my field"), '"my field"');
  assert.equal(fieldName("Event.System"), "Event.System");
  assert.equal(not(not("a:b")), "a:b");
});

test("a condition more is not repeated, and never changes what was asked before", () => {
  assert.equal(and("", "a:b"), "a:b");
  assert.equal(and("x", "a:b"), "x AND a:b");
  assert.equal(and("x AND a:b", "a:b"), "x AND a:b");
  assert.equal(and("x OR y", "a:b"), "(x OR y) AND a:b");
  assert.equal(ofParts([{ text: "a:b", not: true }, { text: "(c OR d)", not: false }]), "NOT a:b AND (c OR d)");
});

test("places are counted in characters, as the server does", () => {
  assert.equal(placeOf("a😀b", 2), 3);
  assert.equal(placeOf("ab", 9), 2);
});

test("fields are proposed by how many events have them, values by how often they occur", () => {
  const spot = { kind: "field" as const, field: "", typed: "user", from: 6, to: 10 };
  const fields = [{ name: "user_id", kind: "text", share: 0.1 }, { name: "user_name", kind: "text", share: 0.9 }, { name: "source_user", kind: "text" }];
  assert.deepEqual(fieldProposals(spot, fields, String, String).map((one) => one.insert), ["user_name:", "user_id:", "source_user:"]);
  const value = { kind: "value" as const, field: "user_name", typed: "li", from: 0, to: 2 };
  const values = [{ value: "wang", count: 9 }, { value: "Li Lei", count: 5 }, { value: "li.na", count: 2 }];
  assert.deepEqual(valueProposals(value, values, String, "there").map((one) => one.insert), ['"Li Lei" ', "li.na "]);
});

test("cells of a file that would be formulas are disarmed", () => {
  assert.deepEqual(["a,b", null, "", '=1+1', -5, "-5", "-cmd|x", 'say "x"'].map(csvCell), ['"a,b"', "", '""', '"\'=1+1"', "-5", "-5", '"\'-cmd|x"', '"say ""x"""']);
});
