// The dialogs that create or change a user and set a password.
import type { User, UserData } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { type Field, FormDialog } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createUser, setUserPassword, updateUser } from "./api.ts";

const ROLES = [
  "administrator", "soc_manager", "shift_lead", "l1_analyst", "l2_engineer", "l3_analyst", "ticket_auditor", "service_manager", "auditor",
];

export function UserDialog({ user, close, done }: { user?: User; close: () => void; done: () => void }) {
  const { customers, refresh } = useShell();
  const start = user ?? { login: "", name: "", roles: ["l1_analyst"], all_customers: true, customers: [], active: true, language: "zh" };
  const password: Field[] = user ? [] : [{ kind: "password", name: "password", label: t("password"), hint: t("password-hint"), required: true }];
  return (
    <FormDialog
      title={t(user ? "user-edit" : "user-create")} action={t("save")} close={close} start={{ ...start }}
      fields={[
        { kind: "text", name: "login", label: t("user-login"), hint: t("user-login-hint"), required: true, max: 64, autofocus: true },
        { kind: "text", name: "name", label: t("user-name"), required: true, max: 100 },
        ...password,
        { kind: "select", name: "language", label: t("language"), options: [{ value: "zh", label: t("language-zh") }, { value: "en", label: t("language-en") }] },
        { kind: "many", name: "roles", label: t("user-roles"), required: true, wide: true, options: ROLES.map((value) => ({ value, label: word("role", value) })) },
        { kind: "check", name: "all_customers", label: t("user-all-customers"), hint: t("user-all-customers-hint") },
        { kind: "many", name: "customers", label: t("user-customers"), wide: true, options: [...customers.values()].map((one) => ({ value: one.id, label: one.short_name })) },
        { kind: "check", name: "active", label: t("user-active") },
      ]}
      submit={async (values) => {
        const data: UserData = {
          login: String(values.login).trim(), name: String(values.name).trim(), roles: values.roles as UserData["roles"], all_customers: Boolean(values.all_customers),
          customers: values.all_customers ? [] : values.customers as string[], active: Boolean(values.active), language: values.language as UserData["language"],
        };
        await (user ? updateUser(user, data) : createUser(data, String(values.password)));
        toastDone(t("saved"));
        refresh();
        done();
      }}
    />
  );
}

export function PasswordDialog({ user, close }: { user: User; close: () => void }) {
  return (
    <FormDialog
      title={t("user-password-of", { name: user.name })} action={t("password-set")} close={close} start={{ password: "" }}
      fields={[{ kind: "password", name: "password", label: t("password-new"), hint: t("password-hint"), required: true, wide: true, autofocus: true }]}
      submit={async (values) => {
        await setUserPassword(user.id, String(values.password));
        toastDone(t("password-was-set"));
      }}
    ><p class="note">{t("user-password-note")}</p></FormDialog>
  );
}
