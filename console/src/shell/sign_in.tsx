// The sign-in page.
import { useRef, useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import type { About, Language } from "../api/types.ts";
import { language, t } from "../i18n/text.ts";
import { explain } from "../ui/states.tsx";
import { useTitle } from "./title.ts";

interface Props {
  about: About | null;
  signIn: (login: string, password: string) => Promise<void>;
  setLanguage: (language: Language) => Promise<void>;
}

export function SignIn({ about, signIn, setLanguage }: Props) {
  useTitle(t("sign-in"));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError("");
    try {
      await signIn(String(form.get("login")).trim(), String(form.get("password")));
    } catch (problem) {
      setError(explain(asProblem(problem)).title);
      setBusy(false);
      password.current?.select();
    }
  };
  const other: Language = language() === "zh" ? "en" : "zh";
  return (
    <main class="sign-in">
      <form onSubmit={submit} class="sign-in-box" aria-labelledby="sign-in-title">
        <h1 id="sign-in-title"><Mark /> {t("brand")}</h1>
        <p class="muted">{t("brand-claim")}</p>
        <label class="field">
          <span>{t("sign-in-login")}</span>
          <input name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label class="field">
          <span>{t("sign-in-password")}</span>
          <input name="password" type="password" autocomplete="current-password" required ref={password} />
        </label>
        <p class="form-error" role="alert">{error}</p>
        <button class="button primary wide" disabled={busy}>{busy ? t("sign-in-busy") : t("sign-in")}</button>
        {about?.demo && <p class="note">{t("sign-in-demo")}</p>}
        <footer>
          <button type="button" class="link" lang={other} onClick={() => void setLanguage(other)}>{t("language-other")}</button>
          {about && <span class="muted">{about.version}</span>}
        </footer>
      </form>
    </main>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M4 6h6l6 15 6-15h6l-9 21h-6z" fill="currentColor" />
    </svg>
  );
}
