// The editor of a use case: the rule with live checks on the left; trial, stored history and card on the right.
import { useEffect, useMemo, useState } from "preact/hooks";

import type { BacktestResult, Card, Cards, Language, RuleProblem, RuleTrialResult, RuleView } from "../api/types.ts";
import { language, t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import type { Mark } from "../ui/code.tsx";
import { useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { backtestRule, checkRule, saveUseCase, tryRule } from "./api.ts";
import { Result } from "./backtest.tsx";
import { complete } from "./complete.ts";
import { dataOf } from "./decide.tsx";
import { Explained, Verdict } from "./explain.tsx";
import { problemText } from "./problem.ts";

const PAUSE_MS = 350;
const DAYS = 7;
const PARTS: (keyof Card)[] = ["title", "facts", "trigger", "false_positive", "consequences", "recommendations"];
const EMPTY: Card = { title: "", facts: "", trigger: "", false_positive: "", consequences: "", recommendations: "" };

const template = (id: string) => `title:
id: ${id}
status: experimental
description:
author:
date: ${new Date().toISOString().slice(0, 10)}
tags:
    - attack.
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith: '\\'
    condition: selection
falsepositives:
    -
level: medium
`;

export function RuleEditor({ rule }: { rule: RuleView | null }) {
  const { me } = useShell();
  const mayWrite = useMay("policy.write") && me.user.all_customers;
  const mayLook = useMay("event.read");
  const [text, setText] = useState(() => rule?.text ?? template(crypto.randomUUID()));
  const [cards, setCards] = useState<Cards>(rule?.cards ?? {});
  const [problems, setProblems] = useState<RuleProblem[] | null>(null);
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const [tab, setTab] = useParameter("side", "trial");
  const [busy, setBusy] = useState(false);
  const { value: code } = useLoad(() => import("../ui/code.tsx"), "code");
  const Code = code?.default;
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => { checkRule(text, abort.signal).then(setProblems, (error: unknown) => { if (!abort.signal.aborted) toastProblem(error); }); }, PAUSE_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text]);
  const marks = useMemo<Mark[]>(() => (problems ?? []).map((one) => ({
    line: one.line ?? 1, column: one.column ?? 1, severity: one.severity === "hint" ? "info" : one.severity as Mark["severity"], message: problemText(one),
  })), [problems]);
  const id = rule?.id ?? /^id:\s*["']?([A-Za-z0-9._-]+)/m.exec(text)?.[1] ?? "";
  const errors = problems?.filter((one) => one.severity === "error").length ?? 0;
  const save = (state?: "draft" | "test") => {
    if (!mayWrite || busy || !id) return;
    setBusy(true);
    const data = rule ? dataOf(rule) : { state: "draft" as const, release: "live" as const };
    const written = Object.fromEntries(Object.entries(cards).filter(([, card]) => PARTS.some((part) => card?.[part].trim())));
    const textOfOwn = rule && rule.origin !== "own" && text === rule.text ? null : text;
    saveUseCase(id, rule?.version ?? 0, { ...data, state: state ?? data.state, text: textOfOwn, cards: written }).then((saved) => {
      toastDone(t("saved"));
      navigate(`/rules/${encodeURIComponent(saved.id)}?edit=1&side=${tab}`);
    }, toastProblem).finally(() => setBusy(false));
  };
  useCommands([{ id: "rule-save", label: "save", keys: ["Mod+s"], group: "commands-page", when: () => mayWrite, run: () => save() }]);
  const state = rule?.decided.state ?? "draft";
  return (
    <Page
      title={rule ? rule.cards?.[language()]?.title ?? rule.title : t("rule-new")} fill
      lead={<span class={`tag state-${state}`}>{word("use-case-state", state)}</span>}
      actions={
        <>
          {rule && <a class="button" href={`/rules/${encodeURIComponent(rule.id)}`}>{t("rule-done")}</a>}
          {rule?.built_in != null && <button class="button" onClick={() => setText(rule.built_in ?? "")}>{t("rule-to-built-in")}</button>}
          {mayWrite && state === "draft" && <button class="button" disabled={busy || !id || errors > 0} onClick={() => save("test")}>{t("rule-save-test")}</button>}
          {mayWrite && <button class="button primary" disabled={busy || !id || (errors > 0 && state !== "draft")} onClick={() => save()}>{t("save")} <kbd>Ctrl S</kbd></button>}
        </>
      }
    >
      {!mayWrite && <p class="note">{t("rule-read-only")}</p>}
      <div class="parser-editor">
        <section class="parser-text">
          <div class="code-frame">{Code ? <Code language="yaml" text={text} set={setText} marks={marks} label={t("rule-text")} readOnly={false} jump={jump} complete={complete} /> : <Loading />}</div>
          <div role="status">
            <ul class="problems">
              {problems?.length === 0 && <li class="muted">{t("rule-fine")}</li>}
              {problems?.slice(0, 8).map((one, place) => (
                <li key={place} class={one.severity}>
                  {one.line != null && <button class="link" onClick={() => setJump({ line: one.line ?? 1 })}>{t("trial-line", { line: one.line })}</button>} {problemText(one)}
                </li>
              ))}
              {(problems?.length ?? 0) > 8 && <li class="muted">{t("explain-more", { count: (problems?.length ?? 0) - 8 })}</li>}
            </ul>
          </div>
        </section>
        <section class="parser-lines">
          <Tabs label={t("rule")} current={tab} choose={setTab} tabs={[{ id: "trial", label: t("rule-trial") }, ...(mayLook ? [{ id: "history", label: t("rule-history") }] : []), { id: "card", label: t("card") }]} />
          {tab === "trial" && <TrialPane text={text} />}
          {tab === "history" && <HistoryPane text={text} />}
          {tab === "card" && <CardPane cards={cards} set={setCards} />}
        </section>
      </div>
    </Page>
  );
}

/** Records that were pasted, and why the rule fires on each or does not. */
function TrialPane({ text }: { text: string }) {
  const [records, setRecords] = useState<string[]>([]);
  const [paste, setPaste] = useState("");
  const [result, setResult] = useState<RuleTrialResult | null>(null);
  useEffect(() => {
    if (records.length === 0) return setResult(null);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      tryRule({ text, records: records.map((raw) => ({ raw })) }, abort.signal).then(setResult, (error: unknown) => { if (!abort.signal.aborted) toastProblem(error); });
    }, PAUSE_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [text, records]);
  const add = (event: Event) => {
    event.preventDefault();
    setRecords((now) => [...now, ...paste.split("\n").map((line) => line.trim()).filter((line) => line && !now.includes(line))].slice(0, 50));
    setPaste("");
  };
  return (
    <>
      <form class="trial-paste" onSubmit={add}>
        <textarea rows={2} class="mono" aria-label={t("rule-trial-paste")} placeholder={t("rule-trial-paste")} value={paste} onInput={(event) => setPaste(event.currentTarget.value)} />
        <button class="button" disabled={!paste.trim()}>{t("trial-add")}</button>
      </form>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("trial-results")}>
        {records.length === 0 && <p class="muted">{t("rule-trial-none")}</p>}
        {result?.mistakes.map((one) => <p key={one} class="note warn">{one}</p>)}
        {result?.records.map((record, place) => (
          <details key={records[place]} class="tried" open={records.length === 1}>
            <summary><Verdict holds={record.explanations.some((one) => one.fires)} /> <code>{records[place]}</code></summary>
            <Explained record={record} />
            <button class="link" onClick={() => setRecords((now) => now.filter((_, at) => at !== place))}>{t("remove")}</button>
          </details>
        ))}
      </div>
    </>
  );
}

/** What the rule would have fired on in the last days. */
function HistoryPane({ text }: { text: string }) {
  const [result, setResult] = useState<BacktestResult | null>(null);
  const [running, setRunning] = useState(false);
  const run = () => {
    setRunning(true);
    const to = new Date();
    backtestRule({ text, customers: [], from: new Date(to.getTime() - DAYS * 86_400_000).toISOString(), to: to.toISOString() }).then(setResult, toastProblem).finally(() => setRunning(false));
  };
  return (
    <>
      <p><button class="button" disabled={running} onClick={run}>{t(running ? "backtest-running" : "rule-history-run", { days: DAYS })}</button></p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("backtest-result")} aria-live="polite">{running ? <Loading /> : result ? <Result of={result} /> : <p class="muted">{t("backtest-hint")}</p>}</div>
    </>
  );
}

/** The instruction card, language by language. */
function CardPane({ cards, set }: { cards: Cards; set: (cards: Cards) => void }) {
  const [shown, setShown] = useState<Language>(language() as Language);
  const card = cards[shown] ?? EMPTY;
  return (
    <div class="scroll card-form" tabIndex={0} role="region" aria-label={t("card")}>
      <Tabs label={t("language")} current={shown} choose={(id) => setShown(id as Language)} tabs={[{ id: "en", label: "English" }, { id: "zh", label: "简体中文" }]} />
      {PARTS.map((part) => (
        <div class="field" key={part}>
          <label for={`card-${part}`}>{t(part === "title" ? "rule-title" : `card-${part.replaceAll("_", "-")}`)}</label>
          {part === "title"
            ? <input id={`card-${part}`} value={card[part]} maxLength={200} onInput={(event) => set({ ...cards, [shown]: { ...card, [part]: event.currentTarget.value } })} />
            : <textarea id={`card-${part}`} rows={4} value={card[part]} onInput={(event) => set({ ...cards, [shown]: { ...card, [part]: event.currentTarget.value } })} />}
        </div>
      ))}
      <p class="muted">{t("card-hint")}</p>
    </div>
  );
}
