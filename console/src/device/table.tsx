// The list of devices with whether they are heard; of one customer or of all.
import { useState } from "preact/hooks";

import type { DeviceView } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { useList } from "../ui/use_list.ts";
import { getDevice, listDevices } from "./api.ts";
import { DeviceDialog } from "./form.tsx";

interface Props { customer?: string; kind?: string; text?: string; state?: string }

/** Online, offline or never connected now: the state in the answer grows old while it is shown. */
export function stateNow(device: DeviceView, now: Date): string {
  if (!device.last_event) return "never_connected";
  return now.getTime() - Date.parse(device.last_event) > device.silence_minutes * 60_000 ? "offline" : "online";
}

export function DeviceStateMark({ of }: { of: string }) {
  return <span class={`state-mark ${of}`}><i aria-hidden="true" />{word("device-state", of)}</span>;
}

export function DeviceTable({ customer = "", kind = "", text = "", state = "" }: Props) {
  const { customers } = useShell();
  const now = useNow();
  const mayWrite = useMay("device.write");
  const [selected, setSelected] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const query = { customer, kind, text, limit: 500 };
  const { store, mayInsert } = useList<DeviceView>(JSON.stringify([query, state]), {
    id: (device) => device.id,
    page: async (after, signal) => {
      const page = await listDevices({ ...query, after }, signal);
      return state ? { ...page, items: page.items.filter((device) => stateNow(device, new Date()) === state) } : page;
    },
    one: getDevice,
  }, { noun: "device", customer: customer || undefined });
  useCommands([{ id: "device-new", label: "device-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setCreating(true) }]);
  const columns: Column<DeviceView>[] = [
    { id: "name", label: t("device-name"), cell: (device) => device.name },
    { id: "state", label: t("device-state"), width: "148px", cell: (device) => <DeviceStateMark of={stateNow(device, now)} /> },
    ...(customer ? [] : [{ id: "customer", label: t("customer"), width: "150px", cell: (device: DeviceView) => <CustomerMark id={device.customer} /> }]),
    { id: "kind", label: t("device-kind"), width: "140px", cell: (device) => word("device-kind", device.kind) },
    { id: "last", label: t("device-last"), width: "110px", cell: (device) => device.last_event ? <Time at={device.last_event} zone={customers.get(device.customer)?.time_zone} /> : <span class="muted">{t("not-yet")}</span> },
    { id: "events", label: t("device-events"), width: "110px", numeric: true, cell: (device) => number(device.event_count) },
    { id: "unparsed", label: t("device-unparsed"), width: "110px", numeric: true, cell: (device) => number(device.unparsed_count) },
    { id: "address", label: t("device-address"), width: "140px", cell: (device) => <span class="mono">{device.address}</span> },
    { id: "source", label: t("event-source"), width: "170px", cell: (device) => device.source ? <SourceName id={device.source} /> : <span class="muted">{t("device-source-any")}</span> },
  ];
  return (
    <>
      {mayWrite && <div class="table-actions"><button class="button" onClick={() => setCreating(true)}>{t("device-create")} <kbd>n</kbd></button></div>}
      <Table
        label={t("nav-devices")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected}
        href={(device) => `/devices/${device.id}`} open={(device) => navigate(`/devices/${device.id}`)}
        empty={<Empty title={t("devices-empty")} hint={t("devices-empty-hint")} />}
      />
      {creating && <DeviceDialog customer={customer} close={() => setCreating(false)} done={(device) => navigate(`/devices/${device.id}`)} />}
    </>
  );
}
