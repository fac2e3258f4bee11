// Short messages that something was done or failed, read out by screen readers.
import { useEffect, useRef, useState } from "preact/hooks";

import { asProblem } from "../api/problem.ts";
import { t } from "../i18n/text.ts";
import { explain } from "./states.tsx";

interface Toast { id: number; kind: "done" | "failed"; text: string }

let toasts: Toast[] = [];
let last = 0;
let notify: () => void = () => {};

function show(kind: Toast["kind"], text: string): void {
  const id = ++last;
  toasts = [...toasts.slice(-3), { id, kind, text }];
  notify();
  setTimeout(() => dismiss(id), kind === "done" ? 4000 : 9000);
}

function dismiss(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
  notify();
}

export function toastDone(text: string): void {
  show("done", text);
}

export function toastProblem(error: unknown): void {
  const problem = asProblem(error);
  if (problem.code === "aborted" || problem.code === "unauthenticated") return;
  const { title, hint } = explain(problem);
  show("failed", [title, hint].filter(Boolean).join(" "));
}

export function Toasts() {
  const host = useRef<HTMLDivElement>(null);
  const [, render] = useState(0);
  useEffect(() => {
    notify = () => render((count) => count + 1);
    return () => void (notify = () => {});
  }, []);
  useEffect(() => {
    // Shown anew with every toast, so that it lies above a dialog that was opened meanwhile.
    if (host.current?.matches(":popover-open")) host.current.hidePopover();
    if (toasts.length > 0) host.current?.showPopover();
  });
  return (
    <div class="toasts" role="status" aria-live="polite" popover="manual" ref={host}>
      {toasts.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          <span>{toast.text}</span>
          <button class="icon-button" aria-label={t("dismiss")} onClick={() => dismiss(toast.id)}>×</button>
        </div>
      ))}
    </div>
  );
}
