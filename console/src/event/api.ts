// Event search at the server.
import { get, post } from "../api/client.ts";
import type { EventSearch } from "../api/types.ts";

export const searchEvents = (body: EventSearch, signal?: AbortSignal) => post("/events/search", { body, signal });
export const eventHistogram = (body: EventSearch & { bars: number }, signal?: AbortSignal) =>
  post("/events/histogram", { body, signal });
export const topValues = (body: EventSearch & { field: string; size: number }, signal?: AbortSignal) =>
  post("/events/top", { body, signal });
export const getEvent = (id: string, signal?: AbortSignal) => get("/events/{id}", { path: { id }, signal });
export const listFields = (signal?: AbortSignal) => get("/fields", { signal });
