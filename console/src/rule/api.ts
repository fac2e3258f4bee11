// Rules at the server.
import { type QueryOf, get, post } from "../api/client.ts";
import type { Backtest, Page, RuleView } from "../api/types.ts";

export const listRules = async (query: QueryOf<"/rules">, signal?: AbortSignal) => (await get("/rules", { query, signal })) as Page<RuleView>;
export const listInactiveRules = (signal?: AbortSignal) => get("/rules/inactive", { signal });
export const backtestRule = (asked: Backtest, signal?: AbortSignal) => post("/rules/backtest", { body: asked, signal });
