// The bar at the top: where one can go, whether what is shown is live, and the personal menu.
import { useEffect, useRef, useState } from "preact/hooks";

import type { About, Permission } from "../api/types.ts";
import { language, t } from "../i18n/text.ts";
import { runCommand } from "./global.tsx";
import { usePlace } from "./router.ts";
import { useShell } from "./session.ts";
import { Mark } from "./sign_in.tsx";
import { setTheme, shownTheme } from "./theme.ts";

interface Entry { path: string; label: string; permission: Permission; also?: string[] }

const ENTRIES: Entry[] = [
  { path: "/", label: "nav-workbench", permission: "incident.read", also: ["/funnel"] },
  { path: "/incidents", label: "nav-incidents", permission: "incident.read" },
  { path: "/alerts", label: "nav-alerts", permission: "alert.read" },
  { path: "/events", label: "nav-events", permission: "event.read", also: ["/sql", "/exports"] },
  { path: "/customers", label: "nav-customers", permission: "customer.read", also: ["/storage"] },
  { path: "/devices", label: "nav-devices", permission: "device.read" },
  { path: "/parsers", label: "nav-parsers", permission: "policy.read" },
  { path: "/policies", label: "nav-policies", permission: "policy.read" },
  { path: "/rules", label: "nav-rules", permission: "policy.read" },
  { path: "/intel", label: "nav-intel", permission: "intel.read", also: ["/retro-hunts"] },
  { path: "/hunts", label: "nav-hunts", permission: "hunt.read" },
  { path: "/users", label: "nav-users", permission: "user.read" },
  { path: "/audit", label: "nav-audit", permission: "audit.read" },
];

export function Bar({ about }: { about: About | null }) {
  const { me } = useShell();
  const { path } = usePlace();
  const isCurrent = (entry: Entry) => [entry.path, ...(entry.also ?? [])].some((one) => path === one || (one !== "/" && path.startsWith(`${one}/`)));
  return (
    <header class="bar">
      <a class="skip" href="#main" onClick={skip}>{t("skip-to-content")}</a>
      <a class="brand" href="/" aria-label={t("brand")}><Mark /><span>{t("brand")}</span></a>
      <nav aria-label={t("nav-label")}>
        {ENTRIES.filter((entry) => me.permissions.includes(entry.permission)).map((entry) => (
          <a key={entry.path} href={entry.path} aria-current={isCurrent(entry) ? "page" : undefined}>{t(entry.label)}</a>
        ))}
      </nav>
      <div class="bar-end">
        {about?.demo && <span class="tag">{t("demo")}</span>}
        <LiveMark />
        <button class="button quiet" onClick={() => runCommand("palette")} title={t("palette-hint")}>
          {t("palette-open")} <kbd>{/Mac/.test(navigator.platform) ? "⌘K" : "Ctrl K"}</kbd>
        </button>
        <Personal />
      </div>
    </header>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function LiveMark() {
  const { live } = useShell();
  const [state, setState] = useState(live.state);
  useEffect(() => {
    setState(live.state);
    return live.onState(setState);
  }, [live]);
  return <span class={`live ${state}`} role="status"><i aria-hidden="true" />{t(`live-${state}`)}</span>;
}

function Personal() {
  const { me, signOut, setLanguage } = useShell();
  const menu = useRef<HTMLDetailsElement>(null);
  const [dark, setDark] = useState(shownTheme() === "dark");
  const close = () => menu.current && (menu.current.open = false);
  useEffect(() => {
    const outside = (event: Event) => {
      if (menu.current?.open && !menu.current.contains(event.target as Node)) close();
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !menu.current?.open) return;
      close();
      menu.current.querySelector("summary")?.focus();
      event.preventDefault();
    };
    const themed = () => setDark(shownTheme() === "dark");
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    addEventListener("keydown", escape, true);
    addEventListener("vedette:theme", themed);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
      removeEventListener("keydown", escape, true);
      removeEventListener("vedette:theme", themed);
    };
  }, []);
  return (
    <details class="menu" ref={menu}>
      <summary class="button quiet">{me.user.name}</summary>
      <div class="menu-body">
        <a href="/account" onClick={close}>{t("nav-account")}</a>
        <button onClick={() => setTheme(dark ? "light" : "dark")}>{t(dark ? "theme-to-light" : "theme-to-dark")}</button>
        <button lang={language() === "zh" ? "en" : "zh"} onClick={() => setLanguage(language() === "zh" ? "en" : "zh")}>
          {t("language-other")}
        </button>
        <button onClick={() => { close(); runCommand("help"); }}>{t("help-title")} <kbd>?</kbd></button>
        <hr />
        <button onClick={signOut}>{t("sign-out")}</button>
      </div>
    </details>
  );
}
