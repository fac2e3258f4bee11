// Why an alert fired: the matched fields and the sample events as they were received.
import { useState } from "preact/hooks";

import type { Alert, Sample } from "../api/types.ts";
import { DeviceLink } from "../device/link.tsx";
import { is, phrase } from "../event/language.ts";
import { Pivot } from "../event/pivot.tsx";
import { around, eventsUrl } from "../event/query.ts";
import { SourceName } from "../event/source.tsx";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { Copy } from "../ui/copy.tsx";
import { Raw } from "../ui/highlight.tsx";
import { tryRule } from "../rule/api.ts";
import { Explained } from "../rule/explain.tsx";
import { useLoad } from "../ui/load.ts";
import { Tabs } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { ExactTime } from "../ui/time.tsx";

export function Facts({ alert, title, zone }: { alert: Alert; title?: string; zone?: string }) {
  return (
    <dl class="facts">
      <div><dt>{t("alert-first")}</dt><dd><ExactTime at={alert.first} zone={zone} /></dd></div>
      <div><dt>{t("alert-last")}</dt><dd><ExactTime at={alert.last} zone={zone} /></dd></div>
      <div><dt>{t("alert-count")}</dt><dd>{number(alert.count)}</dd></div>
      <div><dt>{t("alert-origin")}</dt><dd>{word("alert-origin", alert.origin)}</dd></div>
      <div><dt>{t("device")}</dt><dd><DeviceLink id={alert.device} /></dd></div>
      <div>
        <dt>{t("rule")}</dt>
        <dd>{alert.origin === "device" || alert.origin === "platform" || alert.origin === "intel" ? alert.rule_id : <a href={`/rules/${encodeURIComponent(alert.rule_id)}`}>{title ?? alert.title}</a>}</dd>
      </div>
      {alert.techniques.length > 0 && <div><dt>{t("techniques")}</dt><dd>{alert.techniques.join(" ")}</dd></div>}
    </dl>
  );
}

export function Samples({ alert }: { alert: Alert }) {
  const [chosen, setChosen] = useState(0);
  const sample = alert.samples[Math.min(chosen, alert.samples.length - 1)];
  if (!sample) return <p class="muted">{t("samples-none")}</p>;
  return (
    <section class="samples" aria-label={t("samples")}>
      {alert.samples.length > 1 && (
        <Tabs
          label={t("samples")} current={String(chosen)} choose={(id) => setChosen(Number(id))}
          tabs={alert.samples.map((_, place) => ({ id: String(place), label: t("sample", { number: place + 1 }) }))}
        />
      )}
      <Evidence sample={sample} customer={alert.customer} rule={["rule", "correlation", "baseline"].includes(alert.origin) ? alert.rule_id : null} key={sample.event} />
    </section>
  );
}

function Evidence({ sample, customer, rule }: { sample: Sample; customer: string; rule: string | null }) {
  const [explaining, setExplaining] = useState(false);
  const window = around(sample.time, sample.time, 15);
  return (
    <>
      {sample.matched.length > 0 && (
        <table class="plain matched">
          <caption>{t("matched-fields")}</caption>
          <tbody>
            {sample.matched.map(({ field, value }, place) => (
              <tr key={place}>
                <th scope="row" class="mono">{field || t("keyword")}</th>
                <td class="mono">
                  <a
                    title={t("pivot-hint", { value })}
                    href={eventsUrl({ ...window, customer, query: field ? is(field, value) : phrase(value), event: sample.event })}
                  >{value}</a>
                  <Pivot field={field || null} value={value} base={{ ...window, customer }} event={{ id: sample.event, time: sample.time, customer }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="sample-head">
        <ExactTime at={sample.time} /> <span class="tag"><SourceName id={sample.source} /></span>
        <a href={`/events/${sample.event}`}>{t("event-open")}</a>
        <a href={eventsUrl({ ...window, customer, event: sample.event })}>{t("events-around")}</a>
        <Copy text={sample.raw} />
        {rule && <button class="link" aria-expanded={explaining} onClick={() => setExplaining(!explaining)}>{t("explain")}</button>}
      </p>
      {rule && explaining && <Explanation rule={rule} sample={sample} />}
      <Raw text={sample.raw} matched={sample.matched} />
    </>
  );
}

/** Why the rule of today fires on the record, term by term. */
function Explanation({ rule, sample }: { rule: string; sample: Sample }) {
  const loaded = useLoad((signal) => tryRule({ rule, records: [{ source: sample.source, raw: sample.raw }] }, signal), sample.event);
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  return <>{loaded.value.records.map((record, place) => <Explained key={place} record={record} />)}</>;
}
