// Users and roles at the server.
import { type QueryOf, get, post, put, remove } from "../api/client.ts";
import type { User, UserData } from "../api/types.ts";

export const listUsers = (query: QueryOf<"/users">, signal?: AbortSignal) => get("/users", { query, signal });
export const getUser = (id: string, signal?: AbortSignal) => get("/users/{id}", { path: { id }, signal });
export const createUser = (data: UserData, password: string) => post("/users", { body: { ...data, password } });
export const updateUser = (user: User, data: UserData) =>
  put("/users/{id}", { path: { id: user.id }, body: { version: user.version, ...data } });
export const setUserPassword = (id: string, password: string) => put("/users/{id}/password", { path: { id }, body: { password } });
export const endUserSessions = (id: string) => remove("/users/{id}/sessions", { path: { id } });
export const listRoles = (signal?: AbortSignal) => get("/roles", { signal });
