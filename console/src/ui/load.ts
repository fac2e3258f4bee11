// Reading one thing from the server for a component: loading, there, or failed; again on demand.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { type Problem, asProblem } from "../api/problem.ts";
import type { Change } from "../api/types.ts";
import { useShell } from "../shell/session.ts";

export interface Loaded<T> {
  value: T | null;
  problem: Problem | null;
  reload: () => void;
  set: (value: T) => void;
}

/** Reads when `key` changes; a reload keeps what is shown until the answer is there. */
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, key: string): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: Problem | null }>({ key, value: null, problem: null });
  const [round, setRound] = useState(0);
  const reader = useRef(read);
  reader.current = read;
  useEffect(() => {
    const abort = new AbortController();
    reader.current(abort.signal).then(
      (value) => !abort.signal.aborted && setState({ key, value, problem: null }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((now) => ({ key, value: now.key === key ? now.value : null, problem: asProblem(error) }));
      },
    );
    return () => abort.abort();
  }, [key, round]);
  const reload = useCallback(() => setRound((count) => count + 1), []);
  const set = useCallback((value: T) => setState({ key, value, problem: null }), [key]);
  const own = state.key === key;
  return { value: own ? state.value : null, problem: own ? state.problem : null, reload, set };
}

/** Calls `run`, at most once in `pause` milliseconds, after changes that concern it and after a lost stream is back. */
export function useChanges(concerns: (change: Change) => boolean, run: () => void, pause = 400): void {
  const { live } = useShell();
  const latest = useRef({ concerns, run });
  latest.current = { concerns, run };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current.run();
      }, pause);
    };
    const stops = [live.onChange((change) => latest.current.concerns(change) && soon()), live.onResync(soon)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [live]);
}
