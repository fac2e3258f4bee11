// Assets and resource groups at the server.
import { type Query, get, post, put, remove } from "../api/client.ts";
import type { Asset, AssetData, Page, ResourceGroup, ResourceGroupData } from "../api/types.ts";

export const listAssets = (query: Query, signal?: AbortSignal) => get<Page<Asset>>("/assets", { query, signal });
export const getAsset = (id: string, signal?: AbortSignal) => get<Asset>("/assets/{id}", { path: { id }, signal });
export const createAsset = (customer: string, data: AssetData) => post<Asset>("/assets", { body: { customer, ...data } });
export const updateAsset = (asset: Asset, data: AssetData) =>
  put<Asset>("/assets/{id}", { path: { id: asset.id }, body: { version: asset.version, ...data } });
export const deleteAsset = (id: string) => remove("/assets/{id}", { path: { id } });

export const listGroups = (query: Query, signal?: AbortSignal) => get<Page<ResourceGroup>>("/resource-groups", { query, signal });
export const getGroup = (id: string, signal?: AbortSignal) => get<ResourceGroup>("/resource-groups/{id}", { path: { id }, signal });
export const createGroup = (customer: string, data: ResourceGroupData) => post<ResourceGroup>("/resource-groups", { body: { customer, ...data } });
export const updateGroup = (group: ResourceGroup, data: ResourceGroupData) =>
  put<ResourceGroup>("/resource-groups/{id}", { path: { id: group.id }, body: { version: group.version, ...data } });
export const deleteGroup = (id: string) => remove("/resource-groups/{id}", { path: { id } });
