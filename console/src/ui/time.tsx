// A time: relative, exact on hover, in the viewer's zone and the customer's where they differ.
import { useEffect, useState } from "preact/hooks";

import { exact, relative, viewerZone, zoneDiffers } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";

const TICK_MS = 10_000;
const listeners = new Set<(now: Date) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The present time, renewed every ten seconds with one timer for the whole page. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    listeners.add(setNow);
    timer ??= setInterval(() => {
      const next = new Date();
      for (const listener of listeners) listener(next);
    }, TICK_MS);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}

/** What the hover text of a time says. */
function zones(at: string, zone?: string): string {
  const own = `${exact(at)} (${viewerZone()})`;
  return zone && zoneDiffers(zone, at) ? `${own}\n${exact(at, zone)} (${zone}, ${t("zone-customer")})` : own;
}

export function Time({ at, zone }: { at: string | null | undefined; zone?: string }) {
  const now = useNow();
  if (!at) return <span class="muted">{t("none")}</span>;
  return <time dateTime={at} title={zones(at, zone)}>{relative(at, now)}</time>;
}

/** The exact time written out, with the customer's own beside it where it differs. */
export function ExactTime({ at, zone }: { at: string; zone?: string }) {
  return (
    <time dateTime={at} class="exact">
      {exact(at)}
      {zone && zoneDiffers(zone, at) && <span class="muted"> {t("zone-there", { time: exact(at, zone) })}</span>}
    </time>
  );
}
