// The files of an incident: what is being sent, what is there, what rules and intelligence say of it.
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import { bytes, percent } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useMay } from "../shell/session.ts";
import { useChanges, useLoad } from "../ui/load.ts";
import { Failure, Loading, explain } from "../ui/states.tsx";
import { toastDone } from "../ui/toast.tsx";
import { FileRow } from "./attachment.tsx";
import { FILE_BYTES, readAttachments, sendAttachment } from "./attachment_api.ts";

/** A file on its way; with a reason when it did not arrive. */
interface Sending { key: number; name: string; size: number; share: number; failed: string | null; stop: () => void }

let keys = 0;

export function Attachments({ incident, customer, zone }: { incident: string; customer: string; zone?: string }) {
  const files = useLoad((signal) => readAttachments(incident, signal), incident);
  const mayWork = useMay("incident.work");
  const [sending, setSending] = useState<Sending[]>([]);
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const heading = useId();
  const aborts = useRef(new Set<AbortController>());
  useEffect(() => () => aborts.current.forEach((abort) => abort.abort()), []);
  useChanges((change) => change.id === incident, files.reload);
  useCommands([{ id: "incident-attach", label: "attachment-add", keys: ["f"], group: "commands-incident", when: () => mayWork, run: () => chooser.current?.click() }]);

  const send = async (chosen: File[]) => {
    for (const file of chosen) {
      keys += 1;
      const key = keys;
      const abort = new AbortController();
      const change = (part: Partial<Sending>) => setSending((now) => now.map((one) => one.key === key ? { ...one, ...part } : one));
      const gone = () => setSending((now) => now.filter((one) => one.key !== key));
      const stop = () => { abort.abort(); gone(); };
      setSending((now) => [...now, { key, name: file.name, size: file.size, share: 0, failed: null, stop }]);
      if (file.size > FILE_BYTES) { change({ failed: t("attachment-too-large") }); continue; }
      if (file.size === 0) { change({ failed: t("attachment-is-empty") }); continue; }
      aborts.current.add(abort);
      try {
        const added = await sendAttachment(incident, file, (share) => change({ share }), abort.signal);
        gone();
        if (added.already) toastDone(t("attachment-already", { name: added.attachment.name }));
        files.reload();
      } catch (error) {
        const problem = asProblem(error);
        if (problem.code !== "aborted") {
          const known = REASONS[problem.code];
          change({ failed: known ? t(known) : explain(problem).title });
        }
      }
      aborts.current.delete(abort);
    }
  };

  const list = files.value ?? [];
  const kept = list.filter((one) => one.state === "kept").length;
  return (
    <section
      class={`attachments ${over ? "over" : ""}`} aria-labelledby={heading}
      onDragOver={(event) => { if (mayWork) { event.preventDefault(); setOver(true); } }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { if (mayWork) { event.preventDefault(); setOver(false); void send([...event.dataTransfer?.files ?? []]); } }}
    >
      <header>
        <h2 id={heading}>{t("attachments")} <span class="count">{kept}</span></h2>
        {mayWork && (
          <>
            <button class="button" onClick={() => chooser.current?.click()}>{t("attachment-add")} <kbd>f</kbd></button>
            <input
              ref={chooser} type="file" multiple class="visually-hidden" tabIndex={-1} aria-label={t("attachment-add")}
              onChange={(event) => { void send([...event.currentTarget.files ?? []]); event.currentTarget.value = ""; }}
            />
          </>
        )}
      </header>
      {!files.value && (files.problem ? <Failure problem={files.problem} retry={files.reload} /> : <Loading />)}
      {files.value && list.length === 0 && sending.length === 0 && <p class="muted drop">{t(mayWork ? "attachments-none-drop" : "attachments-none")}</p>}
      {(list.length > 0 || sending.length > 0) && (
        <ul class="files">
          {list.map((one) => <FileRow key={one.id} file={one} customer={customer} zone={zone} changed={files.reload} />)}
          {sending.map((one) => (
            <li key={one.key} class={`file ${one.failed ? "failed" : "sending"}`}>
              <p class="file-line"><bdi class="file-name">{one.name}</bdi> <span class="muted">{bytes(one.size)}</span>
                {!one.failed && <><progress max={1} value={one.share} aria-label={t("attachment-sending", { name: one.name })} /> <span class="muted">{one.share < 1 ? percent(one.share) : t("attachment-checking")}</span></>}
                <button class="link" onClick={one.stop}>{t(one.failed ? "attachment-dismiss" : "cancel")}</button>
              </p>
              {one.failed && <p class="form-error" role="alert">{one.failed}</p>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Why a file was not taken, by the server's code. */
const REASONS: Record<string, string> = {
  too_large: "attachment-too-large",
  incident_files_full: "attachment-too-many",
  incident_bytes_full: "attachment-incident-full",
  customer_bytes_full: "attachment-customer-full",
};
