// What the platform has had to say about itself, and what to do about each.
import type { PlatformAlarm } from "../api/types.ts";
import { duration } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { ExactTime } from "../ui/time.tsx";
import { listAlarms } from "./api.ts";

export function PlatformPage() {
  const loaded = useLoad((signal) => listAlarms({ limit: 200 }, signal), "alarms");
  useChanges((change) => change.noun === "platform_alarm", loaded.reload);
  const items = loaded.value?.items;
  return (
    <Page title={t("nav-platform")} fill>
      {!items && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {items?.length === 0 && <Empty title={t("platform-none")} hint={t("platform-none-hint")} />}
      {items && items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("nav-platform")}>
          <table class="plain">
            <thead><tr><th scope="col">{t("platform-alarm")}</th><th scope="col">{t("platform-began")}</th><th scope="col">{t("platform-ended")}</th><th scope="col">{t("platform-what-to-do")}</th></tr></thead>
            <tbody>{items.map((alarm) => <Row key={alarm.id} alarm={alarm} />)}</tbody>
          </table>
        </div>
      )}
    </Page>
  );
}

function Row({ alarm }: { alarm: PlatformAlarm }) {
  const lasted = alarm.ended ? (Date.parse(alarm.ended) - Date.parse(alarm.began)) / 1000 : 0;
  return (
    <tr data-id={alarm.id} class={alarm.ended ? "off" : undefined}>
      <td><b>{word("platform", alarm.kind)}</b><br /><span class="muted">{t(`platform-${alarm.kind}-detail`, { detail: alarm.detail })}</span></td>
      <td><ExactTime at={alarm.began} /></td>
      <td>{alarm.ended ? <><ExactTime at={alarm.ended} /><br /><span class="muted">{t("platform-lasted", { span: duration(lasted) })}</span></> : <span class="tag warn">{t("platform-stands")}</span>}</td>
      <td>{t(`platform-${alarm.kind}-do`)}</td>
    </tr>
  );
}
