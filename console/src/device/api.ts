// Devices and their credentials at the server.
import { type QueryOf, get, post, put, remove } from "../api/client.ts";
import type { CredentialKind, DeviceData, DeviceView } from "../api/types.ts";

export const listDevices = (query: QueryOf<"/devices">, signal?: AbortSignal) => get("/devices", { query, signal });
export const getDevice = (id: string, signal?: AbortSignal) => get("/devices/{id}", { path: { id }, signal });
export const createDevice = (customer: string, data: DeviceData) => post("/devices", { body: { customer, ...data } });
export const updateDevice = (device: DeviceView, data: DeviceData) =>
  put("/devices/{id}", { path: { id: device.id }, body: { version: device.version, ...data } });
export const deleteDevice = (id: string) => remove("/devices/{id}", { path: { id } });
export const deviceHealth = (id: string, span: string, signal?: AbortSignal) =>
  get("/devices/{id}/health", { path: { id }, query: { span }, signal });
export const deviceFields = (id: string, signal?: AbortSignal) => get("/devices/{id}/fields", { path: { id }, signal });
export const deviceUnrecognised = (id: string, signal?: AbortSignal) => get("/devices/{id}/unrecognised", { path: { id }, signal });
export const deviceConnections = (id: string, signal?: AbortSignal) => get("/devices/{id}/connections", { path: { id }, signal });
export const listCredentials = (id: string, signal?: AbortSignal) =>
  get("/devices/{id}/credentials", { path: { id }, signal });
export interface CredentialWish { fingerprint?: string | null; address?: string | null; collector?: string | null }
export const issueCredential = (id: string, kind: CredentialKind, wish: CredentialWish) =>
  post("/devices/{id}/credentials", { path: { id }, body: { kind, ...wish } });
export const listPeers = (id: string, signal?: AbortSignal) => get("/devices/{id}/peers", { path: { id }, signal });
export const revokeCredential = (id: string, credential: string) =>
  remove("/devices/{id}/credentials/{credential}", { path: { id, credential } });
