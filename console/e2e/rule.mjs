// An engineer writes a use case, tries it on a record, lets it run silently and live, and makes an exception of what it
// found.
import { gzipSync } from "node:zlib";

import { api } from "./browser.mjs";
import { check, until } from "./check.mjs";
import { change, send, write } from "./parser.mjs";

const ID = "0b6f5f0e-55a5-4c0e-9d7e-6a4f3f0c2d11";
const RULE = `title: Gate box logon refused
id: ${ID}
status: experimental
description: Somebody was refused at a gate box.
author: Night shift
date: 2026-11-22
tags:
    - attack.credential-access
    - attack.t1110
logsource:
    product: example
    service: gatebox
detection:
    selection:
        event_action: LOGIN_FAIL
    condition: selection
level: medium
`;
const LINE = "GATEBOX v3 evt=LOGIN_FAIL usr=li.na src=203.0.113.77 pri=4";
const PARTS = ["title", "facts", "trigger", "false_positive", "consequences", "recommendations"];

/** An archive of rules with one that is new, as a tar of one file, and the page that shows what it would change. */
async function release(page) {
  const text = "title: Somebody else's rule\nid: 5f0e3b52-7a3e-4a55-9a0e-1b6b0c6d7e21\nlogsource: {product: linux, service: sshd}\ndetection: {s: {event_action: x}, condition: s}\nlevel: low\n";
  const header = Buffer.alloc(512);
  const put = (value, at) => header.write(value, at, "ascii");
  put("rules/theirs.yml", 0);
  put("0000644\0", 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
  put("00000000000\0", 136);
  put("        0", 148);
  put("ustar\u000000", 257);
  put(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.concat([header, Buffer.from(text.padEnd(512, "\0")), Buffer.alloc(1024)]);
  await page.goto("/rules?tab=releases");
  await page.click('button:has-text("Bring a release")');
  await page.fill("dialog input[name=release]", "r1");
  await page.setInputFiles("#release-file", { name: "theirs.tar.gz", mimeType: "application/gzip", buffer: gzipSync(body) });
  await page.click("dialog .form-actions .primary");
  await until(async () => /Somebody else/.test(await page.innerText("main").catch(() => "")), "what the release would change", 60_000);
  check(/New 1/.test(await page.innerText("main")), "release", "the new rule is counted");
}

/** By an administrator, in English, after the gate box sends and its parser is there. */
export async function useCase(page, { url, secret }) {
  await page.goto("/rules/new");
  await page.waitForSelector(".code .cm-content");
  await write(page, RULE.replace("condition: selection", "condition: selected"));
  await until(async () => /selected/.test(await page.innerText(".problems .error").catch(() => "")), "the condition that names nothing");
  await write(page, RULE);
  await until(async () => (await page.locator(".problems .error").count()) === 0, "a text without mistakes");
  await page.fill(".trial-paste textarea", `${LINE}\n${LINE.replace("LOGIN_FAIL", "LOGIN_OK")}`);
  await page.click(".trial-paste button");
  await until(async () => (await page.locator(".tried .verdict.yes").count()) > 0 && (await page.locator(".tried").count()) === 2, "what the rule says of two records", 30_000);
  await page.locator(".tried > summary").nth(1).click();
  await until(async () => /event_action/.test(await page.locator(".tried").nth(1).innerText()), "why it does not fire on the second");
  await page.click('[role=tab]:text-is("Instruction card")');
  for (const part of PARTS) await page.fill(`#card-${part}`, `The ${part} of it`);
  await page.click('.page-actions button:has-text("Save and test")');
  await page.waitForURL(`**/rules/${ID}?edit=1**`, { timeout: 90_000 });
  const alerts = async (state) => (await api(page, `/alerts?rule_id=${ID}&state=${state}`)).items;
  await until(async () => {
    await send(url, secret, JSON.stringify({ message: LINE }));
    await page.waitForTimeout(1500);
    return (await alerts("silent")).length > 0;
  }, "a silent alert of a use case in test", 60_000);
  check((await alerts("")).length === 0, "use case", "nobody is told while it is in test");

  await page.goto(`/rules/${ID}`);
  await page.click('.page-actions button:has-text("Decide")');
  await page.click('dialog label:has-text("Live")');
  await page.click("dialog .form-actions .primary");
  await until(async () => /New/.test(await page.innerText(".page-head")), "a use case that is live and new", 60_000);
  const alert = await until(async () => {
    await send(url, secret, JSON.stringify({ message: LINE }));
    await page.waitForTimeout(1500);
    return (await alerts("new,open,raised"))[0];
  }, "an alert of the live use case", 60_000);
  await page.goto(`/alerts/${alert.id}`);
  await page.click('button:text-is("Explain")');
  await until(async () => (await page.locator(".explained .verdict.yes").count()) >= 2, "why it fired, term by term", 30_000);
  await page.keyboard.press("x");
  await page.waitForSelector(".exception-form");
  await until(async () => /Of \d+ alert/.test(await page.innerText(".preview")), "what the exception would have hidden", 30_000);
  const told = await page.innerText(".preview");
  check(/Of 1 alerts? it would have hidden 1/.test(told), "exception", `the preview counts the alert: ${told}`);
  await page.fill("#exception-reason", "The gate box of the test bench");
  await page.fill('[aria-label="A record as the device sends it"]', LINE);
  await page.click(".term-row.add button");
  await page.click(".exception-form .form-actions .primary");
  await until(async () => /would no longer fire/.test(await page.innerText(".exception-form")), "the refusal of what hides a record that must fire", 30_000);
  await page.click(".must-fire .icon-button");
  await page.click(".exception-form .form-actions .primary");
  await page.waitForSelector(".exception-form", { state: "detached", timeout: 30_000 });
  await until(async () => {
    await send(url, secret, JSON.stringify({ message: LINE }));
    await page.waitForTimeout(1500);
    return (await api(page, `/exceptions?rule_id=${ID}`)).items[0]?.hits > 0;
  }, "an exception that is counted", 60_000);
  await release(page);
  await change(page, "POST", "/use-case-requests", { customer: null, kind: "change", title: "Tell apart doors and gates", description: "Doors are of no interest at night.", rule_id: ID, state: "open", answer: "" });
  return ID;
}
