// Event search at the server.
import { get, post } from "../api/client.ts";
import type { Bucket, EventSearch, Page, StoredEvent, ValueCount } from "../api/types.ts";

export const searchEvents = (body: EventSearch, signal?: AbortSignal) => post<Page<StoredEvent>>("/events/search", { body, signal });
export const eventHistogram = (body: EventSearch & { bars: number }, signal?: AbortSignal) =>
  post<{ total: number; buckets: Bucket[] }>("/events/histogram", { body, signal });
export const topValues = (body: EventSearch & { field: string; size: number }, signal?: AbortSignal) =>
  post<{ items: ValueCount[] }>("/events/top", { body, signal });
export const getEvent = (id: string, signal?: AbortSignal) => get<StoredEvent>("/events/{id}", { path: { id }, signal });
export const listFields = (signal?: AbortSignal) => get<{ core: { name: string; type: string }[] }>("/fields", { signal });
