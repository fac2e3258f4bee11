// The dialogs that decide about a use case: for everybody, and for one customer.
import type { Release, RuleView, Severity, UseCaseData, UseCaseState } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { SEVERITIES } from "../ui/badge.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { releaseUseCase, saveUseCase } from "./api.ts";
import { INCIDENT_TYPES } from "./incident_types.ts";

export const STATES = ["draft", "test", "live", "retired"];
const RELEASES = ["live", "silent", "off"];

/** What was decided, with the text of our own where there is one. */
export const dataOf = (rule: RuleView): UseCaseData => ({ ...rule.decided, text: rule.origin === "own" ? rule.text ?? null : null });

export function DecideDialog({ rule, close, done }: { rule: RuleView; close: () => void; done: () => void }) {
  const { me } = useShell();
  const data = dataOf(rule);
  const mine = data.owner === me.user.id;
  return (
    <FormDialog
      title={t("use-case-decide")} action={t("save")} close={close}
      start={{ state: data.state, release: data.release, severity: data.severity ?? "", incident_type: data.incident_type ?? "", owner: mine }}
      fields={[
        { kind: "choice", name: "state", label: t("use-case-state"), hint: t("use-case-state-hint"), autofocus: true, options: STATES.map((value) => ({ value, label: word("use-case-state", value) })) },
        { kind: "choice", name: "release", label: t("release-default"), hint: t("release-hint"), when: (values) => values.state === "live", options: RELEASES.map((value) => ({ value, label: word("release", value) })) },
        { kind: "select", name: "severity", label: t("severity"), options: [{ value: "", label: t("use-case-severity-own", { level: word("severity", rule.level) }) }, ...SEVERITIES.map((value) => ({ value, label: word("severity", value) }))] },
        { kind: "select", name: "incident_type", label: t("incident-type"), options: [{ value: "", label: t("none") }, ...INCIDENT_TYPES.map((value) => ({ value, label: word("incident-type", value) }))] },
        { kind: "check", name: "owner", label: t("use-case-mine") },
      ]}
      submit={async (values) => {
        await saveUseCase(rule.id, rule.version, {
          ...data, state: values.state as UseCaseState, release: values.release as Release, severity: optional(values.severity) as Severity | null,
          incident_type: optional(values.incident_type), owner: values.owner ? me.user.id : mine ? null : data.owner,
        });
        toastDone(t("saved"));
        done();
      }}
    />
  );
}

export function ReleaseDialog({ rule, customer, close, done }: { rule: RuleView; customer?: string; close: () => void; done: () => void }) {
  const { customers } = useShell();
  const free = [...customers.values()].filter((one) => one.id === customer || !(one.id in rule.customers));
  return (
    <FormDialog
      title={t("release-customer")} action={t("save")} close={close} start={{ customer: customer ?? free[0]?.id ?? "", release: (customer && rule.customers[customer]) || "silent" }}
      fields={[
        ...(customer ? [] : [{ kind: "select" as const, name: "customer", label: t("customer"), options: free.map((one) => ({ value: one.id, label: one.name })) }]),
        { kind: "choice", name: "release", label: t("release"), hint: t("release-hint"), options: RELEASES.map((value) => ({ value, label: word("release", value) })) },
      ]}
      submit={async (values) => {
        await releaseUseCase(rule.id, customer ?? String(values.customer), values.release as Release);
        toastDone(t("saved"));
        done();
      }}
    />
  );
}
