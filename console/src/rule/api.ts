// Rules at the server.
import { type Query, get } from "../api/client.ts";
import type { InactiveRule, Page, RuleView } from "../api/types.ts";

export const listRules = (query: Query, signal?: AbortSignal) => get<Page<RuleView>>("/rules", { query, signal });
export const listInactiveRules = (signal?: AbortSignal) => get<{ items: InactiveRule[] }>("/rules/inactive", { signal });
