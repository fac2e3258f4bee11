// One file of an incident: its verdict at a glance, everything else on demand.
import { useState } from "preact/hooks";

import type { Attachment, FileMatch } from "../api/types.ts";
import { eventsUrl } from "../event/query.ts";
import { bytes, exact, number } from "../i18n/format.ts";
import { language, t, word } from "../i18n/text.ts";
import { useMay } from "../shell/session.ts";
import { CustomerBand, SeverityMark } from "../ui/badge.tsx";
import { Copy } from "../ui/copy.tsx";
import { FormDialog } from "../ui/form.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone } from "../ui/toast.tsx";
import { contentUrl, removeAttachment } from "./attachment_api.ts";

interface Props { file: Attachment; customer: string; zone?: string; changed: () => void }

export function FileRow({ file, customer, zone, changed }: Props) {
  const mayWork = useMay("incident.work");
  const mayLook = useMay("event.read");
  const [removing, setRemoving] = useState(false);
  const gone = file.state === "removed";
  const hash = (value: string) => mayLook
    ? <a class="mono" href={eventsUrl({ last: "30d", customer, query: `"${value}"` })} title={t("attachment-pivot")}>{value}</a> : <span class="mono">{value}</span>;
  return (
    <li class={`file ${gone ? "gone" : ""}`}>
      <details>
        <summary>
          <span class="file-line"><bdi class="file-name">{file.name}</bdi> <span class="muted">{bytes(file.size)}</span></span>
          <Verdict file={file} />
        </summary>
        <dl class="facts">
          <div><dt>SHA-256</dt><dd>{hash(file.sha256)} <Copy text={file.sha256} /></dd></div>
          <div><dt>SHA-1</dt><dd>{hash(file.sha1)} <Copy text={file.sha1} /></dd></div>
          <div><dt>MD5</dt><dd>{hash(file.md5)} <Copy text={file.md5} /></dd></div>
          <div><dt>{t("attachment-added")}</dt><dd>{file.added_by_name ?? t("the-platform")} <Time at={file.added} zone={zone} /></dd></div>
          {file.removal && <div><dt>{t("attachment-removed")}</dt><dd>{file.removed_by_name ?? t("the-platform")} <Time at={file.removal.at} zone={zone} />: {file.removal.reason}</dd></div>}
          {file.scan.at && <div><dt>{t("attachment-scanned")}</dt><dd>{exact(file.scan.at)}, {t("attachment-held-against", { rules: number(file.scan.rules), files: file.scan.files })}</dd></div>}
        </dl>
        {file.known.map((one) => (
          <p key={one.value} class="note warn">
            {t("attachment-known", { hash: hashKind(one.value) })} {one.sources.map((source) => `${source.name} (${source.confidence} %, ${word("tlp", source.tlp)})`).join(", ")}
            {one.withheld > 0 && ` ${t("attachment-withheld", { count: one.withheld })}`}
          </p>
        ))}
        {file.scan.matches.length > 0 && <ul class="file-matches">{file.scan.matches.map((one) => <Match key={`${one.set ?? ""}${one.name}${one.path ?? ""}`} of={one} />)}</ul>}
        {file.scan.problem && <p class="note">{t("attachment-scan-failed")}</p>}
        {file.scan.skipped_in_all > 0 && (
          <div class="note">
            {t("attachment-skipped", { count: file.scan.skipped_in_all })}
            <ul>{file.scan.skipped.map((one) => <li key={one.path}><bdi class="mono">{one.path}</bdi>: {word("attachment-skip", one.reason)}</li>)}</ul>
          </div>
        )}
        {mayWork && !gone && (
          <p class="file-actions">
            <a class="button" href={contentUrl(file, "zip")} download>{t("attachment-zip")}</a>
            <a class="button" href={contentUrl(file, "plain")} download>{t("attachment-plain")}</a>
            <button class="button danger" onClick={() => setRemoving(true)}>{t("attachment-remove")}</button>
            <small class="muted">{t("attachment-zip-hint")}</small>
          </p>
        )}
      </details>
      {removing && (
        <FormDialog
          title={t("attachment-remove")} action={t("attachment-remove")} danger close={() => setRemoving(false)} start={{ reason: "" }} band={<CustomerBand id={customer} />}
          fields={[{ kind: "area", name: "reason", label: t("incident-reason"), hint: t("attachment-remove-hint"), required: true, rows: 3, autofocus: true }]}
          submit={async (values) => {
            await removeAttachment(file, String(values.reason).trim());
            toastDone(t("attachment-was-removed"));
            changed();
          }}
        >
          <p class="dialog-lead"><bdi class="file-name">{file.name}</bdi></p>
        </FormDialog>
      )}
    </li>
  );
}

/** What is known of a file, in a line. */
function Verdict({ file }: { file: Attachment }) {
  const { scan, known } = file;
  const worst = scan.matches[0];
  const rules = new Set(scan.matches.map((one) => `${one.set ?? ""}${one.name}`)).size;
  return (
    <span class="file-verdict">
      {file.state === "removed" && <span class="tag">{t("attachment-gone")}</span>}
      {worst && <><SeverityMark of={worst.severity} /> <span>{t("attachment-matches", { count: rules })}</span></>}
      {!worst && scan.state === "done" && <span class="muted">{t("attachment-no-match", { rules: scan.rules })}</span>}
      {scan.state === "waiting" && file.state === "kept" && <span class="muted">{t("attachment-waits")}</span>}
      {scan.state === "stopped" && <span class="tag warn">{t("attachment-stopped")}</span>}
      {scan.state === "failed" && <span class="tag warn">{t("attachment-failed")}</span>}
      {scan.state === "unavailable" && <span class="muted">{t("attachment-unavailable")}</span>}
      {known.length > 0 && <span class="tag warn">{t("attachment-in-intel")}</span>}
      {scan.skipped_in_all > 0 && <span class="tag">{t("attachment-partly")}</span>}
    </span>
  );
}

function Match({ of }: { of: FileMatch }) {
  const said = (language() === "zh" ? of.description_zh : null) ?? of.description;
  return (
    <li>
      <p class="line">
        <SeverityMark of={of.severity} /> <b class="mono">{of.name}</b>
        {of.set ? <a class="in-text" href={`/yara/${of.set}`}>{of.set_name}</a> : <span class="muted">{t("yara-built-in")}</span>}
        {of.tags.map((tag) => <span key={tag} class="tag mono">{tag}</span>)}
      </p>
      {said && <p>{said}</p>}
      {of.path && <p class="muted">{t("attachment-inside")} <bdi class="mono">{of.path}</bdi></p>}
      {of.strings.length > 0 && (
        <ul class="file-strings">
          {of.strings.map((one) => <li key={`${one.id} ${one.offset}`}><span class="mono muted">{one.id} @ 0x{one.offset.toString(16)}</span> <code>{one.excerpt}</code></li>)}
        </ul>
      )}
    </li>
  );
}

function hashKind(value: string): string {
  return value.length === 64 ? "SHA-256" : value.length === 40 ? "SHA-1" : "MD5";
}
