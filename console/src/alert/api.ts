// Alerts at the server.
import { type Query, get, post } from "../api/client.ts";
import type { Alert, Incident, Page, RuleView, Severity } from "../api/types.ts";

export const listAlerts = (query: Query, signal?: AbortSignal) => get<Page<Alert>>("/alerts", { query, signal });
export const getAlert = (id: string, signal?: AbortSignal) => get<Alert>("/alerts/{id}", { path: { id }, signal });
export const raiseAlert = (id: string, body: { severity?: Severity; title?: string }) =>
  post<Incident>("/alerts/{id}/raise", { path: { id }, body });
export const getRule = (id: string, signal?: AbortSignal) => get<RuleView>("/rules/{id}", { path: { id }, signal });
