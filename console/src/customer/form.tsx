// The dialog that creates or changes a customer.
import type { Customer, CustomerData } from "../api/types.ts";
import { viewerZone } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { FormDialog, optional } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createCustomer, updateCustomer } from "./api.ts";

export const CUSTOMER_STATES = ["onboarding", "live", "paused", "ended"];
const SERVICES = ["mss", "mdr", "xdr"];

interface Props { customer?: Customer; close: () => void; done: (customer: Customer) => void }

export function CustomerDialog({ customer, close, done }: Props) {
  const { people, customers, refresh } = useShell();
  const managers = [...people.values()].filter((one) => one.roles.includes("service_manager") || one.id === customer?.service_manager);
  const used = new Set([...customers.values()].map((one) => one.color));
  const free = Array.from({ length: 12 }, (_, index) => index).find((index) => !used.has(index)) ?? customers.size % 12;
  const start = customer ?? {
    name: "", short_name: "", color: free, services: ["mss"], state: "onboarding", time_zone: viewerZone(), remark: "", service_manager: null,
  };
  return (
    <FormDialog
      title={customer ? t("customer-edit") : t("customer-create")} action={t("save")} close={close}
      start={{ ...start, service_manager: start.service_manager ?? "" }}
      fields={[
        { kind: "text", name: "name", label: t("customer-name"), required: true, wide: true, max: 200, autofocus: true },
        { kind: "text", name: "short_name", label: t("customer-short-name"), hint: t("customer-short-name-hint"), required: true, max: 24 },
        { kind: "select", name: "state", label: t("customer-state"), options: CUSTOMER_STATES.map((value) => ({ value, label: word("customer-state", value) })) },
        { kind: "many", name: "services", label: t("customer-services"), options: SERVICES.map((value) => ({ value, label: word("service", value) })) },
        { kind: "text", name: "time_zone", label: t("time-zone"), hint: t("time-zone-hint"), required: true },
        { kind: "select", name: "service_manager", label: t("customer-manager"), options: [{ value: "", label: t("none") }, ...managers.map((one) => ({ value: one.id, label: one.name }))] },
        { kind: "colour", name: "color", label: t("customer-color"), hint: t("customer-color-hint"), wide: true },
        { kind: "area", name: "remark", label: t("customer-remark"), hint: t("customer-remark-hint"), rows: 4 },
      ]}
      submit={async (values) => {
        const data: CustomerData = {
          name: String(values.name).trim(), short_name: String(values.short_name).trim(), color: Number(values.color),
          services: values.services as CustomerData["services"], state: values.state as CustomerData["state"], time_zone: String(values.time_zone).trim(),
          remark: String(values.remark ?? ""), service_manager: optional(values.service_manager),
        };
        const saved = customer ? await updateCustomer(customer, data) : await createCustomer(data);
        toastDone(t("saved"));
        refresh();
        done(saved);
      }}
    />
  );
}
