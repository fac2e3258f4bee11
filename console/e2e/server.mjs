// The real binary with its demonstration: started on a port of its own and a new folder, stopped as an operator would.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_MS = 60_000;
const STOP_MS = 30_000;

/** Starts `vedette demo`; gives its address and what stops it. */
export async function startServer(binary) {
  const folder = await mkdtemp(join(tmpdir(), "vedette-e2e-"));
  const log = join(folder, "log");
  // Three times as busy as an ordinary day, so that alerts keep coming while the pages are looked at, at night as well.
  const args = ["demo", "--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--history", "12", "--rate", "3", "--language", "en"];
  const server = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  server.stderr.pipe(createWriteStream(log));
  process.once("exit", () => server.kill("SIGKILL"));
  const ended = new Promise((resolve) => {
    server.on("exit", (code, signal) => resolve({ code, signal }));
    server.on("error", (error) => resolve({ code: null, signal: null, error }));
  });
  let printed = "";
  const address = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${binary} did not print its address within ${START_MS / 1000} s`)), START_MS);
    server.stdout.on("data", (chunk) => {
      printed += chunk;
      const found = /http:\/\/[\d.]+:\d+/.exec(printed);
      if (!found || !printed.includes("Ctrl-C")) return;
      clearTimeout(timer);
      resolve(found[0]);
    });
    void ended.then(async ({ code, error }) => {
      clearTimeout(timer);
      reject(new Error(`${binary} ended with ${error?.message ?? code} before it ran. ${await tail(log)}`));
    });
  }).catch(async (error) => {
    server.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  await feedFolder(join(folder, "data", "feeds", "cert"));
  const stop = async () => {
    server.kill("SIGTERM");
    const timer = setTimeout(() => server.kill("SIGKILL"), STOP_MS);
    const { code, signal } = await ended;
    clearTimeout(timer);
    const last = code === 0 ? "" : await tail(log);
    await rm(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the server ended with ${signal ?? code} after SIGTERM:\n${last}`);
  };
  return { address, stop, tail: () => tail(log) };
}

/** A folder of a STIX bundle and a list, as somebody carries them in by hand. */
async function feedFolder(path) {
  await mkdir(path, { recursive: true });
  const indicator = (number, pattern) => ({
    type: "indicator", spec_version: "2.1", id: `indicator--00000000-0000-4000-8000-${String(number).padStart(12, "0")}`, name: "Command and control",
    pattern_type: "stix", pattern, confidence: 85, indicator_types: ["malicious-activity"], valid_from: "2026-01-01T00:00:00Z",
    object_marking_refs: ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"],
  });
  const objects = [
    indicator(1, "[domain-name:value = 'update-cdn.example']"), indicator(2, "[ipv4-addr:value = '8.8.8.8']"),
    indicator(3, "[ipv4-addr:value = '9.1.2.3' AND network-traffic:dst_port = 443]"),
  ];
  await writeFile(join(path, "bundle.json"), JSON.stringify({ type: "bundle", id: "bundle--1", objects }));
  await writeFile(join(path, "list.txt"), "# exchanged by mail\nhxxp://dropper[.]example/a.bin\n45[.]67[.]89[.]10\nnot an indicator\n");
}

async function tail(log) {
  const lines = (await readFile(log, "utf8").catch(() => "")).trimEnd().split("\n");
  return lines.slice(-20).join("\n");
}
