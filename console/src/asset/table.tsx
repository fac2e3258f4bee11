// The assets of a customer, and the dialog that changes one.
import { useState } from "preact/hooks";

import type { Asset, AssetData } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useMay } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { TextFilter, focusSearch } from "../ui/filter.tsx";
import { FormDialog, lines } from "../ui/form.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { createAsset, deleteAsset, getAsset, listAssets, updateAsset } from "./api.ts";

const IMPORTANCE = ["vital", "important", "ordinary"];

export function AssetTable({ customer }: { customer: string }) {
  const mayWrite = useMay("asset.write");
  const [text, setText] = useState("");
  const [selected, setSelected] = useState<string | null>(null);
  const [editing, setEditing] = useState<Asset | "new" | null>(null);
  const [deleting, setDeleting] = useState<Asset | null>(null);
  const query = { customer, text, limit: 200 };
  const { store, mayInsert } = useList<Asset>(JSON.stringify(query), {
    id: (asset) => asset.id,
    page: (after, signal) => listAssets({ ...query, after }, signal),
    one: getAsset,
  }, { noun: "asset", customer });
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "asset-new", label: "asset-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setEditing("new") },
  ]);
  const renew = (id?: string) => {
    if (id) store.note(id);
    void store.refresh(() => true);
  };
  const columns: Column<Asset>[] = [
    { id: "name", label: t("asset-name"), cell: (asset) => asset.name },
    { id: "addresses", label: t("asset-addresses"), width: "220px", cell: (asset) => <span class="mono" title={asset.addresses?.join("\n")}>{asset.addresses?.join(", ")}</span> },
    { id: "hosts", label: t("asset-hosts"), width: "160px", cell: (asset) => <span class="mono" title={asset.host_names?.join("\n")}>{asset.host_names?.join(", ")}</span> },
    { id: "importance", label: t("asset-importance"), width: "100px", cell: (asset) => word("importance", asset.importance) },
    { id: "owner", label: t("asset-owner"), width: "148px", cell: (asset) => asset.owner },
    { id: "business", label: t("asset-business"), width: "200px", cell: (asset) => <span title={asset.business}>{asset.business}</span> },
    { id: "service", label: t("asset-service"), width: "100px", cell: (asset) => t(asset.in_service ? "asset-in-service" : "asset-outside") },
  ];
  if (mayWrite) columns.push({ id: "actions", label: "", width: "72px", cell: (asset) => <button class="link" onClick={() => setDeleting(asset)}>{t("delete")}</button> });
  return (
    <>
      <div class="filters">
        <TextFilter value={text} set={setText} label={t("filter-text")} />
        {mayWrite && <button class="button" onClick={() => setEditing("new")}>{t("asset-create")} <kbd>n</kbd></button>}
      </div>
      <Table
        label={t("assets")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected}
        open={mayWrite ? setEditing : undefined} empty={<Empty title={t("assets-empty")} hint={t("assets-empty-hint")} />}
      />
      {editing && <AssetDialog customer={customer} asset={editing === "new" ? undefined : editing} close={() => { setEditing(null); renew(); }} />}
      {deleting && (
        <Confirm
          title={t("asset-delete")} text={t("asset-delete-text", { name: deleting.name })} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => void deleteAsset(deleting.id).then(() => { renew(deleting.id); toastDone(t("deleted")); }, toastProblem)}
        />
      )}
    </>
  );
}

function AssetDialog({ customer, asset, close }: { customer: string; asset?: Asset; close: () => void }) {
  const start = asset ?? { name: "", addresses: [], host_names: [], owner: "", business: "", importance: "ordinary", in_service: true };
  return (
    <FormDialog
      title={t(asset ? "asset-edit" : "asset-create")} action={t("save")} close={close} start={{ ...start }} band={<CustomerBand id={customer} />}
      fields={[
        { kind: "text", name: "name", label: t("asset-name"), required: true, wide: true, autofocus: true },
        { kind: "lines", name: "addresses", label: t("asset-addresses"), hint: t("one-per-line") },
        { kind: "lines", name: "host_names", label: t("asset-hosts"), hint: t("asset-hosts-hint") },
        { kind: "text", name: "owner", label: t("asset-owner") },
        { kind: "text", name: "business", label: t("asset-business") },
        { kind: "select", name: "importance", label: t("asset-importance"), options: IMPORTANCE.map((value) => ({ value, label: word("importance", value) })) },
        { kind: "check", name: "in_service", label: t("asset-in-service") },
      ]}
      submit={async (values) => {
        const data: AssetData = {
          name: String(values.name).trim(), addresses: lines(values.addresses), host_names: lines(values.host_names), owner: String(values.owner ?? ""),
          business: String(values.business ?? ""), importance: values.importance as AssetData["importance"], in_service: Boolean(values.in_service),
        };
        await (asset ? updateAsset(asset, data) : createAsset(customer, data));
        toastDone(t("saved"));
      }}
    />
  );
}
