// The conditions of the query as chips: each can be turned round or taken away. And the small form that makes one.
import { useState } from "preact/hooks";

import { t, word } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { listFields } from "./api.ts";
import { type Part, ofFilter, ofParts } from "./language.ts";

interface Props { parts: Part[]; set: (query: string) => void; add: (condition: string) => void }

const OPS = ["is", "is_not", "contains", "starts_with", "exists", "missing", "in_range"];
const needsValue = (op: string) => op !== "exists" && op !== "missing";

export function Chips({ parts, set, add }: Props) {
  const [making, setMaking] = useState(false);
  const change = (place: number, part: Part | null) =>
    set(ofParts(parts.flatMap((one, at) => (at === place ? (part ? [part] : []) : [one]))));
  return (
    <div class="chips">
      {parts.length > 1 && parts.map((part, place) => (
        <span key={`${place} ${part.text}`} class={part.not ? "chip not" : "chip"}>
          <button type="button" class="mono" title={t(part.not ? "condition-include" : "condition-exclude")} onClick={() => change(place, { ...part, not: !part.not })}>
            {part.not && <b>NOT </b>}{part.text}
          </button>
          <button type="button" aria-label={t("condition-remove", { condition: part.text })} onClick={() => change(place, null)}>×</button>
        </span>
      ))}
      {making
        ? <Editor save={(condition) => { setMaking(false); add(condition); }} cancel={() => setMaking(false)} />
        : <button type="button" class="button quiet add-condition" onClick={() => setMaking(true)}>+ {t("filter-field")} <kbd>f</kbd></button>}
    </div>
  );
}

function Editor({ save, cancel }: { save: (condition: string) => void; cancel: () => void }) {
  const fields = useLoad(listFields, "fields");
  const [field, setField] = useState("");
  const [op, setOp] = useState("is");
  const [value, setValue] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    if (field.trim() && (!needsValue(op) || value)) save(ofFilter(field.trim(), op, value));
  };
  return (
    <span class="filter-editor" onKeyDown={(event) => { if (event.key === "Escape") cancel(); else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) submit(event); }}>
      <input
        list="core-fields" aria-label={t("field")} placeholder={t("field")} value={field} spellcheck={false} autocomplete="off"
        ref={(element) => { if (element && !element.dataset.seen) { element.dataset.seen = "1"; element.focus(); } }}
        onInput={(event) => setField(event.currentTarget.value)}
      />
      <datalist id="core-fields">{fields.value?.core.map((one) => <option key={one.name} value={one.name}>{one.type}</option>)}</datalist>
      <select aria-label={t("operator")} value={op} onChange={(event) => setOp(event.currentTarget.value)}>
        {OPS.map((one) => <option key={one} value={one}>{word("op", one)}</option>)}
      </select>
      {needsValue(op) && (
        <input
          aria-label={t("value")} placeholder={t(op === "in_range" ? "value-range" : "value")} value={value} spellcheck={false} autocomplete="off"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
      )}
      <button class="button primary" type="button" onClick={submit}>{t("filter-apply")}</button>
      <button class="button" type="button" onClick={cancel}>{t("cancel")}</button>
    </span>
  );
}
