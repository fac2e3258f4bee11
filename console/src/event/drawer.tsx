// One event in full: every field with its filters, the record as received, the JSON.
import { useState } from "preact/hooks";

import type { StoredEvent } from "../api/types.ts";
import { DeviceLink } from "../device/link.tsx";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Copy } from "../ui/copy.tsx";
import { Icon } from "../ui/icon.tsx";
import { Raw } from "../ui/highlight.tsx";
import { Tabs } from "../ui/page.tsx";
import { ExactTime } from "../ui/time.tsx";
import { Pivot, type PivotPlace } from "./pivot.tsx";
import { type EventQuery, eventsUrl } from "./query.ts";
import { SourceName } from "./source.tsx";

interface Props {
  event: StoredEvent;
  /** The search that its values are added to. */
  query: Partial<EventQuery>;
  top?: (field: string) => void;
  column?: (field: string) => void;
}

export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function EventDrawer({ close, ...props }: Props & { close: () => void }) {
  useCommands([{ id: "drawer-close", label: "close", keys: ["Escape"], group: "commands-page", run: close }]);
  return (
    <aside class="drawer" aria-label={t("event")}>
      <header class="drawer-head">
        <span>
          <a href={`/events/${props.event.id}`}>{t("open-page")}</a>{" "}
          <Copy text={location.origin + eventsUrl({ ...props.query, event: props.event.id })} label={t("copy-link")} />
        </span>
        <button class="icon-button" aria-label={t("close")} onClick={close}>×</button>
      </header>
      <EventDetail {...props} />
    </aside>
  );
}

export function EventDetail({ event, query, top, column }: Props) {
  const { customers } = useShell();
  const [tab, setTab] = useState("fields");
  const zone = customers.get(event.customer)?.time_zone;
  const place: PivotPlace = { base: query, event };
  const json = JSON.stringify(event, null, 2);
  return (
    <div class="event-detail">
      <CustomerBand id={event.customer} />
      <dl class="facts">
        <div><dt>{t("event-time")}</dt><dd><ExactTime at={event.time} zone={zone} /></dd></div>
        <div><dt>{t("event-received")}</dt><dd><ExactTime at={event.received} zone={zone} /></dd></div>
        {event.time_original && <div><dt>{t("event-time-original")}</dt><dd class="mono">{event.time_original}</dd></div>}
        <div><dt>{t("device")}</dt><dd><DeviceLink id={event.device} /></dd></div>
        <div><dt>{t("event-source")}</dt><dd><SourceName id={event.source} /></dd></div>
        <div><dt>{t("event-id")}</dt><dd class="mono">{event.id} <Copy text={event.id} /></dd></div>
      </dl>
      <Tabs
        label={t("event")} current={tab} choose={setTab}
        tabs={[{ id: "fields", label: t("event-fields") }, { id: "raw", label: t("event-raw") }, { id: "json", label: "JSON" }]}
      />
      {tab === "fields" && (
        <>
          <Fields title={t("event-core")} of={event.core} place={place} top={top} column={column} />
          <Fields title={t("event-own")} of={event.fields} place={place} top={top} column={column} />
        </>
      )}
      {tab === "raw" && <><p><Copy text={event.raw} label={t("copy")} /></p><Raw text={event.raw} /></>}
      {tab === "json" && <><p><Copy text={json} label={t("copy")} /></p><Raw text={json} /></>}
    </div>
  );
}

interface FieldsProps { title: string; of: Record<string, unknown>; place: PivotPlace; top?: (field: string) => void; column?: (field: string) => void }

function Fields({ title, of, place, top, column }: FieldsProps) {
  const entries = Object.entries(of).filter(([, value]) => textOf(value) !== "");
  if (entries.length === 0) return null;
  return (
    <table class="plain fields">
      <caption>{title}</caption>
      <tbody>
        {entries.map(([name, value]) => {
          const text = textOf(value);
          const first = Array.isArray(value) ? textOf(value[0]) : text;
          return (
            <tr key={name}>
              <th scope="row" class="mono">{name}</th>
              <td class="mono">{text}</td>
              <td class="field-actions">
                <Pivot field={name} value={first} {...place} />
                {top && <button class="icon-button" title={t("top-of", { field: name })} aria-label={t("top-of", { field: name })} onClick={() => top(name)}><Icon of="sum" /></button>}
                {column && <button class="icon-button" title={t("column-toggle", { field: name })} aria-label={t("column-toggle", { field: name })} onClick={() => column(name)}><Icon of="column" /></button>}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
