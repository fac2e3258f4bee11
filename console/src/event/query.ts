// What is searched, as the address says it: every search can be shared.
import type { EventSearch } from "../api/types.ts";
import { and, ofFilter, ofText } from "./language.ts";

export interface EventQuery {
  /** A preset such as `24h`, or empty where `from` and `to` are set. */
  last: string;
  from: string;
  to: string;
  customer: string;
  device: string;
  /** The search language. */
  query: string;
  /** The event shown beside the list. */
  event: string;
}

export const PRESETS: Record<string, number> = { "15m": 900, "1h": 3600, "4h": 14_400, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 };
export const DEFAULT_LAST = "24h";

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
    query: readText(parameters),
    event: parameters.get("event") ?? "",
  };
}

function isTime(text: string): boolean {
  return text !== "" && !Number.isNaN(Date.parse(text));
}

/** The query; old links have words in `q` and filters in `f`. */
function readText(parameters: URLSearchParams): string {
  const filters = parameters.getAll("f").flatMap((text) => {
    const [field, op, ...value] = text.split("~");
    const condition = field && op ? ofFilter(field, op, value.join("~")) : "";
    return condition ? [condition] : [];
  });
  const old = [...ofText(parameters.get("q") ?? ""), ...filters];
  return old.reduce(and, parameters.get("query") ?? "");
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
  if (query.query) parameters.set("query", query.query);
  if (query.event) parameters.set("event", query.event);
  const text = parameters.toString();
  return `/events${text ? `?${text}` : ""}`;
}

export interface Range { from: string; to: string }

/** The range searched when the search starts at `now`. */
export function rangeOf(query: EventQuery, now: Date): Range {
  if (!query.last) return { from: new Date(query.from).toISOString(), to: new Date(query.to).toISOString() };
  const seconds = PRESETS[query.last] ?? 86_400;
  return { from: new Date(now.getTime() - seconds * 1000).toISOString(), to: new Date(now.getTime() + 1000).toISOString() };
}

/** The body that the server is asked with. */
export function searchBody(query: EventQuery, range: Range): EventSearch {
  return { ...range, customers: query.customer ? [query.customer] : [], devices: query.device ? [query.device] : [], q: query.query };
}

/** A window around a span of time, so that a pivot shows what came before and after. */
export function around(first: string, last: string, minutes = 60): Range {
  const margin = minutes * 60_000;
  return { from: new Date(Date.parse(first) - margin).toISOString(), to: new Date(Date.parse(last) + margin).toISOString() };
}

/** The same search over a longer or shorter time about the same middle. */
export function wider(query: EventQuery, range: Range, factor: number): EventQuery {
  const from = Date.parse(range.from);
  const to = Date.parse(range.to);
  const half = Math.max(1000, ((to - from) * factor) / 2);
  const middle = (from + to) / 2;
  return { ...query, last: "", from: new Date(middle - half).toISOString(), to: new Date(middle + half).toISOString() };
}
