// The dialog that creates or changes a device.
import type { DeviceData, DeviceView } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { type Field, FormDialog, optional } from "../ui/form.tsx";
import { toastDone } from "../ui/toast.tsx";
import { createDevice, updateDevice } from "./api.ts";

export const DEVICE_KINDS = ["firewall", "ndr", "edr", "waf", "scanner", "host", "directory", "application", "cloud", "collector", "other"];
const SILENCE_MINUTES = 15;

interface Props { device?: DeviceView; customer?: string; close: () => void; done: (device: DeviceView) => void }

export function DeviceDialog({ device, customer, close, done }: Props) {
  const { customers } = useShell();
  const owner = device?.customer ?? customer ?? "";
  const start = device ?? { name: "", kind: "firewall", source: "", address: "", software_version: "", time_zone: "", silence_minutes: SILENCE_MINUTES, silence_alarm: "learned" };
  const whose: Field[] = owner ? [] : [{
    kind: "select", name: "customer", label: t("customer"), required: true, wide: true,
    options: [{ value: "", label: t("choose") }, ...[...customers.values()].map((one) => ({ value: one.id, label: one.name }))],
  }];
  return (
    <FormDialog
      title={device ? t("device-edit") : t("device-create")} action={t("save")} close={close} start={{ ...start, customer: owner }}
      band={owner ? <CustomerBand id={owner} /> : undefined}
      fields={[
        ...whose,
        { kind: "text", name: "name", label: t("device-name"), hint: t("device-name-hint"), required: true, max: 100, autofocus: true },
        { kind: "select", name: "kind", label: t("device-kind"), options: DEVICE_KINDS.map((value) => ({ value, label: word("device-kind", value) })) },
        { kind: "text", name: "source", label: t("event-source"), hint: t("device-source-hint") },
        { kind: "text", name: "address", label: t("device-address") },
        { kind: "text", name: "software_version", label: t("device-version") },
        { kind: "text", name: "time_zone", label: t("time-zone"), hint: t("device-zone-hint") },
        { kind: "select", name: "silence_alarm", label: t("silence-alarm"), hint: t("silence-alarm-hint"), options: ["learned", "fixed", "off"].map((value) => ({ value, label: word("silence-alarm", value) })) },
        { kind: "number", name: "silence_minutes", label: t("device-silence"), hint: t("device-silence-hint"), least: 1, most: 43_200, required: true },
      ]}
      submit={async (values) => {
        const data: DeviceData = {
          name: String(values.name).trim(), kind: values.kind as DeviceData["kind"], source: optional(values.source), address: optional(values.address),
          software_version: String(values.software_version ?? "").trim(), time_zone: optional(values.time_zone), silence_minutes: Number(values.silence_minutes), silence_alarm: values.silence_alarm as DeviceData["silence_alarm"],
        };
        const saved = device ? await updateDevice(device, data) : await createDevice(String(values.customer), data);
        toastDone(t("saved"));
        done(saved);
      }}
    />
  );
}
