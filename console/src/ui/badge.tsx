// Words with a shape and a hue: severity, states, customers. The word always says it too.
import type { AttackOutcome, Customer, IncidentState, Severity } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { Markdown } from "./markdown.tsx";

export const SEVERITIES: Severity[] = ["critical", "high", "medium", "low", "informational"];

/** One shape for each severity, told apart without colour. */
const SHAPES: Record<Severity, string> = {
  critical: "M6 0 12 6 6 12 0 6z",
  high: "M6 1 12 11H0z",
  medium: "M1 1h10v10H1z",
  low: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z",
  informational: "M1 5h10v2H1z",
};

export function SeverityMark({ of }: { of: Severity }) {
  return (
    <span class={`severity ${of}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true"><path d={SHAPES[of] ?? SHAPES.informational} fill="currentColor" /></svg>
      {word("severity", of)}
    </span>
  );
}

export function IncidentStateMark({ of }: { of: IncidentState }) {
  return <span class={`state-mark ${of}`}><i aria-hidden="true" />{word("incident-state", of)}</span>;
}

export function OutcomeMark({ of }: { of: AttackOutcome }) {
  if (of === "unknown") return null;
  return <span class={`tag outcome-${of}`}>{word("outcome", of)}</span>;
}

export function customerColor(customer: Customer | undefined): string {
  return customer ? `customer-${customer.color}` : "customer-none";
}

/** The customer's dot and short name. */
export function CustomerMark({ id, link }: { id: string | null | undefined; link?: boolean }) {
  const { customers } = useShell();
  if (!id) return <span class="muted">{t("all-customers")}</span>;
  const customer = customers.get(id);
  const body = <><i class={`dot ${customerColor(customer)}`} aria-hidden="true" /><span class="clip">{customer?.short_name ?? id}</span></>;
  const title = customer?.name;
  return link
    ? <a class="customer-mark" href={`/customers/${id}`} title={title}>{body}</a>
    : <span class="customer-mark" title={title}>{body}</span>;
}

/** The band that makes a page, drawer or dialog unmistakably one customer's. */
export function CustomerBand({ id, remark }: { id: string; remark?: boolean }) {
  const { customers } = useShell();
  const customer = customers.get(id);
  return (
    <div class={`customer-band ${customerColor(customer)}`}>
      <a href={`/customers/${id}`}><strong>{customer?.name ?? id}</strong></a>
      {customer && <span class="muted">{customer.services.map((item) => word("service", item)).join(" / ")}</span>}
      {customer && <span class="muted">{word("customer-state", customer.state)}</span>}
      {remark && customer?.remark && <div class="remark"><b>{t("customer-remark")}</b><Markdown text={customer.remark} /></div>}
    </div>
  );
}
