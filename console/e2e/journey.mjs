// A shift in small: sign in, see alerts arrive, take an incident, judge it, close it, find its event, sign out.
import { api, signIn } from "./browser.mjs";
import { check, until } from "./check.mjs";
import { find } from "./find.mjs";

export const PASSWORD = "vedette-demo-2026";

/** With mouse and keyboard, in English. */
export async function journey(page, { login }) {
  await refused(page, login);
  await signIn(page, login, PASSWORD);
  await page.evaluate(() => (globalThis.neverReloaded = true));
  // Rows wait while the pointer is over their list.
  await page.mouse.move(4, 4);
  await arriving(page);
  const incident = await openIncident(page);
  await judge(page, incident);
  await resolve(page, incident);
  await pivot(page);
  check(await page.evaluate(() => globalThis.neverReloaded === true), "journey", "the page was loaded anew on the way");
  await find(page);
  await page.click(".menu summary");
  await page.click(".menu-body button >> nth=-1");
  await page.waitForSelector(".sign-in-box");
  const status = (await page.context().request.get("/api/v1/session")).status();
  check(status === 401, "journey", `signed out, the session still answers ${status}`);
}

async function refused(page, login) {
  await page.goto("/");
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", "not the password");
  await page.click(".sign-in-box .primary");
  const message = await until(() => page.textContent(".sign-in-box .form-error"), "a refusal of the wrong password");
  check(/do not match|不/.test(message), "journey", `a wrong password is answered with "${message}"`);
  check((await page.locator(".bar").count()) === 0, "journey", "a wrong password does not sign in");
}

/** Rows come by the stream of changes: nothing on the page asks for them again. */
async function arriving(page) {
  const alerts = page.locator(".bench-pane").nth(1);
  const rows = () => alerts.locator("tr[data-id]").evaluateAll((all) => all.map((row) => row.dataset.id));
  const before = new Set(await rows());
  const fresh = await until(async () => (await rows()).find((id) => !before.has(id)), "a demonstration alert to arrive by itself", 90_000);
  check(Boolean(fresh), "journey", "an alert arrives live");
  await until(async () => (await page.locator(".bench-pane").nth(0).locator("tr[data-id]").count()) > 0, "an incident on the workbench", 60_000);
  check(await page.evaluate(() => globalThis.neverReloaded === true), "journey", "the workbench fills without loading anew");
  check((await page.getAttribute(".live", "class")).includes("live live"), "journey", "the bar says that the view is live");
}

/** The new incident with the most alerts of which the first can be judged from its record. */
async function openIncident(page) {
  const chosen = await until(async () => {
    const { items } = await api(page, "/incidents?state=new&limit=200");
    for (const one of items.sort((a, b) => b.alert_count - a.alert_count)) {
      const { alerts, cards } = await api(page, `/incidents/${one.id}`);
      if (alerts[0]?.samples[0]?.matched.some(({ value }) => value.length > 3) && cards[alerts[0].rule_id]) return one;
    }
    return null;
  }, "a new incident with a card and matched fields", 60_000);
  const row = page.locator(`.bench-pane tr[data-id=${chosen.id}]`);
  await until(() => row.count(), `incident #${chosen.number} on the workbench`, 30_000);
  await row.locator("td").nth(4).click();
  await page.waitForURL(`**/incidents/${chosen.id}`);
  await page.waitForSelector(".incident-head h1");
  return chosen;
}

async function judge(page, incident) {
  check((await page.locator(".customer-band a strong").textContent()).length > 2, "journey", "the customer's name stands in a band");
  const takes = page.locator('.incident-actions button:has(kbd:text-is("a"))');
  await decided(page, incident.id, "in_progress", async () => (await takes.count()) && takes.click());
  const taken = await api(page, `/incidents/${incident.id}`);
  const me = await api(page, "/session");
  check(taken.incident.assignee === me.user.id, "journey", "taking an incident assigns it to oneself");
  const card = await page.locator(".card").innerText();
  check((await page.locator(".card section").count()) === 5, "journey", "the card has its five parts");
  check(!/\*\*|^#|\]\(/m.test(card), "journey", "the card is shown as text, not as markup");
  const marks = await page.locator(".raw mark").allTextContents();
  check(marks.length > 0, "journey", "matched fields are marked in the record");
  // As they stand in the record they may be escaped for JSON.
  const bare = (text) => text.toLowerCase().replaceAll("\\\\", "\\");
  const values = taken.alerts.flatMap((alert) => alert.samples).flatMap((sample) => sample.matched).map(({ value }) => bare(value));
  check(marks.every((mark) => values.some((value) => bare(mark).includes(value) || value.includes(bare(mark)))), "journey", `the marks ${JSON.stringify(marks)} are none of the matched values`);
  await page.fill(".comment textarea", "Called the customer: not theirs. Host is being isolated.");
  await page.click(".comment button");
  await page.waitForSelector(".timeline .entry.commented");
}

async function resolve(page, incident) {
  await page.click('.incident-actions button:has(kbd:text-is("r"))');
  await page.waitForSelector("dialog[open] .customer-band");
  await page.click("dialog[open] .form-actions .primary");
  check((await page.locator("dialog[open] .field-error").count()) === 1, "journey", "a resolution without a summary is not sent");
  await page.fill("dialog[open] textarea", "Attack confirmed, host isolated, passwords changed.");
  const sends = page.locator("dialog[open] .form-actions .primary");
  const resolved = await decided(page, incident.id, "resolved", async () => (await sends.count()) && sends.click());
  check(resolved.state === "resolved" && resolved.verdict === "true_positive", "journey", `the incident is ${resolved.state} with verdict ${resolved.verdict}`);
}

/** The incident once it has a state. An alert that makes it worse in between refuses the decision: then it is made again. */
async function decided(page, id, state, decide) {
  return until(async () => {
    await decide();
    await page.waitForTimeout(700);
    const { incident } = await api(page, `/incidents/${id}`);
    return incident.state === state ? incident : null;
  }, `incident ${id} to be ${state}`, 15_000);
}

/** From a matched value to its events, the incident's own among them. */
async function pivot(page) {
  // Of its alerts one whose fields matched: what a device alarms about is matched by nothing.
  const choices = page.locator(".alert-choice button");
  for (let at = 0; at < await choices.count() && !(await page.locator(".matched tbody a").count()); at += 1) await choices.nth(at).click();
  const event = (await page.locator('.sample-head a[href^="/events/evt_"]').first().getAttribute("href")).split("/").at(-1);
  await page.locator(".matched tbody a").first().click();
  await page.waitForURL("**/events?**");
  const address = new URL(page.url());
  const { time } = await api(page, `/events/${event}`);
  const at = Date.parse(time);
  const second = { from: new Date(at - 1000).toISOString(), to: new Date(at + 1000).toISOString() };
  check(address.searchParams.get("from") <= second.to && second.from <= address.searchParams.get("to"), "journey", "the range holds the incident's event");
  // The list shows the newest first, so the event of a busy customer may stand far below: it is looked for in its own second.
  const found = { customers: [address.searchParams.get("customer")], q: address.searchParams.get("query") };
  const { items } = await api(page, "/events/search", { ...found, ...second, limit: 200 });
  check(items.some(({ id }) => id === event), "journey", `the incident's event ${event} is among those of ${decodeURIComponent(page.url())}`);
  await page.waitForSelector(".drawer .event-detail");
  const id = await page.locator(".drawer .facts").innerText();
  check(id.includes(event), "journey", "the event opens in the drawer, wherever the list ends");
}

/** The same without the mouse, by an L1 analyst. */
export async function keyboard(page, { login }) {
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto("/");
  await page.waitForSelector(".sign-in-box");
  await page.keyboard.type(login);
  await press("Tab");
  await page.keyboard.type(PASSWORD);
  await press("Enter");
  await page.waitForSelector(".bench-pane tr[data-id]");
  await press("f", "u");
  await page.waitForURL("**assignee=none**");
  await page.waitForSelector(".bench-pane tr[data-id]");
  await until(async () => {
    await press("j");
    await page.waitForTimeout(200);
    return page.locator("tr.selected:focus").count();
  }, "j to choose a row of the list");
  await press("Enter");
  await page.waitForURL("**/incidents/**");
  await page.waitForSelector(".incident-actions");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  await decided(page, id, "in_progress", async () => (await page.locator(".state-mark.new").count()) && press("a"));
  await press("j", "k", "c");
  await page.keyboard.type("与客户确认，非计划内操作。");
  await press("Control+Enter");
  await page.waitForSelector(".timeline .entry.commented");
  await press("r");
  await page.waitForSelector("dialog[open] input[type=radio]:focus");
  await press("ArrowDown", "Tab");
  await page.keyboard.type("客户授权的测试，已核对来源与时间。");
  const incident = await decided(page, id, "resolved", async () => (await page.locator("dialog[open]").count()) && press("Control+Enter"));
  check(incident.state === "resolved" && incident.verdict === "benign_positive", "keyboard", `the incident is ${incident.state} with verdict ${incident.verdict}`);
  await press("/");
  await page.waitForURL("**/events?**");
  await page.waitForSelector("tr[data-id]");
  await press("j", "Enter");
  await page.waitForSelector(".drawer .event-detail");
  await press("Escape");
  await until(async () => (await page.locator(".drawer").count()) === 0, "Escape to close the drawer");
  await press("?");
  await page.waitForSelector("dialog[open] .help");
  await press("Escape", "Control+k");
  await page.waitForSelector("dialog[open] .palette-input");
  await page.keyboard.type(/^zh/.test(await page.getAttribute("html", "lang")) ? "退出" : "sign out");
  await press("Enter");
  await page.waitForSelector(".sign-in-box");
}

/** An alert of the present, not of the past that is played first, on a workbench nobody touched. */
export async function stillArriving(page, since) {
  const times = () => page.locator(".bench-pane").nth(1).locator("time").evaluateAll((all) => all.map((one) => one.dateTime));
  const late = await until(async () => (await times()).find((time) => Date.parse(time) > since), "an alert of the last minutes on a workbench left alone", 120_000);
  check(Boolean(late), "live", "alerts of the present arrive");
}
