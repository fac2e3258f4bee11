// An engineer connects a device that nothing recognises: refused with a wrong token, received, its line taken apart by a
// parser written here, and its next event parsed by it.
import { api } from "./browser.mjs";
import { check, until } from "./check.mjs";

const LINE = "GATEBOX v3 evt=LOGIN_FAIL usr=li.na src=203.0.113.77 pri=4";
const NAME = "example_gatebox";
const TEXT = `vendor = "Example"
product = "GateBox"

[[variant]]
recognise.starts_with = ["GATEBOX "]

[[variant.step]]
type = "dissect"
pattern = "GATEBOX {version} {_body}"

[[variant.step]]
type = "key_value"
field = "_body"

[core]
source_ip = "src"
user_name = "usr"
event_action = "evt"

[[log_source]]
product = "example"
service = "gatebox"
`;

export async function change(page, method, path, data) {
  const { csrf_token } = await api(page, "/session");
  const answer = await page.context().request.fetch(`/api/v1${path}`, { method, headers: { "x-csrf-token": csrf_token }, data });
  if (!answer.ok()) throw new Error(`${method} ${path} gives ${answer.status()}: ${await answer.text()}`);
  return answer.json();
}

export async function send(url, token, text) {
  const answer = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: text });
  await answer.text();
  return answer.status;
}

/** Pastes a text over what the editor holds. The browser's own insertion would write inline styles, which are not allowed. */
export async function write(page, text) {
  await page.click(".cm-content");
  await page.keyboard.press("Control+a");
  await page.locator(".cm-content").evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

/** By an administrator, in English. */
export async function engineer(page) {
  const { items } = await api(page, "/customers?limit=1");
  const device = await change(page, "POST", "/devices", {
    customer: items[0].id, name: "Gate box (new)", kind: "other", source: null, address: "127.0.0.1", software_version: "", time_zone: null, silence_minutes: 15, silence_alarm: "learned",
  });
  const { secret, instructions } = await change(page, "POST", `/devices/${device.id}/credentials`, { kind: "token" });
  const url = /http:\/\/[^\s/]+\/ingest\/v1\/events/.exec(instructions)?.[0];
  if (!url) throw new Error(`no HTTP ingest address in ${instructions}`);

  await page.goto(`/devices/${device.id}`);
  await page.waitForSelector(".onboarding");
  check(/Waiting/.test(await page.innerText(".onboarding")), "onboarding", "a device that was never heard waits");
  check((await send(url, "vdd_wrong", LINE)) === 401, "onboarding", "a wrong token is refused");
  await until(async () => /Wrong token/.test(await page.innerText(".onboarding")), "the reason of the refusal on the device's page", 20_000);
  check((await send(url, secret, JSON.stringify({ message: LINE }))) === 200, "onboarding", "the right token is taken");
  await until(async () => /Receiving: 1 line/.test(await page.innerText(".onboarding").catch(() => "")), "the first line on the device's page", 30_000);

  await page.goto(`/parsers/new?device=${device.id}`);
  await page.waitForSelector(".code .cm-content");
  await page.fill("input[name=parser-name]", NAME);
  await page.fill(".trial-paste textarea", LINE);
  await page.click(".trial-paste button");
  await page.waitForSelector(".trial .missed");
  await write(page, "vendor = \n");
  await until(async () => /line 1/.test(await page.innerText(".parser-text .form-error").catch(() => "")), "the place of a mistake");
  await write(page, TEXT);
  await until(async () => (await page.locator(".trial .taken").count()) > 0, "a line that is taken");
  const pasted = page.locator(".trial li").filter({ hasText: "GATEBOX v3" }).last();
  await pasted.locator(".trial-line").click();
  await until(async () => /source_ip/.test(await page.locator(".trial-detail").innerText().catch(() => "")), "the fields of the line");
  const detail = await page.locator(".trial-detail").innerText();
  check(/203\.0\.113\.77/.test(detail) && /li\.na/.test(detail), "parser", `the fields of the line are shown: ${detail}`);
  await page.keyboard.press("Control+s");
  await page.waitForSelector("dialog[open] .form-actions .primary", { timeout: 60_000 });
  await page.click("dialog[open] .form-actions .primary");
  // Saving compiles every source; a debug build takes its time for it.
  await page.waitForURL(`**/parsers/${NAME}?saved=**`, { timeout: 90_000 });
  const saved = await api(page, `/parsers/${NAME}`);
  check(saved.origin === "own" && saved.version === 1 && saved.samples.includes(LINE), "parser", "the parser and its line are kept");

  // The pipeline takes the parser over at a place in its log: what comes a moment before is parsed as before.
  const found = await until(async () => {
    await send(url, secret, JSON.stringify({ message: LINE.replace("li.na", "wang.wei") }));
    await page.waitForTimeout(1500);
    const now = Date.now();
    const body = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now + 60_000).toISOString(), devices: [device.id], limit: 10 };
    const { items: events } = await change(page, "POST", "/events/search", body);
    return events.find((event) => event.core.user_name === "wang.wei");
  }, "an event of the device parsed by the new parser", 40_000);
  check(found.source === NAME && found.core.source_ip === "203.0.113.77", "parser", `the device's event is parsed by ${found.source}`);
  return { device: device.id, url, secret };
}
