// Says that what is shown may be old, because the stream of changes is lost.
import { useEffect, useState } from "preact/hooks";

import type { Live } from "../api/live.ts";
import { clock } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";

/** Short interruptions, such as a reload of the server, are not worth a banner. */
const PATIENCE_MS = 3000;

export function StaleBanner({ live }: { live: Live }) {
  const [since, setSince] = useState<Date | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      if (live.state === "stale") timer = setTimeout(() => setSince(live.staleSince), PATIENCE_MS);
      else setSince(null);
    };
    look();
    const stop = live.onState(look);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [live]);
  if (!since) return null;
  return <div class="banner warn" role="alert">{t("stale-banner", { since: clock(since) })}</div>;
}
