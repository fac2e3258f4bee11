// The pages of the console, each with what must be there before it is worth looking at.
import { api } from "./browser.mjs";
import { write } from "./parser.mjs";

/** Chooses what the single pages show: rich objects, as somebody on duty would open them. */
export async function subjects(page) {
  const { items } = await api(page, "/incidents?limit=200");
  const [, incident] = items.map((one) => [one.alert_count, one]).sort((a, b) => b[0] - a[0])[0];
  const view = await api(page, `/incidents/${incident.id}`);
  const alert = view.alerts.find((one) => view.cards[one.rule_id]?.zh && one.samples[0]?.matched.length > 0);
  if (!alert) throw new Error(`no alert of incident #${incident.number} has a card and matched fields`);
  const devices = await api(page, "/devices?limit=200");
  let device = null;
  for (const one of devices.items) {
    if (one.event_count === 0) continue;
    const credentials = await api(page, `/devices/${one.id}/credentials`);
    if (credentials.items.length > 0) device = one;
  }
  if (!device) throw new Error("no device that sends has credentials");
  const collector = await collectorFor(page, devices.items, device);
  const { hunt, list } = await hunted(page);
  const { feed, broken } = await feeds(page);
  const seen = await seenIndicator(page);
  const { threat, concluded } = await threatHunts(page);
  const unusual = await departure(page);
  const yara = await files(page, incident.id);
  return { yara, hunt, list, feed, broken, seen, threat, concluded, unusual, incident: incident.id, alert: alert.id, rule: alert.rule_id, customer: incident.customer, device: device.id, collector };
}

/** Files of an incident: a web shell, something harmless, an archive nobody can open, one that is gone; and a set of rules. */
async function files(page, incident) {
  const path = `/incidents/${incident}/attachments`;
  const had = (await api(page, path)).items;
  const sets = (await api(page, "/yara-sets")).items;
  if (had.length === 0) {
    const shell = "<%@ page import=\"java.io.*\" %>\n<% Process p = Runtime.getRuntime().exec(request.getParameter(\"cmd\")); %>\n";
    const added = await api(page, `${path}?name=${encodeURIComponent("\u4e0a\u4f20_shell.jsp")}`, Buffer.from(shell));
    await api(page, `/intel-lists?name=Shells%20seen&source=CERT&tlp=green&confidence=90`, added.attachment.sha256);
    await api(page, `${path}?name=notes%20of%20the%20customer.txt`, Buffer.from("Found on WEB01 at 03:12."));
    await api(page, `${path}?name=triage.zip`, Buffer.from("PK\u0003\u0004 cut short"));
    const gone = await api(page, `${path}?name=payroll.xlsx`, Buffer.from("not for us"));
    await api(page, `${path}/${gone.attachment.id}/remove`, { reason: "Personal data that has nothing to do with it." });
  }
  const text = "rule shell_parameter : hunting\n{\n    meta:\n        description = \"Takes a command out of a request\"\n        severity = \"medium\"\n    strings:\n        $a = \"getParameter\"\n    condition:\n        $a\n}\n\nrule broken\n{\n    condition:\n        $missing\n}\n";
  const set = sets.find((one) => one.name === "CERT hunting") ?? await api(page, "/yara-sets", { name: "CERT hunting", note: "Handed over by the CERT", enabled: true, customers: null, text, leave_out: true });
  for (let round = 0; round < 150; round += 1) {
    const { items } = await api(page, path);
    if (items.every((one) => one.state !== "kept" || one.scan.state !== "waiting") && items.some((one) => one.scan.matches.length > 1 && one.known.length > 0)) return set.id;
    await page.waitForTimeout(200);
  }
  throw new Error("the files are not scanned");
}

/** Opens the first file. */
async function unfolded(page) {
  await page.locator(".file summary").first().click();
  await page.locator(".attachments").scrollIntoViewIfNeeded();
}

/** Rules with a mistake in them. */
async function mistaken(page) {
  await page.fill("input[name=yara-name]", "Draft");
  await write(page, "rule a { strings: $a = /x[/ condition: $a }\nrule b { condition: nothing }\nrule c : fine { condition: true }");
  await page.waitForSelector(".yara-problems li");
}

/** A collector of the device's customer that vouches for the device's address. */
async function collectorFor(page, devices, device) {
  const known = devices.find((one) => one.kind === "collector" && one.customer === device.customer);
  if (known) return known.id;
  const made = await api(page, "/devices", { customer: device.customer, name: "branch collector", kind: "collector", silence_minutes: 10 });
  await api(page, `/devices/${made.id}/credentials`, { kind: "token" });
  await api(page, `/devices/${device.id}/credentials`, { kind: "address", address: "10.20.30.0/24", collector: made.id });
  return made.id;
}

/** Adds a list of what the devices have lately seen, and waits for the hunt that looks for it. */
async function hunted(page) {
  const to = new Date(Date.now() + 60_000).toISOString();
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const values = ["# what was seen lately"];
  for (const field of ["source_ip", "destination_ip", "dns_question_name", "url_full", "file_hash_sha256"]) {
    const { items } = await api(page, "/events/top", { from, to, field, size: 4 });
    values.push(...items.map((one) => one.value));
  }
  values.push("198.51.100.0/24", "hxxp://nobody-asked[.]example/drop", "not an indicator");
  const added = await api(page, "/intel-lists?name=CERT%202026-11-21&source=CERT&tlp=green&confidence=80", values.join("\n"));
  for (let round = 0; round < 100; round += 1) {
    const hunt = await api(page, `/retro-hunts/${added.hunt.id}`);
    if (hunt.state === "done") return { hunt: hunt.id, list: added.list.id };
    await page.waitForTimeout(100);
  }
  throw new Error("the hunt does not come to its end");
}

/** A threat hunt that found something, and one that is concluded; the demonstration runs them when its devices have told enough. */
async function threatHunts(page) {
  for (let round = 0; round < 600; round += 1) {
    const { items } = await api(page, "/hunts?limit=200");
    const concluded = items.find((one) => one.state === "concluded");
    const open = items.filter((one) => one.state === "active").map((one) => [one.verdicts.found + one.incidents, one]).sort((a, b) => b[0] - a[0]);
    if (concluded && open.length > 0) return { threat: open[0][1].id, concluded: concluded.id };
    await page.waitForTimeout(200);
  }
  throw new Error("the demonstration's hunts are not run");
}

/** Opens what a query found at a customer. */
async function answer(page) {
  const some = page.locator(".hunt-matrix .count-link.some");
  await ((await some.count()) > 0 ? some : page.locator(".hunt-matrix .count-link")).first().click();
}

/** A feed that is fetched and one that cannot be. */
async function feeds(page) {
  const wish = {
    kind: "folder", url: "cert", enabled: true, interval_minutes: 60, confidence: 60, tlp: "amber", purpose: "alarm", hunt_new: true, expire_days: 90,
  };
  const known = (await api(page, "/feeds")).items;
  const of = async (name, more) => known.find((one) => one.name === name) ?? api(page, "/feeds", { ...wish, name, ...more });
  const made = [await of("CERT exchange", {}), await of("Partner TAXII", { kind: "taxii", url: "http://127.0.0.1:1/taxii2/", collection: "Indicators" })];
  for (let round = 0; round < 150; round += 1) {
    const now = await Promise.all(made.map((feed) => api(page, `/feeds/${feed.id}`)));
    if (now.every((feed) => feed.state !== "new")) return { feed: made[0].id, broken: made[1].id };
    await page.waitForTimeout(100);
  }
  throw new Error("the feeds are not fetched");
}

/** An alert of an indicator: the list that was added holds what devices go on sending. */
async function seenIndicator(page) {
  for (let round = 0; round < 300; round += 1) {
    const { items } = await api(page, "/alerts?origin=intel&limit=1");
    if (items.length > 0) return items[0].id;
    await page.waitForTimeout(200);
  }
  throw new Error("no indicator is seen");
}

const FIRST = "5a0e2f60-7a33-4b0d-9a57-3b1f0d7e2a01";
const HOURS = "5a0e2f60-7a33-4b0d-9a57-3b1f0d7e2a02";

/** Two baselines that learn for a second, and an alert of one of them: the devices go on sending. */
async function departure(page) {
  const parts = ["title", "facts", "trigger", "false_positive", "consequences", "recommendations"];
  const save = async (id, base, title, section) => {
    const text = `title: Connection\nid: ${base}\nlogsource: {category: firewall}\ndetection: {s: {destination_ip|exists: true}, condition: s}\n---\n`
      + `title: ${title}\nid: ${id}\nlevel: low\nbaseline: {rules: [${base}], group-by: [source_ip], learning: 1s, observations: 1, ${section}}\n`;
    const cards = { en: Object.fromEntries(parts.map((part) => [part, title])) };
    const { version } = await api(page, `/rules/${id}`).catch(() => ({ version: 0 }));
    await api(page, `/rules/${id}`, { version, state: "live", release: "live", text, cards }, "put");
  };
  await save(FIRST, "5a0e2f60-7a33-4b0d-9a57-3b1f0d7e2a11", "Connection to a destination new to this host", "type: first_seen, field: destination_ip");
  await save(HOURS, "5a0e2f60-7a33-4b0d-9a57-3b1f0d7e2a12", "Connection at an unusual hour", "type: off_hours");
  for (let round = 0; round < 300; round += 1) {
    const { items } = await api(page, `/alerts?origin=baseline&rule_id=${FIRST}&limit=1`);
    if (items.length > 0) return { alert: items[0].id, customer: items[0].customer };
    await page.waitForTimeout(200);
  }
  throw new Error("nothing departs from what is usual");
}

/** What is usual for the one heard of last. */
async function lookedUp(page) {
  await page.locator(".link.mono").first().click();
}

/** `rows` is a selector of which at least `least` must be shown; `prepare` brings the page into the state to look at. */
export function pages({ yara, incident, alert, rule, customer, device, collector, hunt, list, feed, broken, seen, threat, concluded, unusual }) {
  return [
    { name: "workbench", path: "/", rows: "[aria-rowindex][data-id]", least: 10 },
    { name: "incidents", path: "/incidents", rows: "tr[data-id]", least: 3 },
    { name: "incident", path: `/incidents/${incident}`, rows: ".raw mark, .card section, .entities tbody tr, .timeline .entry", least: 8, prepare: card },
    { name: "incident-files", path: `/incidents/${incident}`, rows: ".file, .file-matches li, .file-strings li", least: 7, ready: ".file", prepare: unfolded },
    { name: "yara", path: "/rules?tab=yara", rows: ".yara-rules tbody tr", least: 14 },
    { name: "yara-set", path: `/yara/${yara}`, rows: ".cm-line, .yara-problems li", least: 12, ready: ".yara-problems li" },
    { name: "yara-mistake", path: "/yara/new", rows: ".yara-problems li", least: 2, ready: ".cm-line", prepare: mistaken },
    { name: "alerts", path: "/alerts", rows: "tr[data-id]", least: 3 },
    { name: "alert", path: `/alerts/${alert}`, rows: ".raw mark, .card section, .entities tbody tr", least: 6 },
    { name: "alert-drawer", path: `/?alert=${alert}`, rows: ".drawer .raw mark, .drawer .card section", least: 5 },
    { name: "events", path: "/events?last=1h", rows: "tr[data-id]", least: 10 },
    { name: "event-json", path: "/events?last=1h", rows: ".drawer pre.raw", least: 1, prepare: json },
    { name: "events-query", path: "/events?last=1h&query=user_name:* NOT event_outcome:success", rows: "tr[data-id], .chip, .field-stats li", least: 5, prepare: opened },
    { name: "events-mistake", path: "/events?last=1h", rows: ".query-problem, tr[data-id]", least: 5, prepare: mistake },
    { name: "events-live", path: "/events", rows: ".live-line, tr[data-id]", least: 3, prepare: live },
    { name: "sql", path: "/sql", rows: ".sql-answer tbody tr", least: 2, ready: ".sql textarea", prepare: (page) => page.click(".sql .primary") },
    { name: "exports", path: "/exports", rows: ".export-row, .state", least: 1 },
    { name: "customers", path: "/customers", rows: "tr[data-id]", least: 3 },
    { name: "storage", path: "/storage", rows: "[data-storage]", least: 3 },
    { name: "customer", path: `/customers/${customer}`, rows: "tr[data-id]", least: 3 },
    { name: "assets", path: `/customers/${customer}?tab=assets`, rows: "tr[data-id]", least: 3 },
    { name: "resource-groups", path: `/customers/${customer}?tab=groups`, rows: "tr[data-id], .plain tbody tr", least: 2 },
    { name: "devices", path: "/devices", rows: "tr[data-id]", least: 8 },
    { name: "collector", path: `/devices/${collector}?tab=credentials`, rows: ".section-head", least: 2 },
    { name: "device", path: `/devices/${device}`, rows: ".plain tbody tr, .histogram canvas", least: 2 },
    { name: "device-fields", path: `/devices/${device}?tab=fields`, rows: ".plain tbody tr", least: 5 },
    { name: "device-unrecognised", path: `/devices/${device}?tab=unrecognised`, rows: ".plain tbody tr, .section-head a", least: 1 },
    { name: "device-connections", path: `/devices/${device}?tab=connections`, rows: ".plain tbody tr", least: 1 },
    { name: "device-credentials", path: `/devices/${device}?tab=credentials`, rows: ".plain tbody tr", least: 1 },
    { name: "parsers", path: "/parsers", rows: ".parsers tbody tr", least: 20 },
    { name: "parser", path: "/parsers/example_gatebox", rows: ".trial .taken, .cm-line", least: 8 },
    { name: "platform", path: "/platform", rows: "tr[data-id], .state", least: 1 },
    { name: "policies", path: "/policies", rows: ".policies tbody tr", least: 2 },
    { name: "rules", path: "/rules", rows: "tr[data-id]", least: 15 },
    { name: "rule", path: `/rules/${encodeURIComponent(rule)}`, rows: ".card section", least: 5 },
    { name: "rule-versions", path: "/rules/0b6f5f0e-55a5-4c0e-9d7e-6a4f3f0c2d11?tab=versions", rows: ".versions li, .facts div", least: 5, ready: ".versions .link", prepare: (page) => page.locator(".versions .link").last().click() },
    { name: "rule-exceptions", path: "/rules/0b6f5f0e-55a5-4c0e-9d7e-6a4f3f0c2d11?tab=exceptions", rows: ".plain tbody tr", least: 1 },
    { name: "rule-decide", path: `/rules/${encodeURIComponent(rule)}`, rows: "dialog .field", least: 4, ready: ".page-actions .primary", prepare: (page) => page.click(".page-actions .primary") },
    { name: "rule-edit", path: `/rules/${encodeURIComponent(rule)}?edit=1`, rows: ".cm-line", least: 12, ready: ".trial-paste", prepare: tried },
    { name: "rule-card", path: `/rules/${encodeURIComponent(rule)}?edit=1&side=card`, rows: ".card-form .field", least: 6 },
    { name: "funnel", path: "/funnel", rows: ".funnel-table tbody tr", least: 3 },
    { name: "coverage", path: "/rules?tab=coverage", rows: ".matrix-columns .cell", least: 150, ready: ".matrix-columns .cell.fired", prepare: (page) => page.locator(".matrix-columns .cell.fired").first().click() },
    { name: "releases", path: "/rules?tab=releases", rows: ".plain tbody tr", least: 1 },
    { name: "release", path: "/rules?tab=releases", rows: ".plain tbody tr", least: 1, ready: ".plain .link", prepare: (page) => page.locator(".plain .link").first().click() },
    { name: "scorecard", path: "/rules?tab=scorecard", rows: ".scorecard tbody tr", least: 20 },
    { name: "exceptions", path: "/rules?tab=exceptions", rows: ".plain tbody tr", least: 1 },
    { name: "requests", path: "/rules?tab=requests", rows: ".plain tbody tr", least: 1 },
    { name: "exception", path: `/alerts/${alert}`, rows: ".exception-form .field", least: 5, ready: ".sample-head", prepare: excepted },
    { name: "explain", path: `/alerts/${alert}`, rows: ".explain-tree li", least: 3, ready: ".sample-head", prepare: explained },
    { name: "backtest", path: `/rules/try?rule=${encodeURIComponent(rule)}&days=90`, rows: ".plain tbody tr", least: 3, ready: ".rule-text", prepare: (page) => page.click(".button.primary") },
    { name: "intel", path: "/intel", rows: "tr[data-id]", least: 1 },
    { name: "intel-hunts", path: "/intel?tab=hunts", rows: "tr[data-id]", least: 1 },
    { name: "intel-add", path: "/intel", rows: "dialog .field", least: 8, prepare: add },
    { name: "intel-list", path: `/intel/${list}`, rows: "tr[data-id], .unread-lines tbody tr", least: 2 },
    { name: "feeds", path: "/intel?tab=feeds", rows: "tr[data-id]", least: 2 },
    { name: "feed-add", path: "/intel?tab=feeds", rows: "dialog .field", least: 12, prepare: addFeed },
    { name: "feed", path: `/feeds/${feed}`, rows: "tr[data-id], .unread-lines tbody tr", least: 2 },
    { name: "feed-failed", path: `/feeds/${broken}`, rows: ".note, .facts div", least: 5 },
    { name: "alert-intel", path: `/alerts/${seen}`, rows: ".intel-sources tbody tr, .matched tbody tr", least: 2 },
    { name: "alert-baseline", path: `/alerts/${unusual.alert}`, rows: ".departure, .matched tbody tr", least: 3 },
    { name: "rule-profiles", path: `/rules/${FIRST}?tab=profiles&customer=${unusual.customer}`, rows: ".plain tbody tr", least: 2, ready: ".link.mono", prepare: lookedUp },
    { name: "rule-profile-week", path: `/rules/${HOURS}?tab=profiles&customer=${unusual.customer}`, rows: ".week rect", least: 168, ready: ".link.mono", prepare: lookedUp },
    { name: "retro-hunt", path: `/retro-hunts/${hunt}`, rows: "tr[data-id] .samples a", least: 3 },
    { name: "hunts", path: "/hunts?state=all", rows: "tr[data-id]", least: 3 },
    { name: "hunt", path: `/hunts/${threat}`, rows: ".hunt-matrix tbody tr, .hunt-queries li", least: 5 },
    { name: "hunt-result", path: `/hunts/${threat}`, rows: ".hunt-result .facts div", least: 3, ready: ".hunt-matrix .count-link", prepare: answer },
    { name: "hunt-judge", path: `/hunts/${threat}`, rows: "dialog .field", least: 2, ready: ".verdict-button", prepare: (page) => page.locator(".verdict-button").first().click() },
    { name: "hunt-query", path: `/hunts/${threat}`, rows: "dialog .field", least: 4, ready: ".hunt-queries", prepare: (page) => page.locator(".hunt-queries + .button").click() },
    { name: "hunt-concluded", path: `/hunts/${concluded}`, rows: ".hunt-conclusion, .hunt-matrix tbody tr", least: 3 },
    { name: "hunt-new", path: "/hunts", rows: "dialog .field", least: 5, ready: ".page-actions .primary", prepare: (page) => page.click(".page-actions .primary") },
    { name: "hunt-programmes", path: "/hunts?tab=programmes", rows: ".plain tbody tr", least: 1 },
    { name: "hunt-programme-new", path: "/hunts?tab=programmes", rows: "dialog .field", least: 8, ready: ".page-actions .primary", prepare: (page) => page.click(".page-actions .primary") },
    { name: "hunt-summary", path: "/hunts?tab=summary", rows: ".plain tbody tr", least: 1 },
    { name: "users", path: "/users", rows: "tr[data-id]", least: 3 },
    { name: "roles", path: "/users?tab=roles", rows: ".matrix tbody tr", least: 10 },
    { name: "audit", path: "/audit", rows: "tr[data-id]", least: 5 },
    { name: "account", path: "/account", rows: ".plain tbody tr", least: 1 },
  ];
}

/** Chooses another alert where the one shown first has no card or no marks in its record. */
async function card(page) {
  if (await page.locator(".raw mark").count() && await page.locator(".card section").count()) return;
  const choices = page.locator(".alert-choice button");
  for (let at = 0; at < Math.min(8, await choices.count()); at += 1) {
    await choices.nth(at).click();
    if (await page.locator(".raw mark").count() && await page.locator(".card section").count()) return;
  }
}

/** A record that is tried in the editor. */
async function tried(page) {
  await page.fill(".trial-paste textarea", "<38>sshd[7]: Failed password for root from 203.0.113.9 port 51022 ssh2");
  await page.click(".trial-paste button");
  await page.waitForSelector(".tried .explain-tree");
}

async function excepted(page) {
  await page.locator("h1").click();
  await page.keyboard.press("x");
  await page.waitForSelector(".exception-form .preview p + *, .exception-form .preview p");
}

async function explained(page) {
  await page.locator(".sample-head button[aria-expanded]").click();
  await page.waitForSelector(".explain-tree");
}

async function json(page) {
  await page.locator("tr[data-id]").nth(2).click();
  await page.locator(".drawer [role=tab]").nth(2).click();
}

/** The values of a field, and an event with the menu of one of its values. */
async function opened(page) {
  await page.locator(".field-row .link", { hasText: /^user_name$/ }).click();
  await page.locator("tr[data-id]").nth(1).click();
  await page.locator(".drawer .fields .pivot").first().click();
}

async function mistake(page) {
  await page.fill("#event-query", "user_name:li* AND (event_action:[1 event_outcome:failure");
  await page.waitForSelector(".query-problem");
}

async function live(page) {
  await page.locator("h1").click();
  await page.keyboard.press("t");
  await page.waitForSelector(".live-line.on");
}

async function addFeed(page) {
  await page.locator(".page-actions button").nth(1).click();
  await page.selectOption("dialog select >> nth=0", "csv");
}

async function add(page) {
  await page.locator(".page-actions button").first().click();
}
