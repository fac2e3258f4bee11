// An exception like an alert that was just judged: its use case, at its customer, on what made it fire.
import type { Alert, ExceptionTerm } from "../api/types.ts";
import { getRule } from "../alert/api.ts";
import { useLoad } from "../ui/load.ts";
import { ExceptionDialog } from "./exception_form.tsx";

/** What tells this apart from an attack is most often where it came from and who did it. */
const TELLING = ["source_address", "user", "host"];
const FIELDS: Record<string, string> = { source_address: "source_ip", user: "user_name", host: "host_name" };

export function ExceptionFromAlert({ alert, title, close, done }: { alert: Alert; title: string; close: () => void; done: () => void }) {
  // A device's own alarm has no rule to be read.
  const rule = useLoad(async (signal) => alert.origin === "device" ? { fields: [] } : getRule(alert.rule_id, signal), alert.rule_id);
  if (!rule.value && !rule.problem) return null;
  const asked = rule.value?.fields ?? [];
  return (
    <ExceptionDialog
      title={title} close={close} done={done} fields={[...new Set([...asked, ...(alert.origin === "correlation" ? [] : fieldsOf(alert))])]}
      draft={{ customer: alert.customer, data: { rule_id: alert.rule_id, terms: alert.departure ? departed(alert.departure) : alert.origin === "correlation" ? grouped(alert, asked) : telling(alert), reason: "", must_fire: [] } }}
    />
  );
}

/** The most telling entity, which every sample has. */
function telling(alert: Alert): ExceptionTerm[] {
  const entity = TELLING.flatMap((kind) => alert.entities.filter((one) => one.kind === kind))[0];
  return entity ? [{ field: FIELDS[entity.kind] ?? entity.kind, operator: "is", values: [entity.value] }] : [];
}

/** What a correlation fired for: its alert's key has the values in the order it groups by. */
function grouped(alert: Alert, fields: string[]): ExceptionTerm[] {
  const values = alert.key.split(", ").map((part) => part.slice(part.indexOf("=") + 1));
  return fields.flatMap((field, place) => values[place] ? [{ field, operator: "is" as const, values: [values[place]] }] : []);
}

/** Whose profile it was, and the value that departed from it, where one did. */
function departed({ group, reason }: NonNullable<Alert["departure"]>): ExceptionTerm[] {
  const value = "value" in reason && typeof reason.value === "string" && !reason.field?.includes(" / ") ? [{ name: reason.field ?? "", value: reason.value }] : [];
  return [...group, ...value].map((part) => ({ field: part.name, operator: "is" as const, values: [part.value] }));
}

function fieldsOf(alert: Alert): string[] {
  return [...Object.values(FIELDS), ...alert.samples.flatMap((sample) => sample.matched.map((one) => one.field)).filter(Boolean)];
}
