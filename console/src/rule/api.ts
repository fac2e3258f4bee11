// Rules at the server.
import { type QueryOf, get } from "../api/client.ts";
import type { Page, RuleView } from "../api/types.ts";

export const listRules = async (query: QueryOf<"/rules">, signal?: AbortSignal) => (await get("/rules", { query, signal })) as Page<RuleView>;
export const listInactiveRules = (signal?: AbortSignal) => get("/rules/inactive", { signal });
