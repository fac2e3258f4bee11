// An alert's name in the reader's language: rules are titled in English, their cards in every language.
import { useEffect, useState } from "preact/hooks";

import type { Alert } from "../api/types.ts";
import { language } from "../i18n/text.ts";
import { getRule } from "./api.ts";

/** Titles by language and rule; a rule without a card in the language has none. */
const titles = new Map<string, Promise<string | null>>();

function titleOf(rule: string): Promise<string | null> {
  const key = `${language()} ${rule}`;
  const known = titles.get(key);
  if (known) return known;
  const asked = getRule(rule).then((view) => view.cards?.[language()]?.title ?? null, () => null);
  titles.set(key, asked);
  return asked;
}

export function useAlertTitle(alert: Pick<Alert, "origin" | "rule_id" | "title"> | null): string {
  const [title, setTitle] = useState<string | null>(null);
  const rule = alert && alert.origin !== "device" && language() !== "en" ? alert.rule_id : null;
  useEffect(() => {
    setTitle(null);
    if (!rule) return;
    let current = true;
    void titleOf(rule).then((found) => current && setTitle(found));
    return () => void (current = false);
  }, [rule]);
  return title ?? alert?.title ?? "";
}

export function AlertTitle({ alert }: { alert: Alert }) {
  const title = useAlertTitle(alert);
  return <span title={title === alert.title ? title : `${title}\n${alert.title}`}>{title}</span>;
}
