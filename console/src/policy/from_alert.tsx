// A policy that ignores alerts like one that was just judged: its rule, from its sources, at its customer.
import type { Alert } from "../api/types.ts";
import { Loading } from "../ui/states.tsx";
import { asRange } from "../ui/range.ts";
import { useLoad } from "../ui/load.ts";
import { readPolicies } from "./api.ts";
import { PolicyDialog } from "./form.tsx";

/** A new policy decides before the customer's others: it is narrower than what let the alert through. */
export function IgnoreDialog({ alert, title, close, done }: { alert: Alert; title: string; close: () => void; done: () => void }) {
  const policies = useLoad((signal) => readPolicies(alert.customer, signal), alert.customer);
  if (!policies.value && !policies.problem) return <Loading />;
  const own = (policies.value ?? []).filter((policy) => policy.customer === alert.customer);
  // A storm has more sources than are listed: ranges of those would never hold for all.
  const sources = alert.storm ? [] : alert.entities.filter((entity) => entity.kind === "source_address").map((entity) => asRange(entity.value));
  return (
    <PolicyDialog
      customer={alert.customer} position={Math.max(0, Math.min(20, ...own.map((policy) => policy.position)) - 10)} close={close} done={done}
      draft={{ name: title, condition: { rule_ids: [alert.rule_id], source_ranges: sources } }}
    />
  );
}
