// Exceptions 例外: what use cases must not fire on, for whom, why and until when.
import { useState } from "preact/hooks";

import { RuleLink } from "../alert/title.tsx";
import type { Exception, ExceptionTerm } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { CustomerChoice, TextFilter } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { deleteException, listExceptions } from "./api.ts";
import { ExceptionDialog } from "./exception_form.tsx";

export function Exceptions() {
  const [text, setText] = useParameter("text");
  const [customer, setCustomer] = useParameter("customer");
  return (
    <>
      <div class="filters"><CustomerChoice value={customer} set={setCustomer} /><TextFilter value={text} set={setText} label={t("filter-text")} /></div>
      <ExceptionTable query={{ text, customer }} />
    </>
  );
}

/** Those of one use case, or of all. */
export function ExceptionTable({ query, ofRule }: { query: { text?: string; customer?: string; rule_id?: string }; ofRule?: boolean }) {
  const { me } = useShell();
  const mayWrite = useMay("policy.write");
  const loaded = useLoad((signal) => listExceptions({ ...query, limit: 500 }, signal), JSON.stringify(query));
  const [editing, setEditing] = useState<Exception | null>(null);
  const [deleting, setDeleting] = useState<Exception | null>(null);
  const now = useNow();
  useChanges((change) => change.noun === "use_case", loaded.reload);
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  const { items } = loaded.value;
  if (items.length === 0) return ofRule ? <p class="muted">{t("exceptions-none")}</p> : <Empty title={t("exceptions-none")} hint={t("exceptions-none-hint")} />;
  const may = (one: Exception) => mayWrite && (one.customer != null || me.user.all_customers);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("exceptions")}>
      <table class="plain">
        <thead>
          <tr>
            {!ofRule && <th scope="col">{t("rule")}</th>}<th scope="col">{t("exception-for")}</th><th scope="col">{t("exception-terms")}</th><th scope="col">{t("exception-reason")}</th>
            <th scope="col">{t("exception-expires")}</th><th scope="col" class="numeric">{t("exception-hits")}</th><th scope="col">{t("exception-last-hit")}</th>
            {mayWrite && <th scope="col"><span class="visually-hidden">{t("actions")}</span></th>}
          </tr>
        </thead>
        <tbody>
          {items.map((one) => {
            const over = Boolean(one.expires && Date.parse(one.expires) <= now.getTime());
            return (
              <tr key={one.id} class={over ? "off" : ""}>
                {!ofRule && <td><RuleLink id={one.rule_id} /></td>}
                <td>{one.customer ? <CustomerMark id={one.customer} link /> : t("exception-everybody")}</td>
                <td><ul class="phrases">{one.terms.map((term) => <li key={term.field + term.operator}><TermText of={term} /></li>)}</ul></td>
                <td>{one.reason}</td>
                <td>{one.expires ? <>{over && `${t("exception-over")} `}<Time at={one.expires} /></> : <span class="muted">{t("never")}</span>}</td>
                <td class="numeric">{number(one.hits)}</td><td>{one.last_hit ? <Time at={one.last_hit} /> : <span class="muted">{t("never")}</span>}</td>
                {mayWrite && <td class="row-actions">{may(one) && <><button class="link" onClick={() => setEditing(one)}>{t("edit")}</button><button class="link" onClick={() => setDeleting(one)}>{t("delete")}</button></>}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
      {editing && <ExceptionDialog exception={editing} draft={{ customer: editing.customer ?? null, data: editing }} title={editing.rule_id} close={() => setEditing(null)} done={loaded.reload} />}
      {deleting && (
        <Confirm
          title={t("exception-delete")} text={t("exception-delete-text")} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => void deleteException(deleting.id).then(() => toastDone(t("deleted")), toastProblem).finally(loaded.reload)}
        />
      )}
    </div>
  );
}

export function TermText({ of }: { of: ExceptionTerm }) {
  const shown = of.values.slice(0, 5);
  return <><code>{of.field}</code> {word("term-operator", of.operator)} <code>{shown.join(", ")}</code>{of.values.length > shown.length && ` +${of.values.length - shown.length}`}</>;
}
