// One screen to judge an incident: whose it is, what fired and why, what it is about, what the card says, what was
// done, what to do next.
import { useEffect, useRef, useState } from "preact/hooks";

import type { Alert, Incident, IncidentView } from "../api/types.ts";
import { CardView } from "../alert/card.tsx";
import { Entities } from "../alert/entities.tsx";
import { Facts, Samples } from "../alert/evidence.tsx";
import { IncidentTitle, useIncidentTitle } from "../alert/title.tsx";
import { around, eventsUrl } from "../event/query.ts";
import { exact } from "../i18n/format.ts";
import { language, t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { goBack, navigate } from "../shell/router.ts";
import { useTitle } from "../shell/title.ts";
import { CustomerBand, IncidentStateMark, OutcomeMark, SEVERITIES, SeverityMark } from "../ui/badge.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { ExactTime, Time } from "../ui/time.tsx";
import { Actions } from "./actions.tsx";
import { getIncident } from "./api.ts";
import { Attachments } from "./attachments.tsx";
import { Timeline } from "./timeline.tsx";

export function IncidentPage({ id }: { id: string }) {
  const view = useLoad((signal) => getIncident(id, signal), id);
  useChanges((change) => change.id === id, view.reload);
  useCommands([{ id: "back", label: "back-to-list", keys: ["Escape"], group: "commands-page", run: () => goBack("/") }]);
  const title = useIncidentTitle(view.value?.incident.title ?? "");
  useTitle(view.value ? `#${view.value.incident.number} ${title}` : t("incident"));
  if (!view.value) {
    return <main id="main" tabIndex={-1} class="page">{view.problem ? <Failure problem={view.problem} retry={view.reload} /> : <Loading />}</main>;
  }
  return <Judging key={id} view={view.value} reload={view.reload} set={view.set} />;
}

function Judging({ view, reload, set }: { view: IncidentView; reload: () => void; set: (view: IncidentView) => void }) {
  const { incident, customer } = view;
  const [chosen, setChosen] = useState<string | null>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => main.current?.focus({ preventScroll: true }), []);
  const alert = view.alerts.find((one) => one.id === chosen) ?? telling(view);
  const step = (by: number) => {
    const at = alert ? view.alerts.indexOf(alert) : 0;
    const next = view.alerts[Math.max(0, Math.min(view.alerts.length - 1, at + by))];
    if (next) setChosen(next.id);
  };
  const events = eventsUrl({ ...around(incident.first, incident.last), customer: incident.customer });
  useCommands([
    { id: "alert-next", label: "alert-next", keys: ["j"], group: "commands-incident", run: () => step(1), quiet: true },
    { id: "alert-previous", label: "alert-previous", keys: ["k"], group: "commands-incident", run: () => step(-1), quiet: true },
    { id: "incident-events", label: "incident-events", keys: ["/"], group: "commands-incident", run: () => navigate(events) },
  ]);
  const title = (alert: Alert) => view.cards[alert.rule_id]?.[language()]?.title ?? alert.title;
  const titles = new Map(view.alerts.map((one) => [one.id, title(one)]));
  const changed = (next: Incident) => {
    set({ ...view, incident: next });
    reload();
  };
  return (
    <main id="main" tabIndex={-1} ref={main} class="page fill incident">
      <CustomerBand id={incident.customer} remark />
      <header class="incident-head">
        <div class="incident-title">
          <h1><span class="muted">#{incident.number}</span> <IncidentTitle title={incident.title} /></h1>
          <Actions incident={incident} changed={changed} reload={reload} />
        </div>
        <p class="line">
          <SeverityMark of={incident.severity} /> <IncidentStateMark of={incident.state} />
          {incident.verdict && <span class="tag">{word("verdict", incident.verdict)}</span>}
          {incident.reject_reason && <span class="tag">{word("reject-reason", incident.reject_reason)}</span>}
          {incident.suspended_until && <span class="tag">{t("until", { time: exact(incident.suspended_until) })}</span>}
          <span><span class="muted">{t("incident-assignee")}</span> {view.assignee_name ?? t("incident-nobody")}</span>
          <span><span class="muted">{t("incident-raised-at")}</span> <Time at={incident.created} zone={customer.time_zone} /></span>
          <span><span class="muted">{t("incident-span")}</span> <ExactTime at={incident.first} zone={customer.time_zone} /> – <ExactTime at={incident.last} /></span>
          <a href={events}>{t("incident-events")}</a>
        </p>
      </header>
      <div class="incident-grid">
        <section class="pane" aria-labelledby="fired" tabIndex={0}>
          <h2 id="fired">{t("why-fired")} <span class="count">{incident.alert_count}</span></h2>
          <AlertChoice alerts={view.alerts} title={title} chosen={alert?.id ?? null} choose={setChosen} />
          {incident.alert_count > view.alerts.length && view.alerts.length > 0 && <p class="note">{t("alerts-first-shown", { shown: view.alerts.length })}</p>}
          {alert ? <div class="chosen-alert"><Samples key={alert.id} alert={alert} /><Facts alert={alert} title={title(alert)} zone={customer.time_zone} /></div>
            : <p class="muted">{t("incident-by-hand")}</p>}
        </section>
        <section class="pane" aria-label={t("card")} tabIndex={0}>
          <h2>{t("entities")}</h2>
          <Entities of={incident.entities} context={incident} />
          <h2>{t("card")}</h2>
          <CardView cards={alert && view.cards[alert.rule_id]} />
        </section>
        <section class="pane" aria-label={t("timeline")} tabIndex={0}>
          <Attachments incident={incident.id} customer={incident.customer} zone={customer.time_zone} />
          <h2>{t("timeline")}</h2>
          <Timeline incident={incident.id} version={incident.version} zone={customer.time_zone} titles={titles} />
          <h2>{t("related")} <span class="count">{view.related.length}</span></h2>
          <Related incidents={view.related} />
        </section>
      </div>
    </main>
  );
}

/** The alert to begin with: the most severe, rather one with a card and with marks to see. */
function telling({ alerts, cards }: IncidentView): Alert | undefined {
  const rank = (alert: Alert) =>
    SEVERITIES.indexOf(alert.severity) * 4 + (cards[alert.rule_id] ? 0 : 2) + (alert.samples[0]?.matched.length ? 0 : 1);
  return alerts.toSorted((a, b) => rank(a) - rank(b))[0];
}

function AlertChoice({ alerts, title, chosen, choose }: { alerts: Alert[]; title: (alert: Alert) => string; chosen: string | null; choose: (id: string) => void }) {
  return (
    <ul class="alert-choice" aria-label={t("nav-alerts")}>
      {alerts.map((alert) => (
        <li key={alert.id}>
          <button aria-pressed={alert.id === chosen} onClick={() => choose(alert.id)}>
            <SeverityMark of={alert.severity} />
            <span class="title">{title(alert)}</span>
            <OutcomeMark of={alert.outcome} />
            <span class="muted">{t("times", { count: alert.count })}</span>
            <Time at={alert.last} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Related({ incidents }: { incidents: Incident[] }) {
  if (incidents.length === 0) return <p class="muted">{t("related-none")}</p>;
  return (
    <ul class="related">
      {incidents.map((incident) => (
        <li key={incident.id}>
          <a href={`/incidents/${incident.id}`}>#{incident.number} <IncidentTitle title={incident.title} /></a>
          <span class="line">
            <SeverityMark of={incident.severity} /> <IncidentStateMark of={incident.state} />
            {incident.verdict && <span class="tag">{word("verdict", incident.verdict)}</span>}
            {incident.reject_reason && <span class="tag">{word("reject-reason", incident.reject_reason)}</span>}
            <Time at={incident.created} />
          </span>
        </li>
      ))}
    </ul>
  );
}
