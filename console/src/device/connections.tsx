// By which ways a device sent since the server started, and what was refused and why.
import type { DeviceConnections, DeviceView, Refusal } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { useTick } from "../ui/tick.ts";
import { Time } from "../ui/time.tsx";
import { deviceConnections } from "./api.ts";

const AGAIN_MS = 5000;

export function Connections({ device }: { device: DeviceView }) {
  const loaded = useLoad((signal) => deviceConnections(device.id, signal), device.id);
  useTick(loaded.reload, AGAIN_MS);
  const value = loaded.value;
  if (!value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  return (
    <>
      <section>
        <h2>{t("connections-heard")}</h2>
        <Heard heard={value.heard} />
      </section>
      <section>
        <h2>{t("connections-refused")}</h2>
        {value.refused.length === 0 ? <p class="muted">{t("connections-refused-none")}</p> : <Refused refused={value.refused} />}
      </section>
    </>
  );
}

function Heard({ heard }: { heard: DeviceConnections["heard"] }) {
  if (heard.length === 0) return <p class="muted">{t("connections-heard-none")}</p>;
  return (
    <table class="plain">
      <thead><tr><th scope="col">{t("connection-protocol")}</th><th scope="col">{t("connection-peer")}</th><th scope="col">{t("connection-first")}</th><th scope="col">{t("connection-last")}</th><th scope="col" class="numeric">{t("connection-count")}</th></tr></thead>
      <tbody>
        {heard.map((way) => (
          <tr key={`${way.protocol} ${way.peer}`}>
            <td>{word("protocol", way.protocol)}</td><td class="mono">{way.peer ?? t("none")}</td>
            <td><Time at={way.first} /></td><td><Time at={way.last} /></td><td class="numeric">{number(way.count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What was refused, and what to do about each. */
export function Refused({ refused }: { refused: Refusal[] }) {
  return (
    <table class="plain">
      <thead><tr><th scope="col">{t("refusal-reason")}</th><th scope="col">{t("connection-protocol")}</th><th scope="col">{t("connection-peer")}</th><th scope="col">{t("connection-last")}</th><th scope="col" class="numeric">{t("refusal-count")}</th></tr></thead>
      <tbody>
        {refused.map((one) => (
          <tr key={`${one.reason} ${one.protocol} ${one.peer} ${one.device}`}>
            <td><b>{word("refusal", one.reason)}</b>{!one.device && <> <span class="tag">{t("refusal-nobody")}</span></>}<br /><span class="muted">{word("refusal-do", one.reason)}</span></td>
            <td>{word("protocol", one.protocol)}</td><td class="mono">{one.peer ?? t("none")}</td><td><Time at={one.last} /></td><td class="numeric">{number(one.count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
