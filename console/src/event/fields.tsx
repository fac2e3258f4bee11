// The fields of the result: which there are, how many events have them, their values; each a filter or a column.
import { useState } from "preact/hooks";

import type { EventSearch, StoredEvent } from "../api/types.ts";
import { number, percent } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { Icon } from "../ui/icon.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { fieldStats } from "./api.ts";
import { textOf } from "./drawer.tsx";
import { fieldName, is, not } from "./language.ts";

export interface SeenField { name: string; core: boolean; share: number }

/** The fields of these events, those that most have first. */
export function seenFields(events: StoredEvent[]): SeenField[] {
  const counts = new Map<string, { core: boolean; count: number }>();
  for (const event of events) {
    for (const [fields, core] of [[event.core, true], [event.fields, false]] as const) {
      for (const [name, value] of Object.entries(fields)) {
        if (textOf(value) === "" || (!core && counts.get(name)?.core)) continue;
        const seen = counts.get(name) ?? { core, count: 0 };
        seen.count += 1;
        counts.set(name, seen);
      }
    }
  }
  const all = [...counts].map(([name, { core, count }]) => ({ name, core, share: count / events.length }));
  return all.sort((a, b) => Number(b.core) - Number(a.core) || b.share - a.share || a.name.localeCompare(b.name));
}

interface Props {
  body: EventSearch; fields: SeenField[]; read: number; columns: string[];
  toggle: (field: string) => void; add: (condition: string) => void; close: () => void;
  open: string | null; setOpen: (field: string | null) => void;
}

export function FieldPanel({ body, fields, read, columns, toggle, add, close, open, setOpen }: Props) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const there = open && !fields.some((field) => field.name === open) ? [{ name: open, core: true, share: 0 }, ...fields] : fields;
  const shown = there.filter((field) => field.name === open || field.name.toLowerCase().includes(wanted));
  const groups: [string, SeenField[]][] = [["event-core", shown.filter((field) => field.core)], ["event-own", shown.filter((field) => !field.core)]];
  return (
    <aside class="field-panel" aria-label={t("fields")}>
      <header>
        <h2>{t("fields")}</h2>
        <button class="icon-button" aria-label={t("fields-hide")} title={t("fields-hide")} onClick={close}>×</button>
      </header>
      <input type="search" class="grow" aria-label={t("fields-find")} placeholder={t("fields-find")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <p class="muted small">{t("fields-read", { count: read })}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("fields")}>
        {groups.map(([label, of]) => of.length > 0 && (
          <section key={label}>
            <h3>{t(label)}</h3>
            <ul>
              {of.map((field) => (
                <li key={field.name} class={open === field.name ? "open" : undefined}>
                  <div class="field-row">
                    <button class="link mono" aria-expanded={open === field.name} onClick={() => setOpen(open === field.name ? null : field.name)}>{field.name}</button>
                    <span class="muted">{field.share > 0 ? percent(field.share) : ""}</span>
                    <button
                      class="icon-button" aria-pressed={columns.includes(field.name)} title={t("column-toggle", { field: field.name })}
                      aria-label={t("column-toggle", { field: field.name })} onClick={() => toggle(field.name)}
                    ><Icon of="column" /></button>
                  </div>
                  {open === field.name && <Stats field={field.name} body={body} add={add} />}
                </li>
              ))}
            </ul>
          </section>
        ))}
        {shown.length === 0 && <p class="muted small">{t("fields-none")}</p>}
      </div>
    </aside>
  );
}

function Stats({ field, body, add }: { field: string; body: EventSearch; add: (condition: string) => void }) {
  const loaded = useLoad((signal) => fieldStats({ ...body, fields: [field], size: 10 }, signal), JSON.stringify([field, body]));
  const stats = loaded.value?.items[0];
  if (!stats) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  const name = fieldName(field);
  const most = Math.max(1, ...stats.top.map((one) => one.count));
  return (
    <div class="field-stats">
      <p>
        <button class="link" title={t("field-present-hint")} onClick={() => add(`${name}:*`)}>{t("field-present", { count: stats.present, share: percent(stats.total ? stats.present / stats.total : 0) })}</button>
        {stats.present < stats.total && <button class="link" onClick={() => add(`NOT ${name}:*`)}>{t("field-missing", { count: stats.total - stats.present })}</button>}
        <span class="muted">{t("field-distinct", { count: stats.distinct })}</span>
      </p>
      <ol>
        {stats.top.map((one) => (
          <li key={one.value}>
            <button class="link mono" title={one.value} onClick={() => add(is(field, one.value))}>{one.value}</button>
            <span class="numeric">{number(one.count)}</span>
            <button class="icon-button" title={t("filter-exclude", { field })} aria-label={`${t("filter-exclude", { field })}: ${one.value}`} onClick={() => add(not(is(field, one.value)))}>−</button>
            <i aria-hidden="true" style={{ width: `${(100 * one.count) / most}%` }} />
          </li>
        ))}
      </ol>
      {stats.top.length === 0 && <p class="muted">{t("top-none")}</p>}
    </div>
  );
}
