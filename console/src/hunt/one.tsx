// The page of one hunt: what is supposed, what is asked, what was found at whom, and what came of it.
import { useEffect, useState } from "preact/hooks";

import type { Hunt, HuntRun } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { FormDialog } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Markdown } from "../ui/markdown.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { callOffHunt, cancelRun, concludeHunt, continueRun, getHunt, listDetections, listHuntCustomers, listResults, listRuns, listTimes, logTime, reopenHunt, runHunt } from "./api.ts";
import { Customers, type Shown } from "./customers.tsx";
import { CustomersDialog, EditDialog } from "./form.tsx";
import { HuntStateMark, RunMark, duration, isOpen, roundName } from "./marks.tsx";
import { Queries } from "./queries.tsx";
import { ResultDrawer } from "./result.tsx";

/** How often a run under way is asked how far it is. */
const LOOK_MS = 1000;

type Asking = "edit" | "customers" | "time" | "conclude" | "call-off" | "reopen" | null;

export function ThreatHuntPage({ id }: { id: string }) {
  const shell = useShell();
  const now = useNow();
  const mayWrite = useMay("hunt.write");
  const hunted = useLoad((signal) => getHunt(id, signal), id);
  const customers = useLoad((signal) => listHuntCustomers(id, signal), id);
  const results = useLoad((signal) => listResults(id, signal), id);
  const runs = useLoad((signal) => listRuns(id, signal), id);
  const detections = useLoad((signal) => listDetections(id, signal), id);
  const [asking, setAsking] = useState<Asking>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const hunt = hunted.value;
  const open = Boolean(hunt && isOpen(hunt));
  const run = runs.value?.[0];
  const running = run?.state === "queued" || run?.state === "running";
  const reload = () => {
    for (const one of [hunted, customers, results, runs, detections]) one.reload();
  };
  useChanges((change) => change.id === id, reload, 700);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(runs.reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [running, runs.reload]);
  const begin = (wish: { only_data?: boolean } = {}) => void runHunt(id, wish).then(() => { toastDone(t("hunt-run-asked")); reload(); }, toastProblem);
  const whole = Boolean(hunt?.whole);
  const can = mayWrite && open;
  useCommands([
    { id: "hunt-run", label: "hunt-run", keys: ["r"], group: "commands-page", when: () => can && !running, run: () => begin() },
    { id: "hunt-edit", label: "hunt-edit", keys: ["e"], group: "commands-page", when: () => can && whole, run: () => setAsking("edit") },
    { id: "hunt-time", label: "hunt-time", keys: ["m"], group: "commands-page", when: () => mayWrite, run: () => setAsking("time") },
    { id: "hunt-conclude", label: "hunt-conclude", keys: ["c"], group: "commands-page", when: () => can && whole, run: () => setAsking("conclude") },
    { id: "hunt-close-result", label: "close", keys: ["Escape"], group: "commands-page", when: () => shown !== null, run: () => setShown(null), quiet: true },
  ]);
  if (!hunt) return <Page title={t("hunt")}>{hunted.problem ? <Failure problem={hunted.problem} retry={hunted.reload} /> : <Loading />}</Page>;
  const set = (next: Hunt) => { hunted.set(next); customers.reload(); results.reload(); };
  return (
    <Page
      title={hunt.title} fill lead={<>{hunt.round && <span class="tag">{roundName(hunt.round)}</span>}<HuntStateMark hunt={hunt} now={now} /></>}
      actions={mayWrite && (
        <>
          {open && <button class="button primary" disabled={running} onClick={() => begin()}>{t("hunt-run")} <kbd>r</kbd></button>}
          {open && <button class="button" disabled={running} title={t("hunt-run-data-hint")} onClick={() => begin({ only_data: true })}>{t("hunt-run-data")}</button>}
          <button class="button" onClick={() => setAsking("time")}>{t("hunt-time")} <kbd>m</kbd></button>
          {open && whole && <button class="button" onClick={() => setAsking("edit")}>{t("edit")} <kbd>e</kbd></button>}
          {open && whole && <button class="button" onClick={() => setAsking("customers")}>{t("hunt-customers")}</button>}
          {open && whole && <button class="button" onClick={() => setAsking("call-off")}>{t("hunt-call-off")}</button>}
          {open && whole && <button class="button" onClick={() => setAsking("conclude")}>{t("hunt-conclude")} <kbd>c</kbd></button>}
          {!open && whole && <button class="button" onClick={() => setAsking("reopen")}>{t("hunt-reopen")}</button>}
        </>
      )}
    >
      <div class={`split hunt ${shown ? "with-drawer" : ""}`}>
        <div class="hunt-body">
          <Sum hunt={hunt} />
          {run && run.state !== "done" && <Run hunt={hunt} run={run} mayWrite={mayWrite && open} reload={reload} />}
          <dl class="facts across">
            <div><dt>{t("hunt-owner")}</dt><dd>{hunt.owner ? nameOf(shell, hunt.owner) : <span class="muted">{t("incident-nobody")}</span>}</dd></div>
            <div><dt>{t("hunt-due")}</dt><dd>{hunt.due ? <><Time at={hunt.due} /> <span class="muted">{exact(hunt.due)}</span></> : t("none")}</dd></div>
            <div><dt>{t("techniques")}</dt><dd>{hunt.techniques?.length ? hunt.techniques.join(" ") : t("none")}</dd></div>
            <div><dt>{t("hunt-needs")}</dt><dd class="mono">{hunt.needs || t("hunt-needs-any")}</dd></div>
            {hunt.programme && <div><dt>{t("programme")}</dt><dd><a class="in-text" href={`/hunts?programme=${hunt.programme}&state=all`}>{t("programme-hunts")}</a></dd></div>}
            {run?.state === "done" && <div><dt>{t("hunt-last-run")}</dt><dd><Time at={run.finished} /></dd></div>}
          </dl>
          {customers.value
            ? <Customers hunt={hunt} customers={customers.value} results={results.value ?? []} changed={reload} shown={shown} show={setShown} />
            : customers.problem ? <Failure problem={customers.problem} retry={customers.reload} /> : <Loading />}
          <div class="hunt-words">
            <Words title={t("hunt-hypothesis")} text={hunt.hypothesis} />
            <Words title={t("hunt-look-for")} text={hunt.look_for} />
            <Words title={t("hunt-false-positives")} text={hunt.false_positives} />
          </div>
          <Queries hunt={hunt} done={set} detected={detections.reload} />
          {(detections.value ?? []).length > 0 && (
            <section>
              <h2>{t("hunt-detections")}</h2>
              <ul class="plain-list">
                {detections.value?.map((one) => (
                  <li key={one.object}><a class="in-text" href={one.kind === "use_case" ? `/rules/${encodeURIComponent(one.object)}` : "/rules?tab=requests"}>{one.title}</a> <span class="tag">{t(`hunt-detect-${one.kind}`)}</span> <Time at={one.created} /></li>
                ))}
              </ul>
            </section>
          )}
          {hunt.whole && <Times id={id} minutes={hunt.minutes} />}
        </div>
        {shown && <ResultDrawer key={`${shown.customer} ${shown.query}`} hunt={hunt} shown={shown} version={run?.id ?? ""} close={() => setShown(null)} changed={reload} />}
      </div>
      {asking === "edit" && <EditDialog hunt={hunt} close={() => setAsking(null)} done={set} />}
      {asking === "customers" && <CustomersDialog hunt={hunt} close={() => setAsking(null)} done={set} />}
      {asking === "time" && <TimeDialog id={id} close={() => setAsking(null)} done={reload} />}
      {(asking === "conclude" || asking === "call-off" || asking === "reopen") && <EndDialog hunt={hunt} how={asking} close={() => setAsking(null)} done={set} />}
    </Page>
  );
}

/** "31 customers: 29 clean, 2 found; 3 incidents; 4 h 20 min" */
function Sum({ hunt }: { hunt: Hunt }) {
  const { verdicts } = hunt;
  const parts = (["clean", "found", "inconclusive", "no_data", "open"] as const).filter((verdict) => verdicts[verdict] > 0);
  return (
    <div class="hunt-sum">
      <p>
        <strong>{t("hunt-sum-customers", { count: hunt.customers.length })}</strong>
        {parts.map((verdict) => <span key={verdict} class={`verdict-mark ${verdict}`}><i aria-hidden="true" />{t("hunt-sum-part", { verdict: t(`hunt-verdict-${verdict}`), count: verdicts[verdict] })}</span>)}
        {hunt.incidents > 0 && <span>{t("hunt-sum-incidents", { count: hunt.incidents })}</span>}
        {hunt.minutes > 0 && <span>{duration(hunt.minutes)}{!hunt.whole && ` (${t("hunt-share")})`}</span>}
        {!hunt.whole && <span class="muted">{t("hunt-partly")}</span>}
      </p>
      {hunt.conclusion && <div class="hunt-conclusion"><Markdown text={hunt.conclusion} /></div>}
    </div>
  );
}

function Run({ hunt, run, mayWrite, reload }: { hunt: Hunt; run: HuntRun; mayWrite: boolean; reload: () => void }) {
  const running = run.state === "queued" || run.state === "running";
  const act = (work: Promise<unknown>) => void work.then(reload, toastProblem);
  return (
    <p class="note hunt-run" role="status">
      <RunMark run={run} />
      {mayWrite && running && <button class="button" onClick={() => act(cancelRun(hunt.id, run.id))}>{t("hunt-run-cancel")}</button>}
      {mayWrite && !running && <><span>{t(`hunt-run-${run.state}-hint`)}</span><button class="button" onClick={() => act(continueRun(hunt.id, run.id))}>{t("hunt-run-continue")}</button></>}
    </p>
  );
}

function Words({ title, text }: { title: string; text?: string }) {
  return text ? <section><h2>{title}</h2><Markdown text={text} /></section> : null;
}

function Times({ id, minutes }: { id: string; minutes: number }) {
  const shell = useShell();
  const loaded = useLoad((signal) => listTimes(id, signal), `${id} ${minutes}`);
  if (!loaded.value?.length) return null;
  return (
    <section>
      <h2>{t("hunt-spent")}: {duration(minutes)}</h2>
      <ul class="plain-list">
        {loaded.value.map((one) => <li key={one.id}><strong>{duration(Math.abs(one.minutes))}</strong>{one.minutes < 0 && ` (${t("hunt-time-back")})`} {one.user ? nameOf(shell, one.user) : t("the-platform")} <Time at={one.created} /> {one.note}</li>)}
      </ul>
    </section>
  );
}

function TimeDialog({ id, close, done }: { id: string; close: () => void; done: () => void }) {
  return (
    <FormDialog
      title={t("hunt-time")} action={t("save")} close={close} start={{ minutes: 30, note: "" }}
      fields={[
        { kind: "number", name: "minutes", label: t("hunt-minutes"), hint: t("hunt-minutes-hint"), required: true, autofocus: true, least: -1440, most: 1440 },
        { kind: "text", name: "note", label: t("hunt-time-note"), wide: true, max: 500 },
      ]}
      submit={async (values) => {
        await logTime(id, Number(values.minutes), String(values.note ?? ""));
        toastDone(t("saved"));
        done();
      }}
    />
  );
}

function EndDialog({ hunt, how, close, done }: { hunt: Hunt; how: "conclude" | "call-off" | "reopen"; close: () => void; done: (hunt: Hunt) => void }) {
  const unjudged = hunt.verdicts.open;
  return (
    <FormDialog
      title={t(`hunt-${how}`)} action={t(`hunt-${how}`)} close={close} start={{ text: "" }}
      fields={[{ kind: "area", name: "text", label: t(how === "conclude" ? "hunt-conclusion" : "hunt-reason"), hint: how === "conclude" ? t(unjudged > 0 ? "hunt-conclude-unjudged" : "hunt-conclude-hint", { count: unjudged }) : undefined, rows: 6, required: true, autofocus: true }]}
      submit={async (values) => {
        const text = String(values.text);
        done(await (how === "conclude" ? concludeHunt(hunt, text) : how === "call-off" ? callOffHunt(hunt, text) : reopenHunt(hunt, text)));
        toastDone(t("saved"));
      }}
    />
  );
}
