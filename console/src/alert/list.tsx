// The live list of alerts.
import type { ComponentChildren } from "preact";

import type { Alert } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { CustomerMark, OutcomeMark, SEVERITIES, SeverityMark } from "../ui/badge.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { useList } from "../ui/use_list.ts";
import { getAlert, listAlerts } from "./api.ts";
import { AlertTitle } from "./title.tsx";

export interface AlertFilter { customer: string; state: string; severity: string; origin: string; text: string; rule?: string }

interface Props {
  filter: AlertFilter;
  selected: string | null;
  open: (alert: Alert) => void;
  empty: ComponentChildren;
  narrow?: boolean;
  active?: boolean;
  activate?: () => void;
}

const PAGE = 100;

/** Whether an alert belongs to what the filter shows; the text is the server's to judge. */
export function belongs(filter: AlertFilter, alert: Alert): boolean {
  const least = SEVERITIES.indexOf(filter.severity as Alert["severity"]);
  return (!filter.customer || alert.customer === filter.customer) && (filter.state ? filter.state.split(",").includes(alert.state) : alert.state !== "silent") &&
    (!filter.origin || alert.origin === filter.origin) && (least < 0 || SEVERITIES.indexOf(alert.severity) <= least);
}

export function AlertList({ filter, selected, open, empty, narrow, active, activate }: Props) {
  const { customers } = useShell();
  const query = {
    customer: filter.customer, state: filter.state, severity_at_least: filter.severity, origin: filter.origin, text: filter.text,
    rule_id: filter.rule, limit: PAGE,
  };
  const { store, mayInsert } = useList<Alert>(JSON.stringify(query), {
    id: (alert) => alert.id,
    page: (after, signal) => listAlerts({ ...query, after }, signal),
    one: getAlert,
    belongs: (alert) => belongs(filter, alert),
  }, { noun: "alert", customer: filter.customer || undefined });

  const zone = (alert: Alert) => customers.get(alert.customer)?.time_zone;
  const columns: Column<Alert>[] = [
    { id: "severity", label: t("severity"), width: "100px", cell: (alert) => <SeverityMark of={alert.severity} /> },
    { id: "last", label: t("alert-last"), width: narrow ? "74px" : "82px", cell: (alert) => <Time at={alert.last} zone={zone(alert)} /> },
    { id: "customer", label: t("customer"), width: narrow ? "134px" : "148px", cell: (alert) => <CustomerMark id={alert.customer} /> },
    { id: "title", label: t("alert-title"), cell: (alert) => <AlertTitle alert={alert} /> },
    { id: "key", label: t("alert-about"), width: narrow ? "112px" : "240px", cell: (alert) => <About alert={alert} /> },
    { id: "count", label: t("alert-count"), width: "60px", numeric: true, cell: (alert) => number(alert.count) },
  ];
  if (!narrow) {
    columns.push(
      { id: "outcome", label: t("outcome"), width: "92px", cell: (alert) => <OutcomeMark of={alert.outcome} /> },
      { id: "origin", label: t("alert-origin"), width: "104px", cell: (alert) => word("alert-origin", alert.origin) },
      { id: "state", label: t("alert-state"), width: "104px", cell: (alert) => word("alert-state", alert.state) },
    );
  }
  return (
    <Table
      label={t("nav-alerts")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} open={open}
      select={(id, alert) => id !== selected && open(alert)}
      empty={empty} active={active} activate={activate} rowClass={(alert) => `of-${alert.severity}`}
    />
  );
}

function About({ alert }: { alert: Alert }) {
  if (alert.storm) return <span class="tag warn" title={alert.storm.top.map((one) => `${one.key}  ${number(one.count)}`).join("\n")}>{t("storm-about", { keys: number(alert.storm.keys) })}</span>;
  const value = alert.key.includes("=") ? alert.key.slice(alert.key.indexOf("=") + 1) : alert.key;
  const entity = alert.entities.find((one) => one.value === value) ?? alert.entities[0];
  const name = entity?.asset ?? entity?.resource_group;
  const shown = value || entity?.value || "";
  return <span class="mono" title={`${alert.key}${name ? ` (${name})` : ""}`}>{shown}{name && <span class="muted"> {name}</span>}</span>;
}
