// From a value to its events: a small menu beside every value, wherever one is shown.
import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { copyText } from "../ui/copy.tsx";
import { and, is, not, phrase } from "./language.ts";
import { type EventQuery, around, eventsUrl } from "./query.ts";

export interface PivotPlace {
  /** The search that is gone on from: its time, customer and conditions. */
  base: Partial<EventQuery>;
  /** The event the value stands in. */
  event?: { id: string; time: string; customer: string };
}

/** `field` is nothing for a text that may stand anywhere in the record. */
interface Props extends PivotPlace { field: string | null; value: string }

const WIDTH = 260;

export function Pivot({ field, value, base, event }: Props) {
  const [at, setAt] = useState<{ left: number; top: number } | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const condition = field ? is(field, value) : phrase(value);
  const query = base.query ?? "";
  const { device: _, event: __, ...wide } = base;
  const choices = [
    { id: "filter-for", href: eventsUrl({ ...base, event: "", query: and(query, condition) }) },
    { id: "filter-out", href: eventsUrl({ ...base, event: "", query: and(query, not(condition)) }) },
    { id: "only-this", href: eventsUrl({ ...base, event: "", query: condition }) },
    ...(event ? [{ id: "around-event", href: eventsUrl({ ...around(event.time, event.time, 5), customer: event.customer, event: event.id }) }] : []),
    { id: "everywhere", href: eventsUrl({ ...wide, customer: "", query: condition }) },
  ];

  useEffect(() => {
    if (!at) return;
    menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const close = (event: Event) => {
      if (event.type === "pointerdown" && menu.current?.contains(event.target as Node)) return;
      setAt(null);
    };
    addEventListener("pointerdown", close);
    addEventListener("resize", close);
    addEventListener("scroll", close, true);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("resize", close);
      removeEventListener("scroll", close, true);
    };
  }, [at]);

  const open = () => {
    const box = button.current?.getBoundingClientRect();
    if (!box) return;
    const height = 30 * (choices.length + 1) + 10;
    const top = box.bottom + height > innerHeight ? Math.max(4, box.top - height) : box.bottom + 2;
    setAt({ left: Math.max(4, Math.min(box.left, innerWidth - WIDTH - 8)), top });
  };
  const key = (event: KeyboardEvent) => {
    const items = [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const now = items.indexOf(document.activeElement as HTMLElement);
    const step = event.key === "ArrowDown" || event.key === "j" ? 1 : event.key === "ArrowUp" || event.key === "k" ? -1 : 0;
    if (step) items[(now + step + items.length) % items.length]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      setAt(null);
      button.current?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <button
        type="button" class="icon-button pivot" ref={button} aria-haspopup="menu" aria-expanded={at !== null}
        title={t("pivot-menu", { value })} aria-label={t("pivot-menu", { value })} onClick={() => (at ? setAt(null) : open())}
      >⋯</button>
      {at && (
        <div class="pivot-menu" role="menu" aria-label={t("pivot-menu", { value })} ref={menu} style={{ left: `${at.left}px`, top: `${at.top}px`, width: `${WIDTH}px` }} onKeyDown={key}>
          {choices.map((choice) => (
            <a
              key={choice.id} role="menuitem" tabIndex={-1} href={choice.href}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
                event.preventDefault();
                event.stopPropagation();
                setAt(null);
                navigate(choice.href);
              }}
            >{t(`pivot-${choice.id}`)}</a>
          ))}
          <button type="button" role="menuitem" tabIndex={-1} onClick={() => { setAt(null); copyText(value); }}>{t("copy")}</button>
        </div>
      )}
    </>
  );
}
