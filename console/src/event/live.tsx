// What arrives and fits the query, as it arrives. Nothing moves while somebody reads: scrolled down, or with the pointer
// over the list, what is new waits.
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";

import { address } from "../api/client.ts";
import type { StoredEvent } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { ListStore } from "../ui/list_store.ts";
import { Empty } from "../ui/states.tsx";
import { EventList, type ListProps } from "./results.tsx";

/** Rows kept; older ones go. */
const MOST = 1000;

interface Arrived { events: StoredEvent[]; skipped: number }

export function LiveResults(props: ListProps) {
  const { query } = props;
  const [, render] = useReducer((count: number) => count + 1, 0);
  const [skipped, setSkipped] = useState(0);
  const [failure, setFailure] = useState("");
  const [connected, setConnected] = useState(false);
  const mayInsert = useRef(() => true);
  const key = JSON.stringify([query.query, query.customer, query.device]);
  const store = useMemo(() => new ListStore<StoredEvent>({ id: (event) => event.id, page: () => Promise.resolve({ items: [] }) }), [key]);
  useEffect(() => {
    const stop = store.subscribe(() => render(undefined));
    void store.load();
    const source = new EventSource(address("/events/tail", {}, { q: query.query, customers: query.customer, devices: query.device }));
    source.addEventListener("hello", () => {
      setConnected(true);
      setFailure("");
    });
    source.addEventListener("events", (event: MessageEvent<string>) => {
      const arrived = JSON.parse(event.data) as Arrived;
      if (arrived.skipped > 0) setSkipped((count) => count + arrived.skipped);
      store.arrive(arrived.events, MOST, mayInsert.current());
    });
    source.addEventListener("failed", (event: MessageEvent<string>) => {
      setFailure((JSON.parse(event.data) as { detail: string }).detail);
      source.close();
    });
    source.addEventListener("error", () => setConnected(false));
    return () => {
      source.close();
      stop();
      store.close();
    };
  }, [store]);
  useEffect(() => {
    // What waited while somebody was reading comes on top once they look away.
    const timer = setInterval(() => store.fresh.length > 0 && mayInsert.current() && store.takeFresh(), 500);
    return () => clearInterval(timer);
  }, [store]);
  return (
    <div class="live-results">
      <p class={`live-line ${connected ? "on" : "off"}`} role="status">
        <i aria-hidden="true" />
        <b>{t(failure ? "tail-failed" : connected ? "tail-on" : "tail-connecting")}</b>
        {failure && <span>{failure}</span>}
        {store.fresh.length > 0 && <span class="muted">{t("tail-paused")}</span>}
        {skipped > 0 && <span class="muted">{t("tail-skipped", { count: skipped, shown: number(skipped) })}</span>}
      </p>
      <EventList {...props} store={store} mayInsert={mayInsert} empty={<Empty title={t("tail-empty")} hint={t("tail-empty-hint")} />} />
    </div>
  );
}
