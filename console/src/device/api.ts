// Devices and their credentials at the server.
import { type Query, get, post, put, remove } from "../api/client.ts";
import type { DeviceCredential, DeviceData, DeviceView, IssuedCredential, Page } from "../api/types.ts";

export const listDevices = (query: Query, signal?: AbortSignal) => get<Page<DeviceView>>("/devices", { query, signal });
export const getDevice = (id: string, signal?: AbortSignal) => get<DeviceView>("/devices/{id}", { path: { id }, signal });
export const createDevice = (customer: string, data: DeviceData) => post<DeviceView>("/devices", { body: { customer, ...data } });
export const updateDevice = (device: DeviceView, data: DeviceData) =>
  put<DeviceView>("/devices/{id}", { path: { id: device.id }, body: { version: device.version, ...data } });
export const deleteDevice = (id: string) => remove("/devices/{id}", { path: { id } });
export const listCredentials = (id: string, signal?: AbortSignal) =>
  get<{ items: DeviceCredential[] }>("/devices/{id}/credentials", { path: { id }, signal });
export const issueCredential = (id: string, kind: string, fingerprint: string | null) =>
  post<IssuedCredential>("/devices/{id}/credentials", { path: { id }, body: { kind, fingerprint } });
export const revokeCredential = (id: string, credential: string) =>
  remove("/devices/{id}/credentials/{credential}", { path: { id, credential } });
