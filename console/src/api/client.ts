// The one way to the server. Routes, parameters, bodies and answers are those of the server's own OpenAPI document;
// the session's CSRF token goes along; refusals become `Problem`.
import { Problem, asProblem, readProblem } from "./problem.ts";
import type { paths } from "./schema.ts";

type Method = "get" | "post" | "put" | "delete";

/** The routes that have a method, without the prefix they share. */
type Route<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? (P extends `/api/v1${infer Rest}` ? Rest : never) : never;
}[keyof paths];

type Operation<M extends Method, R extends string> = `/api/v1${R}` extends keyof paths
  ? paths[`/api/v1${R}`] extends Record<M, infer O> ? O : never
  : never;

type Json<T> = T extends { content: { "application/json": infer B } } ? B : void;

/** What a route answers with. */
type Answer<O> = O extends { responses: { 200: infer A } } ? Json<A>
  : O extends { responses: { 201: infer A } } ? Json<A> : void;

type PathPart<O> = O extends { parameters: { path: infer P } } ? { path: P } : { path?: undefined };
type QueryPart<O> = O extends { parameters: { query?: infer Q } } ? { query?: Q } : { query?: undefined };
type BodyPart<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : { body?: undefined };

/** What a route is asked with. */
type Options<O> = PathPart<O> & QueryPart<O> & BodyPart<O> & { signal?: AbortSignal };
type Rest<O> = Record<never, never> extends Options<O> ? [options?: Options<O>] : [options: Options<O>];

/** The query of a list. */
export type QueryOf<R extends Route<"get">> = Operation<"get", R> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;

interface Sent { path?: unknown; query?: unknown; body?: unknown; text?: Blob; signal?: AbortSignal }

let csrfToken: string | null = null;
let onSignedOut: () => void = () => {};

/** Remembers the token that every changing request of this session must carry. */
export function useCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** That token, for a request the browser sends in another way. */
export function csrf(): string | null {
  return csrfToken;
}

/** Calls `handler` when the server says that nobody is signed in any more. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** The address of a route with its parameters filled in; empty ones are left out of the query. */
export function address(route: string, path: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name] ?? "")));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${filled}${text ? `?${text}` : ""}`;
}

/** Sends a file as it is. */
export async function postBytes<T>(route: string, body: ArrayBuffer): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json", "content-type": "application/x-tar" };
  if (csrfToken) headers["x-csrf-token"] = csrfToken;
  const answer = await fetch(`/api/v1${route}`, { method: "POST", headers, body, credentials: "same-origin", cache: "no-store" }).catch((error: unknown) => {
    throw asProblem(error);
  });
  if (!answer.ok) throw await readProblem(answer);
  return await answer.json() as T;
}

async function call(method: string, route: string, options: Sent = {}): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.text) headers["content-type"] = "text/plain";
  if (method !== "GET" && csrfToken) headers["x-csrf-token"] = csrfToken;
  try {
    const answer = await fetch(address(route, options.path as Record<string, unknown>, options.query as Record<string, unknown>), {
      method,
      headers,
      body: options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!answer.ok) throw await readProblem(answer);
    return answer.status === 204 ? undefined : await answer.json();
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === "unauthenticated") onSignedOut();
    throw problem;
  }
}

/** Sends a text as it is, such as a list of indicators. */
export async function upload<T>(route: string, query: Record<string, unknown>, content: Blob): Promise<T> {
  return await call("POST", route, { query, text: content }) as T;
}

function sender<M extends Method>(method: M) {
  return <R extends Route<M>>(route: R, ...[options]: Rest<Operation<M, R>>): Promise<Answer<Operation<M, R>>> =>
    call(method.toUpperCase(), route, options as Sent) as Promise<Answer<Operation<M, R>>>;
}

export const get = sender("get");
export const post = sender("post");
export const put = sender("put");
export const remove = sender("delete");

export { Problem };
