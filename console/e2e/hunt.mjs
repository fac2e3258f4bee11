// A hunter plans a hunt from a template, runs it over every customer, looks at what was found, judges each customer, is
// refused where nothing was looked at, and concludes: with the keyboard where there are keys.
import { api } from "./browser.mjs";
import { check, until } from "./check.mjs";

const state = (page) => page.locator(".page-head .state-mark").innerText();

/** By an administrator, in English. */
export async function hunter(page) {
  await page.goto("/hunts");
  await page.waitForSelector("table[role=grid], .state");
  const begun = async () => (await page.locator("dialog select[name=template]").count()) > 0;
  await until(async () => {
    if (await begun()) return true;
    // Keys mean something once the page has drawn itself.
    await page.locator("main").focus();
    await page.keyboard.press("n");
    await page.waitForTimeout(300);
    return begun();
  }, "the dialog of a new hunt");
  await until(async () => (await page.locator("dialog select[name=template] option").count()) >= 9, "the templates");
  await page.selectOption("dialog select[name=template]", "linux_persistence");
  await page.fill("dialog input[name=title]", "Night shift looks at Linux");
  await page.click("dialog .form-actions .primary");
  await page.waitForSelector(".hunt-matrix");
  check(/Planned/.test(await state(page)), "hunt", `it is ${await state(page)} when it is new`);
  check((await page.locator(".hunt-queries li").count()) >= 3, "hunt", "the template's queries came with it");

  // Before anything was asked, nobody can be called clean.
  await page.locator(".verdict-button").first().click();
  await page.check("dialog input[type=radio] >> nth=0");
  await page.click("dialog .form-actions .primary");
  await until(async () => /before the hunt was run for this customer/.test(await page.innerText("dialog")), "the refusal of a verdict before the run");
  await page.keyboard.press("Escape");

  await page.click(".hunt-queries + .button");
  await page.fill("dialog input[name=name]", "Sign-ins by root");
  await page.fill("dialog textarea[name=q]", "user_name:root AND (");
  await page.click("dialog .form-actions .primary");
  await until(async () => (await page.locator("dialog .field-error").count()) === 1, "what is wrong with a query that cannot be read, beside it");
  await page.fill("dialog textarea[name=q]", "user_name:root");
  await page.click("dialog .form-actions .primary");
  await until(async () => (await page.locator(".hunt-queries li").count()) === 4, "the fourth query");

  await page.locator("main").focus();
  await page.keyboard.press("r");
  const id = new URL(page.url()).pathname.split("/").at(-1);
  await until(async () => (await api(page, `/hunts/${id}/runs`)).items[0]?.state === "done", "the end of the run", 60_000);
  await until(async () => (await page.locator(".hunt-matrix .count-link").count()) >= 12, "a result of each query at each customer");
  check(/Under way/.test(await state(page)), "hunt", "a hunt that is run is under way");

  const results = (await api(page, `/hunts/${id}/results`)).items;
  const some = results.find((one) => one.count > 0);
  if (some) {
    await page.locator(".hunt-matrix .count-link.some").first().click();
    await page.waitForSelector(".hunt-result .hunt-sample");
    const link = await page.locator(".hunt-result .hunt-actions a").first().getAttribute("href");
    check(/customer=cus_/.test(link) && /from=/.test(link) && /query=/.test(link), "hunt", `the search it opens has customer, time and query: ${link}`);
    await page.keyboard.press("Escape");
    await until(async () => (await page.locator(".hunt-result").count()) === 0, "the drawer is closed");
  }

  await page.locator("main").focus();
  await page.keyboard.press("c");
  await page.fill("dialog textarea[name=text]", "Too early.");
  await page.click("dialog .form-actions .primary");
  await until(async () => (await page.locator("dialog [role=alert]").innerText()) !== "", "the refusal to conclude with customers unjudged");
  await page.keyboard.press("Escape");

  const count = await page.locator(".verdict-button").count();
  for (let place = 0; place < count; place += 1) {
    await page.locator(".verdict-button").nth(place).click();
    await page.check("dialog input[type=radio] >> nth=2");
    await page.fill("dialog textarea[name=remark]", "Looked at; more data is asked for.");
    await page.click("dialog .form-actions .primary");
    await page.waitForSelector("dialog", { state: "detached" });
  }
  await until(async () => (await page.locator(".verdict-button .inconclusive").count()) === count, "every customer is judged");
  await page.locator("main").focus();
  await page.keyboard.press("m");
  await page.fill("dialog input[name=minutes]", "75");
  await page.click("dialog .form-actions .primary");
  await until(async () => /1 h 15 min/.test(await page.locator(".hunt-sum").innerText()), "the time that was logged");
  await page.locator("main").focus();
  await page.keyboard.press("c");
  await page.fill("dialog textarea[name=text]", "Cannot be said with what is sent today.");
  await page.click("dialog .form-actions .primary");
  await until(async () => /Concluded/.test(await state(page)), "the end of the hunt");
  check((await page.locator(".verdict-button").count()) === 0, "hunt", "a concluded hunt is judged no more");
}
