// Debian's Chromium, and pages that are watched: whatever goes wrong in one fails the run.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

import { fail } from "./check.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error("no Chromium: install the package chromium, or set CHROMIUM to a browser's path");
  return chromium.launch({
    executablePath,
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

/** Sizes that people have: a desk, a small notebook, a desk at 200 % zoom. */
export const SIZES = {
  desk: { viewport: { width: 1440, height: 900 } },
  narrow: { viewport: { width: 1280, height: 800 } },
  zoomed: { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2 },
};

/** A page in a context of its own, as somebody in Shanghai sees it. */
export async function open(browser, base, who, options = {}) {
  const context = await browser.newContext({
    baseURL: base, locale: "en-GB", timezoneId: "Asia/Shanghai", colorScheme: "light", reducedMotion: "reduce", ...SIZES.desk, ...options,
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  watch(page, who);
  return page;
}

/** A refusal that is part of the test: nobody is signed in yet, or the password is wrong. */
function expected(method, url, status) {
  // Somebody or something was quicker: the page loads anew, and the person decides again.
  if (status === 409 && method === "POST" && new URL(url).pathname.endsWith("/transition")) return true;
  // An exception that would hide a record that must still fire.
  if (status === 400 && method === "POST" && new URL(url).pathname.endsWith("/exceptions")) return true;
  // A verdict without a look, a query that cannot be read, a conclusion with somebody unjudged.
  if (status === 400 && method === "PUT" && /\/hunts\/hun_/.test(url)) return true;
  if (status === 409 && method === "POST" && /\/hunts\/hun_\w+\/conclude$/.test(url)) return true;
  return status === 401 && new URL(url).pathname === "/api/v1/session" && (method === "GET" || method === "POST");
}

function watch(page, who) {
  const where = () => `${who} at ${page.url().replace(/^https?:\/\/[^/]+/, "")}`;
  page.on("pageerror", (error) => fail(where(), `script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // A refused request is judged below, where its status is known.
    if (message.text().startsWith("Failed to load resource")) return;
    fail(where(), `console error: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    // Leaving a page ends what it still reads, the stream of changes above all.
    if (request.failure()?.errorText === "net::ERR_ABORTED") return;
    fail(where(), `request failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on("response", (response) => {
    const request = response.request();
    if (response.status() < 400 || expected(request.method(), request.url(), response.status())) return;
    fail(where(), `${response.status()} for ${request.method()} ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    fail(where(), `the browser asks: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

/** Signs in through the form. */
export async function signIn(page, login, password) {
  await page.goto("/");
  await page.fill("input[name=login]", login);
  await page.fill("input[name=password]", password);
  await page.click(".sign-in-box .primary");
  await page.waitForSelector(".bar nav");
}

/** Says in the personal menu which language and appearance are wanted. */
export async function wear(page, language, theme) {
  if ((await page.getAttribute("html", "lang")).slice(0, 2) !== language) {
    await page.click(".menu summary");
    await page.click(`.menu-body button[lang=${language}]`);
    await page.waitForSelector(`html[lang^=${language}]`);
    await page.waitForSelector(".bar nav");
  }
  const shown = await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  if (shown !== theme) {
    await page.click(".menu summary");
    await page.click(".menu-body > button:not([lang]) >> nth=0");
    await page.waitForSelector(`html[data-theme=${theme}]`);
  }
}

/** Asks the API as the signed-in person of a page: reads, or sends `body`. */
export async function api(page, path, body, method = "post") {
  const { request } = page.context();
  const address = `/api/v1${path}`;
  const answer = body === undefined
    ? await request.get(address)
    : await request[method](address, { data: body, headers: { "x-csrf-token": (await api(page, "/session")).csrf_token } });
  if (!answer.ok()) throw new Error(`${body === undefined ? "GET" : method.toUpperCase()} ${path} gives ${answer.status()}`);
  return answer.json();
}
