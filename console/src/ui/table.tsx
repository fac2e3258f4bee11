// The table of every list: only visible rows are drawn, more are read near the end, and the selected row is kept by
// its identity, so that nothing that arrives can move the eye or the hand.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import type { Entry, ListStore } from "./list_store.ts";
import { Failure, Loading } from "./states.tsx";

export interface Column<T> {
  id: string;
  label: string;
  /** CSS width; one column without takes the rest. */
  width?: string;
  numeric?: boolean;
  /** The heading is a field's name. */
  mono?: boolean;
  cell: (row: T) => ComponentChildren;
}

interface Props<T> {
  label: string;
  store: ListStore<T>;
  columns: Column<T>[];
  mayInsert?: { current: () => boolean };
  /** Where a row leads; its first cell is then a link. */
  href?: (row: T) => string;
  open?: (row: T) => void;
  selected: string | null;
  select: (id: string, row: T) => void;
  empty: ComponentChildren;
  /** Whether j, k and Enter mean this table. */
  active?: boolean;
  activate?: () => void;
  rowClass?: (row: T) => string;
}

const ROW = 28;
const MARGIN = 12;
const LEAST_REST = 130;

export function Table<T>(props: Props<T>) {
  const { store, columns, selected, label, mayInsert } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const pointer = useRef(false);
  const [view, setView] = useState({ top: 0, height: 800 });
  const active = props.active ?? true;

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [store.loading]);

  if (mayInsert) {
    mayInsert.current = () => {
      const element = scroller.current;
      return !element || (element.scrollTop === 0 && !pointer.current && !element.contains(document.activeElement));
    };
  }

  const entries = store.entries;
  const first = Math.max(0, Math.floor(view.top / ROW) - MARGIN);
  const last = Math.min(entries.length, Math.ceil((view.top + view.height) / ROW) + MARGIN);
  useEffect(() => {
    if (last >= entries.length - MARGIN && store.next && !store.problem) void store.more();
  }, [last, entries.length, store.next]);

  useEffect(() => {
    const place = entries.findIndex((entry) => entry.id === selected) * ROW;
    const element = scroller.current;
    if (element && place > element.clientHeight - 2 * ROW) element.scrollTop = place - element.clientHeight / 2;
  }, [store.loading]);

  const at = entries.findIndex((entry) => entry.id === selected);
  const choose = (entry: Entry<T> | undefined, focus: boolean) => {
    if (!entry) return;
    props.select(entry.id, entry.row);
    const place = entries.indexOf(entry) * ROW;
    const element = scroller.current;
    if (!element) return;
    const room = element.clientHeight - 2 * ROW;
    if (place < element.scrollTop) element.scrollTop = place;
    else if (place > element.scrollTop + room) element.scrollTop = place - room;
    if (focus) requestAnimationFrame(() => element.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(entry.id)}"]`)?.focus({ preventScroll: true }));
  };
  const step = (by: number) => choose(entries[at < 0 ? 0 : Math.max(0, Math.min(entries.length - 1, at + by))], true);
  const open = () => {
    const entry = entries[at];
    if (entry) props.open?.(entry.row);
  };
  useCommands(active ? [
    { id: "list-next", label: "list-next", keys: ["j", "ArrowDown"], group: "commands-list", run: () => step(1), quiet: true },
    { id: "list-previous", label: "list-previous", keys: ["k", "ArrowUp"], group: "commands-list", run: () => step(-1), quiet: true },
    { id: "list-first", label: "list-first", keys: ["g g", "Home"], group: "commands-list", run: () => choose(entries[0], true), quiet: true },
    { id: "list-last", label: "list-last", keys: ["G", "End"], group: "commands-list", run: () => choose(entries.at(-1), true), quiet: true },
    { id: "list-open", label: "list-open", keys: ["Enter"], group: "commands-list", run: open, quiet: true, when: () => at >= 0 },
    {
      id: "list-fresh", label: "list-fresh", keys: ["."], group: "commands-list", quiet: true, when: () => store.fresh.length > 0,
      run: () => showFresh(),
    },
  ] : []);

  const showFresh = () => {
    store.takeFresh();
    scroller.current?.scrollTo({ top: 0 });
  };

  if (store.loading) return <Loading />;
  if (store.problem && entries.length === 0) return <Failure problem={store.problem} retry={() => void store.load()} />;
  return (
    <div class="table-frame">
      {store.fresh.length > 0 && (
        <button class="fresh" onClick={showFresh}>{t("list-new", { count: store.fresh.length })} <kbd>.</kbd></button>
      )}
      <div
        class="table-scroll" ref={scroller} onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
        onPointerEnter={() => (pointer.current = true)} onPointerLeave={() => (pointer.current = false)}
        onFocusIn={props.activate} onPointerDown={props.activate} tabIndex={entries.length === 0 ? 0 : -1} role="region" aria-label={label}
      >
        <table style={{ minWidth: `${leastWidth(columns)}px` }} role="grid" aria-label={label} aria-rowcount={store.next ? -1 : entries.length + 1}>
          <colgroup>{columns.map((column) => <col key={column.id} style={{ width: column.width ?? "auto" }} />)}</colgroup>
          <thead>
            <tr aria-rowindex={1}>{columns.map((column) => <th key={column.id} scope="col" class={column.numeric ? "numeric" : column.mono ? "mono" : undefined} title={column.label}>{column.label}</th>)}</tr>
          </thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true" class="spacer"><td colSpan={columns.length} style={{ height: `${first * ROW}px` }} /></tr>}
            {entries.slice(first, last).map((entry, place) => (
              <Row
                key={entry.id} entry={entry} columns={columns} index={first + place + 2} href={props.href}
                selected={entry.id === selected} reachable={entry.id === selected || (at < 0 && first + place === 0)}
                extra={props.rowClass?.(entry.row) ?? ""}
                click={() => { choose(entry, false); props.open?.(entry.row); }}
              />
            ))}
            {last < entries.length && <tr aria-hidden="true" class="spacer"><td colSpan={columns.length} style={{ height: `${(entries.length - last) * ROW}px` }} /></tr>}
          </tbody>
        </table>
        {entries.length === 0 && props.empty}
        {entries.length > 0 && (
          <p class="list-end" role="status">
            {store.problem ? <button class="link" onClick={() => void store.more()}>{t("list-more-failed")}</button>
              : store.next ? t("list-more") : t("list-end", { count: entries.length, shown: number(entries.length) })}
          </p>
        )}
      </div>
    </div>
  );
}

/** Below this the table scrolls sideways in its frame instead of squeezing the column that takes the rest. */
function leastWidth<T>(columns: Column<T>[]): number {
  return columns.reduce((sum, column) => sum + (column.width ? Number.parseInt(column.width, 10) : LEAST_REST), 0);
}

interface RowProps<T> {
  entry: Entry<T>; columns: Column<T>[]; index: number; selected: boolean; reachable: boolean; extra: string;
  href?: (row: T) => string; click: () => void;
}

function Row<T>({ entry, columns, index, selected, reachable, extra, href, click }: RowProps<T>): JSX.Element {
  const pressed = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if ((event.target as Element).closest("a, button") || getSelection()?.toString()) return;
    click();
  };
  return (
    <tr
      data-id={entry.id} aria-rowindex={index} aria-selected={selected} tabIndex={reachable ? 0 : -1} onClick={pressed}
      class={`${selected ? "selected" : ""} ${entry.left ? "left" : ""} ${extra}`}
    >
      {columns.map((column, place) => (
        <td key={column.id} role="gridcell" class={column.numeric ? "numeric" : undefined}>
          {place === 0 && href ? <a href={href(entry.row)} tabIndex={-1}>{column.cell(entry.row)}</a> : column.cell(entry.row)}
        </td>
      ))}
    </tr>
  );
}
