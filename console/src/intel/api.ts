// Intelligence lists and hunts at the server.
import { type QueryOf, get, post, put, remove, upload } from "../api/client.ts";
import type { Feed, FeedData, IntelList, IntelListData, RetroHunt, SuppressedIndicator, UnreadLine } from "../api/types.ts";

export interface NewList { name: string; source: string; description: string; confidence: number; tlp: string; expires?: string; customers: string; purpose: string; least_confidence: number; hunt_new: boolean }
export interface Added { list: IntelList; unread: UnreadLine[]; suppressed: number; suppressed_first: SuppressedIndicator[]; hunt?: RetroHunt | null }

export const listLists = (query: QueryOf<"/intel-lists">, signal?: AbortSignal) => get("/intel-lists", { query, signal });
export const getList = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}", { path: { id }, signal });
export const unreadLines = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}/unread", { path: { id }, signal });
export const suppressedOf = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}/suppressed", { path: { id }, signal });
export const listHitsOf = (id: string, signal?: AbortSignal) => get("/intel-lists/{id}/hits", { path: { id }, signal });
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

export const listFeeds = (query: QueryOf<"/feeds">, signal?: AbortSignal) => get("/feeds", { query, signal });
export const getFeed = (id: string, signal?: AbortSignal) => get("/feeds/{id}", { path: { id }, signal });
export const addFeed = (data: FeedData, customers: string[], secret?: string) => post("/feeds", { body: { ...data, customers, secret } });
export const updateFeed = (feed: Feed, data: FeedData, secret?: string) =>
  put("/feeds/{id}", { path: { id: feed.id }, body: { version: feed.version, ...data, secret } });
export const fetchFeed = (id: string) => post("/feeds/{id}/fetch", { path: { id } });
export const deleteFeed = (id: string) => remove("/feeds/{id}", { path: { id } });

/** How many indicators a list has. */
export const indicators = (list: IntelList) => list.counts.reduce((sum, kind) => sum + kind.count, 0);
