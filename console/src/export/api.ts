// Exports of events at the server.
import { address, get, post, remove } from "../api/client.ts";

export const listExports = (after?: string, signal?: AbortSignal) => get("/exports", { query: { limit: 100, after }, signal });
export const cancelExport = (id: string) => post("/exports/{id}/cancel", { path: { id } });
export const deleteExport = (id: string) => remove("/exports/{id}", { path: { id } });
export const exportFile = (id: string) => address("/exports/{id}/file", { id });
