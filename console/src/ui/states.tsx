// What a page says when it has nothing to show: still loading, nothing there, not allowed, failed.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Problem } from "../api/problem.ts";
import { t } from "../i18n/text.ts";

/** What a problem means and what to do about it, in the reader's words. */
export function explain(problem: Problem): { title: string; hint: string; retry: boolean } {
  switch (problem.code) {
    case "bad_credentials": return { title: t("problem-bad-credentials"), hint: "", retry: false };
    case "too_many_attempts": return { title: t("problem-too-many-attempts"), hint: "", retry: false };
    case "forbidden": return { title: t("problem-forbidden"), hint: t("problem-forbidden-hint"), retry: false };
    case "not_found": return { title: t("problem-not-found"), hint: t("problem-not-found-hint"), retry: false };
    case "conflict": return { title: t("problem-conflict"), hint: t("problem-conflict-hint"), retry: false };
    case "taken": return { title: t("problem-taken"), hint: "", retry: false };
    case "not_allowed_now": return { title: t("problem-not-allowed-now"), hint: t("problem-conflict-hint"), retry: false };
    case "too_large": return { title: t("problem-too-large"), hint: "", retry: false };
    case "invalid": return { title: t("problem-invalid"), hint: problem.message, retry: false };
    case "too_costly": return { title: t("problem-too-costly"), hint: t("problem-too-costly-hint", { detail: problem.message }), retry: false };
    case "searched_too_much": return { title: t("problem-searched-too-much"), hint: t("problem-searched-too-much-hint"), retry: true };
    case "csrf": return { title: t("problem-csrf"), hint: t("problem-csrf-hint"), retry: true };
    case "unreachable": return { title: t("problem-unreachable"), hint: t("problem-unreachable-hint"), retry: true };
    case "unavailable": return { title: t("problem-unavailable"), hint: problem.message, retry: true };
    default: return { title: t("problem-unexpected"), hint: problem.message, retry: true };
  }
}

/** Appears only after a moment, so that quick answers do not flicker. */
export function Loading({ label }: { label?: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return <div class="state" role="status" aria-busy="true">{late && <span class="muted">{label ?? t("loading")}</span>}</div>;
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <strong>{title}</strong>
      {hint && <span class="muted">{hint}</span>}
      {children && <div class="state-actions">{children}</div>}
    </div>
  );
}

export function Failure({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { title, hint, retry: worth } = explain(problem);
  return (
    <div class="state" role="alert">
      <strong>{title}</strong>
      {hint && <span class="muted">{hint}</span>}
      {retry && worth && <div class="state-actions"><button class="button" onClick={retry}>{t("retry")}</button></div>}
    </div>
  );
}

export function Forbidden() {
  return <Empty title={t("problem-forbidden")} hint={t("problem-forbidden-hint")} />;
}
