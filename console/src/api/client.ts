// The one way to the server: paths with their parameters, query, body, the session's CSRF token, and problems as errors.
import { Problem, asProblem, readProblem } from "./problem.ts";

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  path?: Record<string, string>;
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

let csrfToken: string | null = null;
let onSignedOut: () => void = () => {};

/** Remembers the token that every changing request of this session must carry. */
export function useCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Calls `handler` when the server says that nobody is signed in any more. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

/** The address of an API path with its parameters filled in. */
export function address(path: string, parameters: Record<string, string> = {}, query: Query = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1${filled}${text ? `?${text}` : ""}`;
}

/** Sends a request and gives the answer's JSON; nothing for an empty answer. Throws `Problem` only. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrfToken) headers["x-csrf-token"] = csrfToken;
  try {
    const answer = await fetch(address(path, options.path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!answer.ok) throw await readProblem(answer);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  } catch (error) {
    const problem = asProblem(error);
    if (problem.code === "unauthenticated") onSignedOut();
    throw problem;
  }
}

export const get = <T>(path: string, options?: Options): Promise<T> => call<T>("GET", path, options);
export const post = <T>(path: string, options?: Options): Promise<T> => call<T>("POST", path, options);
export const put = <T>(path: string, options?: Options): Promise<T> => call<T>("PUT", path, options);
export const remove = (path: string, options?: Options): Promise<void> => call<void>("DELETE", path, options);

export { Problem };
