// The dialog that adds a list: a file or pasted lines, and what is known about it.
import { useId, useState } from "preact/hooks";

import type { UnreadLine } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useShell } from "../shell/session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form, instant, optional } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { type Added, addList, indicators } from "./api.ts";
import { PURPOSES, TLPS } from "./marks.tsx";
import { SuppressedTable } from "./suppressed.tsx";

export function UploadDialog({ close }: { close: () => void }) {
  const { customers } = useShell();
  const [file, setFile] = useState<File | null>(null);
  const [added, setAdded] = useState<Added | null>(null);
  const chooser = useId();
  if (added) return <AddedDialog added={added} close={close} />;
  return (
    <Dialog title={t("intel-add")} close={close} kind="wide">
      <Form
        action={t("intel-add")} cancel={close}
        start={{ name: "", source: "", description: "", confidence: 50, tlp: "amber", expires: "", customers: [], text: "", purpose: "alarm", least: 0, hunt: true }}
        fields={[
          { kind: "text", name: "name", label: t("intel-name"), hint: t("intel-name-hint"), max: 200 },
          { kind: "text", name: "source", label: t("intel-source"), max: 200 },
          { kind: "select", name: "tlp", label: t("intel-tlp"), options: TLPS.map((value) => ({ value, label: word("tlp", value) })) },
          { kind: "number", name: "confidence", label: t("intel-confidence"), hint: t("intel-confidence-hint"), least: 0, most: 100 },
          { kind: "select", name: "purpose", label: t("intel-purpose"), hint: t("intel-purpose-hint"), options: PURPOSES.map((value) => ({ value, label: word("intel-purpose", value) })) },
          { kind: "number", name: "least", label: t("intel-least"), hint: t("intel-least-hint"), least: 0, most: 100, when: (values) => values.purpose === "alarm" },
          { kind: "check", name: "hunt", label: t("intel-hunt-now"), when: (values) => values.purpose !== "warning" },
          { kind: "moment", name: "expires", label: t("intel-expires"), hint: t("intel-expires-hint") },
          { kind: "text", name: "description", label: t("intel-description"), max: 4000 },
          { kind: "many", name: "customers", label: t("intel-for"), hint: t("intel-for-hint"), wide: true, options: [...customers.values()].map((one) => ({ value: one.id, label: one.short_name })) },
          { kind: "area", name: "text", label: t("intel-paste"), hint: t("intel-paste-hint"), rows: 5 },
        ]}
        submit={async (values) => {
          const content = file ?? new Blob([String(values.text)]);
          setAdded(await addList({
            name: optional(values.name) ?? file?.name ?? t("intel-pasted"), source: String(values.source), description: String(values.description),
            confidence: Number(values.confidence ?? 50), tlp: String(values.tlp), expires: instant(values.expires) ?? undefined,
            customers: (values.customers as string[]).join(","), purpose: String(values.purpose), least_confidence: Number(values.least ?? 0), hunt_new: Boolean(values.hunt),
          }, content));
        }}
      >
        <div class="field wide">
          <label for={chooser}>{t("intel-file")}</label>
          <input id={chooser} type="file" accept=".txt,.csv,.json,.ndjson,.jsonl,.tsv,.md5,.sha1,.sha256,.list,text/*" onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)} />
          <small class="muted">{t("intel-file-hint")}</small>
        </div>
      </Form>
    </Dialog>
  );
}

function AddedDialog({ added, close }: { added: Added; close: () => void }) {
  const { list, unread, suppressed, suppressed_first: first, hunt } = added;
  const go = () => {
    toastDone(t("saved"));
    close();
    navigate(hunt ? `/retro-hunts/${hunt.id}` : `/intel/${list.id}`);
  };
  return (
    <Dialog title={t("intel-added", { name: list.name })} close={close} kind="wide">
      <p>{t("intel-added-text", { indicators: number(indicators(list)), duplicates: number(list.duplicates), unread: number(list.unread) })}</p>
      {unread.length > 0 && <Unread lines={unread} all={list.unread} />}
      {suppressed > 0 && <><p>{t("intel-suppressed", { count: number(suppressed) })}</p><SuppressedTable items={first} all={suppressed} /></>}
      <div class="form-actions">
        <button class="button" onClick={close}>{t("close")}</button>
        <button class="button primary" autofocus onClick={go}>{t(hunt ? "retro-hunt-show" : "intel-show")}</button>
      </div>
    </Dialog>
  );
}

/** Lines that are no indicators, with the reason. */
export function Unread({ lines, all }: { lines: UnreadLine[]; all: number }) {
  return (
    <div class="scroll unread-lines" tabIndex={0} role="region" aria-label={t("intel-unread")}>
      <table class="plain">
        <thead><tr><th scope="col" class="numeric">{t("intel-line")}</th><th scope="col">{t("intel-text")}</th><th scope="col">{t("intel-reason")}</th></tr></thead>
        <tbody>{lines.map((line) => <tr key={line.line}><td class="numeric">{number(line.line)}</td><td class="mono">{line.text}</td><td>{line.reason}</td></tr>)}</tbody>
      </table>
      {all > lines.length && <p class="muted">{t("intel-unread-more", { count: number(all - lines.length) })}</p>}
    </div>
  );
}
