// The page of one customer: what is agreed, its devices, assets and resource groups.
import { useState } from "preact/hooks";

import { AssetTable } from "../asset/table.tsx";
import { GroupTable } from "../asset/groups.tsx";
import { DeviceTable } from "../device/table.tsx";
import { eventsUrl } from "../event/query.ts";
import { exact, zoneDiffers } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { getCustomer } from "./api.ts";
import { CustomerDialog } from "./form.tsx";

export function CustomerPage({ id }: { id: string }) {
  const shell = useShell();
  const mayWrite = useMay("customer.write");
  const loaded = useLoad((signal) => getCustomer(id, signal), id);
  const [tab, setTab] = useParameter("tab", "devices");
  const [editing, setEditing] = useState(false);
  useChanges((change) => change.id === id, loaded.reload);
  const customer = loaded.value;
  if (!customer) return <Page title={t("customer")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const tabs = [
    { id: "devices", label: t("nav-devices") }, { id: "assets", label: t("assets") }, { id: "groups", label: t("resource-groups") },
  ];
  return (
    <Page
      title={customer.name} fill band={<CustomerBand id={id} remark />}
      actions={
        <>
          <a class="button" href={`/?customer=${id}`}>{t("nav-workbench")}</a>
          <a class="button" href={eventsUrl({ customer: id })}>{t("nav-events")}</a>
          <a class="button" href={`/hunts?customer=${id}&state=all`}>{t("nav-hunts")}</a>
          <a class="button" href={`/policies?customer=${id}`}>{t("nav-policies")}</a>
          {mayWrite && <button class="button" onClick={() => setEditing(true)}>{t("edit")}</button>}
        </>
      }
    >
      <dl class="facts across">
        <div><dt>{t("customer-state")}</dt><dd>{word("customer-state", customer.state)}</dd></div>
        <div><dt>{t("customer-services")}</dt><dd>{customer.services.map((one) => word("service", one)).join(" / ")}</dd></div>
        <div><dt>{t("customer-manager")}</dt><dd>{nameOf(shell, customer.service_manager) || t("none")}</dd></div>
        <div><dt>{t("time-zone")}</dt><dd>{customer.time_zone}{zoneDiffers(customer.time_zone, new Date().toISOString()) && ` (${exact(new Date(), customer.time_zone)})`}</dd></div>
        <div><dt>{t("created")}</dt><dd>{exact(customer.created)}</dd></div>
      </dl>
      <Tabs label={customer.name} tabs={tabs} current={tab} choose={setTab} />
      {tab === "devices" && <DeviceTable customer={id} />}
      {tab === "assets" && <AssetTable customer={id} />}
      {tab === "groups" && <GroupTable customer={id} />}
      {editing && <CustomerDialog customer={customer} close={() => setEditing(false)} done={loaded.set} />}
    </Page>
  );
}
