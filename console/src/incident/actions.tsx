// What can be done to an incident now: its buttons, shortcuts and dialogs.
import { useState } from "preact/hooks";

import { IncidentTitle } from "../alert/title.tsx";
import { asProblem } from "../api/problem.ts";
import type { Incident, RejectReason, Severity, Transition, Verdict } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { type Command, readable, useCommands } from "../shell/commands.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, SEVERITIES } from "../ui/badge.tsx";
import { type Field, FormDialog, type Values, instant, localInput } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { assignIncident, listAssignees, setIncidentSeverity, transitionIncident } from "./api.ts";
import { take } from "./take.ts";

interface Props { incident: Incident; changed: (incident: Incident) => void; reload: () => void }

type Asking = "resolve" | "reject" | "suspend" | "reopen" | "severity" | "assign" | null;

const DAY_MS = 86_400_000;

export function Actions({ incident, changed, reload }: Props) {
  const { me } = useShell();
  const mayWork = useMay("incident.work");
  const mayAssign = useMay("incident.assign");
  const [asking, setAsking] = useState<Asking>(null);
  const { state } = incident;
  const open = state === "new" || state === "in_progress" || state === "suspended";

  const run = async (work: Promise<Incident>, done: string) => {
    try {
      changed(await work);
      toastDone(done);
    } catch (error) {
      if (["conflict", "not_allowed_now"].includes(asProblem(error).code)) reload();
      throw error;
    }
  };
  const now = (work: Promise<Incident>, done: string) => void run(work, done).catch(toastProblem);
  const command = (id: string, key: string, allowed: boolean, act: () => void): Command =>
    ({ id: `incident-${id}`, label: `incident-${id}`, keys: [key], group: "commands-incident", when: () => mayWork && allowed, run: act });
  const commands = [
    command("take", "a", open && (incident.assignee !== me.user.id || state === "new"), () => now(take(incident, me.user.id), t("incident-taken", { number: String(incident.number) }))),
    command("resume", "u", state === "suspended", () => now(transitionIncident(incident, { kind: "resume" }), t("incident-resumed"))),
    command("resolve", "r", state === "in_progress" || state === "suspended", () => setAsking("resolve")),
    command("reject", "x", open, () => setAsking("reject")),
    command("suspend", "s", state === "new" || state === "in_progress", () => setAsking("suspend")),
    command("reopen", "o", !open, () => setAsking("reopen")),
    command("severity", "v", open, () => setAsking("severity")),
    command("assign", "m", open && mayAssign, () => setAsking("assign")),
  ];
  useCommands(commands);
  const own = incident.assignee === me.user.id;
  const primary = { new: "incident-take", in_progress: own ? "incident-resolve" : "incident-take", suspended: "incident-resume", resolved: "", rejected: "" }[state];
  const possible = commands.filter((one) => one.when?.());
  const change = (transition: Transition, done: string) => run(transitionIncident(incident, transition), done);
  const dialog = { incident, close: () => setAsking(null) };
  return (
    <div class="incident-actions">
      {possible.map((one) => (
        <button key={one.id} class={one.id === primary ? "button primary" : "button"} onClick={one.run}>
          {t(one.label)} <kbd>{readable(one.keys?.[0] ?? "").join(" ")}</kbd>
        </button>
      ))}
      {!mayWork && <span class="muted">{t("incident-read-only")}</span>}
      {asking === "resolve" && <Ask
        {...dialog} action="incident-resolve" start={{ verdict: "true_positive", summary: "" }}
        fields={[
          { kind: "choice", name: "verdict", label: t("verdict"), options: words("verdict", ["true_positive", "benign_positive"]), wide: true, autofocus: true },
          { kind: "area", name: "summary", label: t("incident-summary"), hint: t("incident-summary-hint"), required: true, rows: 5 },
        ]}
        send={(values) => change({ kind: "resolve", verdict: values.verdict as Verdict, summary: String(values.summary).trim() }, t("incident-resolved"))}
      />}
      {asking === "reject" && <Ask
        {...dialog} action="incident-reject" start={{ reason: "false_positive", summary: "" }}
        fields={[
          { kind: "choice", name: "reason", label: t("incident-reason"), options: words("reject-reason", ["false_positive", "not_of_interest", "platform_fault", "duplicate"]), wide: true, autofocus: true },
          { kind: "area", name: "summary", label: t("incident-summary"), hint: t("incident-reject-hint"), required: true, rows: 4 },
        ]}
        send={(values) => change({ kind: "reject", reason: values.reason as RejectReason, summary: String(values.summary).trim() }, t("incident-rejected"))}
      />}
      {asking === "suspend" && <Ask
        {...dialog} action="incident-suspend" start={{ reason: "", until: localInput(new Date(Date.now() + DAY_MS)) }}
        fields={[
          { kind: "area", name: "reason", label: t("incident-waits-for"), hint: t("incident-suspend-hint"), required: true, rows: 3, autofocus: true },
          { kind: "moment", name: "until", label: t("incident-until"), required: true },
        ]}
        send={(values) => change({ kind: "suspend", reason: String(values.reason).trim(), until: instant(values.until) ?? "" }, t("incident-suspended"))}
      />}
      {asking === "reopen" && <Ask
        {...dialog} action="incident-reopen" start={{ reason: "" }}
        fields={[{ kind: "area", name: "reason", label: t("incident-reason"), required: true, rows: 3, autofocus: true }]}
        send={(values) => change({ kind: "reopen", reason: String(values.reason).trim() }, t("incident-reopened"))}
      />}
      {asking === "severity" && <Ask
        {...dialog} action="incident-severity" start={{ severity: incident.severity }}
        fields={[{ kind: "choice", name: "severity", label: t("severity"), options: words("severity", SEVERITIES), wide: true, autofocus: true }]}
        send={(values) => run(setIncidentSeverity(incident, values.severity as Severity), t("incident-severity-set"))}
      />}
      {asking === "assign" && <AssignDialog {...dialog} send={(user) => run(assignIncident(incident, user), t("incident-assigned"))} />}
    </div>
  );
}

function words(list: string, values: string[]) {
  return values.map((value) => ({ value, label: word(list, value) }));
}

interface AskProps {
  incident: Incident; close: () => void; action: string; start: Values; fields: Field[]; send: (values: Values) => Promise<void>;
}

function Ask({ incident, close, action, start, fields, send }: AskProps) {
  return (
    <FormDialog
      title={`${t(action)} #${incident.number}`} close={close} action={t(action)} start={start} fields={fields} submit={send}
      band={<CustomerBand id={incident.customer} remark />}
    >
      <p class="dialog-lead"><IncidentTitle title={incident.title} /></p>
    </FormDialog>
  );
}

function AssignDialog({ incident, close, send }: { incident: Incident; close: () => void; send: (user: string | null) => Promise<void> }) {
  const people = useLoad((signal) => listAssignees(incident.customer, signal), incident.customer);
  if (!people.value) return null;
  const options = [
    { value: "", label: t("incident-nobody") },
    ...people.value.items.map((one) => ({ value: one.id, label: `${one.name} (${one.roles.map((role) => word("role", role)).join(", ")})` })),
  ];
  return (
    <Ask
      incident={incident} close={close} action="incident-assign" start={{ user: incident.assignee ?? "" }}
      fields={[{ kind: "select", name: "user", label: t("incident-assignee"), options, wide: true, autofocus: true }]}
      send={(values) => send(String(values.user) || null)}
    />
  );
}
