// The dialog that writes an exception: terms, reason, end, records that must still fire, and what it would have hidden.
import { useEffect, useState } from "preact/hooks";

import { asProblem, type Problem } from "../api/problem.ts";
import type { Exception, ExceptionData, ExceptionPreview, ExceptionTerm, PreviewedAlert } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerBand, CustomerMark } from "../ui/badge.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { fieldMessage } from "../ui/field_message.ts";
import { instant, localInput } from "../ui/form.tsx";
import { explain } from "../ui/states.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createException, previewException, updateException } from "./api.ts";

const OPERATORS = ["is", "contains", "starts_with", "ends_with", "in_network"];
const DAY_MS = 86_400_000;

interface Props {
  exception?: Exception;
  /** What a new one starts with. */
  draft: { customer: string | null; data: ExceptionData };
  title: string;
  /** Fields that can be asked for, offered while typing. */
  fields?: string[];
  close: () => void;
  done: () => void;
}

export function ExceptionDialog({ exception, draft, title, fields, close, done }: Props) {
  const { customers, me } = useShell();
  const mayGlobal = me.user.all_customers && useMay("policy.write");
  const [customer, setCustomer] = useState(draft.customer ?? (mayGlobal ? "" : [...customers.keys()][0] ?? ""));
  const [terms, setTerms] = useState<ExceptionTerm[]>(draft.data.terms.length > 0 ? draft.data.terms : [{ field: "", operator: "is", values: [""] }]);
  const [reason, setReason] = useState(draft.data.reason);
  const [expires, setExpires] = useState(localInput(draft.data.expires ?? (exception ? null : new Date(Date.now() + 90 * DAY_MS).toISOString())));
  const [mustFire, setMustFire] = useState(draft.data.must_fire ?? []);
  const [record, setRecord] = useState("");
  const [preview, setPreview] = useState<ExceptionPreview | null>(null);
  const [looking, setLooking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const data = (): ExceptionData => ({
    rule_id: draft.data.rule_id, reason: reason.trim(), owner: draft.data.owner ?? me.user.id, expires: instant(expires), must_fire: mustFire,
    terms: terms.map((term) => ({ ...term, field: term.field.trim(), values: term.values.map((value) => value.trim()).filter(Boolean) })),
  });
  const complete = terms.every((term) => term.field.trim() && term.values.some((value) => value.trim()));
  const key = JSON.stringify([customer, terms]);
  useEffect(() => {
    setPreview(null);
    if (!complete) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      setLooking(true);
      previewException(customer || null, { ...data(), reason: "-" }, abort.signal)
        .then(setPreview, (error: unknown) => { if (!abort.signal.aborted) setProblem(asProblem(error)); })
        .finally(() => { if (!abort.signal.aborted) setLooking(false); });
    }, 400);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [key]);
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await (exception ? updateException(exception.id, exception.version, data()) : createException(customer || null, data()));
      toastDone(t("saved"));
      done();
      close();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const change = (place: number, part: Partial<ExceptionTerm>) => setTerms((now) => now.map((term, at) => at === place ? { ...term, ...part } : term));
  const about = (name: string) => problem?.fields.filter((one) => one.field === name).map((one) => <small key={one.message} class="field-error">{fieldMessage(one.message)}</small>);
  return (
    <Dialog title={t(exception ? "exception-edit" : "exception-create")} close={close} kind="wide" band={customer ? <CustomerBand id={customer} remark /> : undefined}>
      <form class="form exception-form" onSubmit={save} noValidate>
        <p class="lead">{title}</p>
        {!exception && (
          <div class="field">
            <label for="exception-customer">{t("exception-for")}</label>
            <select id="exception-customer" value={customer} onChange={(event) => setCustomer(event.currentTarget.value)}>
              {mayGlobal && <option value="">{t("exception-everybody")}</option>}
              {[...customers.values()].map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </div>
        )}
        <fieldset class="field wide">
          <legend>{t("exception-terms")}</legend>
          <datalist id="exception-fields">{fields?.map((field) => <option key={field} value={field} />)}</datalist>
          {terms.map((term, place) => (
            <div class="term-row" key={place}>
              <input class="mono" list="exception-fields" aria-label={t("exception-field")} placeholder={t("exception-field")} value={term.field} onInput={(event) => change(place, { field: event.currentTarget.value })} />
              <select aria-label={t("exception-operator")} value={term.operator} onChange={(event) => change(place, { operator: event.currentTarget.value as ExceptionTerm["operator"] })}>
                {OPERATORS.map((one) => <option key={one} value={one}>{word("term-operator", one)}</option>)}
              </select>
              <textarea
                class="mono" rows={Math.min(6, Math.max(1, term.values.length))} aria-label={t("exception-values")} title={t("one-per-line")}
                value={term.values.join("\n")} onInput={(event) => change(place, { values: event.currentTarget.value.split("\n") })}
              />
              <button type="button" class="icon-button" disabled={terms.length === 1} aria-label={t("exception-term-remove")} onClick={() => setTerms((now) => now.filter((_, at) => at !== place))}>×</button>
            </div>
          ))}
          <button type="button" class="link" onClick={() => setTerms((now) => [...now, { field: "", operator: "is", values: [""] }])}>{t("exception-term-add")}</button>
          {about("terms")}
        </fieldset>
        <div class="field wide"><label for="exception-reason">{t("exception-reason")} <span class="required" aria-hidden="true">*</span></label><textarea id="exception-reason" rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />{about("reason")}</div>
        <div class="field"><label for="exception-expires">{t("exception-expires")}</label><input id="exception-expires" type="datetime-local" value={expires} onInput={(event) => setExpires(event.currentTarget.value)} /><small class="muted">{t("exception-expires-hint")}</small>{about("expires")}</div>
        <fieldset class="field wide">
          <legend>{t("exception-must-fire")}</legend>
          <small class="muted">{t("exception-must-fire-hint")}</small>
          {mustFire.map((one, place) => (
            <div class="must-fire" key={place}><code>{one.raw}</code><button type="button" class="icon-button" aria-label={t("remove")} onClick={() => setMustFire((now) => now.filter((_, at) => at !== place))}>×</button></div>
          ))}
          <div class="term-row add">
            <textarea class="mono" rows={1} aria-label={t("exception-record")} placeholder={t("exception-record")} value={record} onInput={(event) => setRecord(event.currentTarget.value)} />
            <button type="button" class="button" disabled={!record.trim()} onClick={() => { setMustFire((now) => [...now, { raw: record.trim() }]); setRecord(""); }}>{t("add")}</button>
          </div>
          {about("must_fire")}
        </fieldset>
        <section class="field wide preview" aria-live="polite">
          <h3>{t("exception-preview")}</h3>
          {looking ? <p class="muted">{t("loading")}</p> : preview ? <Preview of={preview} /> : <p class="muted">{t("exception-preview-hint")}</p>}
        </section>
        <p class="form-error" role="alert">{problem && (problem.fields.length > 0 ? t("form-check-fields") : `${explain(problem).title} ${explain(problem).hint}`)}</p>
        <div class="form-actions"><button type="button" class="button" onClick={close}>{t("cancel")}</button><button class="button primary" disabled={busy || !complete}>{t("save")}</button></div>
      </form>
    </Dialog>
  );
}

function Preview({ of }: { of: ExceptionPreview }) {
  if (of.alerts === 0) return <p class="muted">{t("exception-preview-none")}</p>;
  return (
    <>
      <p>{t("exception-preview-told", { alerts: number(of.alerts), hidden: number(of.hidden), detections: number(of.hidden_detections) })} {of.partly > 0 && t("exception-preview-partly", { count: number(of.partly) })} {!of.complete && t("exception-preview-part")}</p>
      {of.attacks.length > 0 && <div class="note warn" role="alert"><strong>{t("exception-preview-attacks")}</strong><Alerts of={of.attacks} /></div>}
      {of.examples.length > 0 && <details><summary>{t("exception-preview-hidden", { count: number(of.examples.length) })}</summary><Alerts of={of.examples} /></details>}
      {of.kept.length > 0 && <details><summary>{t("exception-preview-kept", { count: number(of.kept.length) })}</summary><Alerts of={of.kept} /></details>}
    </>
  );
}

function Alerts({ of }: { of: PreviewedAlert[] }) {
  return (
    <table class="plain"><tbody>
      {of.map((one) => (
        <tr key={one.alert}>
          <td><a href={`/alerts/${one.alert}`} target="_blank" rel="noopener">{exact(one.last)}</a></td><td><CustomerMark id={one.customer} /></td><td class="mono">{one.key}</td>
          <td class="numeric">{number(one.count)}</td><td>{one.verdict ? word("verdict", one.verdict) : one.incident ? t("exception-preview-open") : ""}</td>
        </tr>
      ))}
    </tbody></table>
  );
}
