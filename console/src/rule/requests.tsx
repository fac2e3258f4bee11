// Requests for new or changed use cases, against a clock of 72 hours.
import { useState } from "preact/hooks";

import type { UseCaseRequest, UseCaseRequestData } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice, Segments } from "../ui/filter.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createRequest, listRequests, updateRequest } from "./api.ts";

const KINDS = ["new", "change", "retire"];
const STATES = ["open", "in_work", "done", "declined"];

export function Requests() {
  const { me } = useShell();
  const mayWork = useMay("incident.work");
  const [state, setState] = useParameter("state", "open,in_work");
  const [customer, setCustomer] = useParameter("customer");
  const query = { state, customer };
  const loaded = useLoad((signal) => listRequests({ ...query, limit: 500 }, signal), JSON.stringify(query));
  const [editing, setEditing] = useState<UseCaseRequest | "new" | null>(null);
  const now = useNow();
  useChanges((change) => change.noun === "use_case", loaded.reload);
  return (
    <>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Segments label={t("request-state")} value={state} set={setState} options={[{ value: "open,in_work", label: t("requests-waiting") }, { value: "done,declined", label: t("requests-answered") }, { value: "", label: t("any") }]} />
        {mayWork && <button class="button" onClick={() => setEditing("new")}>{t("request-create")}</button>}
      </div>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value?.items.length === 0 && <Empty title={t("requests-none")} hint={t("requests-none-hint")} />}
      {loaded.value && loaded.value.items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("requests")}>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">{t("request-title")}</th><th scope="col">{t("request-kind")}</th><th scope="col">{t("request-customer")}</th><th scope="col">{t("request-state")}</th>
                <th scope="col">{t("request-created")}</th><th scope="col">{t("request-due")}</th>{mayWork && <th scope="col"><span class="visually-hidden">{t("actions")}</span></th>}
              </tr>
            </thead>
            <tbody>
              {loaded.value.items.map((one) => (
                <tr key={one.id}>
                  <td><strong>{one.title}</strong>{one.description && <p class="muted clamp">{one.description}</p>}{one.answer && <p class="clamp">{t("request-answer")}: {one.answer}</p>}</td>
                  <td>{word("request-kind", one.kind)} {one.rule_id && <a class="in-text" href={`/rules/${encodeURIComponent(one.rule_id)}`}>{t("rule")}</a>}</td>
                  <td>{one.customer ? <CustomerMark id={one.customer} link /> : t("request-house")}</td>
                  <td>{word("request-state", one.state)}</td><td><Time at={one.created} /></td>
                  <td>{one.answered ? <>{t("request-answered")} <Time at={one.answered} /></> : exact(one.due)}{isLate(one, now) && <span class="tag late">{t("request-late")}</span>}</td>
                  {mayWork && <td class="row-actions">{(one.customer != null || me.user.all_customers) && <button class="link" onClick={() => setEditing(one)}>{t("edit")}</button>}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing && <RequestDialog request={editing === "new" ? undefined : editing} customer={customer} close={() => setEditing(null)} done={loaded.reload} />}
    </>
  );
}

const isLate = (one: UseCaseRequest, now: Date) => (one.answered ? Date.parse(one.answered) : now.getTime()) > Date.parse(one.due);

export function RequestDialog({ request, customer, rule, close, done }: { request?: UseCaseRequest; customer: string; rule?: string; close: () => void; done: () => void }) {
  const { customers, me } = useShell();
  const whose = [...(me.user.all_customers ? [{ value: "", label: t("request-house") }] : []), ...[...customers.values()].map((one) => ({ value: one.id, label: one.name }))];
  return (
    <FormDialog
      title={t(request ? "request-edit" : "request-create")} action={t("save")} close={close} band={request?.customer ? <CustomerBand id={request.customer} remark /> : undefined}
      start={{
        customer: request?.customer ?? (customer || whose[0]?.value), kind: request?.kind ?? (rule ? "change" : "new"), title: request?.title ?? "", description: request?.description ?? "",
        rule_id: request?.rule_id ?? rule ?? "", state: request?.state ?? "open", answer: request?.answer ?? "", assignee: request?.assignee === me.user.id,
      }}
      fields={[
        ...(request ? [] : [{ kind: "select" as const, name: "customer", label: t("request-customer"), options: whose }]),
        { kind: "choice", name: "kind", label: t("request-kind"), options: KINDS.map((value) => ({ value, label: word("request-kind", value) })) },
        { kind: "text", name: "title", label: t("request-title"), required: true, wide: true, max: 200, autofocus: true },
        { kind: "area", name: "description", label: t("request-description"), hint: t("request-description-hint"), rows: 5 },
        { kind: "text", name: "rule_id", label: t("rule-id"), when: (values) => values.kind !== "new" || values.state === "done" },
        ...(request ? [
          { kind: "check" as const, name: "assignee", label: t("request-mine") },
          { kind: "choice" as const, name: "state", label: t("request-state"), options: STATES.map((value) => ({ value, label: word("request-state", value) })) },
          { kind: "area" as const, name: "answer", label: t("request-answer"), hint: t("request-answer-hint"), rows: 3 },
        ] : []),
      ]}
      submit={async (values) => {
        const data = {
          kind: values.kind, title: String(values.title).trim(), description: String(values.description), rule_id: optional(values.rule_id), state: values.state,
          answer: String(values.answer), assignee: values.assignee ? me.user.id : request?.assignee === me.user.id ? null : request?.assignee ?? null,
        } as UseCaseRequestData;
        await (request ? updateRequest(request.id, request.version, data) : createRequest(optional(values.customer), data));
        toastDone(t("saved"));
        done();
      }}
    />
  );
}
