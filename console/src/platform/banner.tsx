// Tells administrators on every page what is wrong with the platform itself.
import { t, word } from "../i18n/text.ts";
import { useMay } from "../shell/session.ts";
import { useChanges, useLoad } from "../ui/load.ts";
import { useTick } from "../ui/tick.ts";
import { Time } from "../ui/time.tsx";
import { standingAlarms } from "./api.ts";

const AGAIN_MS = 30_000;

export function PlatformBanner() {
  return useMay("system.admin") ? <Banner /> : null;
}

function Banner() {
  const loaded = useLoad(standingAlarms, "standing");
  useChanges((change) => change.noun === "platform_alarm", loaded.reload);
  useTick(loaded.reload, AGAIN_MS);
  const alarms = loaded.value?.items ?? [];
  if (alarms.length === 0) return null;
  return (
    <div class="banner alarm" role="alert">
      {alarms.map((alarm) => (
        <span key={alarm.id}><b>{word("platform", alarm.kind)}</b> {t(`platform-${alarm.kind}-detail`, { detail: alarm.detail })} <Time at={alarm.began} /></span>
      ))}
      <a href="/platform">{t("platform-what-to-do")}</a>
    </div>
  );
}
