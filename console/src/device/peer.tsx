// Addresses a collector received from that no device is registered for, each a click away from being one's.
import { useState } from "preact/hooks";

import type { CollectorPeer, DeviceView } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { FormDialog } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone } from "../ui/toast.tsx";
import { issueCredential, listDevices, listPeers } from "./api.ts";

export function Peers({ device, mayWrite }: { device: DeviceView; mayWrite: boolean }) {
  const { customers } = useShell();
  const loaded = useLoad((signal) => listPeers(device.id, signal), device.id);
  const [registering, setRegistering] = useState<CollectorPeer | null>(null);
  const items = loaded.value?.items;
  const zone = customers.get(device.customer)?.time_zone;
  return (
    <section>
      <header class="section-head"><h2>{t("peers")}</h2></header>
      <p class="muted">{t("peers-hint")}</p>
      {!items && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {items?.length === 0 && <p class="muted">{t("peers-none")}</p>}
      {items && items.length > 0 && (
        <table class="plain">
          <thead><tr><th scope="col">{t("device-address")}</th><th scope="col">{t("device-events")}</th><th scope="col">{t("peer-first")}</th><th scope="col">{t("peer-last")}</th><th scope="col"><span class="visually-hidden">{t("actions")}</span></th></tr></thead>
          <tbody>
            {items.map((peer) => (
              <tr key={peer.address}>
                <td class="mono">{peer.address}</td>
                <td>{number(peer.records)}</td>
                <td><Time at={peer.first_seen} zone={zone} /></td>
                <td><Time at={peer.last_seen} zone={zone} /></td>
                <td>{mayWrite && <button class="button" onClick={() => setRegistering(peer)}>{t("peer-register")}</button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {registering && <RegisterDialog collector={device} peer={registering} close={() => setRegistering(null)} done={loaded.reload} />}
    </section>
  );
}

function RegisterDialog({ collector, peer, close, done }: { collector: DeviceView; peer: CollectorPeer; close: () => void; done: () => void }) {
  const loaded = useLoad((signal) => listDevices({ customer: collector.customer }, signal), collector.customer);
  const devices = (loaded.value?.items ?? []).filter((one) => one.id !== collector.id);
  return (
    <FormDialog
      title={t("peer-register-title", { address: peer.address })} action={t("peer-register")} close={close} band={<CustomerBand id={collector.customer} />}
      start={{ address: peer.address, device: "" }}
      fields={[
        { kind: "text", name: "address", label: t("credential-address"), hint: t("credential-address-hint"), wide: true, required: true },
        { kind: "select", name: "device", label: t("device"), wide: true, required: true, options: [{ value: "", label: t("choose") }, ...devices.map((one) => ({ value: one.id, label: one.name }))] },
      ]}
      submit={async (values) => {
        await issueCredential(String(values.device), "address", { address: String(values.address).trim(), collector: collector.id });
        toastDone(t("peer-registered"));
        done();
      }}
    />
  );
}
