// Audit policies 审核策略 in the order in which they decide.
import { useState } from "preact/hooks";

import { RuleLink } from "../alert/title.tsx";
import type { AuditPolicy } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter, usePlace } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { CustomerChoice } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { dataOf, deletePolicy, movePolicy, readPolicies, updatePolicy } from "./api.ts";
import { phrases } from "./condition.ts";
import { PolicyDialog } from "./form.tsx";

/** Hits rise with every alert; often enough is enough. */
const HITS_MS = 3000;

export function PoliciesPage() {
  const { query } = usePlace();
  const mayWrite = useMay("policy.write");
  const [customer, setCustomer] = useParameter("customer");
  const loaded = useLoad((signal) => readPolicies(customer, signal), `policies ${customer}`);
  const [editing, setEditing] = useState<AuditPolicy | "new" | null>(null);
  const [deleting, setDeleting] = useState<AuditPolicy | null>(null);
  useChanges((change) => change.noun === "audit_policy" || change.noun === "alert", loaded.reload, HITS_MS);
  useCommands([{ id: "policy-new", label: "policy-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setEditing("new") }]);
  const policies = loaded.value;
  const act = (work: Promise<unknown>) => void work.then(() => toastDone(t("saved")), toastProblem).finally(loaded.reload);
  const groupOf = (policy: AuditPolicy) => (policies ?? []).filter((one) => (one.customer ?? null) === (policy.customer ?? null));
  return (
    <Page
      title={t("nav-policies")}
      actions={mayWrite && <button class="button" onClick={() => setEditing("new")}>{t("policy-create")} <kbd>n</kbd></button>}
    >
      <div class="filters"><CustomerChoice value={customer} set={setCustomer} /></div>
      <p class="note">{t("policies-note")} <a href="/alerts?state=ignored">{t("alerts-ignored")}</a></p>
      {!policies && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {policies?.length === 0 && <Empty title={t("policies-empty")} hint={t("policies-empty-hint")} />}
      {policies && policies.length > 0 && (
        <table class="plain policies">
          <thead>
            <tr>
              <th scope="col" class="numeric">{t("policy-order")}</th><th scope="col">{t("policy-for")}</th><th scope="col">{t("policy-name")}</th>
              <th scope="col">{t("policy-when")}</th><th scope="col">{t("policy-action")}</th><th scope="col" class="numeric">{t("policy-hits")}</th>
              <th scope="col">{t("policy-expires")}</th><th scope="col">{t("policy-state")}</th>{mayWrite && <th scope="col"><span class="visually-hidden">{t("actions")}</span></th>}
            </tr>
          </thead>
          <tbody>
            {policies.map((policy, place) => (
              <PolicyRow
                key={policy.id} policy={policy} order={place + 1} marked={query.get("id") === policy.id} mayWrite={mayWrite}
                group={groupOf(policy)} act={act} edit={() => setEditing(policy)} erase={() => setDeleting(policy)}
              />
            ))}
          </tbody>
        </table>
      )}
      {editing && (
        <PolicyDialog
          policy={editing === "new" ? undefined : editing} customer={customer} close={() => setEditing(null)} done={loaded.reload}
          position={Math.max(0, ...(policies ?? []).map((one) => one.position)) + 10}
        />
      )}
      {deleting && (
        <Confirm
          title={t("policy-delete")} text={t("policy-delete-text", { name: deleting.name })} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => act(deletePolicy(deleting.id))}
        />
      )}
    </Page>
  );
}

interface RowProps {
  policy: AuditPolicy; order: number; marked: boolean; mayWrite: boolean; group: AuditPolicy[];
  act: (work: Promise<unknown>) => void; edit: () => void; erase: () => void;
}

function PolicyRow({ policy, order, marked, mayWrite, group, act, edit, erase }: RowProps) {
  const at = group.indexOf(policy);
  const now = useNow();
  const expired = Boolean(policy.expires && Date.parse(policy.expires) <= now.getTime());
  const state = !policy.enabled ? "policy-disabled" : expired ? "policy-expired" : "policy-enabled";
  return (
    <tr class={`${marked ? "selected" : ""} ${policy.enabled && !expired ? "" : "off"}`}>
      <td class="numeric">{order}</td>
      <td>{policy.customer ? <CustomerMark id={policy.customer} link /> : t("policy-global")}</td>
      <td>{policy.name}</td>
      <td><ul class="phrases">{policy.condition?.rule_ids?.map((rule) => <li key={rule}>{t("condition-rule")} <RuleLink id={rule} /></li>)}{phrases(policy).map((phrase) => <li key={phrase}>{phrase}</li>)}</ul></td>
      <td>
        {word("policy-action", policy.action.kind)}
        {policy.action.kind === "raise_incident" && policy.action.severity && <> ({word("severity", policy.action.severity)})</>}
      </td>
      <td class="numeric">{number(policy.hits)}</td>
      <td>{policy.expires ? <Time at={policy.expires} /> : <span class="muted">{t("never")}</span>}</td>
      <td>{t(state)}</td>
      {mayWrite && (
        <td class="row-actions">
          <button class="icon-button" disabled={at === 0} aria-label={t("policy-up", { name: policy.name })} title={t("policy-up", { name: policy.name })} onClick={() => act(movePolicy(group, policy, -1))}>↑</button>
          <button class="icon-button" disabled={at === group.length - 1} aria-label={t("policy-down", { name: policy.name })} title={t("policy-down", { name: policy.name })} onClick={() => act(movePolicy(group, policy, 1))}>↓</button>
          <button class="link" onClick={() => act(updatePolicy(policy, { ...dataOf(policy), enabled: !policy.enabled }))}>{t(policy.enabled ? "disable" : "enable")}</button>
          <button class="link" onClick={edit}>{t("edit")}</button>
          <button class="link" onClick={erase}>{t("delete")}</button>
        </td>
      )}
    </tr>
  );
}
