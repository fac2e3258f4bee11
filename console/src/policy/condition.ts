// A policy's condition in words.
import type { PolicyCondition, AuditPolicy } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";

/** Each stated part as a phrase but for the rules, which have names of their own; all of them must hold. */
export function phrases(policy: AuditPolicy): string[] {
  const condition: PolicyCondition = policy.condition ?? {};
  const found: string[] = [];
  const list = (key: string, values: string[] | undefined) => values && values.length > 0 && found.push(t(key, { values: values.join(", ") }));
  if (condition.title_contains) found.push(t("condition-title", { text: condition.title_contains }));
  if (condition.severity_at_least) found.push(t("condition-at-least", { severity: word("severity", condition.severity_at_least) }));
  if (condition.severity_at_most) found.push(t("condition-at-most", { severity: word("severity", condition.severity_at_most) }));
  if (condition.origin) found.push(t("condition-origin", { origin: word("alert-origin", condition.origin) }));
  list("condition-sources", condition.source_ranges);
  list("condition-destinations", condition.destination_ranges);
  list("condition-devices", condition.devices);
  if (condition.count_at_least) found.push(t("condition-count", { count: condition.count_at_least }));
  return found.length > 0 || (condition.rule_ids?.length ?? 0) > 0 ? found : [t("condition-any")];
}
