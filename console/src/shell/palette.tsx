// The palette: every command, and every customer, by a few letters of its name.
import { useMemo, useRef, useState } from "preact/hooks";

import { listSavedSearches } from "../event/api.ts";
import { phrase } from "../event/language.ts";
import { t } from "../i18n/text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { type Command, available, readable } from "./commands.ts";
import { navigate } from "./router.ts";
import { useLoad } from "../ui/load.ts";
import { useMay, useShell } from "./session.ts";

const MOST = 12;

interface Choice { id: string; label: string; keys?: string; run: () => void }

/** Whether the letters of `wanted` occur in `text` in order; lower is better, nothing where they do not. */
export function rank(text: string, wanted: string): number | null {
  const hay = text.toLowerCase();
  const needle = wanted.toLowerCase().trim();
  if (!needle) return 0;
  const whole = hay.indexOf(needle);
  if (whole >= 0) return whole;
  let place = -1;
  for (const letter of needle) {
    place = hay.indexOf(letter, place + 1);
    if (place < 0) return null;
  }
  return 1000 + place;
}

/** What is typed as a query: words that would mean something as they stand are looked for as they are. */
function asQuery(text: string): string {
  return /^[\p{L}\p{N}_.\s-]+$/u.test(text) ? text : phrase(text);
}

export function Palette({ close }: { close: () => void }) {
  const { customers } = useShell();
  const maySearch = useMay("event.read");
  const saved = useLoad(async (signal) => (maySearch ? (await listSavedSearches(signal)).items : []), "saved searches").value ?? [];
  const commands = useMemo<Command[]>(() => available().filter((command) => !command.quiet), []);
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);

  const number = /^#?(\d{1,9})$/.exec(text.trim())?.[1];
  const choices: Choice[] = [
    ...commands.map((command) => ({ id: command.id, label: t(command.label), keys: command.keys?.[0], run: command.run })),
    ...[...customers.values()].map((customer) => ({
      id: customer.id,
      label: t("palette-customer", { name: customer.name }),
      run: () => navigate(`/customers/${customer.id}`),
    })),
  ];
  for (const one of saved) choices.push({ id: one.id, label: t("palette-saved", { name: one.name }), run: () => navigate(`/events?saved=${one.id}`) });
  const ranked = choices
    .map((choice) => ({ choice, rank: rank(choice.label, text) }))
    .filter((entry): entry is { choice: Choice; rank: number } => entry.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ choice }) => choice);
  if (text.trim()) {
    const q = text.trim();
    if (number) ranked.unshift({ id: "number", label: t("palette-incident", { number }), run: () => navigate(`/incidents?text=${encodeURIComponent(`#${number}`)}`) });
    ranked.push({ id: "search", label: t("palette-search", { text: q }), run: () => navigate(`/events?query=${encodeURIComponent(asQuery(q))}`) });
  }
  const at = Math.min(active, ranked.length - 1);

  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    queueMicrotask(choice.run);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setActive((at + step + ranked.length) % ranked.length);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      run(ranked[at]);
    }
  };
  return (
    <Dialog title={t("palette-title")} close={close} kind="palette">
      <input
        class="palette-input" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-label={t("palette-hint")}
        aria-activedescendant={ranked[at] ? `choice-${ranked[at].id}` : undefined} placeholder={t("palette-hint")}
        value={text} autofocus onKeyDown={key}
        onInput={(event) => { setText(event.currentTarget.value); setActive(0); }}
      />
      <ul id="palette-list" role="listbox" aria-label={t("palette-title")} ref={list}>
        {ranked.map((choice, place) => (
          <li
            key={choice.id} id={`choice-${choice.id}`} role="option" aria-selected={place === at}
            onPointerMove={() => setActive(place)} onClick={() => run(choice)}
          >
            <span>{choice.label}</span>
            {choice.keys && <span class="keys">{readable(choice.keys).map((part) => <kbd key={part}>{part}</kbd>)}</span>}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
