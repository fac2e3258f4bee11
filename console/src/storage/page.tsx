// How long each customer's events are kept and what they take up; legal hold; deletion, with its certificate.
import { useState } from "preact/hooks";

import type { CustomerStorage, DeletionCertificate } from "../api/types.ts";
import { eventsUrl } from "../event/query.ts";
import { bytes, exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, CustomerMark } from "../ui/badge.tsx";
import { Copy } from "../ui/copy.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Form, instant, optional } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { toastDone } from "../ui/toast.tsx";
import { deleteEvents, listDeletions, listStorage, setRetention } from "./api.ts";

export function StoragePage() {
  const mayChange = useMay("system.admin");
  const maySee = useMay("audit.read");
  const storage = useLoad(listStorage, "storage");
  const [editing, setEditing] = useState<CustomerStorage | null>(null);
  const [deleting, setDeleting] = useState<CustomerStorage | null>(null);
  const [round, setRound] = useState(0);
  useChanges((change) => change.noun === "customer", storage.reload);
  const value = storage.value;
  const again = () => {
    storage.reload();
    setRound((count) => count + 1);
  };
  return (
    <Page title={t("nav-storage")} actions={<a class="button" href="/customers">{t("nav-customers")}</a>}>
      {!value && (storage.problem ? <Failure problem={storage.problem} retry={storage.reload} /> : <Loading />)}
      {value && (
        <>
          <p class="muted lead">
            {value.default_days ? t("storage-default", { days: value.default_days }) : t("storage-default-ever")}{" "}
            {value.floor_days > 0 && t("storage-floor", { days: value.floor_days })}
          </p>
          <table class="plain storage">
            <thead>
              <tr>
                <th scope="col">{t("customer")}</th><th scope="col">{t("storage-kept")}</th><th scope="col" class="numeric">{t("event")}</th>
                <th scope="col" class="numeric">{t("storage-size")}</th><th scope="col">{t("storage-oldest")}</th><th scope="col">{t("storage-hold")}</th>
                <th scope="col"><span class="visually-hidden">{t("storage-actions")}</span></th>
              </tr>
            </thead>
            <tbody>
              {value.items.map((one) => (
                <tr key={one.customer} data-storage={one.customer}>
                  <td><a href={`/customers/${one.customer}`}><CustomerMark id={one.customer} /></a></td>
                  <td>
                    {one.kept_days ? t("storage-days", { days: one.kept_days }) : t("storage-ever")}
                    {one.days === null && <span class="muted"> {t("storage-by-default")}</span>}
                  </td>
                  <td class="numeric">
                    {one.first && one.last
                      ? <a href={eventsUrl({ customer: one.customer, from: one.first, to: new Date(Date.parse(one.last) + 1000).toISOString() })}>{number(one.events)}</a>
                      : number(one.events)}
                  </td>
                  <td class="numeric">{bytes(one.bytes)}{one.damaged > 0 && <div class="field-error">{t("storage-damaged", { count: one.damaged })}</div>}</td>
                  <td>{one.first ? exact(one.first) : ""}</td>
                  <td>{one.hold ? <span class="tag hold" title={one.hold}>{t("storage-held")}: {one.hold}</span> : ""}</td>
                  <td class="row-actions">
                    {mayChange && <button class="button" onClick={() => setEditing(one)}>{t("edit")}</button>}{" "}
                    {mayChange && <button class="button danger" disabled={Boolean(one.hold)} title={one.hold ? t("storage-held-hint") : undefined} onClick={() => setDeleting(one)}>{t("storage-delete")}</button>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {maySee && <Certificates key={round} />}
      {editing && <RetentionDialog one={editing} floor={value?.floor_days ?? 0} close={() => setEditing(null)} done={again} />}
      {deleting && <DeletionDialog one={deleting} close={() => setDeleting(null)} done={again} />}
    </Page>
  );
}

function RetentionDialog({ one, floor, close, done }: { one: CustomerStorage; floor: number; close: () => void; done: () => void }) {
  const submit = async (values: Record<string, unknown>) => {
    await setRetention(one, values.days === null || values.days === "" ? null : Number(values.days), optional(values.hold));
    toastDone(t("saved"));
    close();
    done();
  };
  return (
    <Dialog title={t("storage-edit")} close={close} band={<CustomerBand id={one.customer} />}>
      <Form
        fields={[
          { kind: "number", name: "days", label: t("storage-kept-days"), hint: t("storage-kept-days-hint", { days: Math.max(1, floor) }), least: Math.max(1, floor), autofocus: true },
          { kind: "area", name: "hold", label: t("storage-hold"), hint: t("storage-hold-hint"), rows: 2 },
        ]}
        start={{ days: one.days, hold: one.hold ?? "" }} action={t("save")} submit={submit} cancel={close}
      />
    </Dialog>
  );
}

function DeletionDialog({ one, close, done }: { one: CustomerStorage; close: () => void; done: () => void }) {
  const { customers } = useShell();
  const name = customers.get(one.customer)?.short_name ?? one.customer;
  const [certificate, setCertificate] = useState<DeletionCertificate | null | undefined>(undefined);
  const submit = async (values: Record<string, unknown>) => {
    const answer = await deleteEvents(one.customer, instant(values.from) ?? "", instant(values.to) ?? "", String(values.reason ?? ""));
    setCertificate(answer.certificate ?? null);
    done();
  };
  return (
    <Dialog title={t("storage-delete-title", { name })} close={close} band={<CustomerBand id={one.customer} />}>
      {certificate === undefined ? (
        <Form
          fields={[
            { kind: "moment", name: "from", label: t("range-from"), required: true, autofocus: true },
            { kind: "moment", name: "to", label: t("range-to"), required: true },
            { kind: "area", name: "reason", label: t("storage-reason"), hint: t("storage-reason-hint"), required: true, rows: 2 },
          ]}
          start={{ from: "", to: "", reason: "" }} action={t("storage-delete-now")} danger submit={submit} cancel={close}
        >
          <p class="dialog-lead">{t("storage-delete-warning")}</p>
        </Form>
      ) : certificate ? (
        <>
          <p role="status">{t("storage-deleted", { count: certificate.events })}</p>
          <Certificate of={certificate} />
        </>
      ) : <p role="status">{t("storage-nothing")}</p>}
    </Dialog>
  );
}

function Certificates() {
  const found = useLoad((signal) => listDeletions("", undefined, signal), "deletions");
  const items = found.value?.items ?? [];
  return (
    <section aria-label={t("storage-certificates")}>
      <div class="section-head"><h2>{t("storage-certificates")}</h2></div>
      {!found.value && (found.problem ? <Failure problem={found.problem} retry={found.reload} /> : <Loading />)}
      {found.value && items.length === 0 && <Empty title={t("storage-no-certificates")} />}
      {items.map((one) => (
        <details key={one.id} class="certificate">
          <summary>
            <CustomerMark id={one.customer} /> <span>{exact(one.began)}</span> <span class="tag">{word("deletion-cause", one.cause)}</span>{" "}
            <b>{t("events-count", { count: one.events })}</b> <span class="muted">{exact(one.range.from)} – {exact(one.range.to)}</span>
          </summary>
          <Certificate of={one} />
        </details>
      ))}
    </section>
  );
}

function Certificate({ of }: { of: DeletionCertificate }) {
  return (
    <dl class="facts">
      <div><dt>{t("storage-certificate")}</dt><dd class="mono">{of.id} <Copy text={JSON.stringify(of, null, 2)} label={t("storage-copy")} /></dd></div>
      <div><dt>{t("storage-asked-by")}</dt><dd>{of.asked_by}</dd></div>
      {of.reason && <div><dt>{t("storage-reason")}</dt><dd>{of.reason}</dd></div>}
      <div><dt>{t("storage-files")}</dt><dd>{number(of.files.length)}</dd></div>
      <div><dt>{t("storage-finished")}</dt><dd>{of.finished ? exact(of.finished) : t("none")}</dd></div>
      {of.hash && <div><dt>SHA-256</dt><dd class="mono">{of.hash} <Copy text={of.hash} /></dd></div>}
      {of.remains.map((text) => <div key={text}><dt>{t("storage-remains")}</dt><dd>{text}</dd></div>)}
    </dl>
  );
}
