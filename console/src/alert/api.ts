// Alerts at the server.
import { type QueryOf, get, post } from "../api/client.ts";
import type { RuleView, Severity } from "../api/types.ts";

export const listAlerts = (query: QueryOf<"/alerts">, signal?: AbortSignal) => get("/alerts", { query, signal });
export const getAlert = (id: string, signal?: AbortSignal) => get("/alerts/{id}", { path: { id }, signal });
export const raiseAlert = (id: string, body: { severity?: Severity; title?: string }) =>
  post("/alerts/{id}/raise", { path: { id }, body });
export const getRule = async (id: string, signal?: AbortSignal) => (await get("/rules/{id}", { path: { id }, signal })) as RuleView;
