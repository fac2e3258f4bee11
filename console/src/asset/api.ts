// Assets and resource groups at the server.
import { type QueryOf, get, post, put, remove } from "../api/client.ts";
import type { Asset, AssetData, ResourceGroup, ResourceGroupData } from "../api/types.ts";

export const listAssets = (query: QueryOf<"/assets">, signal?: AbortSignal) => get("/assets", { query, signal });
export const getAsset = (id: string, signal?: AbortSignal) => get("/assets/{id}", { path: { id }, signal });
export const createAsset = (customer: string, data: AssetData) => post("/assets", { body: { customer, ...data } });
export const updateAsset = (asset: Asset, data: AssetData) =>
  put("/assets/{id}", { path: { id: asset.id }, body: { version: asset.version, ...data } });
export const deleteAsset = (id: string) => remove("/assets/{id}", { path: { id } });

export const listGroups = (query: QueryOf<"/resource-groups">, signal?: AbortSignal) => get("/resource-groups", { query, signal });
export const getGroup = (id: string, signal?: AbortSignal) => get("/resource-groups/{id}", { path: { id }, signal });
export const createGroup = (customer: string, data: ResourceGroupData) => post("/resource-groups", { body: { customer, ...data } });
export const updateGroup = (group: ResourceGroup, data: ResourceGroupData) =>
  put("/resource-groups/{id}", { path: { id: group.id }, body: { version: group.version, ...data } });
export const deleteGroup = (id: string) => remove("/resource-groups/{id}", { path: { id } });
