// A modal dialog on the browser's own element: it traps focus, closes with Escape and gives focus back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { t } from "../i18n/text.ts";

interface Props { title: string; close: () => void; children: ComponentChildren; kind?: "wide" | "palette"; band?: ComponentChildren }

export function Dialog({ title, close, children, kind, band }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>("[autofocus], input:not([type=hidden]), textarea, select")?.focus();
    return () => {
      element?.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog} class={`dialog ${kind ?? ""}`} aria-labelledby={heading}
      onCancel={(event) => { event.preventDefault(); close(); }}
      onPointerDown={(event) => kind === "palette" && event.target === dialog.current && close()}
    >
      {band}
      <header class={kind === "palette" ? "visually-hidden" : undefined}>
        <h2 id={heading}>{title}</h2>
        <button class="icon-button" type="button" aria-label={t("close")} onClick={close}>×</button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

interface ConfirmProps { title: string; text: string; action: string; danger?: boolean; run: () => void; close: () => void }

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, action, danger, run, close }: ConfirmProps) {
  return (
    <Dialog title={title} close={close}>
      <p>{text}</p>
      <div class="form-actions">
        <button class="button" autofocus onClick={close}>{t("cancel")}</button>
        <button class={`button ${danger ? "danger" : "primary"}`} onClick={() => { close(); run(); }}>{action}</button>
      </div>
    </Dialog>
  );
}
