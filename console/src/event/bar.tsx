// What is searched: the query, the customer, the time; what was kept, and what can be done with the result.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { EventSearch } from "../api/types.ts";
import { number, percent } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { CustomerChoice } from "../ui/filter.tsx";
import { instant, localInput } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { listFields, readQueryText, topValues } from "./api.ts";
import { type Proposal, fieldProposals, valueProposals } from "./complete.ts";
import type { SeenField } from "./fields.tsx";
import { LanguageHelp } from "./help.tsx";
import type { Part, Spot } from "./language.ts";
import { type EventQuery, PRESETS, type Range } from "./query.ts";
import { QueryBox, type QueryProblem } from "./query_box.tsx";
import { remember } from "./recent.ts";
import { SavedMenu } from "./saved.tsx";

const ENVELOPE = ["@time", "@received", "@device", "@source", "@customer"];
const PAUSE_MS = 250;
/** What is missing at the end is usually about to be typed. */
const PATIENCE_MS = 1500;

export interface Reading { parts: Part[]; problem: QueryProblem | null }

interface Props {
  query: EventQuery;
  range: Range;
  body: EventSearch;
  reading: Reading | null;
  columns: string[];
  setColumns: (columns: string[]) => void;
  /** The fields seen in the rows that were read. */
  seen: SeenField[];
  go: (query: EventQuery) => void;
  children?: ComponentChildren;
}

export function SearchBar({ query, range, body, reading, columns, setColumns, seen, go, children }: Props) {
  const [text, setText] = useState(query.query);
  const [custom, setCustom] = useState(!query.last);
  const [help, setHelp] = useState(false);
  const problem = useProblem(text, query.query, reading);
  const core = useLoad(listFields, "fields");
  const values = useRef(new Map<string, Promise<{ value: string; count: number }[]>>());
  useEffect(() => values.current.clear(), [body]);

  const fields = useMemo(() => {
    const shares = new Map(seen.map((field) => [field.name, field.share]));
    const known = core.value?.core.map((field) => ({ name: field.name, kind: field.type, share: shares.get(field.name) })) ?? [];
    const names = new Set(known.map((field) => field.name));
    const own = seen.filter((field) => !names.has(field.name)).map((field) => ({ name: field.name, kind: "own", share: field.share }));
    return [...known, ...own, ...ENVELOPE.map((name) => ({ name, kind: "envelope" }))];
  }, [core.value, seen]);

  const propose = async (spot: Spot, signal: AbortSignal): Promise<Proposal[]> => {
    if (spot.kind === "field") {
      if (spot.typed === "" && spot.from > 0) return [];
      return fieldProposals(spot, fields, (share) => t("field-share", { share: percent(share) }), (kind) => word("field-kind", kind));
    }
    if (!spot.field || spot.field === "@time" || spot.field === "@received") return [];
    let known = values.current.get(spot.field);
    if (!known) {
      const field = spot.field.replace(/^@/, "");
      const asked = reading?.problem ? { ...body, q: "" } : body;
      known = topValues({ ...asked, field, size: 50 }, signal).then(({ items }) => items);
      values.current.set(spot.field, known);
      known.catch(() => values.current.delete(spot.field));
    }
    return valueProposals(spot, await known, number, t("op-exists"));
  };
  const submit = () => {
    if (problem) return;
    remember(text);
    const form = document.getElementById("event-search") as HTMLFormElement | null;
    const given = form ? new FormData(form) : new FormData();
    const from = instant(given.get("from"));
    const to = instant(given.get("to"));
    if (custom && from && to && from < to && (from.slice(0, 19) !== range.from.slice(0, 19) || to.slice(0, 19) !== range.to.slice(0, 19))) go({ ...query, query: text.trim(), last: "", from, to });
    else go({ ...query, query: text.trim() });
  };
  return (
    <form id="event-search" class="search-bar" onSubmit={(event) => { event.preventDefault(); submit(); }} role="search">
      <div class="search-line">
        <QueryBox value={text} set={setText} submit={submit} problem={problem} propose={propose} />
        <button class="button" type="button" onClick={() => setHelp(true)} title={t("query-help")} aria-label={t("query-help")}>?</button>
        <button class="button primary" disabled={problem !== null}>{t("search")}</button>
      </div>
      <div class="filters">
        <CustomerChoice value={query.customer} set={(customer) => go({ ...query, query: text, customer })} />
        <label class="filter">
          <span>{t("range")}</span>
          <select
            value={custom ? "custom" : query.last}
            onChange={(event) => {
              if (event.currentTarget.value === "custom") setCustom(true);
              else go({ ...query, query: text, last: event.currentTarget.value, from: "", to: "" });
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
        {query.device && <span class="chip"><button type="button" onClick={() => go({ ...query, device: "" })}>{t("device")}: <span class="mono">{query.device}</span> ×</button></span>}
        {children}
        <SavedMenu query={query} text={text} columns={columns} go={go} setColumns={setColumns} />
      </div>
      {help && <LanguageHelp close={() => setHelp(false)} use={(example) => { setHelp(false); setText(example); document.getElementById("event-query")?.focus(); }} />}
    </form>
  );
}

/** What is wrong with what is typed, asked a moment after typing stops. */
function useProblem(text: string, applied: string, reading: Reading | null): QueryProblem | null {
  const [found, setFound] = useState<{ text: string; problem: QueryProblem | null }>({ text: "", problem: null });
  useEffect(() => {
    if (text === applied || text.trim() === "") return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      readQueryText(text, abort.signal).then(({ problem }) => {
        const atEnd = problem && problem.at >= [...text.trimEnd()].length;
        late = setTimeout(() => setFound({ text, problem: problem ?? null }), atEnd ? PATIENCE_MS : 0);
      }, () => {});
    }, PAUSE_MS);
    let late: ReturnType<typeof setTimeout> | undefined;
    return () => {
      clearTimeout(timer);
      clearTimeout(late);
      abort.abort();
    };
  }, [text, applied]);
  if (text === applied) return reading?.problem ?? null;
  return found.text === text ? found.problem : null;
}
