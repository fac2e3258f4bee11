// Alarms of the platform about itself.
import { type QueryOf, get } from "../api/client.ts";

export const standingAlarms = (signal?: AbortSignal) => get("/platform-alarms/standing", { signal });
export const listAlarms = (query: QueryOf<"/platform-alarms">, signal?: AbortSignal) => get("/platform-alarms", { query, signal });
