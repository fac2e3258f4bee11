// Event search 日志检索: range, customer, filters, words; histogram, table, one event in full.
import { useEffect, useMemo, useState } from "preact/hooks";

import type { FieldFilter, StoredEvent } from "../api/types.ts";
import { exact, moment, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, usePlace } from "../shell/router.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice } from "../ui/filter.tsx";
import { instant, localInput } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";
import { eventHistogram, searchEvents } from "./api.ts";
import { EventDrawer, textOf } from "./drawer.tsx";
import { FieldFilters } from "./filters.tsx";
import { type EventQuery, PRESETS, eventsUrl, rangeOf, readQuery, searchBody, withFilter } from "./query.ts";
import { SourceName } from "./source.tsx";
import { TopValues } from "./top.tsx";

const PAGE = 100;
const BARS = 80;
const COLUMNS_KEY = "vedette.event.columns";
const FIRST_COLUMNS = ["host_name", "source_ip", "destination_ip", "user_name", "event_action"];

function storedColumns(): string[] {
  const stored = localStorage.getItem(COLUMNS_KEY);
  return stored === null ? FIRST_COLUMNS : stored.split(",").filter(Boolean);
}

export function EventsPage() {
  const { query: parameters } = usePlace();
  const query = useMemo(() => readQuery(parameters), [parameters.toString()]);
  const [round, setRound] = useState(0);
  const key = `${parameters.toString()} ${round}`;
  const range = useMemo(() => rangeOf(query, new Date()), [key]);
  const body = useMemo(() => searchBody(query, range), [range]);
  const [open, setOpen] = useState<StoredEvent | null>(null);
  const [top, setTop] = useState<string | null>(null);
  const [columns, setColumns] = useState(storedColumns);

  const go = (next: EventQuery) => {
    const url = eventsUrl(next);
    if (url === location.pathname + location.search) setRound((count) => count + 1);
    else navigate(url);
  };
  const add = (filter: FieldFilter) => go(withFilter(query, filter));
  const toggle = (field: string) => {
    const next = columns.includes(field) ? columns.filter((one) => one !== field) : [...columns, field];
    localStorage.setItem(COLUMNS_KEY, next.join(","));
    setColumns(next);
  };
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: () => document.getElementById("event-text")?.focus() },
    { id: "filter", label: "filter-field", keys: ["f"], group: "commands-page", run: () => document.querySelector<HTMLElement>(".chips > .button.quiet")?.click() },
    { id: "zoom-out", label: "zoom-out", keys: ["-"], group: "commands-page", run: () => go(wider(query, range, 2)) },
    { id: "zoom-in", label: "zoom-in", keys: ["+", "="], group: "commands-page", run: () => go(wider(query, range, 0.5)) },
    { id: "again", label: "search-again", keys: ["."], group: "commands-page", run: () => setRound((count) => count + 1) },
  ]);
  return (
    <Page title={t("nav-events")} fill>
      <SearchBar key={parameters.toString()} query={query} range={range} go={go} />
      <FieldFilters filters={query.filters} set={(filters) => go({ ...query, filters })} />
      <Bars key={`bars ${key}`} body={body} range={range} query={query} go={go} />
      <div class={open || top ? "split" : "split closed"}>
        <Results key={key} body={body} columns={columns} toggle={toggle} open={open} setOpen={setOpen} setTop={setTop} query={query} go={go} range={range} />
        {top && <div class="drawer"><TopValues field={top} body={body} add={add} close={() => setTop(null)} /></div>}
        {open && !top && <EventDrawer event={open} close={() => setOpen(null)} add={add} top={setTop} column={toggle} />}
      </div>
    </Page>
  );
}

/** The same search over a longer or shorter time about the same middle. */
function wider(query: EventQuery, range: { from: string; to: string }, factor: number): EventQuery {
  const from = Date.parse(range.from);
  const to = Date.parse(range.to);
  const half = Math.max(1000, ((to - from) * factor) / 2);
  const middle = (from + to) / 2;
  return { ...query, last: "", from: new Date(middle - half).toISOString(), to: new Date(middle + half).toISOString() };
}

interface BarProps { query: EventQuery; range: { from: string; to: string }; go: (query: EventQuery) => void }

function SearchBar({ query, range, go }: BarProps) {
  const [text, setText] = useState(query.text);
  const [custom, setCustom] = useState(!query.last);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const from = instant(form.get("from"));
    const to = instant(form.get("to"));
    if (custom && from && to && from < to) go({ ...query, text, last: "", from, to });
    else go({ ...query, text });
  };
  return (
    <form class="filters search-bar" onSubmit={submit} role="search">
      <input
        id="event-text" type="search" class="grow" aria-label={t("event-text")} placeholder={t("event-text-hint")} value={text}
        spellcheck={false} onInput={(event) => setText(event.currentTarget.value)}
      />
      <CustomerChoice value={query.customer} set={(customer) => go({ ...query, text, customer })} />
      <label class="filter">
        <span>{t("range")}</span>
        <select
          value={custom ? "custom" : query.last}
          onChange={(event) => {
            if (event.currentTarget.value === "custom") setCustom(true);
            else go({ ...query, text, last: event.currentTarget.value, from: "", to: "" });
          }}
        >
          {Object.keys(PRESETS).map((preset) => <option key={preset} value={preset}>{word("range", preset)}</option>)}
          <option value="custom">{t("range-custom")}</option>
        </select>
      </label>
      {custom && (
        <>
          <input type="datetime-local" step="1" name="from" aria-label={t("range-from")} value={localInput(range.from, true)} />
          <input type="datetime-local" step="1" name="to" aria-label={t("range-to")} value={localInput(range.to, true)} />
        </>
      )}
      <button class="button primary">{t("search")}</button>
      {query.device && <span class="chip"><button type="button" onClick={() => go({ ...query, device: "" })}>{t("device")}: <span class="mono">{query.device}</span> ×</button></span>}
    </form>
  );
}

function Bars({ body, range, query, go }: BarProps & { body: ReturnType<typeof searchBody> }) {
  const bars = useLoad((signal) => eventHistogram({ ...body, bars: BARS }, signal), "bars");
  const { value: chart } = useLoad(() => import("./histogram.tsx"), "chart");
  const Histogram = chart?.default;
  return (
    <section class="bars" aria-label={t("histogram")}>
      <header>
        <b>{bars.value ? t("events-count", { count: bars.value.total }) : ""}</b>
        <span class="muted">{exact(range.from)} – {exact(range.to)}</span>
        <span class="muted hint">{t("histogram-hint")}</span>
        <button class="button quiet" onClick={() => go(wider(query, range, 0.5))}>{t("zoom-in")} <kbd>+</kbd></button>
        <button class="button quiet" onClick={() => go(wider(query, range, 2))}>{t("zoom-out")} <kbd>-</kbd></button>
      </header>
      <div class="bars-body">
        {bars.problem && <Failure problem={bars.problem} retry={bars.reload} />}
        {bars.value && Histogram && (
          <Histogram buckets={bars.value.buckets} total={bars.value.total} range={range} zoom={(from, to) => go({ ...query, last: "", from, to })} />
        )}
        {!bars.value && !bars.problem && <Loading />}
      </div>
    </section>
  );
}

interface ResultProps extends BarProps {
  body: ReturnType<typeof searchBody>; columns: string[]; toggle: (field: string) => void; open: StoredEvent | null;
  setOpen: (event: StoredEvent | null) => void; setTop: (field: string | null) => void;
}

function Results({ body, columns, toggle, open, setOpen, setTop, query, go, range }: ResultProps) {
  const { store } = useList<StoredEvent>("events", {
    id: (event) => event.id,
    page: (after, signal) => searchEvents({ ...body, limit: PAGE, after: after ?? null }, signal),
  });
  useEffect(() => setOpen(null), []);
  const shown: Column<StoredEvent>[] = [
    { id: "time", label: t("event-time"), width: "136px", cell: (event) => <time dateTime={event.time} title={exact(event.time)}>{moment(event.time)}</time> },
    { id: "customer", label: t("customer"), width: "142px", cell: (event) => <CustomerMark id={event.customer} /> },
    { id: "source", label: t("event-source"), width: "138px", cell: (event) => <SourceName id={event.source} /> },
    ...columns.map((field): Column<StoredEvent> => ({
      id: field, label: field, mono: true, width: "132px",
      cell: (event) => {
        const text = textOf(event.core[field] ?? event.fields[field]);
        return <span class="mono" title={text}>{text}</span>;
      },
    })),
    { id: "raw", label: t("event-raw"), cell: (event) => <span class="mono dim">{event.raw.slice(0, 400)}</span> },
  ];
  return (
    <div class="results">
      <details class="columns">
        <summary>{t("columns")} <span class="count">{number(columns.length)}</span></summary>
        <div class="choices">
          {[...new Set([...FIRST_COLUMNS, ...columns, "rule_name", "process_command_line", "url_full", "event_outcome", "destination_port", "message"])].map((field) => (
            <label key={field}><input type="checkbox" checked={columns.includes(field)} onChange={() => toggle(field)} /><span class="mono">{field}</span></label>
          ))}
        </div>
      </details>
      <Table
        label={t("nav-events")} store={store} columns={shown} selected={open?.id ?? null}
        select={(_, event) => { setTop(null); setOpen(event); }} open={(event) => { setTop(null); setOpen(event); }}
        empty={
          <Empty title={t("events-empty")} hint={t("events-empty-hint")}>
            <button class="button" onClick={() => go(wider(query, range, 4))}>{t("zoom-out")}</button>
            {(query.filters.length > 0 || query.text) && <button class="button" onClick={() => go({ ...query, filters: [], text: "" })}>{t("filters-clear")}</button>}
          </Empty>
        }
      />
    </div>
  );
}
