// Searching as it is done at night: a query with a mistake, corrected, kept, exported, watched live; SQL with a mistake.
import { api } from "./browser.mjs";
import { check, until } from "./check.mjs";

/** Starts on any page of somebody signed in. */
export async function find(page) {
  await page.goto("/events?last=1h");
  await page.waitForSelector("tr[data-id]");
  await mistake(page);
  await fields(page);
  await kept(page);
  await link(page);
  await exported(page);
  await live(page);
  await sql(page);
}

async function mistake(page) {
  await page.keyboard.press("/");
  await page.keyboard.type("user");
  await page.waitForSelector("#query-proposals li");
  const proposals = await page.locator("#query-proposals li").allTextContents();
  check(proposals.some((text) => text.startsWith("user_name") && text.includes("%")), "find", `fields are proposed with their share: ${proposals.join(" | ")}`);
  await page.fill("#event-query", "user_name:* AND (event_outcome:failure [1");
  const told = await until(async () => (await page.locator(".query-problem").count()) && page.textContent(".query-problem"), "the mistake to be told");
  check(/range stands after a field|范围须写在/.test(told), "find", `the mistake is told as "${told}"`);
  check((await page.textContent(".query-ink .bad")) === "[", "find", "the mistake is marked at its character");
  check(await page.locator(".search-line .primary").isDisabled(), "find", "what cannot be read is not searched");
  await page.fill("#event-query", "user_name:* AND NOT source_ip:203.0.113.250 AND @time:>2020-01-01");
  await page.keyboard.press("Enter");
  await page.waitForURL("**query=user_name**");
  await page.waitForSelector("tr[data-id]");
  await until(async () => (await page.locator(".chip").count()) === 3, "three conditions as chips");
  await page.locator(".chip").nth(2).locator("button").nth(1).click();
  await until(async () => (await page.locator(".chip").count()) === 2, "a condition to be taken away");
  await page.waitForSelector("tr[data-id]");
}

async function fields(page) {
  await page.locator(".field-row .link", { hasText: /^user_name$/ }).click();
  await page.waitForSelector(".field-stats li");
  const value = await page.locator(".field-stats li .link").first().textContent();
  await page.locator(".field-stats li .link").first().click();
  await until(async () => (await page.inputValue("#event-query")).includes(value), "a value of the field panel in the query");
  await page.waitForSelector("tr[data-id]");
  await page.locator("tr[data-id]").first().click();
  await page.locator(".drawer .fields .pivot").first().click();
  await page.waitForSelector(".pivot-menu [role=menuitem]:focus");
  check((await page.locator(".pivot-menu [role=menuitem]").count()) === 6, "find", "a value leads to six places");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
}

async function kept(page) {
  await page.click("[data-save-search]");
  await page.fill("dialog[open] input[type=text]", "People of the night");
  await page.click("dialog[open] input[type=checkbox]");
  await page.click("dialog[open] .form-actions .primary");
  const saved = await until(async () => (await api(page, "/saved-searches")).items.find((one) => one.name === "People of the night"), "the search to be kept");
  check(saved.shared && saved.seconds === 3600 && saved.query.includes("user_name:*"), "find", `kept is ${JSON.stringify(saved)}`);
  await page.goto(`/events?saved=${saved.id}`);
  await page.waitForURL("**query=user_name**");
  await page.waitForSelector("tr[data-id]");
  await page.keyboard.press("Control+k");
  await page.fill(".palette-input", "People of the night");
  await until(async () => (await page.locator(".palette [role=option]").first().textContent()).includes("People of the night"), "the kept search in the palette");
  await page.keyboard.press("Escape");
}

/** An event far outside the list still opens beside it. */
async function link(page) {
  const range = { from: new Date(Date.now() - 86_400_000).toISOString(), to: new Date(Date.now() - 3_600_000).toISOString() };
  const [old] = (await api(page, "/events/search", { ...range, limit: 1 })).items;
  if (!old) return;
  await page.goto(`/events?last=15m&event=${old.id}`);
  await page.waitForSelector(".drawer .event-detail");
  check((await page.locator(".drawer .facts").innerText()).includes(old.id), "find", "the event of the address is shown");
}

async function exported(page) {
  await page.goto("/events?last=1h&query=user_name:*");
  await page.waitForSelector("tr[data-id]");
  await page.keyboard.press("x");
  await page.click("dialog[open] .form-actions .primary");
  await page.waitForURL("**/exports");
  await until(() => page.locator(".export-row.done").count(), "the export to be written", 40_000);
  const [done] = (await api(page, "/exports")).items;
  const file = await page.context().request.get(`/api/v1/exports/${done.id}/file`);
  const text = await file.text();
  check(file.ok() && text.split("\r\n").length === done.events + 2, "find", `the file has ${text.split("\r\n").length - 2} of ${done.events} events`);
}

async function live(page) {
  await page.goto("/events");
  await page.waitForSelector("tr[data-id]");
  await page.mouse.move(4, 4);
  await page.keyboard.press("t");
  await page.waitForSelector(".live-line.on");
  await until(() => page.locator("tr[data-id]").count(), "an event to arrive live", 60_000);
  await page.hover(".table-scroll");
  const first = await page.locator("tr[data-id]").first().getAttribute("data-id");
  await until(() => page.locator(".fresh").count(), "what is new to wait while the list is read", 60_000);
  check((await page.locator("tr[data-id]").first().getAttribute("data-id")) === first, "find", "nothing moves under the pointer");
  await page.mouse.move(4, 4);
  await until(async () => (await page.locator("tr[data-id]").first().getAttribute("data-id")) !== first, "what waited to come on top");
  await page.keyboard.press("t");
}

async function sql(page) {
  await page.goto("/sql");
  await page.waitForSelector(".sql textarea");
  await page.click(".sql .primary");
  await until(() => page.locator(".sql-answer tbody tr").count(), "rows of the SQL query");
}
