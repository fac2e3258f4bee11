// The frame of a page: its heading, what can be done, and the place where focus goes.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { useTitle } from "../shell/title.ts";

interface Props { title: string; actions?: ComponentChildren; children: ComponentChildren; fill?: boolean; lead?: ComponentChildren; band?: ComponentChildren }

export function Page({ title, actions, children, fill, lead, band }: Props) {
  useTitle(title);
  const main = useRef<HTMLElement>(null);
  useEffect(() => main.current?.focus({ preventScroll: true }), []);
  return (
    <main id="main" tabIndex={-1} ref={main} class={fill ? "page fill" : "page"}>
      {band}
      <header class="page-head">
        <h1>{title}</h1>
        {lead}
        <div class="page-actions">{actions}</div>
      </header>
      {children}
    </main>
  );
}

interface Tab { id: string; label: string; count?: number }

/** Tabs with the arrow keys; the panel is the caller's. */
export function Tabs({ tabs, current, choose, label }: { tabs: Tab[]; current: string; choose: (id: string) => void; label: string }) {
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.id === current);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    choose(next.id);
    const buttons = (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=tab]");
    buttons[tabs.indexOf(next)]?.focus();
  };
  return (
    <div role="tablist" class="tabs" aria-label={label} onKeyDown={key}>
      {tabs.map((tab) => (
        <button
          key={tab.id} role="tab" type="button" aria-selected={tab.id === current} tabIndex={tab.id === current ? 0 : -1}
          onClick={() => choose(tab.id)}
        >
          {tab.label}{tab.count !== undefined && <span class="count">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}
