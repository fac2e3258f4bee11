// The page of one device: whether it is heard, and what it sends logs with.
import { useState } from "preact/hooks";

import type { CredentialKind, DeviceCredential, DeviceView, IssuedCredential } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { eventsUrl } from "../event/query.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Copy } from "../ui/copy.tsx";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { FormDialog, optional } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { deleteDevice, getDevice, issueCredential, listCredentials, revokeCredential } from "./api.ts";
import { DeviceDialog } from "./form.tsx";
import { DeviceStateMark, stateNow } from "./table.tsx";

export function DevicePage({ id }: { id: string }) {
  const { customers } = useShell();
  const now = useNow();
  const mayWrite = useMay("device.write");
  const loaded = useLoad((signal) => getDevice(id, signal), id);
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
        <div><dt>{t("device-events")}</dt><dd>{number(device.event_count)}</dd></div>
        <div><dt>{t("device-unparsed")}</dt><dd>{number(device.unparsed_count)}</dd></div>
        <div><dt>{t("device-address")}</dt><dd class="mono">{device.address ?? t("none")}</dd></div>
        <div><dt>{t("device-version")}</dt><dd>{device.software_version || t("none")}</dd></div>
        <div><dt>{t("event-source")}</dt><dd>{device.source ? <SourceName id={device.source} /> : t("device-source-any")}</dd></div>
        <div><dt>{t("time-zone")}</dt><dd>{device.time_zone ?? zone}</dd></div>
        <div><dt>{t("device-silence")}</dt><dd>{t("minutes", { count: device.silence_minutes })}</dd></div>
        <div><dt>{t("created")}</dt><dd>{exact(device.created)}</dd></div>
      </dl>
      <Credentials device={device} mayWrite={mayWrite} />
      {asking === "edit" && <DeviceDialog device={device} close={() => setAsking(null)} done={loaded.set} />}
      {asking === "delete" && <Confirm title={t("device-delete")} text={t("device-delete-text", { name: device.name })} action={t("delete")} danger run={() => void erase()} close={() => setAsking(null)} />}
    </Page>
  );
}

function Credentials({ device, mayWrite }: { device: DeviceView; mayWrite: boolean }) {
  const loaded = useLoad((signal) => listCredentials(device.id, signal), device.id);
  const [issuing, setIssuing] = useState(false);
  const [issued, setIssued] = useState<IssuedCredential | null>(null);
  const [revoking, setRevoking] = useState<DeviceCredential | null>(null);
  const items = loaded.value?.items;
  const revoke = (credential: DeviceCredential) => revokeCredential(device.id, credential.id).then(() => {
    toastDone(t("credential-revoked"));
    loaded.reload();
  }, toastProblem);
  return (
    <section>
      <header class="section-head">
        <h2>{t("credentials")}</h2>
        {mayWrite && <button class="button primary" onClick={() => setIssuing(true)}>{t("credential-issue")}</button>}
      </header>
      {!items && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {items?.length === 0 && <p class="muted">{t("credentials-none")}</p>}
      {items && items.length > 0 && (
        <table class="plain">
          <thead><tr><th scope="col">{t("credential-kind")}</th><th scope="col">{t("credential-label")}</th><th scope="col">{t("created")}</th><th scope="col"><span class="visually-hidden">{t("actions")}</span></th></tr></thead>
          <tbody>
            {items.map((credential) => (
              <tr key={credential.id}>
                <td>{word("credential-kind", credential.kind)}</td>
                <td class="mono">{credential.label}</td>
                <td>{exact(credential.created)}</td>
                <td>{mayWrite && <button class="button danger" onClick={() => setRevoking(credential)}>{t("credential-revoke")}</button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {issuing && <IssueDialog device={device} close={() => setIssuing(false)} done={(next) => { setIssued(next); loaded.reload(); }} />}
      {issued && <IssuedDialog device={device} issued={issued} close={() => setIssued(null)} />}
      {revoking && <Confirm title={t("credential-revoke")} text={t("credential-revoke-text", { label: revoking.label })} action={t("credential-revoke")} danger run={() => void revoke(revoking)} close={() => setRevoking(null)} />}
    </section>
  );
}

function IssueDialog({ device, close, done }: { device: DeviceView; close: () => void; done: (issued: IssuedCredential) => void }) {
  return (
    <FormDialog
      title={t("credential-issue")} action={t("credential-issue")} close={close} start={{ kind: "token", fingerprint: "" }} band={<CustomerBand id={device.customer} />}
      fields={[
        { kind: "choice", name: "kind", label: t("credential-kind"), wide: true, autofocus: true, options: ["token", "certificate", "port"].map((value) => ({ value, label: t(`credential-about-${value}`) })) },
        { kind: "text", name: "fingerprint", label: t("credential-fingerprint"), hint: t("credential-fingerprint-hint"), wide: true },
      ]}
      submit={async (values) => done(await issueCredential(device.id, values.kind as CredentialKind, values.kind === "certificate" ? optional(values.fingerprint) : null))}
    />
  );
}

function IssuedDialog({ device, issued, close }: { device: DeviceView; issued: IssuedCredential; close: () => void }) {
  return (
    <Dialog title={t("credential-issued", { device: device.name })} close={close} kind="wide" band={<CustomerBand id={device.customer} />}>
      {issued.secret && (
        <>
          <p class="note warn">{t("secret-once")}</p>
          <p class="secret"><code class="mono">{issued.secret}</code> <Copy text={issued.secret} label={t("copy")} /></p>
        </>
      )}
      <h3>{t("instructions")}</h3>
      <pre class="raw">{issued.instructions}</pre>
      <div class="form-actions">
        <Copy text={issued.instructions} label={t("instructions-copy")} />
        <button class="button primary" onClick={close}>{t("done")}</button>
      </div>
    </Dialog>
  );
}
