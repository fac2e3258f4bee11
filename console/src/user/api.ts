// Users and roles at the server.
import { type Query, get, post, put, remove } from "../api/client.ts";
import type { Page, RolePermissions, User, UserData } from "../api/types.ts";

export const listUsers = (query: Query, signal?: AbortSignal) => get<Page<User>>("/users", { query, signal });
export const getUser = (id: string, signal?: AbortSignal) => get<User>("/users/{id}", { path: { id }, signal });
export const createUser = (data: UserData, password: string) => post<User>("/users", { body: { ...data, password } });
export const updateUser = (user: User, data: UserData) =>
  put<User>("/users/{id}", { path: { id: user.id }, body: { version: user.version, ...data } });
export const setUserPassword = (id: string, password: string) => put<void>("/users/{id}/password", { path: { id }, body: { password } });
export const endUserSessions = (id: string) => remove("/users/{id}/sessions", { path: { id } });
export const listRoles = (signal?: AbortSignal) => get<{ items: RolePermissions[] }>("/roles", { signal });
