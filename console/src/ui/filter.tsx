// The small controls above lists: a choice, a customer with pins, a text.
import { useEffect, useRef, useState } from "preact/hooks";

import { t } from "../i18n/text.ts";
import { usePins } from "../shell/pins.ts";
import { useShell } from "../shell/session.ts";
import { customerColor } from "./badge.tsx";
import type { Option } from "./form.tsx";

interface ChoiceProps { label: string; value: string; options: Option[]; set: (value: string) => void }

export function Choice({ label, value, options, set }: ChoiceProps) {
  return (
    <label class="filter">
      <span>{label}</span>
      <select value={value} onChange={(event) => set(event.currentTarget.value)}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </label>
  );
}

/** Buttons of which one is pressed: few choices, one key away. */
export function Segments({ label, value, options, set }: ChoiceProps) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.value} type="button" aria-pressed={option.value === value} onClick={() => set(option.value)}>{option.label}</button>
      ))}
    </div>
  );
}

export function CustomerChoice({ value, set }: { value: string; set: (value: string) => void }) {
  const { customers } = useShell();
  const pins = usePins();
  const sorted = [...customers.values()].sort((a, b) => a.short_name.localeCompare(b.short_name));
  return (
    <div class="customer-choice">
      <label class="filter">
        <span>{t("customer")}</span>
        {value && <i class={`dot ${customerColor(customers.get(value))}`} aria-hidden="true" />}
        <select value={value} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">{t("all-customers")}</option>
          {sorted.map((customer) => <option key={customer.id} value={customer.id}>{customer.short_name}</option>)}
        </select>
      </label>
      {pins.map((id) => customers.get(id)).map((customer) => customer && (
        <button
          key={customer.id} class="pin" aria-pressed={customer.id === value} title={t("customer-pinned", { name: customer.name })}
          onClick={() => set(customer.id === value ? "" : customer.id)}
        >
          <i class={`dot ${customerColor(customer)}`} aria-hidden="true" />{customer.short_name}
        </button>
      ))}
    </div>
  );
}

/** A text that filters a moment after typing stops. */
export function TextFilter({ value, set, label }: { value: string; set: (value: string) => void; label: string }) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <input
      type="search" class="text-filter" placeholder={label} aria-label={label} value={text} data-search
      onInput={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => set(next.trim()), 250);
      }}
    />
  );
}

/** Puts the cursor into the page's search field. */
export function focusSearch(): void {
  document.querySelector<HTMLInputElement>("[data-search]")?.focus();
}
