// What a hunt came to, customer by customer: what each query found, and what people say to it.
import { useState } from "preact/hooks";

import type { Hunt, HuntCustomer, HuntResult, HuntVerdict } from "../api/types.ts";
import { compact, exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { CustomerBand, CustomerMark } from "../ui/badge.tsx";
import { FormDialog } from "../ui/form.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { judge } from "./api.ts";
import { VERDICTS, VerdictMark, isOpen } from "./marks.tsx";

export interface Shown { customer: string; query: string }

interface Props { hunt: Hunt; customers: HuntCustomer[]; results: HuntResult[]; changed: () => void; shown: Shown | null; show: (shown: Shown) => void }

export function Customers({ hunt, customers, results, changed, shown, show }: Props) {
  const shell = useShell();
  const mayWrite = useMay("hunt.write") && isOpen(hunt);
  const [judging, setJudging] = useState<HuntCustomer | null>(null);
  const queries = hunt.queries ?? [];
  const of = new Map(results.map((result) => [`${result.customer} ${result.query}`, result]));
  const name = (id: string) => shell.customers.get(id)?.short_name ?? id;
  const sorted = [...customers].sort((a, b) => name(a.customer).localeCompare(name(b.customer)));
  const unproposed = sorted.filter((one) => !one.verdict && one.proposed);
  const propose = async () => {
    for (const one of unproposed) await judge(hunt.id, one, one.proposed ?? null, one.remark);
    toastDone(t("saved"));
    changed();
  };
  return (
    <section>
      <header class="section-head">
        <h2>{t("hunt-customers")}</h2>
        {mayWrite && unproposed.length > 0 && <button class="button" onClick={() => void propose().catch(toastProblem)}>{t("hunt-take-proposals", { count: unproposed.length })}</button>}
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("hunt-customers")}>
        <table class="plain hunt-matrix">
          <thead>
            <tr>
              <th scope="col">{t("customer")}</th><th scope="col" class="numeric">{t("hunt-data")}</th>
              {queries.map((query) => <th key={query.key} scope="col" class="numeric" title={query.ask.kind === "search" ? query.ask.q : query.name}>{query.name}</th>)}
              <th scope="col">{t("hunt-verdict")}</th><th scope="col">{t("nav-incidents")}</th><th scope="col">{t("hunt-remark")}</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((one) => (
              <tr key={one.customer} class={shown?.customer === one.customer ? "selected" : ""}>
                <th scope="row"><CustomerMark id={one.customer} link /></th>
                <td class="numeric"><Data one={one} /></td>
                {queries.map((query) => {
                  const result = of.get(`${one.customer} ${query.key}`);
                  const stale = result && JSON.stringify(result.asked) !== JSON.stringify(query.ask);
                  return <td key={query.key} class="numeric"><Count result={result} stale={Boolean(stale)} show={() => show({ customer: one.customer, query: query.key })} /></td>;
                })}
                <td class="nowrap">
                  {mayWrite
                    ? <button class="verdict-button" onClick={() => setJudging(one)}><VerdictMark of={one.verdict} />{!one.verdict && one.proposed && <small class="muted">{t("hunt-proposed", { verdict: word("hunt-verdict", one.proposed) })}</small>}</button>
                    : <VerdictMark of={one.verdict} />}
                </td>
                <td>{one.incidents.map((incident, place) => <a key={incident} class="in-text" href={`/incidents/${incident}`}>{t("hunt-incident", { number: place + 1 })} </a>)}</td>
                <td class="remark-cell" title={one.judged ? `${nameOf(shell, one.judged_by)} ${exact(one.judged)}` : undefined}>{one.remark}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {judging && <JudgeDialog hunt={hunt} one={judging} close={() => setJudging(null)} done={changed} />}
    </section>
  );
}

/** Whether the data is there that the hunt needs. */
function Data({ one }: { one: HuntCustomer }) {
  if (one.data_problem) return <span class="tag late" title={one.data_problem}>{t("hunt-failed")}</span>;
  if (one.data_events === null || one.data_events === undefined) return <span class="muted">{t("hunt-not-run")}</span>;
  if (one.data_events === 0) return <span class="no-data">{t("hunt-no-events")}</span>;
  return <span title={t("hunt-data-events", { count: number(one.data_events) })}>{compact(one.data_events)}</span>;
}

function Count({ result, stale, show }: { result?: HuntResult; stale: boolean; show: () => void }) {
  if (!result) return <span class="muted">{t("hunt-not-run")}</span>;
  if (result.problem) return <button class="link" title={result.problem} onClick={show}><span class="tag late">{t("hunt-failed")}</span></button>;
  const told = result.things === null || result.things === undefined ? number(result.count) : t("hunt-things", { things: number(result.things), count: number(result.count) });
  return (
    <button class={`link count-link ${result.count > 0 ? "some" : ""}`} title={`${exact(result.from)} – ${exact(result.to)}`} onClick={show}>
      {told}{result.truncated && "+"}{stale && <span class="tag">{t("hunt-stale")}</span>}
    </button>
  );
}

function JudgeDialog({ hunt, one, close, done }: { hunt: Hunt; one: HuntCustomer; close: () => void; done: () => void }) {
  return (
    <FormDialog
      title={t("hunt-judge")} action={t("save")} close={close} band={<CustomerBand id={one.customer} remark />} start={{ verdict: one.verdict ?? one.proposed ?? "", remark: one.remark }}
      fields={[
        { kind: "choice", name: "verdict", label: t("hunt-verdict"), hint: t("hunt-judge-hint"), wide: true, autofocus: true, options: [...VERDICTS.map((value) => ({ value, label: word("hunt-verdict", value) })), { value: "", label: t("hunt-verdict-open") }] },
        { kind: "area", name: "remark", label: t("hunt-remark"), hint: t("hunt-remark-hint"), rows: 4 },
      ]}
      submit={async (values) => {
        await judge(hunt.id, one, (values.verdict || null) as HuntVerdict | null, String(values.remark ?? ""));
        toastDone(t("saved"));
        done();
      }}
    />
  );
}
