// Forms from a list of fields: labels, hints, the server's refusals beside the field they are about.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Problem, asProblem } from "../api/problem.ts";
import { t } from "../i18n/text.ts";
import { Dialog } from "./dialog.tsx";
import { fieldMessage } from "./field_message.ts";
import { asRange, isRange } from "./range.ts";
import { explain } from "./states.tsx";

export interface Option { value: string; label: string }

interface Base {
  name: string; label: string; hint?: string; required?: boolean; wide?: boolean; autofocus?: boolean;
  /** The field is there only while this holds. */
  when?: (values: Values) => boolean;
}
export type Field =
  | (Base & { kind: "text" | "password"; max?: number })
  | (Base & { kind: "area"; rows?: number })
  | (Base & { kind: "number"; least?: number; most?: number })
  | (Base & { kind: "select"; options: Option[] })
  | (Base & { kind: "choice"; options: Option[] })
  | (Base & { kind: "many"; options: Option[] })
  | (Base & { kind: "lines" })
  | (Base & { kind: "ranges" })
  | (Base & { kind: "check" })
  | (Base & { kind: "moment" })
  | (Base & { kind: "colour" });

export type Values = Record<string, unknown>;

interface Props {
  fields: Field[];
  start: Values;
  action: string;
  /** Sends; what it throws is shown in the form. */
  submit: (values: Values) => Promise<void>;
  cancel?: () => void;
  danger?: boolean;
  children?: ComponentChildren;
}

export function Form({ fields, start, action, submit, cancel, danger, children }: Props) {
  const [values, setValues] = useState(start);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (name: string, value: unknown) => setValues((now) => ({ ...now, [name]: value }));
  const shown = fields.filter((field) => field.when?.(values) ?? true);
  const send = async (event: Event) => {
    event.preventDefault();
    const wrong = shown.flatMap((field) => {
      const message = complaint(field, values[field.name]);
      return message ? [{ field: field.name, message }] : [];
    });
    if (wrong.length > 0) {
      setProblem(new Problem("invalid", 0, "", wrong));
      return;
    }
    setBusy(true);
    try {
      await submit(values);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [problem]);
  const about = (name: string) => problem?.fields.find((one) => one.field === name || one.field.startsWith(`${name}[`) || one.field.endsWith(`.${name}`))?.message;
  const told = problem && explain(problem);
  return (
    <form
      ref={form} class="form" onSubmit={send} noValidate
      onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(event); }}
    >
      {children}
      <div class="form-fields">
        {shown.map((field) => <FieldRow key={field.name} field={field} value={values[field.name]} set={(value) => set(field.name, value)} error={about(field.name)} />)}
      </div>
      <p class="form-error" role="alert">{told && (problem.fields.length > 0 ? t("form-check-fields") : `${told.title} ${told.hint}`)}</p>
      <div class="form-actions">
        {cancel && <span class="muted hint">{t("form-keys")}</span>}
        {cancel && <button type="button" class="button" onClick={cancel}>{t("cancel")}</button>}
        <button class={`button ${danger ? "danger" : "primary"}`} disabled={busy}>{action}</button>
      </div>
    </form>
  );
}

/** What is wrong with a value before the server is asked. */
function complaint(field: Field, value: unknown): string | null {
  if (field.required && isEmpty(value)) return t("form-required");
  if (field.kind === "ranges" && !ranges(value).every(isRange)) return t("field-ranges");
  return null;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) ? value.length === 0 : String(value).trim() === "");
}

interface Common { id: string; name: string; "aria-describedby"?: string; "aria-invalid"?: boolean; "aria-required"?: boolean; autofocus?: boolean }

interface RowProps { field: Field; value: unknown; set: (value: unknown) => void; error?: string }

function FieldRow({ field, value, set, error }: RowProps) {
  const id = useId();
  const described = [field.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  const common: Common = { id, name: field.name, "aria-describedby": described, "aria-invalid": error ? true : undefined, "aria-required": field.required, autofocus: field.autofocus };
  const grouped = field.kind === "many" || field.kind === "choice" || field.kind === "colour";
  const label = <>{field.label}{field.required && <span class="required" aria-hidden="true"> *</span>}</>;
  const notes = (
    <>
      {field.hint && <small id={`${id}-hint`} class="muted">{field.hint}</small>}
      {error && <small id={`${id}-error`} class="field-error">{fieldMessage(error)}</small>}
    </>
  );
  if (grouped) {
    return (
      <fieldset class={`field ${field.wide ? "wide" : ""}`} aria-describedby={described}>
        <legend>{label}</legend>
        <Group field={field} value={value} set={set} />
        {notes}
      </fieldset>
    );
  }
  return (
    <div class={`field ${field.wide || field.kind === "area" ? "wide" : ""} ${field.kind === "check" ? "check" : ""}`}>
      <label for={id}>{label}</label>
      <Control field={field} value={value} set={set} common={common} />
      {notes}
    </div>
  );
}

function Control({ field, value, set, common }: Omit<RowProps, "error"> & { common: Common }) {
  const text = value === null || value === undefined ? "" : String(value);
  switch (field.kind) {
    case "text":
      return <input {...common} type="text" value={text} maxLength={field.max} autocomplete="off" onInput={(event) => set(event.currentTarget.value)} />;
    case "password":
      return <input {...common} type="password" value={text} autocomplete={field.name === "current" ? "current-password" : "new-password"} onInput={(event) => set(event.currentTarget.value)} />;
    case "area":
      return <textarea {...common} rows={field.rows ?? 4} value={text} onInput={(event) => set(event.currentTarget.value)} />;
    case "lines":
    case "ranges":
      return <textarea {...common} rows={2} value={(value as string[] | undefined ?? []).join("\n")} onInput={(event) => set(event.currentTarget.value.split("\n"))} />;
    case "number":
      return <input {...common} type="number" min={field.least} max={field.most} value={text} onInput={(event) => set(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))} />;
    case "moment":
      return <input {...common} type="datetime-local" value={text} onInput={(event) => set(event.currentTarget.value)} />;
    case "select":
      return (
        <select {...common} value={text} onChange={(event) => set(event.currentTarget.value)}>
          {field.options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
        </select>
      );
    case "check":
      return <input {...common} type="checkbox" checked={Boolean(value)} onChange={(event) => set(event.currentTarget.checked)} />;
    default:
      return null;
  }
}

function Group({ field, value, set }: Omit<RowProps, "error">) {
  const name = useId();
  if (field.kind === "colour") {
    return (
      <div class="colours">
        {Array.from({ length: 12 }, (_, index) => (
          <label key={index} class={`customer-${index}`}>
            <input type="radio" name={name} checked={value === index} onChange={() => set(index)} aria-label={t("customer-colour", { number: index + 1 })} />
            <i class="dot" aria-hidden="true" />
          </label>
        ))}
      </div>
    );
  }
  if (field.kind !== "many" && field.kind !== "choice") return null;
  const chosen = (field.kind === "many" ? value as string[] | undefined : [value as string]) ?? [];
  const toggle = (option: string) => {
    if (field.kind === "choice") set(option);
    else set(chosen.includes(option) ? chosen.filter((one) => one !== option) : [...chosen, option]);
  };
  return (
    <div class="choices">
      {field.options.map((option, place) => (
        <label key={option.value}>
          <input
            type={field.kind === "many" ? "checkbox" : "radio"} name={name} checked={chosen.includes(option.value)}
            autofocus={field.autofocus && place === 0} onChange={() => toggle(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  );
}

/** A form in a dialog that closes when it was sent. */
export function FormDialog({ title, close, band, ...form }: Omit<Props, "cancel"> & { title: string; close: () => void; band?: ComponentChildren }) {
  const submit = async (values: Values) => {
    await form.submit(values);
    close();
  };
  return (
    <Dialog title={title} close={close} band={band}>
      <Form {...form} submit={submit} cancel={close} />
    </Dialog>
  );
}

/** The lines of a text field without empty ones. */
export function lines(value: unknown): string[] {
  return ((value as string[] | undefined) ?? []).map((line) => line.trim()).filter(Boolean);
}

/** The lines of a field of address ranges; a lone address is the range of itself. */
export function ranges(value: unknown): string[] {
  return lines(value).map(asRange);
}

/** A local date and time of a form as an instant; nothing when empty. */
export function instant(value: unknown): string | null {
  const date = value ? new Date(String(value)) : null;
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

/** An instant as a form's local date and time, to the minute unless seconds are wanted. */
export function localInput(time: string | Date | null | undefined, seconds = false): string {
  if (!time) return "";
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, seconds ? 19 : 16);
}

/** Text that is absent when empty. */
export function optional(value: unknown): string | null {
  const text = String(value ?? "").trim();
  return text || null;
}
