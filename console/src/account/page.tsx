// One's own account: language, theme, password, sessions, API tokens.
import { useState } from "preact/hooks";

import { get, post, put, remove } from "../api/client.ts";
import type { Language } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { language, t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { type Theme, setTheme, theme } from "../shell/theme.ts";
import { Copy } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Segments } from "../ui/filter.tsx";
import { Form, FormDialog, instant } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { browserName } from "./browser.ts";

export function AccountPage() {
  const { me, setLanguage } = useShell();
  const [chosen, setChosen] = useState<Theme>(theme());
  return (
    <Page title={t("nav-account")}>
      <div class="columns-2">
        <div>
          <dl class="facts">
            <div><dt>{t("user-name")}</dt><dd>{me.user.name}</dd></div>
            <div><dt>{t("user-login")}</dt><dd class="mono">{me.user.login}</dd></div>
            <div><dt>{t("user-roles")}</dt><dd>{me.user.roles.map((role) => word("role", role)).join(", ")}</dd></div>
          </dl>
          <h2>{t("language")}</h2>
          <Segments
            label={t("language")} value={language()} set={(value) => setLanguage(value as Language)}
            options={[{ value: "zh", label: t("language-zh") }, { value: "en", label: t("language-en") }]}
          />
          <h2>{t("theme")}</h2>
          <Segments
            label={t("theme")} value={chosen} set={(value) => { setTheme(value as Theme); setChosen(value as Theme); }}
            options={["system", "light", "dark"].map((value) => ({ value, label: word("theme", value) }))}
          />
          <h2>{t("password")}</h2>
          <PasswordForm />
        </div>
        <div>
          <Sessions />
          <Tokens />
        </div>
      </div>
    </Page>
  );
}

function PasswordForm() {
  const [round, setRound] = useState(0);
  return (
    <Form
      key={round} start={{ current: "", new: "" }} action={t("password-change")}
      fields={[
        { kind: "password", name: "current", label: t("password-current"), required: true },
        { kind: "password", name: "new", label: t("password-new"), hint: t("password-hint"), required: true },
      ]}
      submit={async (values) => {
        await put("/session/password", { body: { current: String(values.current), new: String(values.new) } });
        toastDone(t("password-changed"));
        setRound(round + 1);
      }}
    />
  );
}

function Sessions() {
  const loaded = useLoad((signal) => get("/sessions", { signal }), "sessions");
  const end = (id: string) => void remove("/sessions/{id}", { path: { id } }).then(() => toastDone(t("session-ended")), toastProblem).finally(loaded.reload);
  return (
    <section>
      <h2>{t("sessions")}</h2>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value && (
        <table class="plain">
          <thead><tr><th scope="col">{t("session-browser")}</th><th scope="col">{t("session-address")}</th><th scope="col">{t("session-since")}</th><th scope="col">{t("session-until")}</th><th scope="col"><span class="visually-hidden">{t("actions")}</span></th></tr></thead>
          <tbody>
            {loaded.value.items.map((session) => (
              <tr key={session.id}>
                <td class="clip" title={session.user_agent}>{browserName(session.user_agent)}</td><td class="mono">{session.address}</td>
                <td><Time at={session.created} /></td><td><Time at={session.expires} /></td>
                <td><button class="link" onClick={() => end(session.id)}>{t("session-end")}</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Tokens() {
  const loaded = useLoad((signal) => get("/api-tokens", { signal }), "tokens");
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const revoke = (id: string) => void remove("/api-tokens/{id}", { path: { id } }).then(() => toastDone(t("token-revoked")), toastProblem).finally(loaded.reload);
  return (
    <section>
      <header class="section-head"><h2>{t("tokens")}</h2><button class="button" onClick={() => setCreating(true)}>{t("token-create")}</button></header>
      <p class="muted">{t("tokens-note")}</p>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value?.items.length === 0 && <p class="muted">{t("tokens-none")}</p>}
      {loaded.value && loaded.value.items.length > 0 && (
        <table class="plain">
          <thead><tr><th scope="col">{t("token-name")}</th><th scope="col">{t("created")}</th><th scope="col">{t("session-until")}</th><th scope="col"><span class="visually-hidden">{t("actions")}</span></th></tr></thead>
          <tbody>
            {loaded.value.items.map((token) => (
              <tr key={token.id}>
                <td>{token.name}</td><td>{exact(token.created)}</td><td>{token.expires ? exact(token.expires) : t("never")}</td>
                <td><button class="link" onClick={() => revoke(token.id)}>{t("credential-revoke")}</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {creating && (
        <FormDialog
          title={t("token-create")} action={t("token-create")} close={() => setCreating(false)} start={{ name: "", expires: "" }}
          fields={[
            { kind: "text", name: "name", label: t("token-name"), hint: t("token-name-hint"), required: true, wide: true, max: 100, autofocus: true },
            { kind: "moment", name: "expires", label: t("session-until"), hint: t("token-expires-hint") },
          ]}
          submit={async (values) => {
            const issued = await post("/api-tokens", { body: { name: String(values.name).trim(), expires: instant(values.expires) } });
            setSecret(issued.secret);
            loaded.reload();
          }}
        />
      )}
      {secret && (
        <Dialog title={t("token-created")} close={() => setSecret(null)}>
          <p class="note warn">{t("secret-once")}</p>
          <p class="secret"><code class="mono">{secret}</code> <Copy text={secret} label={t("copy")} /></p>
          <div class="form-actions"><button class="button primary" onClick={() => setSecret(null)}>{t("done")}</button></div>
        </Dialog>
      )}
    </section>
  );
}
