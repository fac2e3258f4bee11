// Parsers at the server.
import { get, post, postBytes, put, remove } from "../api/client.ts";
import type { ParserDraft, ParserFile } from "../api/types.ts";

export const listParsers = (signal?: AbortSignal) => get("/parsers", { signal });
export const getParser = (name: string, signal?: AbortSignal) => get("/parsers/{name}", { path: { name }, signal });
export const tryParser = (name: string, text: string, lines: string[], timeZone: string | null, signal?: AbortSignal) =>
  post("/parsers/trial", { body: { name, text, lines, time_zone: timeZone }, signal });
export const checkParser = (name: string, draft: ParserDraft) => post("/parsers/{name}/check", { path: { name }, body: draft });
export const saveParser = (name: string, draft: ParserDraft) => put("/parsers/{name}", { path: { name }, body: draft });
export const deleteParser = (name: string, version: number) => remove("/parsers/{name}", { path: { name }, query: { version } });
export const readParserFile = (bytes: ArrayBuffer) => postBytes<ParserFile>("/parsers/file", bytes);
export const parserFileUrl = (name: string) => `/api/v1/parsers/${encodeURIComponent(name)}/file`;
