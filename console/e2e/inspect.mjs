// What is looked at on every page: accessibility, language, raw codes, cut-off labels, sideways scrolling.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { check, fail } from "./check.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Runs axe's WCAG A and AA rules; gives the number of violations. */
export async function accessible(page, where) {
  // Evaluated by the debugger, so that the page's own security policy stays as it is.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa"], resultTypes: ["violations"], preload: false }));
  for (const { id, help, nodes } of violations) {
    const first = nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`);
    fail(where, `axe ${id} (${help}), ${nodes.length} places\n    ${first.join("\n    ")}`);
  }
  if (violations.length === 0) check(true, where, "no violations");
  return violations.length;
}

/** What a reader would stumble over. */
export async function readable(page, where, language) {
  const found = await page.evaluate(stumbles, language);
  for (const one of found) fail(where, one);
  if (found.length === 0) check(true, where, "reads well");
}

/** No page may be wider than the window. */
export async function fits(page, where) {
  const over = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    return wide > 0 ? `${wide} px` : "";
  });
  check(!over, where, `the page scrolls sideways by ${over}`);
}

/** What an incident is judged by stands above the fold. */
export async function oneScreen(page, where) {
  const needed = [
    ".customer-band a strong", ".remark", ".incident-actions button", ".alert-choice button", ".matched td", ".raw mark", ".entities tbody tr",
    ".card .card-facts", ".card .card-trigger", ".timeline .comment", ".timeline .entry",
  ];
  for (const selector of needed) {
    const box = await page.locator(selector).first().boundingBox();
    check(box !== null && box.y >= 0 && box.y + Math.min(box.height, 40) <= 900, where, `${selector} is not on the first screen (${JSON.stringify(box)})`);
  }
}

/** Runs in the page. */
function stumbles(language) {
  const found = [];
  const seen = (element) => element.checkVisibility() && element.getClientRects().length > 0;
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.className}"> "${element.textContent.trim().slice(0, 60)}"`;
  // What the console itself says; names, titles and values are data and may be in any language.
  const OWN = "th[scope=col], dt, label > span, .field > label, legend, button, summary, caption, h2, .bar nav a, .state-mark, .severity, .tabs [role=tab]";
  const DATA = ".card, .given, .alert-choice, .pin, .chip, .menu summary, .mono, .drawer-head b, .detail-head, .matched, [lang], .customer-choice option";
  const cjk = /[\u3400-\u9fff]/;
  const words = /[A-Za-z]{3,}/;
  const SAME = /^(JSON|API|ATT&CK|CIDR|IP|URL|Enter|Ctrl|Esc|TLS|SHA-256|ID|Sigma|Vedette|[\s\d/()+.,:-])+$/i;
  const NAMES = /^[a-z0-9_.]+$/;
  for (const element of document.querySelectorAll(OWN)) {
    if (!seen(element) || element.closest(DATA)) continue;
    const copy = element.cloneNode(true);
    for (const inner of copy.querySelectorAll(`kbd, ${DATA}`)) inner.remove();
    const text = copy.textContent.trim();
    if (language === "zh" && words.test(text) && !cjk.test(text) && !SAME.test(text) && !(element.matches("th") && NAMES.test(text))) found.push(`not in Chinese: ${name(element)}`);
    if (language === "en" && cjk.test(text)) found.push(`not in English: ${name(element)}`);
  }
  // A column's heading or a button that is cut off.
  for (const element of document.querySelectorAll("th, button, .bar nav a, .severity, .state-mark, .tag, dt")) {
    if (!seen(element) || element.closest(".visually-hidden, .chip, .field-stats, .saved-row") || element.matches(".visually-hidden")) continue;
    if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflow !== "visible") found.push(`cut off: ${name(element)}`);
    const cell = element.closest("td");
    if (cell && cell !== element && element.matches(".severity, .state-mark") && cell.scrollWidth > cell.clientWidth + 1) found.push(`cut off in its cell: ${name(element)}`);
  }
  const nav = document.querySelector(".bar nav");
  if (nav && innerWidth >= 1280 && nav.scrollWidth > nav.clientWidth) found.push(`the pages' names do not fit: ${nav.scrollWidth} in ${nav.clientWidth} px`);
  // Identifiers and words of the wire where there should be language.
  const code = /\b(usr|inc|alt|cus|dev|pol|rgp|ast|crd)_[0-9a-z]{20,}\b|^(problem|incident|alert|event|device|customer|policy|rule|user|audit)-[a-z-]+$|^[a-z][a-z0-9]*(_[a-z0-9]+)+$|\bundefined\b|\bNaN\b|\[object |Invalid Date/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const text = node.textContent.trim();
    if (!text || !code.test(text) || parent.closest("script, style, pre, code, .mono, .card, .given, option") || !seen(parent)) continue;
    found.push(`a raw code: "${text.slice(0, 60)}" in ${name(parent)}`);
  }
  return [...new Set(found)].slice(0, 8);
}
