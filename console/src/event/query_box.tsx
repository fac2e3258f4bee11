// The line a query is typed in: coloured as it is read, with proposals, and what is wrong with it under the character it
// is about.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { t } from "../i18n/text.ts";
import { type Proposal } from "./complete.ts";
import { type Spot, placeOf, spotAt, tokens } from "./language.ts";
import { queryMessage } from "./query_message.ts";
import { recent } from "./recent.ts";

export interface QueryProblem { at: number; message: string }

interface Props {
  value: string;
  set: (value: string) => void;
  submit: () => void;
  problem: QueryProblem | null;
  /** What fits where the caret is; the last answer counts. */
  propose: (spot: Spot, signal: AbortSignal) => Promise<Proposal[]>;
}

const PAUSE_MS = 120;
/** A text area that proposes; the types know the role for single lines only. */
const COMBOBOX = { role: "combobox" } as unknown as { role: "textbox" };

export function QueryBox({ value, set, submit, problem, propose }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const ink = useRef<HTMLPreElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  const [proposals, setProposals] = useState<Proposal[]>([]);
  const [chosen, setChosen] = useState(-1);
  const [quiet, setQuiet] = useState(true);
  const [past, setPast] = useState(false);
  const [place, setPlace] = useState({ left: 0, top: 0 });
  const [mark, setMark] = useState(0);
  const spot = useMemo(() => (caret === null ? null : spotAt(value, caret)), [value, caret]);
  const bad = problem ? placeOf(value, problem.at) : -1;

  useEffect(() => {
    if (quiet || past || !spot || caret === null) {
      if (!past) setProposals([]);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      propose(spot, abort.signal).then((found) => {
        if (abort.signal.aborted) return;
        setProposals(found);
        setChosen(-1);
      }, () => {});
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [spot?.kind, spot?.field, spot?.typed, spot?.from, quiet, past]);

  useLayoutEffect(() => {
    const at = ink.current?.querySelector<HTMLElement>("[data-caret]");
    if (at) {
      const next = { left: at.offsetLeft, top: at.offsetTop + at.offsetHeight };
      setPlace((now) => (now.left === next.left && now.top === next.top ? now : next));
    }
    const wrong = ink.current?.querySelector<HTMLElement>(".bad");
    if (wrong) setMark(wrong.offsetLeft);
  });

  const note = () => setCaret(area.current?.selectionStart ?? null);
  const accept = (proposal: Proposal | undefined) => {
    if (!proposal) return;
    if (past) {
      set(proposal.insert);
      setPast(false);
      close();
      requestAnimationFrame(() => area.current?.setSelectionRange(proposal.insert.length, proposal.insert.length));
      return;
    }
    if (!spot) return;
    const rest = value.slice(spot.to);
    const insert = rest.startsWith(" ") ? proposal.insert.trimEnd() : proposal.insert;
    const end = spot.from + insert.length;
    set(value.slice(0, spot.from) + insert + rest);
    setCaret(end);
    setProposals([]);
    setQuiet(!insert.endsWith(":"));
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(end, end);
    });
  };
  const close = () => {
    setProposals([]);
    setPast(false);
    setQuiet(true);
  };
  const showPast = () => {
    const all = recent().filter((one) => one !== value);
    if (all.length === 0) return;
    setPast(true);
    setProposals(all.slice(0, 12).map((one) => ({ insert: one, label: one, note: "" })));
    setChosen(0);
  };
  const key = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const open = proposals.length > 0;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && chosen >= 0) accept(proposals[chosen]);
      else {
        close();
        submit();
      }
    } else if (event.key === "Tab" && open && !event.shiftKey) {
      event.preventDefault();
      accept(proposals[Math.max(0, chosen)]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (open) {
        event.preventDefault();
        setChosen((now) => (now < 0 ? (step > 0 ? 0 : proposals.length - 1) : (now + step + proposals.length) % proposals.length));
      } else if (event.altKey || (value === "" && step > 0)) {
        event.preventDefault();
        showPast();
      }
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      setPast(false);
      setQuiet(false);
      note();
    }
  };
  return (
    <div class={`query ${problem ? "wrong" : ""}`}>
      <div class="query-box">
        <pre class="query-ink" aria-hidden="true" ref={ink}><Ink text={value} caret={past ? 0 : spot?.from ?? 0} bad={bad} />{"\u200b"}</pre>
        <textarea
          id="event-query" ref={area} rows={1} value={value} spellcheck={false} autocomplete="off" autocapitalize="off"
          {...COMBOBOX} aria-label={t("query")} aria-autocomplete="list" aria-expanded={proposals.length > 0} aria-controls="query-proposals"
          aria-activedescendant={chosen >= 0 && proposals.length > 0 ? `proposal-${chosen}` : undefined}
          aria-invalid={problem ? true : undefined} aria-describedby={problem ? "query-problem" : undefined}
          placeholder={t("query-hint")}
          onInput={(event) => {
            setPast(false);
            setQuiet(false);
            set(event.currentTarget.value.replace(/[\r\n]+/g, " "));
            note();
          }}
          onKeyDown={key} onKeyUp={note} onClick={note}
          onBlur={() => { setCaret(null); close(); }}
        />
        <ul
          id="query-proposals" role="listbox" aria-label={t("query-proposals")} class={past ? "past" : undefined}
          hidden={proposals.length === 0} style={{ left: `${past ? 0 : place.left}px`, top: `${place.top + 4}px` }}
        >
          {proposals.map((proposal, at) => (
            <li
              key={proposal.insert} id={`proposal-${at}`} role="option" aria-selected={at === chosen}
              onPointerDown={(event) => { event.preventDefault(); accept(proposal); }}
            >
              <span class="mono">{proposal.label}</span><span class="muted">{proposal.note}</span>
            </li>
          ))}
        </ul>
      </div>
      {problem && (
        <p class="query-problem" id="query-problem" role="alert">
          <i aria-hidden="true" style={{ marginLeft: `${mark}px` }}>▲</i>
          <span style={{ marginLeft: `min(${mark}px, 45%)` }}>{queryMessage(problem.message)}</span>
        </p>
      )}
    </div>
  );
}

/** The same text under the transparent one that is typed. */
function Ink({ text, caret, bad }: { text: string; caret: number; bad: number }) {
  const parts = [];
  let caretSet: boolean = false;
  for (const token of tokens(text)) {
    for (let from = token.from; from < token.to;) {
      const stops = [caret, bad, bad + 1].filter((at) => at > from && at < token.to);
      const to = Math.min(token.to, ...stops);
      const here: boolean = from === caret && !caretSet;
      caretSet ||= here;
      parts.push(
        <span key={from} class={`q-${token.kind} ${from === bad ? "bad" : ""}`} data-caret={here ? "" : undefined}>{text.slice(from, to)}</span>,
      );
      from = to;
    }
  }
  return (
    <>
      {parts}
      {!caretSet && <span data-caret="" />}
      {bad >= text.length && bad >= 0 && <span class="bad end">{" "}</span>}
    </>
  );
}
