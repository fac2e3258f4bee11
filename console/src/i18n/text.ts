// Messages in the reader's language.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";

import type { Language } from "../api/types.ts";

export type Arguments = Record<string, FluentVariable>;

const CATALOGUES: Record<Language, () => Promise<{ default: string }>> = {
  en: () => import("./en.ts"),
  zh: () => import("./zh.ts"),
};

const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };

let bundle: FluentBundle | null = null;
let current: Language = "en";

/** Loads a language's catalogue and makes it the one `t` speaks. */
export async function speak(language: Language): Promise<void> {
  const { default: source } = await CATALOGUES[language]();
  const next = new FluentBundle(LOCALES[language], { useIsolating: false });
  next.addResource(new FluentResource(source));
  bundle = next;
  current = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** The language spoken now. */
export function language(): Language {
  return current;
}

/** The BCP 47 tag for `Intl`. */
export function locale(): string {
  return LOCALES[current];
}

/** A message in the reader's language; its key where there is none, which a test forbids. */
export function t(key: string, args?: Arguments): string {
  const message = bundle?.getMessage(key);
  return bundle && message?.value ? bundle.formatPattern(message.value, args, []) : key;
}

/** The message for one word of a closed list, such as `severity` and `high`; a word without one is shown as it is. */
export function word(list: string, value: string | null | undefined): string {
  if (!value) return "";
  const key = `${list}-${value.replaceAll(".", "-")}`;
  return bundle?.hasMessage(key) ? t(key) : value;
}

/** The language the browser asks for, of those there are. */
export function preferred(): Language {
  const stored = localStorage.getItem("vedette.language");
  if (stored === "en" || stored === "zh") return stored;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("zh")) ? "zh" : "en";
}
