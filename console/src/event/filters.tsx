// Field filters as chips, and the small form that makes one.
import { useState } from "preact/hooks";

import type { FieldFilter, FilterOp } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { listFields } from "./api.ts";
import { OPS } from "./query.ts";

interface Props { filters: FieldFilter[]; set: (filters: FieldFilter[]) => void }

const needsValue = (op: FilterOp) => op !== "exists" && op !== "missing";

export function FieldFilters({ filters, set }: Props) {
  const [editing, setEditing] = useState<number | null>(null);
  const save = (filter: FieldFilter) => {
    set(editing === null || editing >= filters.length ? [...filters, filter] : filters.map((one, place) => (place === editing ? filter : one)));
    setEditing(null);
  };
  return (
    <div class="chips">
      {filters.map((filter, place) => (
        <span key={place} class={filter.op === "is_not" || filter.op === "missing" ? "chip not" : "chip"}>
          <button onClick={() => setEditing(place)} title={t("filter-edit")}>
            <b class="mono">{filter.field}</b> {word("op", filter.op)} {needsValue(filter.op) && <span class="mono">{filter.value}</span>}
          </button>
          <button aria-label={t("filter-remove", { field: filter.field })} onClick={() => set(filters.filter((_, other) => other !== place))}>×</button>
        </span>
      ))}
      {editing === null
        ? <button class="button quiet" onClick={() => setEditing(filters.length)}>+ {t("filter-field")} <kbd>f</kbd></button>
        : <Editor key={editing} start={filters[editing] ?? { field: "", op: "is", value: "" }} save={save} cancel={() => setEditing(null)} />}
    </div>
  );
}

function Editor({ start, save, cancel }: { start: FieldFilter; save: (filter: FieldFilter) => void; cancel: () => void }) {
  const fields = useLoad(listFields, "fields");
  const [filter, setFilter] = useState(start);
  const submit = (event: Event) => {
    event.preventDefault();
    const field = filter.field.trim();
    if (field && (!needsValue(filter.op) || filter.value)) save({ ...filter, field, value: needsValue(filter.op) ? filter.value : "" });
  };
  return (
    <form class="filter-editor" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && cancel()}>
      <input
        list="core-fields" aria-label={t("field")} placeholder={t("field")} value={filter.field} ref={(element) => { if (element && !element.dataset.seen) { element.dataset.seen = "1"; element.focus(); } }}
        onInput={(event) => setFilter({ ...filter, field: event.currentTarget.value })} spellcheck={false} autocomplete="off"
      />
      <datalist id="core-fields">{fields.value?.core.map((field) => <option key={field.name} value={field.name}>{field.type}</option>)}</datalist>
      <select aria-label={t("operator")} value={filter.op} onChange={(event) => setFilter({ ...filter, op: event.currentTarget.value as FilterOp })}>
        {OPS.map((op) => <option key={op} value={op}>{word("op", op)}</option>)}
      </select>
      {needsValue(filter.op) && (
        <input
          aria-label={t("value")} placeholder={t(filter.op === "in_range" ? "value-range" : "value")} value={filter.value} spellcheck={false} autocomplete="off"
          onInput={(event) => setFilter({ ...filter, value: event.currentTarget.value })}
        />
      )}
      <button class="button primary">{t("filter-apply")}</button>
      <button class="button" type="button" onClick={cancel}>{t("cancel")}</button>
    </form>
  );
}
