// Threat hunts and their programmes at the server.
import { type QueryOf, get, post, put, remove } from "../api/client.ts";
import type { Hunt, HuntCustomer, HuntData, HuntDetection, HuntProgramme, HuntProgrammeData, HuntResult, HuntRun, HuntSummary, HuntTemplate, HuntTime, HuntVerdict, Incident, Page, Severity } from "../api/types.ts";

export const listHunts = async (query: QueryOf<"/hunts">, signal?: AbortSignal) => (await get("/hunts", { query, signal })) as Page<Hunt>;
export const getHunt = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}", { path: { id }, signal })) as Hunt;
export const createHunt = async (customers: string[], data: HuntData) => (await post("/hunts", { body: { customers, ...data } as never })) as Hunt;
export const updateHunt = async (hunt: Hunt, data: HuntData) => (await put("/hunts/{id}", { path: { id: hunt.id }, body: { version: hunt.version, ...data } as never })) as Hunt;
export const setCustomers = async (hunt: Hunt, customers: string[]) => (await put("/hunts/{id}/customers", { path: { id: hunt.id }, body: { version: hunt.version, customers } })) as Hunt;
export const concludeHunt = async (hunt: Hunt, conclusion: string) => (await post("/hunts/{id}/conclude", { path: { id: hunt.id }, body: { version: hunt.version, conclusion } })) as Hunt;
export const callOffHunt = async (hunt: Hunt, reason: string) => (await post("/hunts/{id}/call-off", { path: { id: hunt.id }, body: { version: hunt.version, reason } })) as Hunt;
export const reopenHunt = async (hunt: Hunt, reason: string) => (await post("/hunts/{id}/reopen", { path: { id: hunt.id }, body: { version: hunt.version, reason } })) as Hunt;

export const listHuntCustomers = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}/customers", { path: { id }, signal })).items as HuntCustomer[];
export const judge = async (id: string, one: HuntCustomer, verdict: HuntVerdict | null, remark: string) =>
  (await put("/hunts/{id}/customers/{customer}", { path: { id, customer: one.customer }, body: { version: one.version, verdict, remark } })) as HuntCustomer;

export const listRuns = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}/runs", { path: { id }, signal })).items as HuntRun[];
export const runHunt = async (id: string, wish: { customers?: string[]; queries?: string[]; only_data?: boolean }) => (await post("/hunts/{id}/runs", { path: { id }, body: wish })) as HuntRun;
export const cancelRun = (id: string, run: string) => post("/hunts/{id}/runs/{run}/cancel", { path: { id, run } });
export const continueRun = (id: string, run: string) => post("/hunts/{id}/runs/{run}/continue", { path: { id, run } });
export const listResults = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}/results", { path: { id }, signal })).items as HuntResult[];
export const getResult = async (id: string, query: string, customer: string, signal?: AbortSignal) =>
  (await get("/hunts/{id}/results/{query}/{customer}", { path: { id, query, customer }, signal })) as HuntResult;

export interface IncidentWish { customer: string; incident?: string | null; title?: string | null; severity?: Severity; note?: string | null; query?: string; event?: string }
export const addIncident = async (id: string, wish: IncidentWish) => (await post("/hunts/{id}/incidents", { path: { id }, body: wish as never })) as Incident;
export const listDetections = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}/detections", { path: { id }, signal })).items as HuntDetection[];
export const makeDetection = async (id: string, wish: { query: string; kind: "request" | "use_case"; customer?: string | null; title?: string | null }) =>
  (await post("/hunts/{id}/detections", { path: { id }, body: wish as never })) as HuntDetection;
export const listTimes = async (id: string, signal?: AbortSignal) => (await get("/hunts/{id}/time", { path: { id }, signal })).items as HuntTime[];
export const logTime = (id: string, minutes: number, note: string) => post("/hunts/{id}/time", { path: { id }, body: { minutes, note } });

export const listTemplates = async (signal?: AbortSignal) => (await get("/hunt-templates", { signal })).items as unknown as HuntTemplate[];
export const readSummary = async (from: string, to: string, signal?: AbortSignal) => (await get("/hunt-summary", { query: { from, to }, signal })).items as HuntSummary[];

export const listProgrammes = async (query: QueryOf<"/hunt-programmes">, signal?: AbortSignal) => (await get("/hunt-programmes", { query, signal })) as Page<HuntProgramme>;
export const createProgramme = (customers: string[] | null, data: HuntProgrammeData) => post("/hunt-programmes", { body: { customers, ...data } as never });
export const updateProgramme = (of: HuntProgramme, customers: string[] | null, data: HuntProgrammeData) =>
  put("/hunt-programmes/{id}", { path: { id: of.id }, body: { version: of.version, customers, ...data } as never });
export const deleteProgramme = (id: string) => remove("/hunt-programmes/{id}", { path: { id } });
export const beginProgramme = async (id: string) => (await post("/hunt-programmes/{id}/begin", { path: { id } })) as Hunt;
