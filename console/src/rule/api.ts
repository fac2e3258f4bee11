// Use cases, exceptions to them and requests for them at the server.
import { type QueryOf, address, get, post, postBytes, put, remove } from "../api/client.ts";
import type {
  Backtest, BaselineOfCustomer, BaselineProgress, ChangeSet, Coverage, Exception, ExceptionData, ExceptionPreview, GroupProfile, Page, Release, RuleChange, RuleCollection, RuleProblem, RuleTrialResult, RuleView, Scorecard, TrialRecord, UseCaseData, UseCaseRequest,
  UseCaseRequestData, UseCaseVersion,
} from "../api/types.ts";

export const listRules = async (query: QueryOf<"/rules">, signal?: AbortSignal) => (await get("/rules", { query, signal })) as Page<RuleView>;
export const listInactiveRules = (signal?: AbortSignal) => get("/rules/inactive", { signal });
export const backtestRule = (asked: Backtest, signal?: AbortSignal) => post("/rules/backtest", { body: asked, signal });
export const checkRule = async (text: string, signal?: AbortSignal) => (await post("/rules/check", { body: { text }, signal })).items as RuleProblem[];
export const tryRule = async (asked: { rule?: string; text?: string; records: TrialRecord[] }, signal?: AbortSignal) =>
  (await post("/rules/trial", { body: asked, signal })) as unknown as RuleTrialResult;
export const readScorecard = async (days: number, signal?: AbortSignal) => (await get("/rules/scorecard", { query: { days }, signal })) as Scorecard;
export const saveUseCase = async (id: string, version: number, data: UseCaseData) =>
  (await put("/rules/{id}", { path: { id }, body: { version, ...data } as never })) as RuleView;
export const deleteUseCase = (id: string, version: number) => remove("/rules/{id}", { path: { id }, query: { version } });
export const readVersions = async (id: string, signal?: AbortSignal) => (await get("/rules/{id}/versions", { path: { id }, signal })).items as UseCaseVersion[];
export const listProfiles = async (id: string, signal?: AbortSignal) => (await get("/rules/{id}/profiles", { path: { id }, signal })).items as BaselineProgress[];
export const readProfiles = async (id: string, customer: string, signal?: AbortSignal) => (await get("/rules/{id}/profiles/{customer}", { path: { id, customer }, signal })) as BaselineOfCustomer;
export const lookUpProfile = async (id: string, customer: string, group: string[], signal?: AbortSignal) =>
  (await post("/rules/{id}/profiles/{customer}/look-up", { path: { id, customer }, body: { group }, signal })) as GroupProfile;
export const forgetProfile = (id: string, customer: string, group: string[]) => post("/rules/{id}/profiles/{customer}/forget", { path: { id, customer }, body: { group } });
export const releaseUseCase = (id: string, customer: string, release: Release | null) => put("/rules/{id}/customers/{customer}", { path: { id, customer }, body: { release } });

export const readCoverage = async (customer: string, signal?: AbortSignal) => (await get("/coverage", { query: customer ? { customer } : {}, signal })) as Coverage;
export const layerUrl = (customer: string) => address("/coverage/layer", {}, customer ? { customer } : {});

export const listCollections = async (signal?: AbortSignal) => (await get("/rule-collections", { signal })) as { items: RuleCollection[] };
export const listChangeSets = async (signal?: AbortSignal) => (await get("/rule-change-sets", { signal })) as { items: ChangeSet[] };
export const addChangeSet = (collection: string, release: string, archive: ArrayBuffer) => postBytes<ChangeSet>(`/rule-change-sets?${new URLSearchParams({ collection, release })}`, archive);
export const readChanges = async (id: string, query: QueryOf<"/rule-change-sets/{id}/changes">, signal?: AbortSignal) =>
  (await get("/rule-change-sets/{id}/changes", { path: { id }, query, signal })) as Page<RuleChange>;
export const readChange = async (id: string, rule: string, signal?: AbortSignal) => (await get("/rule-change-sets/{id}/change", { path: { id }, query: { rule }, signal })) as RuleChange;
export const acceptChangeSet = (id: string, state: "test" | "live", leave_out: string[]) => post("/rule-change-sets/{id}/accept", { path: { id }, body: { state, leave_out } });
export const discardChangeSet = (id: string) => post("/rule-change-sets/{id}/discard", { path: { id } });

export const listExceptions = async (query: QueryOf<"/exceptions">, signal?: AbortSignal) => (await get("/exceptions", { query, signal })) as Page<Exception>;
export const createException = (customer: string | null, data: ExceptionData) => post("/exceptions", { body: { customer, ...data } });
export const updateException = (id: string, version: number, data: ExceptionData) => put("/exceptions/{id}", { path: { id }, body: { version, ...data } });
export const deleteException = (id: string) => remove("/exceptions/{id}", { path: { id } });
export const previewException = async (customer: string | null, data: ExceptionData, signal?: AbortSignal) =>
  (await post("/exceptions/preview", { body: { customer, ...data }, signal })) as ExceptionPreview;

export const listRequests = async (query: QueryOf<"/use-case-requests">, signal?: AbortSignal) =>
  (await get("/use-case-requests", { query, signal })) as Page<UseCaseRequest>;
export const createRequest = (customer: string | null, data: UseCaseRequestData) => post("/use-case-requests", { body: { customer, ...data } });
export const updateRequest = (id: string, version: number, data: UseCaseRequestData) => put("/use-case-requests/{id}", { path: { id }, body: { version, ...data } });
