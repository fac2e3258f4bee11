// Incidents at the server.
import { type Query, get, post } from "../api/client.ts";
import type { Assignee, Incident, IncidentEntryView, IncidentView, Page, Severity, Transition } from "../api/types.ts";

export const listIncidents = (query: Query, signal?: AbortSignal) => get<Page<Incident>>("/incidents", { query, signal });
export const getIncident = (id: string, signal?: AbortSignal) => get<IncidentView>("/incidents/{id}", { path: { id }, signal });
export const createIncident = (body: { customer: string; title: string; severity: Severity; note: string | null }) =>
  post<Incident>("/incidents", { body });
export const transitionIncident = (incident: Incident, transition: Transition) =>
  post<Incident>("/incidents/{id}/transition", { path: { id: incident.id }, body: { version: incident.version, transition } });
export const assignIncident = (incident: Incident, assignee: string | null) =>
  post<Incident>("/incidents/{id}/assign", { path: { id: incident.id }, body: { version: incident.version, assignee } });
export const setIncidentSeverity = (incident: Incident, severity: Severity) =>
  post<Incident>("/incidents/{id}/severity", { path: { id: incident.id }, body: { version: incident.version, severity } });
export const commentIncident = (id: string, text: string) =>
  post<IncidentEntryView>("/incidents/{id}/comments", { path: { id }, body: { text } });
export const listAssignees = (customer: string, signal?: AbortSignal) =>
  get<{ items: Assignee[] }>("/assignees", { query: { customer }, signal });

/** The whole timeline, the oldest entry first. */
export async function readTimeline(id: string, signal?: AbortSignal): Promise<IncidentEntryView[]> {
  const entries: IncidentEntryView[] = [];
  let after: string | undefined;
  do {
    const page: Page<IncidentEntryView> = await get("/incidents/{id}/entries", { path: { id }, query: { limit: 500, after }, signal });
    entries.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return entries;
}
