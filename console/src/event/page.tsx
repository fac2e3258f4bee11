// Event search 日志检索: what is searched, how it spreads over time, the events, one of them in full.
import { useEffect, useMemo, useState } from "preact/hooks";

import type { Cost, EventSearch, HuntData, StoredEvent } from "../api/types.ts";
import { HuntDialog, NOTHING } from "../hunt/form.tsx";
import { bytes, exact } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, usePlace, withParameters } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { eventHistogram, getEvent, getSavedSearch, readQueryText } from "./api.ts";
import { type Reading, SearchBar } from "./bar.tsx";
import { Chips } from "./chips.tsx";
import { EventDrawer } from "./drawer.tsx";
import { ExportDialog } from "./export_dialog.tsx";
import type { SeenField } from "./fields.tsx";
import { and } from "./language.ts";
import { LiveResults } from "./live.tsx";
import { type EventQuery, PRESETS, type Range, eventsUrl, rangeOf, readQuery, searchBody, wider } from "./query.ts";
import { Results, useChosen } from "./results.tsx";
import { ofSaved } from "./saved.tsx";

const BARS = 80;
const COLUMNS_KEY = "vedette.event.columns";
const PANEL_KEY = "vedette.event.fields";
const FIRST_COLUMNS = ["host_name", "source_ip", "destination_ip", "user_name", "event_action"];

function storedColumns(): string[] {
  const stored = localStorage.getItem(COLUMNS_KEY);
  return stored === null ? FIRST_COLUMNS : stored.split(",").filter(Boolean);
}

/** A search by the link to a kept one becomes that search. */
export function EventsPage() {
  const { query: parameters } = usePlace();
  const saved = parameters.get("saved");
  return saved ? <SavedLink id={saved} /> : <Search />;
}

function SavedLink({ id }: { id: string }) {
  const saved = useLoad((signal) => getSavedSearch(id, signal), id);
  useEffect(() => {
    if (!saved.value) return;
    if (saved.value.columns?.length) localStorage.setItem(COLUMNS_KEY, saved.value.columns.join(","));
    navigate(eventsUrl(ofSaved(saved.value)), { replace: true });
  }, [saved.value]);
  return <Page title={t("nav-events")}>{saved.problem ? <Failure problem={saved.problem} retry={saved.reload} /> : <Loading />}</Page>;
}

function Search() {
  const { query: parameters } = usePlace();
  const query = useMemo(() => readQuery(parameters), [parameters.toString()]);
  const address = eventsUrl({ ...query, event: "" });
  const [round, setRound] = useState(0);
  const [stopped, setStopped] = useState("");
  const key = `${address} ${round}`;
  const range = useMemo(() => rangeOf(query, new Date()), [key]);
  const body = useMemo(() => searchBody(query, range), [range]);
  const asked = useLoad((signal) => readQueryText(query.query, signal), query.query);
  const reading: Reading | null = query.query === "" ? { parts: [], problem: null } : asked.value ? { parts: asked.value.parts, problem: asked.value.problem ?? null } : null;
  const [columns, keepColumns] = useState(storedColumns);
  const [panel, keepPanel] = useState(localStorage.getItem(PANEL_KEY) !== "hidden");
  const [field, setField] = useState<string | null>(null);
  const [seen, setSeen] = useState<SeenField[]>([]);
  const [cost, setCost] = useState<Cost | null>(null);
  const [live, setLive] = useState(false);
  const [exporting, setExporting] = useState(false);
  const [hunting, setHunting] = useState(false);
  const hunter = useMay("hunt.write");
  const mayHunt = hunter && query.query !== "" && reading?.problem === null;
  const [chosen, setChosen] = useChosen(query.event);

  const go = (next: EventQuery) => {
    setStopped("");
    const url = eventsUrl({ ...next, event: "" });
    if (url === location.pathname + location.search) setRound((count) => count + 1);
    else navigate(url);
  };
  const select = (event: StoredEvent | null) => {
    setChosen(event);
    navigate(withParameters({ event: event?.id ?? "" }), { replace: true });
  };
  const add = (condition: string) => go({ ...query, query: and(query.query, condition) });
  const setColumns = (next: string[]) => {
    localStorage.setItem(COLUMNS_KEY, next.join(","));
    keepColumns(next);
  };
  const toggle = (name: string) => setColumns(columns.includes(name) ? columns.filter((one) => one !== name) : [...columns, name]);
  const setPanel = (shown: boolean) => {
    localStorage.setItem(PANEL_KEY, shown ? "shown" : "hidden");
    keepPanel(shown);
  };
  const stop = () => setStopped(key);
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: () => document.getElementById("event-query")?.focus() },
    { id: "filter", label: "filter-field", keys: ["f"], group: "commands-page", run: () => document.querySelector<HTMLElement>(".add-condition")?.click() },
    { id: "zoom-out", label: "zoom-out", keys: ["-"], group: "commands-page", run: () => go(wider(query, range, 2)) },
    { id: "zoom-in", label: "zoom-in", keys: ["+", "="], group: "commands-page", run: () => go(wider(query, range, 0.5)) },
    { id: "again", label: "search-again", keys: ["."], group: "commands-page", run: () => go(query) },
    { id: "fields", label: "fields-toggle", keys: ["p"], group: "commands-page", run: () => setPanel(!panel) },
    { id: "tail", label: "tail-toggle", keys: ["t"], group: "commands-page", run: () => setLive(!live) },
    { id: "export", label: "export-make", keys: ["x"], group: "commands-page", run: () => setExporting(true) },
    { id: "hunt-from-search", label: "hunt-from-search", keys: ["h"], group: "commands-page", when: () => mayHunt, run: () => setHunting(true) },
    { id: "save-search", label: "save-search", keys: ["s"], group: "commands-page", run: () => document.querySelector<HTMLElement>("[data-save-search]")?.click() },
  ]);
  const shared = { body, query, range, columns, selected: query.event || null, select, go, add, toggle, panel, setPanel, field, setField, setSeen };
  const ready = reading !== null && reading.problem === null;
  return (
    <Page
      title={t("nav-events")} fill
      actions={
        <>
          <button class="button" aria-pressed={live} onClick={() => setLive(!live)}>{t(live ? "tail-stop" : "tail-start")} <kbd>t</kbd></button>
          {!panel && <button class="button" onClick={() => setPanel(true)}>{t("fields")} <kbd>p</kbd></button>}
          <button class="button" onClick={() => setExporting(true)}>{t("export-make")} <kbd>x</kbd></button>
          {mayHunt && <button class="button" onClick={() => setHunting(true)}>{t("hunt-from-search")} <kbd>h</kbd></button>}
          <a class="button" href="/exports">{t("nav-exports")}</a>
          <a class="button" href={`/sql?${new URLSearchParams({ from: range.from, to: range.to, ...(query.customer ? { customer: query.customer } : {}) })}`}>SQL</a>
        </>
      }
    >
      <SearchBar key={address} query={query} range={range} body={body} reading={reading} columns={columns} setColumns={setColumns} seen={seen} go={go}>
        <Chips parts={reading?.parts ?? []} set={(text) => go({ ...query, query: text })} add={add} />
      </SearchBar>
      {!live && ready && stopped !== key && <Bars key={`bars ${key}`} body={body} range={range} query={query} go={go} cost={cost} />}
      <div class={query.event ? "split" : "split closed"}>
        {!ready ? (asked.problem ? <Failure problem={asked.problem} retry={asked.reload} /> : reading?.problem ? <Empty title={t("query-unread")} hint={t("query-unread-hint")} /> : <Loading />)
          : stopped === key ? <Empty title={t("search-stopped")}><button class="button" onClick={() => go(query)}>{t("search-again")}</button></Empty>
          : live ? <LiveResults {...shared} />
          : <Results key={key} {...shared} stop={stop} setCost={setCost} />}
        {query.event && (
          <Chosen
            id={query.event} known={chosen} close={() => select(null)} query={query}
            top={(name) => { setPanel(true); setField(name); }} column={toggle}
          />
        )}
      </div>
      {hunting && <HuntDialog start={huntFrom(query, range)} customers={query.customer ? [query.customer] : []} close={() => setHunting(false)} done={(hunt) => navigate(`/hunts/${hunt.id}`)} />}
      {exporting && <ExportDialog body={body} columns={columns} close={() => setExporting(false)} />}
    </Page>
  );
}

interface ChosenProps { id: string; known: StoredEvent | null; close: () => void; query: EventQuery; top: (field: string) => void; column: (field: string) => void }

/** The event of the address: as the list has it, or read by itself where the list does not reach it. */
function Chosen({ id, known, close, ...props }: ChosenProps) {
  const loaded = useLoad((signal) => (known ? Promise.resolve(known) : getEvent(id, signal)), id);
  const event = known ?? loaded.value;
  if (event) return <EventDrawer event={event} close={close} {...props} />;
  return <aside class="drawer" aria-label={t("event")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</aside>;
}

interface BarsProps { query: EventQuery; range: Range; go: (query: EventQuery) => void; body: EventSearch; cost: Cost | null }

function Bars({ body, range, query, go, cost }: BarsProps) {
  const bars = useLoad((signal) => eventHistogram({ ...body, bars: BARS }, signal), "bars");
  const { value: chart } = useLoad(() => import("./histogram.tsx"), "chart");
  const Histogram = chart?.default;
  const spent = bars.value && cost ? { bytes: bars.value.cost.bytes + cost.bytes, milliseconds: Math.max(bars.value.cost.milliseconds, cost.milliseconds) } : null;
  return (
    <section class="bars" aria-label={t("histogram")}>
      <header>
        <b>{bars.value ? t("events-count", { count: bars.value.total }) : ""}</b>
        <span class="muted">{exact(range.from)} – {exact(range.to)}</span>
        {spent && <span class="muted cost" title={t("search-cost-hint")}>{t("search-cost", { bytes: bytes(spent.bytes), milliseconds: spent.milliseconds })}</span>}
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

/** A hunt that asks what is searched here. */
function huntFrom(query: EventQuery, range: { from: string; to: string }): HuntData {
  const seconds = query.last ? PRESETS[query.last] ?? 86_400 : null;
  const between = seconds === null ? range : { from: null, to: null };
  return { ...NOTHING, queries: [{ key: "search", name: t("nav-events"), note: "", ask: { kind: "search", q: query.query }, seconds, ...between }] };
}
