// The resource groups of a customer, and the dialog that changes one.
import { useState } from "preact/hooks";

import type { ResourceGroup, ResourceGroupData } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useMay } from "../shell/session.ts";
import { CustomerBand } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { FormDialog, ranges } from "../ui/form.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { createGroup, deleteGroup, getGroup, listGroups, updateGroup } from "./api.ts";

const KINDS = ["internal", "dmz", "proxy", "security_device", "partner"];

export function GroupTable({ customer }: { customer: string }) {
  const mayWrite = useMay("asset.write");
  const [selected, setSelected] = useState<string | null>(null);
  const [editing, setEditing] = useState<ResourceGroup | "new" | null>(null);
  const [deleting, setDeleting] = useState<ResourceGroup | null>(null);
  const query = { customer, limit: 200 };
  const { store, mayInsert } = useList<ResourceGroup>(JSON.stringify(query), {
    id: (group) => group.id,
    page: (after, signal) => listGroups({ ...query, after }, signal),
    one: getGroup,
  }, { noun: "resource_group", customer });
  useCommands([{ id: "group-new", label: "group-create", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setEditing("new") }]);
  const renew = (id?: string) => {
    if (id) store.note(id);
    void store.refresh(() => true);
  };
  const columns: Column<ResourceGroup>[] = [
    { id: "name", label: t("group-name"), cell: (group) => group.name },
    { id: "kind", label: t("group-kind"), width: "160px", cell: (group) => word("group-kind", group.kind) },
    { id: "ranges", label: t("group-ranges"), width: "340px", cell: (group) => <span class="mono" title={group.ranges.join("\n")}>{group.ranges.join(", ")}</span> },
    { id: "note", label: t("group-note"), cell: (group) => <span title={group.note}>{group.note}</span> },
  ];
  if (mayWrite) columns.push({ id: "actions", label: "", width: "72px", cell: (group) => <button class="link" onClick={() => setDeleting(group)}>{t("delete")}</button> });
  return (
    <>
      {mayWrite && <div class="table-actions"><button class="button" onClick={() => setEditing("new")}>{t("group-create")} <kbd>n</kbd></button></div>}
      <Table
        label={t("resource-groups")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected}
        open={mayWrite ? setEditing : undefined} empty={<Empty title={t("groups-empty")} hint={t("groups-empty-hint")} />}
      />
      {editing && <GroupDialog customer={customer} group={editing === "new" ? undefined : editing} close={() => { setEditing(null); renew(); }} />}
      {deleting && (
        <Confirm
          title={t("group-delete")} text={t("group-delete-text", { name: deleting.name })} action={t("delete")} danger close={() => setDeleting(null)}
          run={() => void deleteGroup(deleting.id).then(() => { renew(deleting.id); toastDone(t("deleted")); }, toastProblem)}
        />
      )}
    </>
  );
}

function GroupDialog({ customer, group, close }: { customer: string; group?: ResourceGroup; close: () => void }) {
  const start = group ?? { name: "", kind: "internal", ranges: [], note: "" };
  return (
    <FormDialog
      title={t(group ? "group-edit" : "group-create")} action={t("save")} close={close} start={{ ...start }} band={<CustomerBand id={customer} />}
      fields={[
        { kind: "text", name: "name", label: t("group-name"), required: true, autofocus: true },
        { kind: "select", name: "kind", label: t("group-kind"), options: KINDS.map((value) => ({ value, label: word("group-kind", value) })) },
        { kind: "ranges", name: "ranges", label: t("group-ranges"), hint: t("group-ranges-hint"), required: true },
        { kind: "area", name: "note", label: t("group-note"), rows: 3 },
      ]}
      submit={async (values) => {
        const data: ResourceGroupData = {
          name: String(values.name).trim(), kind: values.kind as ResourceGroupData["kind"], ranges: ranges(values.ranges), note: String(values.note ?? ""),
        };
        await (group ? updateGroup(group, data) : createGroup(customer, data));
        toastDone(t("saved"));
      }}
    />
  );
}
