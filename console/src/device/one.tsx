// The page of one device: whether it is heard, and what it sends logs with.
import { useState } from "preact/hooks";

import { SourceName } from "../event/source.tsx";
import { eventsUrl } from "../event/query.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { deleteDevice, getDevice } from "./api.ts";
import { Credentials } from "./credential.tsx";
import { DeviceDialog } from "./form.tsx";
import { Peers } from "./peer.tsx";
import { Connections } from "./connections.tsx";
import { Fields } from "./fields.tsx";
import { Health } from "./health.tsx";
import { Onboarding } from "./onboarding.tsx";
import { DeviceStateMark, stateNow } from "./table.tsx";
import { Unrecognised } from "./unrecognised.tsx";

export function DevicePage({ id }: { id: string }) {
  const { customers } = useShell();
  const now = useNow();
  const mayWrite = useMay("device.write");
  const loaded = useLoad((signal) => getDevice(id, signal), id);
  const [tab, setTab] = useParameter("tab", "health");
  const [asking, setAsking] = useState<"edit" | "delete" | null>(null);
  useChanges((change) => change.id === id, loaded.reload);
  const device = loaded.value;
  if (!device) return <Page title={t("device")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const zone = customers.get(device.customer)?.time_zone;
  const erase = () => deleteDevice(id).then(() => navigate(`/customers/${device.customer}?tab=devices`), toastProblem);
  return (
    <Page
      title={device.name} band={<CustomerBand id={device.customer} />} lead={<DeviceStateMark of={stateNow(device, now)} />}
      actions={
        <>
          <a class="button" href={eventsUrl({ customer: device.customer, device: id })}>{t("device-show-events")}</a>
          {mayWrite && <button class="button" onClick={() => setAsking("edit")}>{t("edit")}</button>}
          {mayWrite && <button class="button danger" onClick={() => setAsking("delete")}>{t("delete")}</button>}
        </>
      }
    >
      <dl class="facts across">
        <div><dt>{t("device-kind")}</dt><dd>{word("device-kind", device.kind)}</dd></div>
        <div><dt>{t("device-last")}</dt><dd><Time at={device.last_event} zone={zone} /></dd></div>
        <div><dt>{t("device-events")}</dt><dd><a href={eventsUrl({ customer: device.customer, device: id, last: "30d" })}>{number(device.event_count)}</a></dd></div>
        <div><dt>{t("device-unparsed")}</dt><dd><a href={`/devices/${id}?tab=unrecognised`}>{number(device.unparsed_count)}</a></dd></div>
        <div><dt>{t("device-address")}</dt><dd class="mono">{device.address ?? t("none")}</dd></div>
        <div><dt>{t("device-version")}</dt><dd>{device.software_version || t("none")}</dd></div>
        <div><dt>{t("event-source")}</dt><dd>{device.source ? <SourceName id={device.source} /> : t("device-source-any")}</dd></div>
        <div><dt>{t("time-zone")}</dt><dd>{device.time_zone ?? zone}</dd></div>
        <div><dt>{t("silence-alarm")}</dt><dd>{word("silence-alarm", device.silence_alarm ?? "learned")}{device.silence_alarm === "fixed" && `: ${t("minutes", { count: device.silence_minutes })}`}</dd></div>
        <div><dt>{t("created")}</dt><dd>{exact(device.created)}</dd></div>
      </dl>
      <Onboarding device={device} />
      <Tabs label={t("device")} current={tab} choose={setTab} tabs={["health", "fields", "unrecognised", "connections", "credentials"].map((id) => ({ id, label: t(`device-tab-${id}`) }))} />
      {tab === "health" && <Health device={device} />}
      {tab === "fields" && <Fields device={device} />}
      {tab === "unrecognised" && <Unrecognised device={device} />}
      {tab === "connections" && <Connections device={device} />}
      {tab === "credentials" && <Credentials device={device} mayWrite={mayWrite} />}
      {tab === "credentials" && device.kind === "collector" && <Peers device={device} mayWrite={mayWrite} />}
      {asking === "edit" && <DeviceDialog device={device} close={() => setAsking(null)} done={loaded.set} />}
      {asking === "delete" && <Confirm title={t("device-delete")} text={t("device-delete-text", { name: device.name })} action={t("delete")} danger run={() => void erase()} close={() => setAsking(null)} />}
    </Page>
  );
}
