// A search under way: for how long, and a way to stop it, which ends the work at the server.
import { useEffect, useState } from "preact/hooks";

import { t } from "../i18n/text.ts";

const QUIET_MS = 400;

export function Progress({ stop }: { stop: () => void }) {
  const [began] = useState(Date.now);
  const [seconds, setSeconds] = useState<number | null>(null);
  useEffect(() => {
    let ticking: ReturnType<typeof setInterval> | undefined;
    const timer = setTimeout(() => {
      const tick = () => setSeconds(Math.round((Date.now() - began) / 1000));
      tick();
      ticking = setInterval(tick, 1000);
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      clearInterval(ticking);
    };
  }, []);
  return (
    <div class="state searching" role="status" aria-busy="true">
      {seconds !== null && (
        <>
          <span class="sweep" aria-hidden="true" />
          <span class="muted">{t("searching", { seconds })}</span>
          <button class="button" onClick={stop}>{t("search-stop")}</button>
        </>
      )}
    </div>
  );
}
