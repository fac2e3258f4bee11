// The page of all incidents.
import { useState } from "preact/hooks";

import type { Severity } from "../api/types.ts";
import { severityOptions } from "../alert/page.tsx";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { SEVERITIES } from "../ui/badge.tsx";
import { Choice, CustomerChoice, Segments, TextFilter, focusSearch } from "../ui/filter.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createIncident } from "./api.ts";
import { IncidentList } from "./list.tsx";

const STATES = ["new", "in_progress", "suspended", "resolved", "rejected"];

export function assigneeOptions() {
  return [{ value: "", label: t("all") }, { value: "me", label: t("incidents-mine") }, { value: "none", label: t("incidents-unassigned") }];
}

export function IncidentsPage() {
  const [selected, setSelected] = useParameter("id");
  const [state, setState] = useParameter("state", "open");
  const [customer, setCustomer] = useParameter("customer");
  const [severity, setSeverity] = useParameter("severity");
  const [assignee, setAssignee] = useParameter("assignee");
  const [text, setText] = useParameter("text");
  const [creating, setCreating] = useState(false);
  const mayWork = useMay("incident.work");
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "incident-new", label: "incident-create", keys: ["n"], group: "commands-page", when: () => mayWork, run: () => setCreating(true) },
  ]);
  const states = [
    { value: "open", label: t("incidents-open") }, ...STATES.map((value) => ({ value, label: word("incident-state", value) })),
    { value: STATES.join(","), label: t("all") },
  ];
  return (
    <Page
      title={t("nav-incidents")} fill
      actions={mayWork && <button class="button" onClick={() => setCreating(true)}>{t("incident-create")} <kbd>n</kbd></button>}
    >
      <div class="filters">
        <Segments label={t("incident-assignee")} value={assignee} set={setAssignee} options={assigneeOptions()} />
        <Choice label={t("incident-state")} value={state} set={setState} options={states} />
        <CustomerChoice value={customer} set={setCustomer} />
        <Choice label={t("severity")} value={severity} set={setSeverity} options={severityOptions()} />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <IncidentList
        filter={{ customer, state, severity, assignee, text }} selected={selected || null} select={setSelected}
        empty={<Empty title={t("incidents-empty")} hint={t("incidents-empty-hint")} />}
      />
      {creating && <CreateDialog customer={customer} close={() => setCreating(false)} />}
    </Page>
  );
}

function CreateDialog({ customer, close }: { customer: string; close: () => void }) {
  const { customers } = useShell();
  return (
    <FormDialog
      title={t("incident-create")} action={t("incident-create")} close={close} start={{ customer, severity: "medium", title: "", note: "" }}
      fields={[
        { kind: "select", name: "customer", label: t("customer"), required: true, options: [{ value: "", label: t("choose") }, ...[...customers.values()].map((one) => ({ value: one.id, label: one.name }))] },
        { kind: "select", name: "severity", label: t("severity"), options: SEVERITIES.map((value) => ({ value, label: word("severity", value) })) },
        { kind: "text", name: "title", label: t("incident-title"), required: true, wide: true, max: 300 },
        { kind: "area", name: "note", label: t("incident-note"), hint: t("incident-note-hint") },
      ]}
      submit={async (values) => {
        const incident = await createIncident({
          customer: String(values.customer), title: String(values.title).trim(), severity: values.severity as Severity, note: optional(values.note),
        });
        toastDone(t("incident-raised", { number: String(incident.number) }));
        navigate(`/incidents/${incident.id}`);
      }}
    />
  );
}
