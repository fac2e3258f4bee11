// The list of customers.
import { useState } from "preact/hooks";

import type { Customer } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { togglePin, usePins } from "../shell/pins.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { customerColor } from "../ui/badge.tsx";
import { Choice, TextFilter, focusSearch } from "../ui/filter.tsx";
import { plain } from "../ui/markdown.tsx";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";
import { getCustomer, listCustomers } from "./api.ts";
import { CUSTOMER_STATES, CustomerDialog } from "./form.tsx";

export function CustomersPage() {
  const shell = useShell();
  const pins = usePins();
  const mayWrite = useMay("customer.write");
  const [text, setText] = useParameter("text");
  const [state, setState] = useParameter("state");
  const [selected, setSelected] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const query = { text, state, limit: 200 };
  const { store, mayInsert } = useList<Customer>(JSON.stringify(query), {
    id: (customer) => customer.id,
    page: (after, signal) => listCustomers({ ...query, after }, signal),
    one: getCustomer,
  }, { noun: "customer" });
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "customer-new", label: "customer-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setCreating(true) },
  ]);
  const columns: Column<Customer>[] = [
    { id: "name", label: t("customer-name"), cell: (customer) => <><i class={`dot ${customerColor(customer)}`} aria-hidden="true" /> {customer.name}</> },
    { id: "short", label: t("customer-short-name"), width: "130px", cell: (customer) => customer.short_name },
    { id: "services", label: t("customer-services"), width: "140px", cell: (customer) => customer.services.map((one) => word("service", one)).join(" / ") },
    { id: "state", label: t("customer-state"), width: "128px", cell: (customer) => word("customer-state", customer.state) },
    { id: "manager", label: t("customer-manager"), width: "136px", cell: (customer) => nameOf(shell, customer.service_manager) },
    { id: "zone", label: t("time-zone"), width: "150px", cell: (customer) => customer.time_zone },
    { id: "remark", label: t("customer-remark"), cell: (customer) => <span title={plain(customer.remark ?? "")}>{plain(customer.remark ?? "")}</span> },
    {
      id: "pin", label: t("customer-pin"), width: "72px",
      cell: (customer) => <button class="link" aria-pressed={pins.includes(customer.id)} onClick={() => togglePin(customer.id)}>{t(pins.includes(customer.id) ? "customer-unpin" : "customer-pin")}</button>,
    },
  ];
  return (
    <Page
      title={t("nav-customers")} fill
      actions={
        <>
          <a class="button" href="/storage">{t("nav-storage")}</a>
          {mayWrite && <button class="button" onClick={() => setCreating(true)}>{t("customer-create")} <kbd>n</kbd></button>}
        </>
      }
    >
      <div class="filters">
        <TextFilter value={text} set={setText} label={t("filter-text")} />
        <Choice label={t("customer-state")} value={state} set={setState} options={[{ value: "", label: t("all") }, ...CUSTOMER_STATES.map((value) => ({ value, label: word("customer-state", value) }))]} />
      </div>
      <Table
        label={t("nav-customers")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected}
        href={(customer) => `/customers/${customer.id}`} open={(customer) => navigate(`/customers/${customer.id}`)}
        empty={<Empty title={t("customers-empty")} hint={t("customers-empty-hint")} />}
      />
      {creating && <CustomerDialog close={() => setCreating(false)} done={(customer) => navigate(`/customers/${customer.id}`)} />}
    </Page>
  );
}
