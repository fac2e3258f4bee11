// A rule held against what is stored: what would it have fired on, and how often at whom?
import { useRef, useState } from "preact/hooks";

import { getRule } from "../alert/api.ts";
import type { BacktestResult } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice, Segments } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { backtestRule } from "./api.ts";

const DAY_MS = 86_400_000;
const SPANS = ["1", "7", "30", "90"];
const TEMPLATE = `title:
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith: '\\'
    condition: selection
level: medium
`;

export function BacktestPage() {
  const [rule] = useParameter("rule");
  const loaded = useLoad(async (signal) => rule ? (await getRule(rule, signal)).text ?? "" : TEMPLATE, rule);
  if (loaded.value === null) return <Page title={t("backtest")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  return <Trial key={rule} rule={rule} written={loaded.value} />;
}

function Trial({ rule, written }: { rule: string; written: string }) {
  const [text, setText] = useState(written);
  const [customer, setCustomer] = useParameter("customer");
  const [span, setSpan] = useParameter("days", "7");
  const [result, setResult] = useState<BacktestResult | null>(null);
  const [looking, setLooking] = useState<AbortController | null>(null);
  const running = useRef<AbortController | null>(null);
  const run = () => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    setLooking(abort);
    const to = new Date();
    const from = new Date(to.getTime() - Number(span) * DAY_MS);
    backtestRule({ text, customers: customer ? [customer] : [], from: from.toISOString(), to: to.toISOString() }, abort.signal)
      .then(setResult, (error: unknown) => { if (!abort.signal.aborted) toastProblem(error); })
      .finally(() => setLooking((now) => now === abort ? null : now));
  };
  useCommands([{ id: "backtest-run", label: "backtest-run", keys: ["Mod+Enter"], group: "commands-page", run }]);
  return (
    <Page
      title={t("backtest")}
      actions={
        <>
          {rule && <a class="button" href={`/rules/${encodeURIComponent(rule)}`}>{t("rule")}</a>}
          {looking && <button class="button" onClick={() => looking.abort()}>{t("cancel")}</button>}
          <button class="button primary" disabled={looking !== null} onClick={run}>{t(looking ? "backtest-running" : "backtest-run")}</button>
        </>
      }
    >
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Segments label={t("backtest-span")} value={span} set={setSpan} options={SPANS.map((days) => ({ value: days, label: t("backtest-days", { days: Number(days) }) }))} />
      </div>
      <div class="columns-2">
        <section class="field">
          <h2><label for="rule-text">{t("rule-text")}</label></h2>
          <textarea id="rule-text" class="mono rule-text" rows={28} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </section>
        <section aria-live="polite">
          <h2>{t("backtest-result")}</h2>
          {looking ? <Loading /> : result ? <Result of={result} /> : <p class="muted">{t("backtest-hint")}</p>}
        </section>
      </div>
    </Page>
  );
}

export function Result({ of }: { of: BacktestResult }) {
  if (of.mistakes.length > 0) return <div class="note" role="alert"><p>{t("backtest-mistakes")}</p><ul>{of.mistakes.map((one) => <li key={one}>{one}</li>)}</ul></div>;
  if (of.sources.length === 0) return <p class="note">{t("backtest-no-source")}</p>;
  const most = Math.max(1, ...of.days.map((day) => day.fired));
  return (
    <>
      <p class="lead">{t("backtest-fires", { fired: of.fired, things: of.things })}</p>
      <p>{t("backtest-looked", { records: number(of.records), from: exact(of.from), to: exact(of.to) })} {t("backtest-cost", { nanos: number(of.cost_nanos) })}</p>
      {of.learned_until && <p class="note">{t("backtest-learned", { until: exact(of.learned_until) })}</p>}
      {!of.complete && <p class="note">{t("backtest-part")}</p>}
      <p class="muted">{t("backtest-sources", { sources: of.sources.map((source) => word("log-source", source)).join(", ") })}</p>
      {of.days.length > 0 && (
        <table class="plain">
          <caption>{t("backtest-by-day")}</caption>
          <thead><tr><th scope="col">{t("customer")}</th><th scope="col">{t("backtest-day")}</th><th scope="col" class="numeric">{t("backtest-fired")}</th><th aria-hidden="true" /></tr></thead>
          <tbody>
            {of.days.map((day) => (
              <tr key={`${day.customer} ${day.day}`}>
                <td><CustomerMark id={day.customer} /></td><td>{exact(day.day, "UTC").slice(0, 10)}</td><td class="numeric">{number(day.fired)}</td>
                <td><meter min={0} max={most} value={day.fired} aria-label={t("backtest-fired")} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {of.entities.length > 0 && (
        <table class="plain">
          <caption>{t("backtest-entities")}</caption>
          <tbody>{of.entities.map((one) => <tr key={`${one.kind} ${one.value}`}><td>{word("entity", one.kind)}</td><td class="mono">{one.value}</td><td class="numeric">{number(one.fired)}</td></tr>)}</tbody>
        </table>
      )}
      {of.samples.length > 0 && (
        <table class="plain">
          <caption>{t("backtest-samples")}</caption>
          <tbody>
            {of.samples.map((one) => (
              <tr key={one.event}>
                <td><a href={`/events/${one.event}`}><Time at={one.time} /></a></td><td><CustomerMark id={one.customer} /></td>
                <td class="mono">{one.matched.map(([field, value]) => <div key={`${field} ${value}`}>{field} = {value}</div>)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
