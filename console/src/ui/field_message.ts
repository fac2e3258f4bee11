// What the server says of a wrong field, in the reader's words. It speaks in few forms; one that is not known is shown
// as it came.
import { t } from "../i18n/text.ts";

const FORMS: [RegExp, (hit: RegExpExecArray) => string][] = [
  [/^must have (\d+) to (\d+) characters$/, (hit) => t("field-length", { least: hit[1] ?? "", most: hit[2] ?? "" })],
  [/^must have at most (\d+) characters$/, (hit) => t("field-at-most", { most: hit[1] ?? "" })],
  [/^must have at least (\d+) characters$/, (hit) => t("field-at-least", { least: hit[1] ?? "" })],
  [/^must be (\d+) to (\d+)$/, (hit) => t("field-between", { least: hit[1] ?? "", most: hit[2] ?? "" })],
  [/^must be an IANA time zone/, () => t("field-time-zone")],
  [/^must be IP addresses/, () => t("field-addresses")],
  [/CIDR/, () => t("field-ranges")],
  [/^must not be empty/, () => t("form-required")],
  [/^must name at least one role/, () => t("form-required")],
  [/^must not be below severity_at_least/, () => t("field-severities")],
  [/^must have 1 to 64 of a-z/, () => t("user-login-hint")],
  [/^must be at most (\d+)$/, (hit) => t("field-many", { most: hit[1] ?? "" })],
  [/^must name at most (\d+)/, (hit) => t("field-many", { most: hit[1] ?? "" })],
  [/^must be 1 or more$/, () => t("field-one-or-more")],
  [/^must be the certificate's SHA-256/, () => t("field-fingerprint")],
  [/^must be in the future$/, () => t("field-future")],
  [/^must be an address or host name$/, () => t("field-host")],
  [/^must be host names/, () => t("field-host")],
  [/^must be the name of a source$/, () => t("field-source")],
  [/^must be (?:an )?active/, () => t("field-person")],
  [/^must be of one customer/, () => t("field-one-customer")],
  [/^cannot be clean before the hunt was run/, () => t("field-hunt-not-run")],
  [/^cannot be clean without data/, () => t("field-hunt-no-data")],
  [/^cannot be clean before `(.+)` was run/, (hit) => t("field-hunt-query-not-run", { name: hit[1] ?? "" })],
  [/^cannot be clean: `(.+)` was changed/, (hit) => t("field-hunt-query-changed", { name: hit[1] ?? "" })],
  [/^cannot be clean: `(.+)` failed/, (hit) => t("field-hunt-query-failed", { name: hit[1] ?? "" })],
  [/a query of a hunt cannot name a customer/, () => t("field-hunt-customer")],
  [/it asks for nothing: every event would be found/, () => t("field-hunt-everything")],
  [/^is taken$/, () => t("problem-taken")],
];

export function fieldMessage(message: string): string {
  for (const [form, say] of FORMS) {
    const hit = form.exec(message);
    if (hit) return say(hit);
  }
  return message;
}
