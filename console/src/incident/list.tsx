// The live list of incidents.
import type { ComponentChildren } from "preact";

import { IncidentTitle } from "../alert/title.tsx";
import type { Incident } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { CustomerMark, IncidentStateMark, SEVERITIES, SeverityMark } from "../ui/badge.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { getIncident, listIncidents } from "./api.ts";
import { take } from "./take.ts";

export interface IncidentFilter { customer: string; state: string; severity: string; assignee: string; text: string }

interface Props {
  filter: IncidentFilter;
  selected: string | null;
  select: (id: string) => void;
  empty: ComponentChildren;
  narrow?: boolean;
  active?: boolean;
  activate?: () => void;
}

const OPEN = "new,in_progress,suspended";
const PAGE = 100;

/** Whether an incident belongs to what the filter shows; the text is the server's to judge. */
export function belongs(filter: IncidentFilter, me: string, incident: Incident): boolean {
  const least = SEVERITIES.indexOf(filter.severity as Incident["severity"]);
  const states = filter.state === "open" ? OPEN : filter.state;
  const wanted = filter.assignee === "me" ? me : filter.assignee === "none" ? null : undefined;
  return (!filter.customer || incident.customer === filter.customer) && (!states || states.split(",").includes(incident.state)) &&
    (least < 0 || SEVERITIES.indexOf(incident.severity) <= least) &&
    (wanted === undefined || (incident.assignee ?? null) === wanted);
}

export function IncidentList({ filter, selected, select, empty, narrow, active, activate }: Props) {
  const shell = useShell();
  const mayWork = useMay("incident.work");
  const query = {
    customer: filter.customer, assignee: filter.assignee, severity_at_least: filter.severity, text: filter.text.replace(/^#/, ""),
    state: filter.state === "open" ? OPEN : filter.state, limit: PAGE,
  };
  const { store, mayInsert } = useList<Incident>(JSON.stringify(query), {
    id: (incident) => incident.id,
    page: (after, signal) => listIncidents({ ...query, after }, signal),
    one: async (id, signal) => (await getIncident(id, signal)).incident,
    belongs: (incident) => belongs(filter, shell.me.user.id, incident),
  }, { noun: "incident", customer: filter.customer || undefined });

  const current = store.entries.find((entry) => entry.id === selected)?.row;
  useCommands(active === false ? [] : [{
    id: "incident-take", label: "incident-take", keys: ["a"], group: "commands-list", when: () => mayWork && Boolean(current),
    run: () => {
      if (!current) return;
      take(current, shell.me.user.id).then((incident) => {
        store.put(incident);
        toastDone(t("incident-taken", { number: String(incident.number) }));
      }, toastProblem);
    },
  }]);

  const zone = (incident: Incident) => shell.customers.get(incident.customer)?.time_zone;
  const columns: Column<Incident>[] = [
    { id: "number", label: t("incident-number"), width: narrow ? "56px" : "66px", cell: (incident) => `#${incident.number}` },
    { id: "severity", label: t("severity"), width: "96px", cell: (incident) => <SeverityMark of={incident.severity} /> },
    { id: "state", label: t("incident-state"), width: narrow ? "100px" : "108px", cell: (incident) => <IncidentStateMark of={incident.state} /> },
    { id: "customer", label: t("customer"), width: narrow ? "134px" : "148px", cell: (incident) => <CustomerMark id={incident.customer} /> },
    { id: "title", label: t("incident-title"), cell: (incident) => <IncidentTitle title={incident.title} /> },
  ];
  if (!narrow) {
    columns.push(
      { id: "key", label: t("alert-about"), width: "190px", cell: (incident) => <span class="mono" title={incident.key}>{incident.key.split("=").at(-1)}</span> },
      { id: "alerts", label: t("nav-alerts"), width: "64px", numeric: true, cell: (incident) => number(incident.alert_count) },
      { id: "last", label: t("alert-last"), width: "92px", cell: (incident) => <Time at={incident.last} zone={zone(incident)} /> },
    );
  }
  columns.push(
    { id: "assignee", label: t("incident-assignee"), width: narrow ? "74px" : "148px", cell: (incident) => incident.assignee ? nameOf(shell, incident.assignee) : <span class="muted">{t("incident-nobody")}</span> },
    { id: "created", label: t("incident-age"), width: narrow ? "74px" : "82px", cell: (incident) => <Time at={incident.created} zone={zone(incident)} /> },
  );
  const href = (incident: Incident) => `/incidents/${incident.id}`;
  return (
    <Table
      label={t("nav-incidents")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} href={href}
      select={select} open={(incident) => navigate(href(incident))} empty={empty} active={active} activate={activate}
      rowClass={(incident) => `of-${incident.severity}`}
    />
  );
}
