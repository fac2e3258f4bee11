// Customers at the server.
import { type QueryOf, get, post, put } from "../api/client.ts";
import type { Customer, CustomerData } from "../api/types.ts";

export const listCustomers = (query: QueryOf<"/customers">, signal?: AbortSignal) => get("/customers", { query, signal });
export const getCustomer = (id: string, signal?: AbortSignal) => get("/customers/{id}", { path: { id }, signal });
export const createCustomer = (body: CustomerData) => post("/customers", { body });
export const updateCustomer = (customer: Customer, data: CustomerData) =>
  put("/customers/{id}", { path: { id: customer.id }, body: { version: customer.version, ...data } });
