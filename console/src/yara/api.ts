// Routes of YARA rules.
import { get, post, put, remove } from "../api/client.ts";
import type { BuiltInYara, Page, YaraCheck, YaraSet, YaraSetRequest, YaraSetView } from "../api/types.ts";

export const listYaraSets = (query: { limit?: number; after?: string }, signal?: AbortSignal): Promise<Page<YaraSet>> => get("/yara-sets", { query, signal });
export const getYaraSet = (id: string, signal?: AbortSignal): Promise<YaraSetView> => get("/yara-sets/{id}", { path: { id }, signal });
export const createYaraSet = (body: YaraSetRequest): Promise<YaraSetView> => post("/yara-sets", { body });
export const updateYaraSet = (id: string, version: number, body: YaraSetRequest): Promise<YaraSetView> => put("/yara-sets/{id}", { path: { id }, body: { ...body, version } });
export const deleteYaraSet = (of: YaraSet) => remove("/yara-sets/{id}", { path: { id: of.id }, query: { version: of.version } });
export const checkYara = (text: string, signal?: AbortSignal): Promise<YaraCheck> => post("/yara-check", { body: { text }, signal });
export const builtInYara = (signal?: AbortSignal): Promise<BuiltInYara> => get("/yara-built-in", { signal });
