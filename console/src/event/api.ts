// Event search at the server.
import { get, post, put, remove } from "../api/client.ts";
import type { EventSearch, ExportData, SavedSearch, SavedSearchData } from "../api/types.ts";

export const searchEvents = (body: EventSearch, signal?: AbortSignal) => post("/events/search", { body, signal });
export const readQueryText = (q: string, signal?: AbortSignal) => post("/events/query", { body: { q }, signal });
export const eventHistogram = (body: EventSearch & { bars: number }, signal?: AbortSignal) =>
  post("/events/histogram", { body, signal });
export const topValues = (body: EventSearch & { field: string; size: number }, signal?: AbortSignal) =>
  post("/events/top", { body, signal });
export const fieldStats = (body: EventSearch & { fields: string[]; size: number }, signal?: AbortSignal) =>
  post("/events/fields", { body, signal });
export const getEvent = (id: string, signal?: AbortSignal) => get("/events/{id}", { path: { id }, signal });
export const listFields = (signal?: AbortSignal) => get("/fields", { signal });

export const listSavedSearches = (signal?: AbortSignal) => get("/saved-searches", { query: { limit: 1000 }, signal });
export const getSavedSearch = (id: string, signal?: AbortSignal) => get("/saved-searches/{id}", { path: { id }, signal });
export const createSavedSearch = (body: SavedSearchData) => post("/saved-searches", { body });
export const updateSavedSearch = ({ id, version }: SavedSearch, data: SavedSearchData) =>
  put("/saved-searches/{id}", { path: { id }, body: { version, ...data } });
export const deleteSavedSearch = (id: string) => remove("/saved-searches/{id}", { path: { id } });

export const createExport = (body: ExportData) => post("/exports", { body });
