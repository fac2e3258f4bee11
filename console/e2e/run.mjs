// The console against the real binary with its demonstration: a shift's work, then every page in both languages and
// themes. Pictures are in shots/. `npm run e2e -- incident events` looks at those pages only.
import { rm } from "node:fs/promises";

import { evidence } from "./attachment.mjs";
import { launch, open, signIn } from "./browser.mjs";
import { check, fail, part, result } from "./check.mjs";
import { SHOTS, cramped, doorway, gallery, pictured, tally } from "./gallery.mjs";
import { hunter } from "./hunt.mjs";
import { PASSWORD, journey, keyboard, stillArriving } from "./journey.mjs";
import { pages, subjects } from "./pages.mjs";
import { engineer } from "./parser.mjs";
import { useCase } from "./rule.mjs";
import { startServer } from "./server.mjs";

const LIMIT_MS = 600_000;
const begun = Date.now();
const binary = process.env.VEDETTE_BINARY ?? new URL("../../target/debug/vedette", import.meta.url).pathname;

let server;
let browser;
try {
  server = await startServer(binary);
  browser = await launch();
  await rm(SHOTS, { recursive: true, force: true });
  await run(server.address);
} catch (error) {
  fail("run", [error.message, await server?.tail()].filter(Boolean).join("\n"));
} finally {
  await browser?.close();
  await server?.stop().catch((error) => fail("server", error.message));
}
const { checks, failures } = result();
const seconds = (Date.now() - begun) / 1000;
console.log(`
pages          ${tally.names.size} in ${tally.combinations.size} combinations of language and theme, ${tally.looked} looked at
axe            ${tally.violations} violations of WCAG A and AA
screenshots    ${tally.pictures} in ${SHOTS}
checks         ${checks}, ${failures.length} failed
time           ${seconds.toFixed(0)} s of ${LIMIT_MS / 1000}`);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

async function run(base) {
  const first = await open(browser, base, "journey");
  await part("journey with the mouse", () => pictured(first, "journey", () => journey(first, { login: "admin" })));
  await first.context().close();

  const admin = await open(browser, base, "admin");
  await signIn(admin, "admin", PASSWORD);
  const since = Date.now();
  const watched = await open(browser, base, "left alone", { storageState: await admin.context().storageState() });
  await watched.goto("/");

  const second = await open(browser, base, "keyboard");
  await part("journey with the keyboard", () => pictured(second, "keyboard", () => keyboard(second, { login: "lin.xia" })));
  await second.context().close();

  const third = await open(browser, base, "engineer", { storageState: await admin.context().storageState() });
  let gate;
  await part("an engineer connects a device and writes its parser", () => pictured(third, "engineer", async () => { gate = await engineer(third); }));
  if (gate) await part("an engineer writes a use case and makes an exception", () => pictured(third, "use case", () => useCase(third, gate)));
  await part("a hunter plans, runs, judges and concludes a hunt", () => pictured(third, "hunt journey", () => hunter(third)));
  await part("an analyst attaches files and a rule finds more", () => pictured(third, "attachments journey", () => evidence(third)));
  await third.context().close();

  const wanted = process.argv.slice(2);
  const all = pages(await subjects(admin)).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const english = async () => {
    await part("pages in English", () => gallery(admin, all, "en"));
    await part("cramped in English", () => cramped(browser, admin, all, "en"));
  };
  const chinese = async () => {
    const other = await open(browser, base, "admin zh");
    await part("sign-in page", async () => {
      for (const language of ["en", "zh"]) for (const theme of ["light", "dark"]) await doorway(other, language, theme);
    });
    await colleague(admin);
    await signIn(other, "sun.bo", PASSWORD);
    await part("pages in Chinese", () => gallery(other, all, "zh"));
    await part("cramped in Chinese", () => cramped(browser, other, all, "zh"));
  };
  await Promise.all([english(), part("Chinese", chinese)]);
  await part("alerts of the present arrive", () => stillArriving(watched, since));
  check(Date.now() - begun < LIMIT_MS, "run", `took longer than ${LIMIT_MS / 1000} s`);
}

/** A second administrator, so that both languages can be looked at at once. */
async function colleague(page) {
  const session = await (await page.context().request.get("/api/v1/session")).json();
  const answer = await page.context().request.post("/api/v1/users", {
    headers: { "x-csrf-token": session.csrf_token },
    data: { login: "sun.bo", name: "孙博", roles: ["administrator"], all_customers: true, customers: [], active: true, language: "zh", password: PASSWORD },
  });
  if (!answer.ok()) throw new Error(`a second administrator is refused: ${await answer.text()}`);
}
