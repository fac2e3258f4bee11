// What is kept of customers' events, and its deletion, at the server.
import { get, post, put } from "../api/client.ts";
import type { CustomerStorage } from "../api/types.ts";

export const listStorage = (signal?: AbortSignal) => get("/storage", { signal });
export const setRetention = ({ customer, version }: CustomerStorage, days: number | null, hold: string | null) =>
  put("/customers/{id}/retention", { path: { id: customer }, body: { version, days, hold } });
export const deleteEvents = (customer: string, from: string, to: string, reason: string) =>
  post("/customers/{id}/deletions", { path: { id: customer }, body: { from, to, reason } });
export const listDeletions = (customer: string, after?: string, signal?: AbortSignal) =>
  get("/deletions", { query: { customer: customer || undefined, limit: 100, after }, signal });
