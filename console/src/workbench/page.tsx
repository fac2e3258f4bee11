// The workbench 工作台: incidents and alerts side by side, filling live.
import { useState } from "preact/hooks";

import { AlertDrawer } from "../alert/detail.tsx";
import { AlertList } from "../alert/list.tsx";
import { originOptions, severityOptions, stateOptions } from "../alert/page.tsx";
import { get } from "../api/client.ts";
import { compact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { IncidentList } from "../incident/list.tsx";
import { assigneeOptions } from "../incident/page.tsx";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { SEVERITIES, SeverityMark } from "../ui/badge.tsx";
import { Choice, CustomerChoice, Segments, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import type { Severity } from "../api/types.ts";

/** Figures are counted over a day: there is no hurry. */
const FIGURES_MS = 5000;

export function WorkbenchPage() {
  const [customer, setCustomer] = useParameter("customer");
  const [severity, setSeverity] = useParameter("severity");
  const [assignee, setAssignee] = useParameter("assignee");
  const [state, setState] = useParameter("state", "open");
  const [alertState, setAlertState] = useParameter("alerts", "new,open");
  const [origin, setOrigin] = useParameter("origin");
  const [text, setText] = useParameter("text");
  const [alert, setAlert] = useParameter("alert");
  const [incident, setIncident] = useParameter("incident");
  const [pane, setPane] = useState<"incidents" | "alerts">(alert ? "alerts" : "incidents");
  const mayAlerts = useMay("alert.read");
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "pane", label: "workbench-pane", keys: ["h", "l"], group: "commands-page", quiet: true, run: () => setPane(pane === "alerts" ? "incidents" : "alerts") },
    { id: "mine", label: "workbench-mine", keys: ["f m"], group: "commands-page", run: () => setAssignee(assignee === "me" ? "" : "me") },
    { id: "unassigned", label: "workbench-unassigned", keys: ["f u"], group: "commands-page", run: () => setAssignee(assignee === "none" ? "" : "none") },
  ]);
  const states = [{ value: "open", label: t("incidents-open") }, ...["new", "in_progress", "suspended"].map((value) => ({ value, label: word("incident-state", value) }))];
  return (
    <Page title={t("nav-workbench")} fill lead={<Figures />}>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Choice label={t("severity")} value={severity} set={setSeverity} options={severityOptions()} />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <div class={`bench ${pane}`}>
        <section class={pane === "incidents" ? "bench-pane active" : "bench-pane"} aria-label={t("nav-incidents")}>
          <header>
            <h2><a href="/incidents">{t("nav-incidents")}</a></h2>
            <Segments label={t("incident-assignee")} value={assignee} set={setAssignee} options={assigneeOptions()} />
            <Choice label={t("incident-state")} value={state} set={setState} options={states} />
          </header>
          <IncidentList
            filter={{ customer, severity, assignee, state, text }} selected={incident || null} select={setIncident} narrow
            active={pane === "incidents" && !alert} activate={() => setPane("incidents")}
            empty={<Empty title={t("incidents-empty")} hint={t("incidents-empty-hint")} />}
          />
        </section>
        {mayAlerts && (
          <section class={pane === "alerts" ? "bench-pane active" : "bench-pane"} aria-label={t("nav-alerts")}>
            <header>
              <h2><a href="/alerts">{t("nav-alerts")}</a></h2>
              <Segments label={t("alert-state")} value={alertState} set={setAlertState} options={stateOptions().filter((option) => option.value)} />
              <Choice label={t("alert-origin")} value={origin} set={setOrigin} options={originOptions()} />
            </header>
            <AlertList
              filter={{ customer, severity, state: alertState, origin, text }} selected={alert || null} narrow
              open={(one) => { setPane("alerts"); setAlert(one.id); }} active={pane === "alerts"} activate={() => setPane("alerts")}
              empty={<Empty title={t("alerts-empty")} hint={t("alerts-empty-hint")} />}
            />
          </section>
        )}
        {alert && <AlertDrawer key={alert} id={alert} close={() => setAlert("")} />}
      </div>
    </Page>
  );
}

/** The last day from events to incidents; each figure opens what it counts. */
function Figures() {
  const overview = useLoad((signal) => get("/overview", { signal }), "overview");
  useChanges((change) => change.noun === "incident" || change.noun === "alert", overview.reload, FIGURES_MS);
  const value = overview.value;
  if (!value) return null;
  const open = value.open_incidents_by_severity as Partial<Record<Severity, number>>;
  const steps: [string, number, string][] = [
    ["figure-events", value.funnel.events, "/events"], ["figure-detections", value.funnel.detections, "/alerts?state="],
    ["figure-alerts", value.funnel.alerts, "/alerts"], ["figure-incidents", value.funnel.incidents, `/incidents?state=${encodeURIComponent("new,in_progress,suspended,resolved,rejected")}`],
  ];
  return (
    <div class="figures">
      <ol class="funnel" aria-label={t("funnel")}>
        {steps.map(([label, count, href]) => (
          <li key={label}><a href={href} title={number(count)}><b>{compact(count)}</b> {t(label)}</a></li>
        ))}
        <li><a href="/funnel">{t("funnel-by-day")}</a></li>
      </ol>
      <ul class="open-counts" aria-label={t("incidents-open")}>
        {SEVERITIES.filter((one) => (open[one] ?? 0) > 0).map((one: Severity) => (
          <li key={one}><a href={`/incidents?severity=${one}`}><SeverityMark of={one} /> <b>{number(open[one] ?? 0)}</b></a></li>
        ))}
      </ul>
      {(value.devices.offline ?? 0) > 0 && <a class="tag warn" href="/devices?state=offline">{t("devices-offline", { count: value.devices.offline ?? 0 })}</a>}
    </div>
  );
}
