// Highlighting, the little Markdown, keys, and addresses of searches.
import assert from "node:assert/strict";
import { test } from "node:test";

import type { AuditPolicy } from "../src/api/types.ts";
import { inOrder, positionsAfterMove } from "../src/policy/api.ts";
import { asRange, isRange } from "../src/ui/range.ts";
import { rank } from "../src/shell/palette.tsx";
import { type Command, keyName, match } from "../src/shell/commands.ts";
import { eventsUrl, rangeOf, readQuery } from "../src/event/query.ts";
import { segments } from "../src/ui/highlight.tsx";
import { blocks } from "../src/ui/markdown.tsx";

const marked = (raw: string, matched: { field: string; value: string }[]) =>
  segments(raw, matched).filter((segment) => segment.marked).map((segment) => segment.text);

test("highlighted segments are together the record as it was received", () => {
  const raw = '{"Image":"C:\\\\Windows\\\\cmd.exe","EventID":1,"n":11}';
  const parts = segments(raw, [{ field: "Image", value: "C:\\Windows\\cmd.exe" }, { field: "EventID", value: "1" }]);
  assert.equal(parts.map((part) => part.text).join(""), raw);
  assert.deepEqual(parts.filter((part) => part.marked).map((part) => part.text), ["C:\\\\Windows\\\\cmd.exe", "1"]);
});

test("a short value is marked only beside its field", () => {
  assert.deepEqual(marked("LogonType=3 Port=33 x=3", [{ field: "LogonType", value: "3" }]), ["3"]);
  assert.deepEqual(marked("3 3 3", [{ field: "", value: "3" }]), []);
});

test("values are found without case, escaped for XML, and where they overlap", () => {
  assert.deepEqual(marked("POST /Shell.PHP", [{ field: "url", value: "shell.php" }]), ["Shell.PHP"]);
  assert.deepEqual(marked("<Data>a &amp; b &lt;c&gt;</Data>", [{ field: "x", value: "a & b <c>" }]), ["a &amp; b &lt;c&gt;"]);
  assert.deepEqual(marked("abcdef", [{ field: "", value: "abcd" }, { field: "", value: "cdef" }]), ["abcdef"]);
});

test("a record without the value is one plain segment", () => {
  assert.deepEqual(segments("nothing here", [{ field: "a", value: "absent" }]), [{ text: "nothing here", marked: false }]);
  assert.deepEqual(segments("", []), [{ text: "", marked: false }]);
});

test("a card's Markdown becomes blocks, and markup in it stays text", () => {
  assert.deepEqual(blocks("One\ntwo\n\n1. first\n   goes on\n2. second\n\n- a\n- b\n\n<script>x</script>"), [
    { kind: "paragraph", text: "One two" },
    { kind: "numbered", items: ["first goes on", "second"] },
    { kind: "bulleted", items: ["a", "b"] },
    { kind: "paragraph", text: "<script>x</script>" },
  ]);
});

test("the palette finds by letters in order, whole words first", () => {
  assert.equal(rank("Audit policies", "xyz"), null);
  assert.ok(rank("Audit policies", "pol")! < rank("Audit policies", "apo")!);
});

test("policies stand in the order in which they decide", () => {
  const policy = (id: string, customer: string | null, position: number) => ({ id, customer, position }) as AuditPolicy;
  const order = inOrder([policy("g1", null, 1), policy("b2", "cus_b", 2), policy("b1", "cus_b", 1), policy("a9", "cus_a", 9)]);
  assert.deepEqual(order.map((one) => one.id), ["a9", "b1", "b2", "g1"]);
  const [first, second, third] = [policy("x", null, 0), policy("y", null, 0), policy("z", null, 30)] as const;
  const moved = positionsAfterMove([first, second, third], second, -1);
  assert.deepEqual([moved.get(second), moved.get(first), moved.get(third)], [10, 20, undefined]);
});

test("an address is ignored as the range of itself alone", () => {
  assert.deepEqual(["203.0.113.9", "2001:db8::1", "10.0.0.0/8"].map(asRange), ["203.0.113.9/32", "2001:db8::1/128", "10.0.0.0/8"]);
  assert.ok(["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::1/128"].every(isRange));
  assert.ok(!["10.0.0.0", "10.0.0.256/8", "10.0.0.0/33", "x/8", "::/129", "10.0.0.0/8/8", ""].some(isRange));
});

test("key sequences begin, go on, and start over", () => {
  const run = () => {};
  const commands: Command[] = [
    { id: "go", label: "", group: "", keys: ["g i"], run }, { id: "take", label: "", group: "", keys: ["a"], run },
    { id: "later", label: "", group: "", keys: ["a"], run },
  ];
  assert.equal(match(commands, "", "g").pending, "g");
  assert.equal(match(commands, "g", "i").command?.id, "go");
  assert.equal(match(commands, "g", "a").command?.id, "later", "a sequence that fails leaves the last key to mean itself");
  assert.equal(match(commands, "", "z").command, undefined);
});

test("keys are named as sequences write them", () => {
  const key = (name: string, more = {}) => keyName({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  assert.equal(key("K", { metaKey: true, shiftKey: true }), "Mod+k");
  assert.equal(key("?", { shiftKey: true }), "?");
  assert.equal(key("Shift"), null);
});

test("a search survives its address", () => {
  const url = eventsUrl({
    from: "2026-11-21T00:00:00.000Z", to: "2026-11-21T01:00:00.000Z", customer: "cus_1", event: "evt_1",
    query: 'user_name:"a b" AND url_full:*x\\~y\\=z\\&* NOT c',
  });
  const query = readQuery(new URL(url, "http://console").searchParams);
  assert.equal(eventsUrl(query), url);
});

test("old links become queries", () => {
  const query = readQuery(new URLSearchParams('q=failed "for root"&f=url_full~contains~x/y&f=user_name~missing~&f=source_ip~in_range~10.0.0.0/8'));
  assert.equal(query.query, "*failed* AND *for\\ root* AND url_full:*x\\/y* AND NOT user_name:* AND source_ip:10.0.0.0/8");
});

test("an address that makes no sense becomes the last day", () => {
  const query = readQuery(new URLSearchParams("from=yesterday&to=today&last=9y&f=broken&f=a~like~b"));
  assert.deepEqual([query.last, query.from, query.query], ["24h", "", ""]);
  const range = rangeOf(query, new Date("2026-11-21T12:00:00Z"));
  assert.equal(range.from, "2026-11-20T12:00:00.000Z");
});
