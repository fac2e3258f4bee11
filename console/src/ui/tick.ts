// Something done again and again while the page is looked at.
import { useEffect, useRef } from "preact/hooks";

/** Calls `run` every so many milliseconds, not while the page is hidden. */
export function useTick(run: () => void, every: number): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, every);
    return () => clearInterval(timer);
  }, [every]);
}
