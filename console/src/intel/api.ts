// Intelligence lists and hunts at the server.
import { type QueryOf, get, post, put, remove, upload } from "../api/client.ts";
import type { IntelList, IntelListData, RetroHunt, UnreadLine } from "../api/types.ts";

export interface NewList { name: string; source: string; description: string; confidence: number; tlp: string; expires?: string; customers: string }
export interface Added { list: IntelList; unread: UnreadLine[]; hunt: RetroHunt }

export const listLists = (query: QueryOf<"/intel-lists">, signal?: AbortSignal) => get("/intel-lists", { query, signal });
export const getList = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}", { path: { id }, signal });
export const unreadLines = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}/unread", { path: { id }, signal });
export const updateList = (list: IntelList, data: IntelListData) =>
  put("/intel-lists/{id}", { path: { id: list.id }, body: { version: list.version, ...data } });
export const deleteList = (id: string) => remove("/intel-lists/{id}", { path: { id } });
export const addList = (list: NewList, content: Blob) => upload<Added>("/intel-lists", { ...list }, content);

export const listHunts = (query: QueryOf<"/retro-hunts">, signal?: AbortSignal) => get("/retro-hunts", { query, signal });
export const getHunt = (id: string, signal?: AbortSignal) => get("/retro-hunts/{id}", { path: { id }, signal });
export const askHunt = (list: string, customers: string[], from: string | null, to: string | null) =>
  post("/retro-hunts", { body: { list, customers, from, to } });
export const cancelHunt = (id: string) => post("/retro-hunts/{id}/cancel", { path: { id } });
export const listHits = (id: string, query: QueryOf<"/retro-hunts/{id}/hits">, signal?: AbortSignal) =>
  get("/retro-hunts/{id}/hits", { path: { id }, query, signal });

/** How many indicators a list has. */
export const indicators = (list: IntelList) => list.counts.reduce((sum, kind) => sum + kind.count, 0);
