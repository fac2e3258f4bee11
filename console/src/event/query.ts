// What is searched, as the address says it: every search can be shared.
import type { EventSearch, FieldFilter, FilterOp } from "../api/types.ts";

export interface EventQuery {
  /** A preset such as `24h`, or empty where `from` and `to` are set. */
  last: string;
  from: string;
  to: string;
  customer: string;
  device: string;
  text: string;
  filters: FieldFilter[];
}

export const PRESETS: Record<string, number> = { "15m": 900, "1h": 3600, "4h": 14_400, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 };
export const OPS: FilterOp[] = ["is", "is_not", "contains", "starts_with", "exists", "missing", "in_range"];
const DEFAULT_LAST = "24h";

export function readQuery(parameters: URLSearchParams): EventQuery {
  const from = parameters.get("from") ?? "";
  const to = parameters.get("to") ?? "";
  const last = parameters.get("last") ?? "";
  const custom = isTime(from) && isTime(to) && from < to;
  return {
    last: custom ? "" : last in PRESETS ? last : DEFAULT_LAST,
    from: custom ? from : "",
    to: custom ? to : "",
    customer: parameters.get("customer") ?? "",
    device: parameters.get("device") ?? "",
    text: parameters.get("q") ?? "",
    filters: parameters.getAll("f").map(readFilter).filter((filter): filter is FieldFilter => filter !== null),
  };
}

function isTime(text: string): boolean {
  return text !== "" && !Number.isNaN(Date.parse(text));
}

function readFilter(text: string): FieldFilter | null {
  const [field, op, ...value] = text.split("~");
  if (!field || !OPS.includes(op as FilterOp)) return null;
  return { field, op: op as FilterOp, value: value.join("~") };
}

/** The address of a search. */
export function eventsUrl(query: Partial<EventQuery>): string {
  const parameters = new URLSearchParams();
  if (query.from && query.to) {
    parameters.set("from", query.from);
    parameters.set("to", query.to);
  } else if (query.last && query.last !== DEFAULT_LAST) {
    parameters.set("last", query.last);
  }
  if (query.customer) parameters.set("customer", query.customer);
  if (query.device) parameters.set("device", query.device);
  if (query.text) parameters.set("q", query.text);
  for (const filter of query.filters ?? []) parameters.append("f", `${filter.field}~${filter.op}~${filter.value ?? ""}`);
  const text = parameters.toString();
  return `/events${text ? `?${text}` : ""}`;
}

/** The range searched when the search starts at `now`. */
export function rangeOf(query: EventQuery, now: Date): { from: string; to: string } {
  if (!query.last) return { from: new Date(query.from).toISOString(), to: new Date(query.to).toISOString() };
  const seconds = PRESETS[query.last] ?? 86_400;
  return { from: new Date(now.getTime() - seconds * 1000).toISOString(), to: new Date(now.getTime() + 1000).toISOString() };
}

/** The body that the server is asked with. */
export function searchBody(query: EventQuery, range: { from: string; to: string }): EventSearch {
  return {
    ...range,
    customers: query.customer ? [query.customer] : [],
    devices: query.device ? [query.device] : [],
    filters: query.filters,
    text: query.text,
  };
}

/** A window around a span of time, so that a pivot shows what came before and after. */
export function around(first: string, last: string, minutes = 60): { from: string; to: string } {
  const margin = minutes * 60_000;
  return { from: new Date(Date.parse(first) - margin).toISOString(), to: new Date(Date.parse(last) + margin).toISOString() };
}

/** The same query with a filter more, an equal one not repeated. */
export function withFilter(query: EventQuery, filter: FieldFilter): EventQuery {
  const same = (one: FieldFilter) => one.field === filter.field && one.op === filter.op && one.value === filter.value;
  return query.filters.some(same) ? query : { ...query, filters: [...query.filters, filter] };
}
