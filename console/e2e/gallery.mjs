// Every page in a language and both themes: rows first, then what is wrong with it, then its picture.
import { mkdir } from "node:fs/promises";

import { SIZES, wear } from "./browser.mjs";
import { check, until } from "./check.mjs";
import { accessible, fits, oneScreen, readable } from "./inspect.mjs";

export const SHOTS = new URL("shots/", import.meta.url).pathname;
export const tally = { looked: 0, violations: 0, pictures: 0, names: new Set(), combinations: new Set() };

async function picture(page, name) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png` });
  tally.pictures += 1;
}

/** Takes a picture of where a walk through the console broke off. */
export async function pictured(page, name, walk) {
  try {
    await walk();
  } catch (error) {
    await picture(page, `FAILED-${name}`);
    throw error;
  }
}

/** Opens a page and waits until it shows what it must. */
async function show(page, one, where) {
  await page.goto(one.path);
  if (one.prepare) {
    await page.waitForSelector(one.ready ?? "tr[data-id], .alert-choice button, .section-head .button");
    await one.prepare(page);
  }
  const rows = page.locator(one.rows);
  await until(async () => (await rows.count()) >= one.least, `at least ${one.least} of ${one.rows} on ${where}, there are ${await rows.count()}`);
  await until(async () => (await page.locator("[aria-busy=true]").count()) === 0, `${where} to finish loading`);
  check((await rows.count()) >= one.least, where, "rows are there");
}

async function look(page, one, language, theme, size) {
  const where = `${one.name} ${language} ${theme} ${size}`;
  try {
    await show(page, one, where);
    tally.violations += await accessible(page, where);
    await readable(page, where, language);
    await fits(page, where);
    if (one.name === "incident" && size === "desk") await oneScreen(page, where);
    await picture(page, size === "desk" ? `${one.name}-${language}-${theme}` : `${one.name}-${language}-${theme}-${size}`);
    tally.looked += 1;
    tally.names.add(one.name);
    tally.combinations.add(`${language} ${theme}`);
  } catch (error) {
    check(false, where, error.message.split("\n")[0]);
    await picture(page, `FAILED-${one.name}-${language}-${theme}`);
  }
}

/** All pages in one language, light and dark. */
export async function gallery(page, all, language) {
  for (const theme of ["light", "dark"]) {
    await wear(page, language, theme);
    for (const one of all) await look(page, one, language, theme, "desk");
  }
  await wear(page, language, "light");
}

/** Where most is shown at once, with less room. */
export async function cramped(browser, page, all, language) {
  for (const size of ["narrow", "zoomed"]) {
    const context = await browser.newContext({
      ...SIZES[size], baseURL: new URL(page.url()).origin, timezoneId: "Asia/Shanghai", storageState: await page.context().storageState(),
    });
    const small = await context.newPage();
    for (const one of all.filter(({ name }) => ["workbench", "incident", "rule-edit", "rule-profiles", "coverage", "scorecard", "exception", "funnel", "hunt"].includes(name))) await look(small, one, language, "light", size);
    await context.close();
  }
}

/** The sign-in page, which nobody has signed in to yet. */
export async function doorway(page, language, theme) {
  await page.goto("/");
  await page.evaluate(([language, theme]) => {
    localStorage.setItem("vedette.language", language);
    localStorage.setItem("vedette.theme", theme);
  }, [language, theme]);
  await look(page, { name: "sign-in", path: "/", rows: ".sign-in-box input", least: 2 }, language, theme, "desk");
}
