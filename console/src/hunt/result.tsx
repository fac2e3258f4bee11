// What one query found at one customer: the samples that were kept, and where to go on from there.
import { useState } from "preact/hooks";

import type { Hunt, HuntResult, HuntSample, Severity } from "../api/types.ts";
import { eventsUrl } from "../event/query.ts";
import { SourceName } from "../event/source.tsx";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { CustomerBand, SEVERITIES } from "../ui/badge.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone } from "../ui/toast.tsx";
import { addIncident, getResult } from "./api.ts";
import type { Shown } from "./customers.tsx";

/** Fields that say at a glance what a record is about. */
const FIRST = ["host_name", "user_name", "source_ip", "destination_ip", "destination_port", "process_parent_name", "process_command_line", "process_name", "service_name", "url_full", "url_path", "dns_question_name", "event_code", "event_action", "event_outcome"];

interface Props { hunt: Hunt; shown: Shown; version: string; close: () => void; changed: () => void }

export function ResultDrawer({ hunt, shown, version, close, changed }: Props) {
  const loaded = useLoad((signal) => getResult(hunt.id, shown.query, shown.customer, signal), `${shown.query} ${shown.customer} ${version}`);
  const query = hunt.queries?.find((one) => one.key === shown.query);
  const mayOpen = useMay("incident.work") && useMay("hunt.write");
  const [opening, setOpening] = useState<HuntSample | "none" | null>(null);
  const result = loaded.value;
  return (
    <aside class="drawer hunt-result" aria-label={t("hunt-result")}>
      <CustomerBand id={shown.customer} />
      <div class="drawer-head">
        <strong>{query?.name ?? shown.query}</strong>
        <button class="icon-button" aria-label={t("close")} onClick={close}>×</button>
      </div>
      {!result && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {result && (
        <>
          {result.problem && <p class="note" role="alert">{result.problem}</p>}
          <dl class="facts">
            <div><dt>{t("hunt-count")}</dt><dd>{number(result.count)}{result.truncated && ` ${t("hunt-truncated")}`}</dd></div>
            {typeof result.things === "number" && <div><dt>{t("intel-indicators")}</dt><dd>{number(result.things)}</dd></div>}
            <div><dt>{t("hunt-looked-at")}</dt><dd>{exact(result.from)} – {exact(result.to)}</dd></div>
            <div><dt>{t("hunt-asked")}</dt><dd><Time at={result.at} />, {t("hunt-took", { seconds: number(Math.round(result.took_ms / 10) / 100) })}</dd></div>
          </dl>
          {query?.note && <p class="muted">{query.note}</p>}
          <div class="hunt-actions">
            {searchUrl(result) && <a class="button" href={searchUrl(result) ?? ""}>{t("hunt-search")}</a>}
            {mayOpen && <button class="button" onClick={() => setOpening("none")}>{t("hunt-incident-link")}</button>}
          </div>
          <h3>{t("hunt-samples")}</h3>
          {(result.samples ?? []).length === 0 && <p class="muted">{t(result.count > 0 ? "hunt-samples-none" : "hunt-nothing")}</p>}
          {(result.samples ?? []).map((sample) => <Sample key={sample.event} sample={sample} open={mayOpen ? () => setOpening(sample) : undefined} />)}
        </>
      )}
      {opening && <IncidentDialog hunt={hunt} shown={shown} sample={opening === "none" ? undefined : opening} close={() => setOpening(null)} done={changed} />}
    </aside>
  );
}

function searchUrl(result: HuntResult): string | null {
  if (result.asked.kind !== "search") return null;
  return eventsUrl({ from: result.from, to: result.to, customer: result.customer, query: result.asked.q });
}

function Sample({ sample, open }: { sample: HuntSample; open?: () => void }) {
  const fields = new Map(sample.fields as [string, string][]);
  const shown = FIRST.filter((name) => fields.get(name));
  return (
    <article class="hunt-sample">
      <header>
        <a href={`/events/${sample.event}`} title={t("hunt-event-open")}><Time at={sample.time} /></a> <span class="tag"><SourceName id={sample.source} /></span>
        {open && <button class="link" onClick={open}>{t("hunt-incident-open")}</button>}
      </header>
      <dl class="facts">{shown.map((name) => <div key={name}><dt class="mono">{name}</dt><dd class="mono">{fields.get(name)}</dd></div>)}</dl>
      <details><summary class="muted">{t("hunt-raw")}</summary><pre class="raw">{sample.raw}</pre></details>
    </article>
  );
}

function IncidentDialog({ hunt, shown, sample, close, done }: { hunt: Hunt; shown: Shown; sample?: HuntSample; close: () => void; done: () => void }) {
  return (
    <FormDialog
      title={t(sample ? "hunt-incident-open" : "hunt-incident-link")} action={t(sample ? "hunt-incident-open" : "save")} close={close} band={<CustomerBand id={shown.customer} remark />}
      start={{ title: hunt.title, severity: "high", note: "", incident: "" }}
      fields={sample ? [
        { kind: "text", name: "title", label: t("incident-title"), required: true, wide: true, max: 300, autofocus: true },
        { kind: "select", name: "severity", label: t("severity"), options: SEVERITIES.map((value) => ({ value, label: word("severity", value) })) },
        { kind: "area", name: "note", label: t("hunt-incident-note"), hint: t("hunt-incident-note-hint"), rows: 4 },
      ] : [{ kind: "text", name: "incident", label: t("hunt-incident-id"), hint: t("hunt-incident-id-hint"), required: true, wide: true, autofocus: true }]}
      submit={async (values) => {
        const linked = /inc_[0-9a-z]{26}/.exec(String(values.incident))?.[0] ?? String(values.incident).trim();
        const incident = await addIncident(hunt.id, sample
          ? { customer: shown.customer, title: optional(values.title), severity: values.severity as Severity, note: optional(values.note), query: shown.query, event: sample.event }
          : { customer: shown.customer, incident: linked });
        toastDone(t("hunt-incident-done", { number: incident.number }));
        done();
        if (sample) navigate(`/incidents/${incident.id}`);
      }}
    />
  );
}
