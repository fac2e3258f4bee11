// Copies a text, and says so.
import { t } from "../i18n/text.ts";
import { Icon } from "./icon.tsx";
import { toastDone, toastProblem } from "./toast.tsx";

export function copyText(text: string): void {
  const done = () => toastDone(t("copied"));
  if (navigator.clipboard) {
    navigator.clipboard.writeText(text).then(done, toastProblem);
    return;
  }
  // Without TLS on a real host name browsers offer no clipboard: select it in a field and copy that.
  const field = document.createElement("textarea");
  field.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  if (document.execCommand("copy")) done();
  field.remove();
}

export function Copy({ text, label }: { text: string; label?: string }) {
  return (
    <button type="button" class={label ? "button" : "icon-button"} title={t("copy")} aria-label={label ?? t("copy")} onClick={() => copyText(text)}>
      {label ?? <Icon of="copy" />}
    </button>
  );
}
