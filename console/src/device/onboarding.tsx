// A device that was never heard: what it waits for, why it is refused, and the moment its first lines arrive.
import { useEffect, useRef, useState } from "preact/hooks";

import type { DeviceView } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { useTick } from "../ui/tick.ts";
import { deviceConnections, deviceHealth, getDevice } from "./api.ts";
import { Refused } from "./connections.tsx";

const AGAIN_MS = 3000;

export function Onboarding({ device }: { device: DeviceView }) {
  const waited = useRef(device.last_event == null);
  useEffect(() => void (waited.current ||= device.last_event == null), [device.id]);
  if (device.last_event == null) return <Waiting device={device} />;
  return waited.current ? <Receiving device={device} /> : null;
}

function Waiting({ device }: { device: DeviceView }) {
  const loaded = useLoad((signal) => deviceConnections(device.id, signal), device.id);
  useTick(loaded.reload, AGAIN_MS);
  const refused = loaded.value?.refused ?? [];
  return (
    <section class="onboarding" role="status">
      <h2>{refused.length > 0 ? t("onboarding-refused") : t("onboarding-waiting")}</h2>
      {refused.length > 0 ? <Refused refused={refused} /> : <p class="muted">{t("onboarding-waiting-hint")}</p>}
    </section>
  );
}

function Receiving({ device }: { device: DeviceView }) {
  const [now, setNow] = useState(device);
  const loaded = useLoad((signal) => deviceHealth(device.id, "24h", signal), device.id);
  useTick(() => {
    loaded.reload();
    getDevice(device.id).then(setNow, () => {});
  }, AGAIN_MS);
  const sources = loaded.value?.sources ?? [];
  const names = sources.map((share) => word("log-source", share.source)).join(", ");
  const all = sources.length > 0 && sources.every((share) => !share.recognised);
  return (
    <section class="onboarding good" role="status">
      <h2>{t("onboarding-receiving", { count: now.event_count, shown: number(now.event_count) })}</h2>
      <p>{names ? t("onboarding-recognised", { names }) : t("onboarding-recognising")}</p>
      {all && <p><a href={`/parsers/new?device=${device.id}`}>{t("parser-open-with")}</a></p>}
    </section>
  );
}
