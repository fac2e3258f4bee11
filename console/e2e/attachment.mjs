// An analyst attaches what the customer sent, sees what rules say of it, takes a sample out and removes a file; an engineer
// writes a rule, is told its mistake, and the file that is there is looked at again.
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { api } from "./browser.mjs";
import { check, until } from "./check.mjs";
import { write } from "./parser.mjs";

const SHELL = "<%@ page %><% Runtime.getRuntime().exec(request.getParameter(\"c\")); %>\n";

/** By an administrator, in English. */
export async function evidence(page) {
  const { items } = await api(page, "/incidents?limit=1&open=true");
  const incident = items[0].id;
  const folder = await mkdtemp(join(tmpdir(), "vedette-e2e-"));
  try {
    await writeFile(join(folder, "shell <b>.jsp"), SHELL);
    await writeFile(join(folder, "notes.txt"), "the customer says hello");
    await writeFile(join(folder, "empty.log"), "");
    await writeFile(join(folder, "disk.img"), "");
    await truncate(join(folder, "disk.img"), 64 * 1024 * 1024 + 1);
    await page.goto(`/incidents/${incident}`);
    await page.waitForSelector(".attachments .drop");
    await page.setInputFiles(".attachments input[type=file]", ["shell <b>.jsp", "notes.txt", "empty.log", "disk.img"].map((name) => join(folder, name)));
    await until(async () => (await page.locator(".attachments .file .form-error").count()) === 2, "the two files that are refused, with the reason");
    const refused = await page.locator(".attachments .form-error").allInnerTexts();
    check(refused.some((text) => /64 MiB/.test(text)) && refused.some((text) => /empty/.test(text)), "attachments", `why files are refused: ${refused}`);
    await until(async () => /1 rule matches/.test(await page.locator(".attachments").innerText()), "the rule that matches the web shell", 20_000);
    await until(async () => /None of \d+ rules matches/.test(await page.locator(".attachments").innerText()), "that no rule matches the notes");
    check((await page.locator(".attachments .file-name b").count()) === 0, "attachments", "a file's name is text");
    await page.locator(".attachments .link", { hasText: "Dismiss" }).first().click();
    await page.locator(".attachments .link", { hasText: "Dismiss" }).first().click();

    const shell = page.locator(".attachments .file", { hasText: "shell" });
    await shell.locator("summary").click();
    await until(async () => /webshell_jsp_exec/.test(await shell.innerText()), "the rule by its name");
    check(/getRuntime/.test(await shell.locator(".file-strings").innerText()), "attachments", "what matched is shown");
    const download = await page.context().request.get(await shell.locator(".file-actions a").first().getAttribute("href"));
    const bytes = await download.body();
    check(bytes.subarray(0, 4).equals(Buffer.from("PK\u0003\u0004")) && !bytes.includes("getRuntime"), "attachments", "a sample leaves in an archive that hides it");
    await until(async () => /found that rules match/.test(await page.locator(".timeline").innerText()), "the match on the timeline");

    await page.setInputFiles(".attachments input[type=file]", join(folder, "notes.txt"));
    await until(async () => (await page.locator(".attachments .file").count()) === 2, "that the same content is not doubled");
    const notes = page.locator(".attachments .file", { hasText: "notes" });
    await notes.locator("summary").click();
    await notes.locator(".file-actions .danger").click();
    await page.fill("dialog textarea[name=reason]", "Not evidence.");
    await page.click("dialog .form-actions .danger");
    await until(async () => /Content removed/.test(await notes.innerText()), "the removal");

    await page.goto("/yara/new");
    await page.fill("input[name=yara-name]", "Night shift");
    await write(page, "rule night_shift { meta: severity = \"low\" strings: $a = \"getParameter\" condition: $b }");
    await until(async () => /Line 1, column/.test(await page.locator(".yara-problems").innerText().catch(() => "")), "the mistake with its place");
    check(await page.locator(".page-actions .primary").isDisabled(), "yara", "rules with a mistake are not kept");
    await write(page, "rule night_shift { meta: severity = \"low\" strings: $a = \"getParameter\" condition: $a }");
    await until(async () => page.locator(".page-actions .primary").isEnabled(), "that the rule loads");
    await page.click(".page-actions .primary");
    await page.waitForURL(/\/yara\/yar_/);
    await page.goto(`/incidents/${incident}`);
    await until(async () => /night_shift/.test(await page.locator(".timeline").innerText().catch(() => "")), "the new match on the old file", 20_000);
  } finally {
    await rm(folder, { recursive: true });
  }
}
