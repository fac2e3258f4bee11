// The audit log: who did what, when, to what.
import { useState } from "preact/hooks";

import { get } from "../api/client.ts";
import type { AuditRow } from "../api/types.ts";
import { exact, moment } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { nameOf, type Shell, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice, TextFilter, focusSearch } from "../ui/filter.tsx";
import { Raw } from "../ui/highlight.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";

/** The actor as the log prints it, with the person's name where it is known. */
function actorName(shell: Shell, actor: string): string {
  if (actor.startsWith("job:")) return t("audit-job", { job: word("job", actor.slice(4)) });
  const [user, by] = actor.split(" by ");
  const name = user?.startsWith("usr_") ? nameOf(shell, user) : actor;
  return by ? t("audit-by-token", { name, token: by }) : name;
}

export function AuditPage() {
  const shell = useShell();
  const [customer, setCustomer] = useParameter("customer");
  const [actor, setActor] = useParameter("actor");
  const [action, setAction] = useParameter("action");
  const [object, setObject] = useParameter("object");
  const [open, setOpen] = useState<AuditRow | null>(null);
  const query = { customer, actor, action, object, limit: 200 };
  const { store } = useList<AuditRow>(JSON.stringify(query), {
    id: (row) => String(row.sequence),
    page: (after, signal) => get("/audit", { query: { ...query, after }, signal }),
  });
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "drawer-close", label: "close", keys: ["Escape"], group: "commands-page", when: () => open !== null, run: () => setOpen(null) },
  ]);
  const columns: Column<AuditRow>[] = [
    { id: "time", label: t("audit-time"), width: "136px", cell: (row) => <time dateTime={row.time} title={exact(row.time)}>{moment(row.time)}</time> },
    { id: "actor", label: t("audit-actor"), width: "170px", cell: (row) => <span title={row.actor}>{actorName(shell, row.actor)}</span> },
    { id: "action", label: t("audit-action"), width: "200px", cell: (row) => <span class="mono">{row.action}</span> },
    { id: "customer", label: t("customer"), width: "148px", cell: (row) => row.customer ? <CustomerMark id={row.customer} /> : null },
    { id: "object", label: t("audit-object"), width: "270px", cell: (row) => <span class="mono" title={row.object}>{row.object}</span> },
    { id: "detail", label: t("audit-detail"), cell: (row) => <span class="mono dim">{JSON.stringify(row.detail)}</span> },
    { id: "sealed", label: t("audit-sealed"), width: "80px", cell: (row) => row.hash ? <span class="mono" title={row.hash}>{row.hash.slice(0, 8)}</span> : <span class="muted">{t("no")}</span> },
  ];
  return (
    <Page title={t("nav-audit")} fill>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <TextFilter value={actor} set={setActor} label={t("audit-actor")} />
        <TextFilter value={action} set={setAction} label={t("audit-action")} />
        <TextFilter value={object} set={setObject} label={t("audit-object")} />
      </div>
      <div class={open ? "split" : "split closed"}>
        <Table
          label={t("nav-audit")} store={store} columns={columns} selected={open ? String(open.sequence) : null}
          select={(_, row) => setOpen(row)} open={setOpen} empty={<Empty title={t("audit-empty")} hint={t("audit-empty-hint")} />}
        />
        {open && (
          <aside class="drawer" aria-label={t("audit-detail")}>
            <header class="drawer-head"><b>{open.action}</b><button class="icon-button" aria-label={t("close")} onClick={() => setOpen(null)}>×</button></header>
            <dl class="facts">
              <div><dt>{t("audit-time")}</dt><dd>{exact(open.time)}</dd></div>
              <div><dt>{t("audit-actor")}</dt><dd>{actorName(shell, open.actor)}</dd></div>
              <div><dt>{t("audit-object")}</dt><dd class="mono">{open.object}</dd></div>
              {open.reason && <div><dt>{t("audit-reason")}</dt><dd>{open.reason}</dd></div>}
              <div><dt>{t("audit-sealed")}</dt><dd class="mono wrap">{open.hash ?? t("no")}</dd></div>
            </dl>
            <Raw text={JSON.stringify(open.detail, null, 2)} />
          </aside>
        )}
      </div>
    </Page>
  );
}
