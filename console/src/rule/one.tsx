// The page of one use case: what it says, its card, what was decided about it, and what it is excepted from.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { CardView } from "../alert/card.tsx";
import { getRule } from "../alert/api.ts";
import type { RuleView, Severity } from "../api/types.ts";
import { language, t, word } from "../i18n/text.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerMark, SeverityMark } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Diff } from "../ui/diff.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { deleteUseCase, releaseUseCase } from "./api.ts";
import { DecideDialog, ReleaseDialog } from "./decide.tsx";
import { RuleEditor } from "./editor.tsx";
import { ExceptionDialog } from "./exception_form.tsx";
import { ExceptionTable } from "./exceptions.tsx";
import { LogSource } from "./log_source.tsx";
import { Profiles } from "./profiles.tsx";
import { RequestDialog } from "./requests.tsx";
import { StateTag } from "./state.tsx";
import { Versions } from "./versions.tsx";

export function RulePage({ id }: { id: string }) {
  const loaded = useLoad(async (signal) => id === "new" ? null : getRule(id, signal), id);
  const [edit] = useParameter("edit");
  useChanges((change) => change.noun === "use_case" && change.id === id, loaded.reload);
  if (id === "new") return <RuleEditor rule={null} />;
  if (!loaded.value) return <Page title={t("rule")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  return edit ? <RuleEditor key={loaded.value.version} rule={loaded.value} /> : <UseCasePage rule={loaded.value} reload={loaded.reload} />;
}

function UseCasePage({ rule, reload }: { rule: RuleView; reload: () => void }) {
  const { me } = useShell();
  const mayLook = useMay("event.read");
  const mayWrite = useMay("policy.write");
  const mayDecide = mayWrite && me.user.all_customers;
  const mayAsk = useMay("incident.work");
  const [tab, setTab] = useParameter("tab", "card");
  const [open, setOpen] = useState<"decide" | "release" | "except" | "ask" | "delete" | null>(null);
  const named = rule.cards?.[language()]?.title ?? rule.title;
  const close = () => setOpen(null);
  const path = `/rules/${encodeURIComponent(rule.id)}`;
  return (
    <Page
      title={named} lead={<><SeverityMark of={(rule.decided.severity ?? rule.level) as Severity} /> <StateTag of={rule} /></>}
      actions={
        <>
          {mayLook && rule.text && <a class="button" href={`/rules/try?rule=${encodeURIComponent(rule.id)}`}>{t("backtest")}</a>}
          <a class="button" href={`/alerts?rule=${encodeURIComponent(rule.id)}`}>{t("rule-alerts")}</a>
          {mayAsk && <button class="button" onClick={() => setOpen("ask")}>{t("request-create")}</button>}
          {mayWrite && <button class="button" onClick={() => setOpen("except")}>{t("exception-create")}</button>}
          {mayDecide && <a class="button" href={`${path}?edit=1`}>{t("edit")}</a>}
          {mayDecide && <button class="button primary" onClick={() => setOpen("decide")}>{t("use-case-decide")}</button>}
        </>
      }
    >
      <div class="columns-2">
        <section>
          {rule.description && <p class="lead">{rule.description}</p>}
          <Facts rule={rule} named={named} />
          <Customers rule={rule} mayWrite={mayWrite} add={() => setOpen("release")} done={reload} />
          {(rule.falsepositives?.length ?? 0) > 0 && <><h2>{t("card-false-positive")}</h2><ul>{rule.falsepositives?.map((one) => <li key={one}>{one}</li>)}</ul></>}
          {(rule.references?.length ?? 0) > 0 && <><h2>{t("rule-references")}</h2><ul>{rule.references?.map((one) => <li key={one} class="mono">{one}</li>)}</ul></>}
        </section>
        <section>
          <Tabs
            label={t("rule")} current={tab} choose={setTab}
            tabs={[
              { id: "card", label: t("card") }, { id: "text", label: t("rule-text") }, ...(rule.log_source === "baseline" && mayLook ? [{ id: "profiles", label: t("profiles") }] : []),
              { id: "exceptions", label: t("exceptions"), count: rule.exceptions },
              { id: "versions", label: t("versions") }, ...(rule.built_in != null ? [{ id: "diff", label: t("rule-against-built-in") }] : []),
            ]}
          />
          {tab === "card" && <CardView cards={rule.cards} />}
          {tab === "text" && <pre class="raw tall" tabIndex={0}>{rule.text ?? ""}</pre>}
          {tab === "profiles" && <Profiles rule={rule} />}
          {tab === "exceptions" && <ExceptionTable query={{ rule_id: rule.id }} ofRule />}
          {tab === "versions" && <Versions rule={rule} />}
          {tab === "diff" && <Diff before={rule.built_in ?? ""} after={rule.text ?? ""} />}
          {mayDecide && rule.version > 0 && <p><button class="link danger" onClick={() => setOpen("delete")}>{t(rule.origin === "own" && !rule.replaces ? "rule-delete" : "rule-take-back")}</button></p>}
        </section>
      </div>
      {open === "decide" && <DecideDialog rule={rule} close={close} done={reload} />}
      {open === "release" && <ReleaseDialog rule={rule} close={close} done={reload} />}
      {open === "ask" && <RequestDialog customer="" rule={rule.id} close={close} done={reload} />}
      {open === "except" && (
        <ExceptionDialog title={named} fields={rule.fields} close={close} done={reload} draft={{ customer: null, data: { rule_id: rule.id, terms: [], reason: "", must_fire: [] } }} />
      )}
      {open === "delete" && (
        <Confirm
          title={t(rule.replaces || rule.origin !== "own" ? "rule-take-back" : "rule-delete")} text={t(rule.replaces || rule.origin !== "own" ? "rule-take-back-text" : "rule-delete-text", { name: named })}
          action={t("delete")} danger close={close}
          run={() => void deleteUseCase(rule.id, rule.version).then(() => { toastDone(t("deleted")); if (rule.origin === "own" && !rule.replaces) navigate("/rules"); else reload(); }, toastProblem)}
        />
      )}
    </Page>
  );
}

function Facts({ rule, named }: { rule: RuleView; named: string }) {
  const { me } = useShell();
  const mono = (text: string | null | undefined) => text && <span class="mono">{text}</span>;
  const { owner, incident_type: kind } = rule.decided;
  const facts: [string, ComponentChildren][] = [
    ["rule-title", named !== rule.title && rule.title], ["rule-log-source", rule.log_source && <LogSource of={rule.log_source} />],
    ["techniques", rule.techniques?.join(" ")], ["incident-type", kind && word("incident-type", kind)], ["use-case-owner", owner && (owner === me.user.id ? t("me") : mono(owner))],
    ["rule-origin", rule.replaces ? t("rule-changed") : word("rule-origin", rule.origin)], ["rule-status", word("rule-status", rule.status)], ["rule-author", rule.author],
    ["rule-fields", rule.fields.length > 0 && mono(rule.fields.join(", "))], ["rule-path", mono(rule.path)], ["rule-id", mono(rule.id)],
  ];
  return <dl class="facts">{facts.map(([key, value]) => value && <div key={key}><dt>{t(key)}</dt><dd>{value}</dd></div>)}</dl>;
}

function Customers({ rule, mayWrite, add, done }: { rule: RuleView; mayWrite: boolean; add: () => void; done: () => void }) {
  const { customers } = useShell();
  const own = Object.entries(rule.customers);
  const usual = (customer: string) => void releaseUseCase(rule.id, customer, null).then(() => { toastDone(t("saved")); done(); }, toastProblem);
  return (
    <>
      <h2>{t("release")}</h2>
      <p>{rule.decided.state === "live" ? t("release-everybody", { release: word("release", rule.decided.release) }) : t("release-none", { state: word("use-case-state", rule.decided.state) })}</p>
      {own.length > 0 && (
        <table class="plain"><tbody>
          {own.map(([customer, release]) => (
            <tr key={customer}><td><CustomerMark id={customer} link /></td><td>{word("release", release)}</td>{mayWrite && <td class="row-actions"><button class="link" onClick={() => usual(customer)}>{t("release-as-others")}</button></td>}</tr>
          ))}
        </tbody></table>
      )}
      {mayWrite && own.length < customers.size && <button class="button" onClick={add}>{t("release-customer")}</button>}
    </>
  );
}
