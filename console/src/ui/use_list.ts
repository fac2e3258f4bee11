// A list store for a component: made anew when its key changes, refreshed by changes of its noun.
import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";

import { useShell } from "../shell/session.ts";
import { ListStore, type Source } from "./list_store.ts";

export interface Liveliness {
  /** Which changes concern the list; absent: it is read once. */
  noun?: string;
  /** Only changes of this customer. */
  customer?: string;
}

const ROUND_MS = 700;

/** The store, and a place where the table says whether rows may be put on top. */
export function useList<T>(key: string, source: Source<T>, live: Liveliness = {}): { store: ListStore<T>; mayInsert: { current: () => boolean } } {
  const shell = useShell();
  const [, render] = useReducer((count: number) => count + 1, 0);
  const mayInsert = useRef(() => true);
  const store = useMemo(() => new ListStore<T>(source), [key]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stopRendering = store.subscribe(() => render(undefined));
    void store.load();
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void store.refresh(() => mayInsert.current());
      }, ROUND_MS);
    };
    const stops = live.noun === undefined ? [] : [
      shell.live.onChange((change) => {
        if (change.noun !== live.noun || (live.customer && change.customer !== live.customer)) return;
        store.note(change.id);
        soon();
      }),
      shell.live.onResync(soon),
    ];
    return () => {
      clearTimeout(timer);
      stopRendering();
      for (const stop of stops) stop();
      store.close();
    };
  }, [store]);
  return { store, mayInsert };
}
