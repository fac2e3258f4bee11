// Every message that is used exists in every language with the same variables, and every message is used.
import { FluentBundle, FluentResource } from "@fluent/bundle";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const SOURCE = join(process.cwd(), "src");
const LOCALES = join(process.cwd(), "../locales");
const LANGUAGES = ["en", "zh"];

interface Catalogue { messages: Map<string, Set<string>>; bundle: FluentBundle }

function read(language: string): Catalogue {
  const messages = new Map<string, Set<string>>();
  const bundle = new FluentBundle(language, { useIsolating: false });
  const folder = join(LOCALES, language);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ftl"))) {
    const source = readFileSync(join(folder, file), "utf8");
    const resource = new FluentResource(source);
    const written = [...source.matchAll(/^([a-zA-Z][\w-]*) *=/gm)].map((hit) => hit[1] ?? "");
    const parsed = resource.body.map((message) => message.id);
    assert.deepEqual(written, parsed, `${language}/${file} has a message that does not parse`);
    assert.deepEqual(bundle.addResource(resource), [], `${language}/${file} repeats a message of another file`);
    for (const message of resource.body) {
      assert.ok(!messages.has(message.id), `${language}/${file} repeats ${message.id}`);
      messages.set(message.id, variables(message.value));
    }
  }
  return { messages, bundle };
}

function variables(pattern: unknown, found = new Set<string>()): Set<string> {
  if (pattern && typeof pattern === "object") {
    if ("type" in pattern && pattern.type === "var" && "name" in pattern) found.add(String(pattern.name));
    for (const part of Object.values(pattern)) variables(part, found);
  }
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && entry.name !== "schema.ts" ? [readFileSync(path, "utf8")] : [];
  });
}

const catalogues = new Map(LANGUAGES.map((language) => [language, read(language)]));
const english = catalogues.get("en")!;
const code = sources(SOURCE).join("\n");
const named = new Set([...code.matchAll(/["']([a-z][\w-]*)["']/g)].map((hit) => hit[1] ?? ""));
const lists = [...code.matchAll(/\bword\(\s*"([\w-]+)"/g)].map((hit) => `${hit[1]}-`);
const families = [...code.matchAll(/(?:\bt\(|label: )`([\w-]+-)\$\{/g)].map((hit) => hit[1] ?? "");

test("every language has the same messages with the same variables", () => {
  for (const [language, { messages }] of catalogues) {
    for (const [id, wanted] of english.messages) {
      assert.ok(messages.has(id), `${language} lacks ${id}`);
      assert.deepEqual([...messages.get(id)!].sort(), [...wanted].sort(), `${id} has other variables in ${language}`);
    }
    for (const id of messages.keys()) assert.ok(english.messages.has(id), `only ${language} has ${id}`);
  }
});

test("every message that the console names exists", () => {
  const asked = [...code.matchAll(/\bt\(\s*"([\w-]+)"/g), ...code.matchAll(/\b(?:label|group): "([a-z][\w-]*)"/g)].map((hit) => hit[1] ?? "");
  const chosen = [...code.matchAll(/\bt\([^"()]*\? "([\w-]+)" : "([\w-]+)"/g)].flatMap((hit) => [hit[1] ?? "", hit[2] ?? ""]);
  const missing = [...new Set([...asked, ...chosen])].filter((id) => !english.messages.has(id));
  assert.deepEqual(missing, []);
  console.log(`${new Set([...asked, ...chosen]).size} named messages, ${english.messages.size} in each of ${LANGUAGES.length} languages`);
});

test("every word of a closed list has a message", () => {
  const words: Record<string, string[]> = {
    severity: ["critical", "high", "medium", "low", "informational"],
    outcome: ["attempted", "blocked", "succeeded", "compromised"],
    "alert-origin": ["rule", "correlation", "device"],
    "alert-state": ["new", "open", "raised", "ignored"],
    "incident-state": ["new", "in_progress", "resolved", "suspended", "rejected"],
    verdict: ["true_positive", "benign_positive"],
    "reject-reason": ["false_positive", "not_of_interest", "platform_fault", "duplicate"],
    "entry-transition": ["start", "suspend", "resume", "resolve", "reject", "reopen"],
    entity: ["source_address", "destination_address", "host", "user", "process", "file", "hash", "domain", "url"],
    "customer-state": ["onboarding", "live", "paused", "ended"],
    service: ["mss", "mdr", "xdr"],
    "device-kind": ["firewall", "ndr", "edr", "waf", "scanner", "host", "directory", "application", "cloud", "collector", "other"],
    "device-state": ["online", "offline", "never_connected"],
    "credential-kind": ["token", "certificate", "port"],
    "credential-about": ["token", "certificate", "port"],
    importance: ["ordinary", "important", "vital"],
    "group-kind": ["internal", "dmz", "proxy", "security_device", "partner"],
    "policy-action": ["ignore", "raise_incident"],
    role: ["administrator", "soc_manager", "shift_lead", "l1_analyst", "l2_engineer", "l3_analyst", "ticket_auditor", "service_manager", "auditor"],
    permission: [
      "customer-read", "customer-write", "device-read", "device-write", "asset-read", "asset-write", "event-read", "alert-read", "incident-read",
      "incident-work", "incident-assign", "policy-read", "policy-write", "user-read", "user-write", "audit-read", "system-admin",
    ],
    op: ["is", "is_not", "contains", "starts_with", "exists", "missing", "in_range"],
    range: ["15m", "1h", "4h", "24h", "7d", "30d"],
    "export-state": ["queued", "running", "done", "failed", "cancelled", "expired"],
    "deletion-cause": ["expired", "requested", "damaged"],
    "field-kind": ["text", "address", "int", "own", "envelope"],
    pivot: ["filter-for", "filter-out", "only-this", "around-event", "everywhere", "menu"],
    "query-example": ["word", "phrase", "anywhere", "field", "quoted", "network", "range", "list", "exists", "group"],
    theme: ["system", "light", "dark"],
    language: ["zh", "en", "other"],
    live: ["connecting", "live", "stale"],
  };
  const missing = Object.entries(words).flatMap(([list, all]) => all.map((one) => `${list}-${one}`)).filter((id) => !english.messages.has(id));
  assert.deepEqual(missing, []);
});

test("no message is left that nothing uses", () => {
  const unused = [...english.messages.keys()].filter((id) =>
    !named.has(id) && ![...lists, ...families].some((list) => id.startsWith(list)));
  assert.deepEqual(unused, []);
});

test("plural forms choose by count", () => {
  const say = (language: string, count: number) => {
    const { bundle } = catalogues.get(language)!;
    const message = bundle.getMessage("events-count");
    return message?.value ? bundle.formatPattern(message.value, { count }) : "";
  };
  assert.match(say("en", 1), /1 event$/);
  assert.match(say("en", 2), /2 events$/);
  assert.match(say("zh", 2), /2 条日志/);
});

test("the kinds of incidents are those the server knows", () => {
  const known = (path: string) => [...readFileSync(join(process.cwd(), path), "utf8").matchAll(/"([A-Z]{3,})"/g)].map((hit) => hit[1]).sort();
  assert.deepEqual(known("src/rule/incident_types.ts"), known("../crates/model/src/incident_type.rs"));
});
