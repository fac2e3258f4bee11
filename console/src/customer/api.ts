// Customers at the server.
import { type Query, get, post, put } from "../api/client.ts";
import type { Customer, CustomerData, Page } from "../api/types.ts";

export const listCustomers = (query: Query, signal?: AbortSignal) => get<Page<Customer>>("/customers", { query, signal });
export const getCustomer = (id: string, signal?: AbortSignal) => get<Customer>("/customers/{id}", { path: { id }, signal });
export const createCustomer = (body: CustomerData) => post<Customer>("/customers", { body });
export const updateCustomer = (customer: Customer, data: CustomerData) =>
  put<Customer>("/customers/{id}", { path: { id: customer.id }, body: { version: customer.version, ...data } });
