// Incidents at the server.
import { type QueryOf, get, post } from "../api/client.ts";
import type { IncidentView, Incident, IncidentEntryView, Page, Severity, Transition } from "../api/types.ts";

export const listIncidents = (query: QueryOf<"/incidents">, signal?: AbortSignal) => get("/incidents", { query, signal });
/** The cards are plain objects in the document, because their keys are rules and languages. */
export const getIncident = async (id: string, signal?: AbortSignal) =>
  (await get("/incidents/{id}", { path: { id }, signal })) as IncidentView;
export const createIncident = (body: { customer: string; title: string; severity: Severity; note: string | null }) =>
  post("/incidents", { body });
export const transitionIncident = (incident: Incident, transition: Transition) =>
  post("/incidents/{id}/transition", { path: { id: incident.id }, body: { version: incident.version, transition } });
export const assignIncident = (incident: Incident, assignee: string | null) =>
  post("/incidents/{id}/assign", { path: { id: incident.id }, body: { version: incident.version, assignee } });
export const setIncidentSeverity = (incident: Incident, severity: Severity) =>
  post("/incidents/{id}/severity", { path: { id: incident.id }, body: { version: incident.version, severity } });
export const commentIncident = (id: string, text: string) =>
  post("/incidents/{id}/comments", { path: { id }, body: { text } });
export const listAssignees = (customer: string, signal?: AbortSignal) =>
  get("/assignees", { query: { customer }, signal });

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
