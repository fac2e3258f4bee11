// The dialog that creates or changes an audit policy.
import type { PolicyCondition, AlertOrigin, AuditPolicy, AuditPolicyData, Severity } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, SEVERITIES } from "../ui/badge.tsx";
import { FormDialog, instant, lines, localInput, optional, ranges } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createPolicy, updatePolicy } from "./api.ts";

interface Props {
  policy?: AuditPolicy;
  /** What a new policy starts with. */
  draft?: { name: string; condition: PolicyCondition };
  customer: string;
  position: number;
  close: () => void;
  done: () => void;
}

const ORIGINS = ["rule", "correlation", "baseline", "device", "intel"];

export function PolicyDialog({ policy, draft, customer, position, close, done }: Props) {
  const { customers, me } = useShell();
  const mayGlobal = me.user.all_customers && useMay("policy.write");
  const condition: PolicyCondition = policy?.condition ?? draft?.condition ?? {};
  const any = { value: "", label: t("any") };
  const severities = [any, ...SEVERITIES.map((value) => ({ value, label: word("severity", value) }))];
  const whose = [
    ...(mayGlobal ? [{ value: "", label: t("policy-global") }] : []),
    ...[...customers.values()].map((one) => ({ value: one.id, label: one.name })),
  ];
  const start = {
    customer: policy ? policy.customer ?? "" : customer || whose[0]?.value || "", name: policy?.name ?? draft?.name ?? "", enabled: policy?.enabled ?? true,
    action: policy?.action.kind ?? "ignore", severity: (policy?.action.kind === "raise_incident" && policy.action.severity) || "",
    rule_ids: condition.rule_ids ?? [], title_contains: condition.title_contains ?? "", severity_at_least: condition.severity_at_least ?? "",
    severity_at_most: condition.severity_at_most ?? "", origin: condition.origin ?? "", source_ranges: condition.source_ranges ?? [],
    destination_ranges: condition.destination_ranges ?? [], devices: condition.devices ?? [], count_at_least: condition.count_at_least ?? null,
    expires: localInput(policy?.expires),
  };
  return (
    <FormDialog
      title={t(policy ? "policy-edit" : "policy-create")} action={t("save")} close={close} start={start}
      band={policy?.customer || customer ? <CustomerBand id={policy?.customer ?? customer} remark /> : undefined}
      fields={[
        { kind: "text", name: "name", label: t("policy-name"), required: true, wide: true, autofocus: true },
        ...(policy ? [] : [{ kind: "select" as const, name: "customer", label: t("policy-for"), options: whose }]),
        { kind: "choice", name: "action", label: t("policy-action"), options: ["ignore", "raise_incident"].map((value) => ({ value, label: word("policy-action", value) })) },
        { kind: "select", name: "severity", label: t("policy-severity"), hint: t("policy-severity-hint"), options: [{ value: "", label: t("policy-severity-own") }, ...severities.slice(1)] },
        { kind: "text", name: "title_contains", label: t("policy-title-contains") },
        { kind: "select", name: "origin", label: t("alert-origin"), options: [any, ...ORIGINS.map((value) => ({ value, label: word("alert-origin", value) }))] },
        { kind: "select", name: "severity_at_least", label: t("policy-at-least"), options: severities },
        { kind: "select", name: "severity_at_most", label: t("policy-at-most"), options: severities },
        { kind: "ranges", name: "source_ranges", label: t("policy-sources"), hint: t("policy-ranges-hint") },
        { kind: "ranges", name: "destination_ranges", label: t("policy-destinations"), hint: t("policy-ranges-hint") },
        { kind: "lines", name: "rule_ids", label: t("policy-rules"), hint: t("one-per-line") },
        { kind: "lines", name: "devices", label: t("policy-devices"), hint: t("one-per-line") },
        { kind: "number", name: "count_at_least", label: t("policy-count"), least: 1 },
        { kind: "moment", name: "expires", label: t("policy-expires"), hint: t("policy-expires-hint") },
        { kind: "check", name: "enabled", label: t("policy-enabled") },
      ]}
      submit={async (values) => {
        const data: AuditPolicyData = {
          name: String(values.name).trim(), position: policy?.position ?? position, enabled: Boolean(values.enabled), expires: instant(values.expires),
          action: values.action === "ignore" ? { kind: "ignore" } : { kind: "raise_incident", severity: (optional(values.severity) ?? undefined) as Severity | undefined },
          condition: {
            rule_ids: lines(values.rule_ids), title_contains: optional(values.title_contains), severity_at_least: optional(values.severity_at_least) as Severity | null,
            severity_at_most: optional(values.severity_at_most) as Severity | null, origin: optional(values.origin) as AlertOrigin | null,
            source_ranges: ranges(values.source_ranges), destination_ranges: ranges(values.destination_ranges), devices: lines(values.devices),
            count_at_least: values.count_at_least ? Number(values.count_at_least) : null,
          },
        };
        await (policy ? updatePolicy(policy, data) : createPolicy(optional(values.customer), data));
        toastDone(t("saved"));
        done();
      }}
    />
  );
}
