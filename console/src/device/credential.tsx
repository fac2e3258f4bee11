// What a device sends logs with: the list of its credentials, issuing one, revoking one.
import { useState } from "preact/hooks";

import type { CredentialKind, DeviceCredential, DeviceView, IssuedCredential } from "../api/types.ts";
import { exact } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Copy } from "../ui/copy.tsx";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { type Field, FormDialog, type Values, optional } from "../ui/form.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { issueCredential, listCredentials, listDevices, revokeCredential } from "./api.ts";
import { DeviceLink } from "./link.tsx";

const KINDS = ["token", "certificate", "port", "address"];

export function Credentials({ device, mayWrite }: { device: DeviceView; mayWrite: boolean }) {
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
                <td><span class="mono">{credential.label}</span>{credential.collector && <span class="muted"> {t("credential-by")} <DeviceLink id={credential.collector} /></span>}</td>
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
  const loaded = useLoad((signal) => listDevices({ customer: device.customer, kind: "collector" }, signal), device.customer);
  const collectors = (loaded.value?.items ?? []).filter((one) => one.id !== device.id);
  const isKind = (kind: string) => (values: Values) => values.kind === kind;
  const fields: Field[] = [
    { kind: "choice", name: "kind", label: t("credential-kind"), wide: true, autofocus: true, options: KINDS.map((value) => ({ value, label: t(`credential-about-${value}`) })) },
    { kind: "text", name: "fingerprint", label: t("credential-fingerprint"), hint: t("credential-fingerprint-hint"), wide: true, when: isKind("certificate") },
    { kind: "text", name: "address", label: t("credential-address"), hint: t("credential-address-hint"), wide: true, required: true, when: isKind("address") },
    {
      kind: "select", name: "collector", label: t("credential-collector"), hint: collectors.length === 0 ? t("credential-collector-none") : undefined, wide: true, required: true, when: isKind("address"),
      options: [{ value: "", label: t("choose") }, ...collectors.map((one) => ({ value: one.id, label: one.name }))],
    },
  ];
  const submit = async (values: Values) => {
    const kind = values.kind as CredentialKind;
    const wish = kind === "certificate" ? { fingerprint: optional(values.fingerprint) }
      : kind === "address" ? { address: optional(values.address), collector: optional(values.collector) } : {};
    done(await issueCredential(device.id, kind, wish));
  };
  return (
    <FormDialog
      title={t("credential-issue")} action={t("credential-issue")} close={close} band={<CustomerBand id={device.customer} />}
      start={{ kind: "token", fingerprint: "", address: "", collector: "" }} fields={fields} submit={submit}
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
