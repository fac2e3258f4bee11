// The parser editor: a text on the left, lines and what becomes of them on the right, live.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import type { ParserOutcome, ParserView, TrialResult } from "../api/types.ts";
import { deviceUnrecognised, getDevice } from "../device/api.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, usePlace } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import type { Mark } from "../ui/code.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { checkParser, deleteParser, getParser, parserFileUrl, saveParser, tryParser } from "./api.ts";
import { takeOver } from "./hand_over.ts";
import { Lines } from "./lines.tsx";
import { OutcomeDialog } from "./outcome.tsx";

const PAUSE_MS = 350;
const MOST_TRIED = 100;
const TEMPLATE = `vendor = ""
product = ""

[[variant]]
recognise.starts_with = [""]

[[variant.step]]
type = "key_value"

[core]
source_ip = "src"
`;

export function ParserPage({ name }: { name: string }) {
  const { query } = usePlace();
  const fresh = name === "new";
  const fromFile = query.get("from") === "file";
  const loaded = useLoad(async (signal) => {
    if (fresh) return { parser: null };
    return getParser(name, signal).then((parser) => ({ parser }), (error: unknown) => {
      // A name that is not known yet may come from a file.
      if (fromFile && asProblem(error).code === "not_found") return { parser: null };
      throw error;
    });
  }, `${name} ${query.get("saved") ?? ""}`);
  if (!loaded.value) return <Page title={t("parser")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const { parser } = loaded.value;
  return <Editor key={`${name} ${parser?.version ?? ""}`} name={fresh ? "" : name} parser={parser} />;
}

/** What the product is called: known to the console, else as the text says. */
function product(name: string, text: string): string {
  const known = word("log-source", name);
  if (known !== name) return known;
  const said = (key: string) => new RegExp(`^${key}\\s*=\\s*"([^"]*)"`, "m").exec(text)?.[1] ?? "";
  return `${said("vendor")} ${said("product")}`.trim() || t("parser");
}

function Editor({ name: given, parser }: { name: string; parser: ParserView | null }) {
  const { query } = usePlace();
  const { me } = useShell();
  const mayWrite = useMay("parser.write") && me.user.all_customers;
  const handed = useRef(query.get("from") === "file" ? takeOver() : null);
  const [name, setName] = useState(given);
  const [text, setText] = useState(handed.current?.text ?? parser?.text ?? TEMPLATE);
  const [lines, setLines] = useState<string[]>(handed.current?.lines ?? parser?.samples ?? []);
  const [zone, setZone] = useState("");
  const [result, setResult] = useState<TrialResult | null>(null);
  const [trying, setTrying] = useState(true);
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const [outcome, setOutcome] = useState<ParserOutcome | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const [paste, setPaste] = useState("");
  const { value: code } = useLoad(() => import("../ui/code.tsx"), "code");
  const Code = code?.default;
  const device = query.get("device");

  useEffect(() => {
    if (!device) return;
    const abort = new AbortController();
    Promise.all([deviceUnrecognised(device, abort.signal), getDevice(device, abort.signal)]).then(([found, owner]) => {
      setLines((now) => [...now, ...found.items.map((event) => event.raw).filter((line) => !now.includes(line))]);
      setZone((now) => now || owner.time_zone || "");
    }, toastProblem);
    return () => abort.abort();
  }, [device]);

  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      setTrying(true);
      tryParser(name, text, lines.slice(0, MOST_TRIED), zone || null, abort.signal)
        .then((tried) => { setResult(tried); setTrying(false); }, (error: unknown) => {
          if (abort.signal.aborted) return;
          setTrying(false);
          toastProblem(error);
        });
    }, PAUSE_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [name, text, lines, zone]);

  const add = () => {
    const more = paste.split("\n").map((line) => line.trimEnd()).filter((line) => line.trim() !== "");
    setLines((now) => [...now, ...more.filter((line) => !now.includes(line))]);
    setPaste("");
  };
  const draft = () => ({ version: parser?.version ?? 0, text, samples: lines, time_zone: zone || null });
  const check = () => {
    if (!mayWrite || busy) return;
    setBusy(true);
    checkParser(name, draft()).then((found) => {
      if (found.mistake) setResult((now) => ({ ...(now ?? { lines: [], cut_short: false }), mistake: found.mistake }));
      else setOutcome(found);
    }, toastProblem).finally(() => setBusy(false));
  };
  const save = () => {
    setBusy(true);
    saveParser(name, draft()).then((done) => {
      setOutcome(null);
      if (!done.saved) return;
      toastDone(t("parser-saved", { name }));
      navigate(`/parsers/${name}?saved=${done.saved.version}`);
    }, toastProblem).finally(() => setBusy(false));
  };
  const erase = () => deleteParser(name, parser?.version ?? 0).then(() => { toastDone(t("deleted")); navigate("/parsers"); }, toastProblem);
  useCommands([{ id: "parser-check", label: "parser-check", keys: ["Mod+s"], group: "commands-page", when: () => mayWrite, run: check }]);
  const mistake = result?.mistake;
  const marks = useMemo<Mark[]>(() => mistake ? [{ line: mistake.line, column: mistake.column, severity: "error", message: mistake.message }] : [], [mistake]);
  const taken = result?.lines.filter((line) => line.event).length ?? 0;
  return (
    <Page
      title={given ? product(given, text) : t("parser-new")} fill
      lead={given ? <><span class="mono">{given}</span> {parser && <span class="tag">{word("parser-origin", parser.origin)}{parser.origin === "own" && ` ${t("parser-version", { version: parser.version })}`}</span>}</> : undefined}
      actions={
        <>
          {parser && <a class="button" href={parserFileUrl(given)} download={`${given}.tar`}>{t("parser-export")}</a>}
          {parser?.built_in != null && <button class="button" onClick={() => setText(parser.built_in ?? "")}>{t("parser-to-built-in")}</button>}
          {mayWrite && parser?.origin === "own" && <button class="button danger" onClick={() => setRemoving(true)}>{t("delete")}</button>}
          {mayWrite && <button class="button primary" disabled={busy || !name || result?.mistake != null} onClick={check}>{t("parser-check")} <kbd>Ctrl S</kbd></button>}
        </>
      }
    >
      {!mayWrite && <p class="note">{t("parser-read-only")}</p>}
      {parser?.samples_hidden && <p class="note">{t("parser-samples-hidden")}</p>}
      <div class="parser-editor">
        <section class="parser-text">
          {!given && (
            <label class="filter"><span>{t("parser-name")}</span><input class="mono" name="parser-name" value={name} placeholder="acme_firewall" onInput={(event) => setName(event.currentTarget.value.trim())} /></label>
          )}
          <div class="code-frame">{Code ? <Code text={text} set={setText} marks={marks} language="toml" label={t("parser-text")} readOnly={false} jump={jump} /> : <Loading />}</div>
          <p class={result?.mistake ? "form-error" : "muted"} role="status">
            {result?.mistake
              ? <><button class="link" onClick={() => setJump({ line: result.mistake?.line ?? 1 })}>{t("trial-line", { line: result.mistake.line })}</button>{result.mistake.key && <code> {result.mistake.key}</code>}: {result.mistake.message}</>
              : trying ? t("trial-running") : result && t("trial-text-fine")}
          </p>
        </section>
        <section class="parser-lines">
          <header class="section-head">
            <h2>{trying && !result ? t("trial-running") : t("trial-lines", { taken: number(taken), all: number(lines.length) })}</h2>
            <label class="filter"><span>{t("time-zone")}</span><input class="zone" value={zone} placeholder="UTC" onChange={(event) => setZone(event.currentTarget.value.trim())} /></label>
          </header>
          <form class="trial-paste" onSubmit={(event) => { event.preventDefault(); add(); }}>
            <textarea rows={2} class="mono" aria-label={t("trial-paste")} placeholder={t("trial-paste")} value={paste} onInput={(event) => setPaste(event.currentTarget.value)} />
            <button class="button" disabled={!paste.trim()}>{t("trial-add")}</button>
          </form>
          <div class="scroll" tabIndex={0} role="region" aria-label={t("trial-results")}>
            {lines.length === 0 && <p class="muted">{t("trial-none")}</p>}
            {result && <Lines lines={result.lines} jump={(line) => setJump({ line })} remove={(at) => setLines((now) => now.filter((_, place) => place !== at))} />}
            {result?.cut_short && <p class="note warn">{t("trial-cut-short")}</p>}
            {lines.length > MOST_TRIED && <p class="muted">{t("trial-first", { count: MOST_TRIED })}</p>}
          </div>
        </section>
      </div>
      {outcome && <OutcomeDialog name={name} outcome={outcome} busy={busy} save={save} close={() => setOutcome(null)} />}
      {removing && <Confirm title={t("delete")} text={t(parser?.built_in != null ? "parser-delete-replaced" : "parser-delete-text", { name: given })} action={t("delete")} danger run={() => void erase()} close={() => setRemoving(false)} />}
    </Page>
  );
}
