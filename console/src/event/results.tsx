// The events found: fields at the side, the list, one event in full; or what arrives, as it arrives.
import { useEffect, useMemo, useState } from "preact/hooks";

import type { Cost, EventSearch, StoredEvent } from "../api/types.ts";
import { exact, moment } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { CustomerMark } from "../ui/badge.tsx";
import type { ListStore } from "../ui/list_store.ts";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";
import { searchEvents } from "./api.ts";
import { textOf } from "./drawer.tsx";
import { FieldPanel, type SeenField, seenFields } from "./fields.tsx";
import { Progress } from "./progress.tsx";
import { type EventQuery, type Range, wider } from "./query.ts";
import { SourceName } from "./source.tsx";

const PAGE = 100;

export interface ListProps {
  body: EventSearch; query: EventQuery; range: Range; columns: string[]; selected: string | null;
  select: (event: StoredEvent) => void; go: (query: EventQuery) => void; add: (condition: string) => void;
  toggle: (field: string) => void; panel: boolean; setPanel: (shown: boolean) => void;
  field: string | null; setField: (field: string | null) => void; setSeen: (fields: SeenField[]) => void;
}

export function Results(props: ListProps & { stop: () => void; setCost: (cost: Cost) => void }) {
  const { body, setCost } = props;
  const { store } = useList<StoredEvent>("events", {
    id: (event) => event.id,
    page: async (after, signal) => {
      const page = await searchEvents({ ...body, limit: PAGE, after: after ?? null }, signal);
      if (!after) setCost(page.cost);
      return page;
    },
  });
  return <EventList {...props} store={store} waiting={<Progress stop={props.stop} />} />;
}

interface Shown extends ListProps { store: ListStore<StoredEvent>; waiting?: preact.ComponentChildren; mayInsert?: { current: () => boolean }; empty?: preact.ComponentChildren }

export function EventList({ store, query, range, columns, selected, select, go, add, toggle, panel, setPanel, body, field, setField, setSeen, waiting, mayInsert, empty }: Shown) {
  const rows = store.entries.length;
  const fields = useMemo(() => seenFields(store.entries.slice(0, 200).map((entry) => entry.row)), [Math.min(rows, 200), store.entries[0]?.id]);
  useEffect(() => setSeen(fields), [fields]);
  const shown: Column<StoredEvent>[] = [
    { id: "time", label: t("event-time"), width: "126px", cell: (event) => <time dateTime={event.time} title={exact(event.time)}>{moment(event.time)}</time> },
    { id: "customer", label: t("customer"), width: "142px", cell: (event) => <CustomerMark id={event.customer} /> },
    { id: "source", label: t("event-source"), width: "120px", cell: (event) => <SourceName id={event.source} /> },
    ...columns.map((name): Column<StoredEvent> => ({
      id: name, label: name, mono: true, width: "118px",
      cell: (event) => {
        const text = textOf(event.core[name] ?? event.fields[name]);
        return <span class="mono" title={text}>{text}</span>;
      },
    })),
    { id: "raw", label: t("event-raw"), cell: (event) => <span class="mono dim">{event.raw.slice(0, 400)}</span> },
  ];
  return (
    <div class={`results ${panel ? "with-fields" : ""}`}>
      {panel && (
        <FieldPanel
          body={body} fields={fields} read={Math.min(rows, 200)} columns={columns} toggle={toggle} add={add} close={() => setPanel(false)}
          open={field} setOpen={setField}
        />
      )}
      {store.loading && waiting ? waiting : (
        <Table
          label={t("nav-events")} store={store} columns={shown} selected={selected} mayInsert={mayInsert}
          select={(_, event) => select(event)} open={select}
          empty={empty ?? (
            <Empty title={t("events-empty")} hint={t("events-empty-hint")}>
              <button class="button" onClick={() => go(wider(query, range, 4))}>{t("zoom-out")}</button>
              {query.query && <button class="button" onClick={() => go({ ...query, query: "" })}>{t("filters-clear")}</button>}
            </Empty>
          )}
        />
      )}
    </div>
  );
}

/** The event that the address names, when the list has told which one it is. */
export function useChosen(id: string): [StoredEvent | null, (event: StoredEvent | null) => void] {
  const [event, setEvent] = useState<StoredEvent | null>(null);
  return [event && event.id === id ? event : null, setEvent];
}
