// Audit policies at the server.
import { get, post, put, remove } from "../api/client.ts";
import type { AuditPolicy, AuditPolicyData, Page } from "../api/types.ts";

export const createPolicy = (customer: string | null, data: AuditPolicyData) => post("/audit-policies", { body: { customer, ...data } });
export const updatePolicy = (policy: AuditPolicy, data: AuditPolicyData) =>
  put("/audit-policies/{id}", { path: { id: policy.id }, body: { version: policy.version, ...data } });
export const deletePolicy = (id: string) => remove("/audit-policies/{id}", { path: { id } });

/** Every policy, the customers' own before the global ones, each in the order in which they decide. */
export async function readPolicies(customer: string, signal?: AbortSignal): Promise<AuditPolicy[]> {
  const all: AuditPolicy[] = [];
  let after: string | undefined;
  do {
    const page: Page<AuditPolicy> = await get("/audit-policies", { query: { customer, limit: 500, after }, signal });
    all.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return inOrder(all);
}

/** The order of decision: by customer, global ones last, by position. */
export function inOrder(policies: AuditPolicy[]): AuditPolicy[] {
  return policies.toSorted((a, b) =>
    Number(!a.customer) - Number(!b.customer) || (a.customer ?? "").localeCompare(b.customer ?? "") || a.position - b.position || a.id.localeCompare(b.id));
}

/** What people edit of a policy, without what the server counts. */
export function dataOf(policy: AuditPolicy): AuditPolicyData {
  const { name, position, enabled, condition, action, expires } = policy;
  return { name, position, enabled, condition, action, expires };
}

/** The positions after one policy of a customer's list moved up or down: round tens, so that there is room between. */
export function positionsAfterMove(group: AuditPolicy[], policy: AuditPolicy, by: number): Map<AuditPolicy, number> {
  const order = group.filter((one) => one !== policy);
  order.splice(group.indexOf(policy) + by, 0, policy);
  return new Map(order.map((one, place): [AuditPolicy, number] => [one, (place + 1) * 10]).filter(([one, position]) => one.position !== position));
}

/** Moves a policy among those of its customer. */
export async function movePolicy(group: AuditPolicy[], policy: AuditPolicy, by: number): Promise<void> {
  for (const [one, position] of positionsAfterMove(group, policy, by)) await updatePolicy(one, { ...dataOf(one), position });
}
