// Users, and what each role may do.
import { useState } from "preact/hooks";

import type { User } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import { TextFilter, focusSearch } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { endUserSessions, getUser, listRoles, listUsers } from "./api.ts";
import { PasswordDialog, UserDialog } from "./form.tsx";

export function UsersPage() {
  const mayWrite = useMay("user.write");
  const [tab, setTab] = useParameter("tab", "users");
  const [text, setText] = useParameter("text");
  const [creating, setCreating] = useState(false);
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "user-new", label: "user-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setCreating(true) },
  ]);
  return (
    <Page
      title={t("nav-users")} fill
      actions={mayWrite && <button class="button" onClick={() => setCreating(true)}>{t("user-create")} <kbd>n</kbd></button>}
    >
      <div class="filters">
        <Tabs label={t("nav-users")} current={tab} choose={setTab} tabs={[{ id: "users", label: t("nav-users") }, { id: "roles", label: t("roles") }]} />
        {tab === "users" && <TextFilter value={text} set={setText} label={t("filter-text")} />}
      </div>
      {tab === "users" ? <Users text={text} mayWrite={mayWrite} /> : <Roles />}
      {creating && <UserDialog close={() => setCreating(false)} done={() => {}} />}
    </Page>
  );
}

type Asking = { what: "edit" | "password" | "sessions"; user: User } | null;

function Users({ text, mayWrite }: { text: string; mayWrite: boolean }) {
  const { customers } = useShell();
  const [selected, setSelected] = useState<string | null>(null);
  const [asking, setAsking] = useState<Asking>(null);
  const query = { text, limit: 200 };
  const { store, mayInsert } = useList<User>(JSON.stringify(query), {
    id: (user) => user.id,
    page: (after, signal) => listUsers({ ...query, after }, signal),
    one: getUser,
  }, { noun: "user" });
  const scope = (user: User) => user.all_customers ? t("all-customers") : (user.customers ?? []).map((id) => customers.get(id)?.short_name ?? id).join(", ");
  const columns: Column<User>[] = [
    { id: "login", label: t("user-login"), width: "150px", cell: (user) => <span class="mono">{user.login}</span> },
    { id: "name", label: t("user-name"), width: "180px", cell: (user) => user.name },
    { id: "roles", label: t("user-roles"), cell: (user) => user.roles.map((role) => word("role", role)).join(", ") },
    { id: "customers", label: t("user-customers"), cell: (user) => <span title={scope(user)}>{scope(user)}</span> },
    { id: "language", label: t("language"), width: "100px", cell: (user) => t(`language-${user.language}`) },
    { id: "active", label: t("user-state"), width: "90px", cell: (user) => t(user.active ? "user-active" : "user-inactive") },
    { id: "last", label: t("user-last-sign-in"), width: "120px", cell: (user) => user.last_sign_in ? <Time at={user.last_sign_in} /> : <span class="muted">{t("not-yet")}</span> },
  ];
  if (mayWrite) {
    columns.push({
      id: "actions", label: t("actions"), width: "250px",
      cell: (user) => (
        <span class="row-actions">
          <button class="link" onClick={() => setAsking({ what: "edit", user })}>{t("edit")}</button>
          <button class="link" onClick={() => setAsking({ what: "password", user })}>{t("password-set")}</button>
          <button class="link" onClick={() => setAsking({ what: "sessions", user })}>{t("user-end-sessions")}</button>
        </span>
      ),
    });
  }
  return (
    <>
      <Table
        label={t("nav-users")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected}
        open={mayWrite ? (user) => setAsking({ what: "edit", user }) : undefined} empty={<Empty title={t("users-empty")} />}
      />
      {asking?.what === "edit" && <UserDialog user={asking.user} close={() => setAsking(null)} done={() => { store.note(asking.user.id); void store.refresh(() => true); }} />}
      {asking?.what === "password" && <PasswordDialog user={asking.user} close={() => setAsking(null)} />}
      {asking?.what === "sessions" && (
        <Confirm
          title={t("user-end-sessions")} text={t("user-end-sessions-text", { name: asking.user.name })} action={t("user-end-sessions")} danger close={() => setAsking(null)}
          run={() => void endUserSessions(asking.user.id).then(() => toastDone(t("user-sessions-ended")), toastProblem)}
        />
      )}
    </>
  );
}

function Roles() {
  const loaded = useLoad(listRoles, "roles");
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  const roles = loaded.value.items;
  const permissions = [...new Set(roles.flatMap((one) => one.permissions))].sort();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("roles")}>
      <table class="plain matrix">
        <thead><tr><th scope="col">{t("permission")}</th>{roles.map((one) => <th key={one.role} scope="col">{word("role", one.role)}</th>)}</tr></thead>
        <tbody>
          {permissions.map((permission) => (
            <tr key={permission}>
              <th scope="row">{word("permission", permission)}</th>
              {roles.map((one) => <td key={one.role} class="center">{one.permissions.includes(permission) ? <span title={t("yes")} aria-label={t("yes")} role="img">●</span> : <span class="visually-hidden">{t("no")}</span>}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
