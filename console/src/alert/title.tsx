// Names in the reader's language: rules are titled in English, their cards in every language.
import { useEffect, useState } from "preact/hooks";

import type { Alert } from "../api/types.ts";
import { language, t } from "../i18n/text.ts";
import { listRules } from "../rule/api.ts";
import { getRule } from "./api.ts";

/** What was found out, by language and rule or title. */
const known = new Map<string, Promise<string | null>>();

function once(key: string, find: () => Promise<string | null>): Promise<string | null> {
  const full = `${language()} ${key}`;
  const before = known.get(full);
  if (before) return before;
  const asked = find().catch(() => null);
  known.set(full, asked);
  return asked;
}

/** The title of a rule's card, or of the rule itself. */
function titleOf(rule: string): Promise<string | null> {
  return once(rule, async () => {
    const view = await getRule(rule);
    return view.cards?.[language()]?.title ?? view.title;
  });
}

/** The card's title of the rule that is titled so; an incident keeps only the title of what raised it. */
function cardTitle(title: string): Promise<string | null> {
  return once(`title ${title}`, async () => {
    const { items } = await listRules({ text: title, limit: 20 });
    return items.find((rule) => rule.title === title)?.cards?.[language()]?.title ?? null;
  });
}

function useFound(key: string | null, find: (key: string) => Promise<string | null>): string | null {
  const [found, setFound] = useState<{ key: string; title: string | null } | null>(null);
  useEffect(() => {
    if (!key) return;
    let current = true;
    void find(key).then((title) => current && setFound({ key, title }));
    return () => void (current = false);
  }, [key]);
  return found && found.key === key ? found.title : null;
}

/** What the platform itself has to say is said in the reader's language; the name stands after the colon. */
function platformTitle(alert: Pick<Alert, "origin" | "rule_id" | "title"> | null): string | null {
  if (alert?.origin === "intel") return t("alert-intel-title", { value: alert.title.split(": ").slice(1).join(": ") });
  if (alert?.origin !== "platform" || alert.rule_id !== "platform:device_silence") return null;
  return t("alert-device-silent", { name: alert.title.split(": ").slice(1).join(": ") });
}

export function useAlertTitle(alert: Pick<Alert, "origin" | "rule_id" | "title"> | null): string {
  const own = platformTitle(alert);
  const rule = alert && alert.origin !== "device" && alert.origin !== "platform" && alert.origin !== "intel" && language() !== "en" ? alert.rule_id : null;
  const found = useFound(rule, titleOf);
  return own ?? found ?? alert?.title ?? "";
}

export function useIncidentTitle(title: string): string {
  return useFound(language() === "en" || !title ? null : title, cardTitle) ?? title;
}

function Title({ shown, written }: { shown: string; written: string }) {
  return <span class="given" title={shown === written ? shown : `${shown}\n${written}`}>{shown}</span>;
}

export function AlertTitle({ alert }: { alert: Pick<Alert, "origin" | "rule_id" | "title"> }) {
  return <Title shown={useAlertTitle(alert)} written={alert.title} />;
}

export function IncidentTitle({ title }: { title: string }) {
  return <Title shown={useIncidentTitle(title)} written={title} />;
}

/** A rule by its name, wherever only its id is at hand. */
export function RuleLink({ id }: { id: string }) {
  return <a href={`/rules/${encodeURIComponent(id)}`} title={id}>{useFound(id, titleOf) ?? id}</a>;
}
