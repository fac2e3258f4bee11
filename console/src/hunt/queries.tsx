// What a hunt asks, and what can be made of each question.
import { useState } from "preact/hooks";

import type { Hunt, HuntData, HuntQuery } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { makeDetection, runHunt, updateHunt } from "./api.ts";
import { QueryDialog, dataOf } from "./form.tsx";

/** Queries with edit and delete, for a hunt or for the template of a programme. */
export function QueryList({ queries, change, extra }: { queries: HuntQuery[]; change?: (queries: HuntQuery[]) => Promise<void>; extra?: (query: HuntQuery) => preact.ComponentChildren }) {
  const [editing, setEditing] = useState<HuntQuery | "new" | null>(null);
  const [deleting, setDeleting] = useState<HuntQuery | null>(null);
  return (
    <>
      {queries.length === 0 && <p class="muted">{t("hunt-queries-none")}</p>}
      <ol class="hunt-queries">
        {queries.map((query) => (
          <li key={query.key}>
            <div class="hunt-query-head">
              <strong>{query.name}</strong> <span class="tag">{word("hunt-query-kind", query.ask.kind)}</span> <span class="muted">{periodOf(query)}</span>
              <span class="row-actions">
                {extra?.(query)}
                {change && <><button class="link" onClick={() => setEditing(query)}>{t("edit")}</button> <button class="link" onClick={() => setDeleting(query)}>{t("delete")}</button></>}
              </span>
            </div>
            <Asked query={query} />
            {query.note && <p class="muted">{query.note}</p>}
          </li>
        ))}
      </ol>
      {change && <button class="button" onClick={() => setEditing("new")}>{t("hunt-query-add")}</button>}
      {editing && change && (
        <QueryDialog
          query={editing === "new" ? undefined : editing} close={() => setEditing(null)}
          save={(query) => change(editing === "new" ? [...queries, query] : queries.map((one) => (one.key === query.key ? query : one)))}
        />
      )}
      {deleting && change && (
        <Confirm
          title={t("hunt-query-delete")} text={t("hunt-query-delete-text", { name: deleting.name })} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => void change(queries.filter((one) => one.key !== deleting.key)).catch(toastProblem)}
        />
      )}
    </>
  );
}

function Asked({ query }: { query: HuntQuery }) {
  if (query.ask.kind === "search") return <pre class="hunt-q">{query.ask.q}</pre>;
  if (query.ask.kind === "list") return <a class="in-text" href={`/intel/${query.ask.list}`}>{t("intel-show")}</a>;
  return <details><summary class="muted">{t("hunt-query-rule")}</summary><pre class="hunt-q">{query.ask.text}</pre></details>;
}

export function periodOf(query: HuntQuery): string {
  if (query.from && query.to) return `${exact(query.from)} – ${exact(query.to)}`;
  const seconds = query.seconds ?? 0;
  return seconds >= 86_400 ? t("hunt-last-days", { days: Math.round(seconds / 86_400) }) : t("hunt-last-hours", { hours: Math.max(1, Math.round(seconds / 3600)) });
}

export function Queries({ hunt, done, detected }: { hunt: Hunt; done: (hunt: Hunt) => void; detected: () => void }) {
  const mayWrite = useMay("hunt.write");
  const open = hunt.state === "planned" || hunt.state === "active";
  const [making, setMaking] = useState<HuntQuery | null>(null);
  const change = async (queries: HuntQuery[]) => done(await updateHunt(hunt, { ...dataOf(hunt as HuntData), queries }));
  const run = (query: HuntQuery) => void runHunt(hunt.id, { queries: [query.key] }).then(() => toastDone(t("hunt-run-asked")), toastProblem);
  return (
    <section>
      <h2>{t("hunt-queries")}</h2>
      <QueryList
        queries={hunt.queries ?? []} change={mayWrite && open && hunt.whole ? change : undefined}
        extra={(query) => mayWrite && (
          <>
            {open && <button class="link" onClick={() => run(query)}>{t("hunt-run-one")}</button>}{" "}
            {query.ask.kind !== "list" && <button class="link" onClick={() => setMaking(query)}>{t("hunt-detect")}</button>}{" "}
          </>
        )}
      />
      {making && <DetectDialog hunt={hunt} query={making} close={() => setMaking(null)} done={detected} />}
    </section>
  );
}

/** "Make this a detection." */
function DetectDialog({ hunt, query, close, done }: { hunt: Hunt; query: HuntQuery; close: () => void; done: () => void }) {
  const { me, customers } = useShell();
  const mayDraft = useMay("policy.write") && me.user.all_customers;
  const kinds = [...(mayDraft ? ["use_case"] : []), "request"];
  const whose = [...(me.user.all_customers ? [{ value: "", label: t("request-house") }] : []), ...hunt.customers.map((id) => ({ value: id, label: customers.get(id)?.name ?? id }))];
  return (
    <FormDialog
      title={t("hunt-detect")} action={t("hunt-detect-make")} close={close} start={{ kind: kinds[0], title: query.name, customer: whose[0]?.value ?? "" }}
      fields={[
        { kind: "choice", name: "kind", label: t("hunt-detect-kind"), hint: t("hunt-detect-hint"), options: kinds.map((value) => ({ value, label: word("hunt-detect", value) })), wide: true },
        { kind: "text", name: "title", label: t("request-title"), required: true, wide: true, max: 200, autofocus: true },
        { kind: "select", name: "customer", label: t("request-customer"), options: whose, when: (values) => values.kind === "request" },
      ]}
      submit={async (values) => {
        const kind = values.kind as "request" | "use_case";
        await makeDetection(hunt.id, { query: query.key, kind, title: optional(values.title), customer: kind === "request" ? optional(values.customer) : null });
        toastDone(t("saved"));
        done();
      }}
    />
  );
}
