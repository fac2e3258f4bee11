// Taking an incident: a new one is started, any other is assigned to oneself.
import type { Incident } from "../api/types.ts";
import { assignIncident, transitionIncident } from "./api.ts";

export async function take(incident: Incident, me: string): Promise<Incident> {
  const started = incident.state === "new" ? await transitionIncident(incident, { kind: "start" }) : incident;
  return started.assignee === me ? started : assignIncident(started, me);
}
