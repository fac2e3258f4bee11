// Searches that are kept: one's own and those colleagues share.
import { useEffect, useRef, useState } from "preact/hooks";

import type { SavedSearch, SavedSearchData } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { createSavedSearch, deleteSavedSearch, listSavedSearches, updateSavedSearch } from "./api.ts";
import { DEFAULT_LAST, type EventQuery, PRESETS } from "./query.ts";

interface Props { query: EventQuery; text: string; columns: string[]; go: (query: EventQuery) => void; setColumns: (columns: string[]) => void }

/** A kept search as one that can be run. */
export function ofSaved(saved: SavedSearchData): EventQuery {
  const last = Object.entries(PRESETS).find(([, seconds]) => seconds === saved.seconds)?.[0] ?? "";
  const relative = saved.seconds && !last;
  const now = Date.now();
  return {
    last: saved.from && saved.to ? "" : relative ? "" : last || DEFAULT_LAST,
    from: saved.from ?? (relative ? new Date(now - (saved.seconds ?? 0) * 1000).toISOString() : ""),
    to: saved.to ?? (relative ? new Date(now).toISOString() : ""),
    customer: saved.customer ?? "",
    device: "",
    query: saved.query ?? "",
    event: "",
  };
}

export function SavedMenu({ query, text, columns, go, setColumns }: Props) {
  const { me } = useShell();
  const isAdmin = useMay("system.admin");
  const shell = useShell();
  const saved = useLoad(listSavedSearches, "saved searches");
  const menu = useRef<HTMLDetailsElement>(null);
  const [dialog, setDialog] = useState<SavedSearch | "new" | null>(null);
  const [removing, setRemoving] = useState<SavedSearch | null>(null);
  useChanges((change) => change.noun === "saved_search", saved.reload);
  useEffect(() => {
    const outside = (event: Event) => {
      if (menu.current?.open && !menu.current.contains(event.target as Node)) menu.current.open = false;
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !menu.current?.open) return;
      menu.current.open = false;
      menu.current.querySelector("summary")?.focus();
      event.preventDefault();
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape, true);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape, true);
    };
  }, []);
  const close = () => menu.current && (menu.current.open = false);
  const items = saved.value?.items ?? [];
  return (
    <span class="saved-searches">
      <details class="menu" ref={menu}>
        <summary class="button">{t("saved-searches")} <span class="count">{items.length}</span></summary>
        <div class="menu-body wide">
          {items.length === 0 && <p class="muted small">{t("saved-none")}</p>}
          {items.map((one) => (
            <div class="saved-row" key={one.id}>
              <button
                type="button" title={one.query}
                onClick={() => { close(); if (one.columns?.length) setColumns(one.columns); go(ofSaved(one)); }}
              >
                <b>{one.name}</b>
                <span class="muted"> {one.owner === me.user.id ? (one.shared ? t("saved-shared") : "") : t("saved-by", { name: nameOf(shell, one.owner) })}</span>
              </button>
              {one.owner === me.user.id && <button type="button" class="icon-button" aria-label={`${t("edit")}: ${one.name}`} title={t("edit")} onClick={() => { close(); setDialog(one); }}>✎</button>}
              {(one.owner === me.user.id || isAdmin) && <button type="button" class="icon-button" aria-label={`${t("delete")}: ${one.name}`} title={t("delete")} onClick={() => { close(); setRemoving(one); }}>×</button>}
            </div>
          ))}
        </div>
      </details>
      <button class="button" type="button" data-save-search onClick={() => setDialog("new")}>{t("save-search")}</button>
      {dialog && <SaveDialog search={dialog === "new" ? null : dialog} query={{ ...query, query: text.trim() }} columns={columns} close={() => setDialog(null)} done={saved.reload} />}
      {removing && (
        <Confirm
          title={t("saved-delete", { name: removing.name })} text={t("saved-delete-hint")} action={t("delete")} danger close={() => setRemoving(null)}
          run={() => deleteSavedSearch(removing.id).then(() => { toastDone(t("deleted")); saved.reload(); }, toastProblem)}
        />
      )}
    </span>
  );
}

interface SaveProps { search: SavedSearch | null; query: EventQuery; columns: string[]; close: () => void; done: () => void }

/** Keeps the search that is shown; an old one may take it over or keep what it has. */
function SaveDialog({ search, query, columns, close, done }: SaveProps) {
  const { customers, me } = useShell();
  const present: Omit<SavedSearchData, "name" | "shared"> = {
    query: query.query, columns, customer: query.customer || null,
    ...(query.last ? { seconds: PRESETS[query.last] ?? 86_400 } : { from: query.from, to: query.to }),
  };
  const submit = async (values: Record<string, unknown>) => {
    const base = search && !values.replace ? search : present;
    const data: SavedSearchData = {
      name: String(values.name ?? ""), shared: Boolean(values.shared),
      query: base.query, columns: base.columns, customer: base.customer, seconds: base.seconds, from: base.from, to: base.to,
    };
    await (search ? updateSavedSearch(search, data) : createSavedSearch(data));
    toastDone(t("saved"));
    close();
    done();
  };
  const about = search ? search.customer : query.customer;
  const customer = about ? customers.get(about)?.short_name ?? about : "";
  return (
    <Dialog title={t(search ? "saved-edit" : "save-search")} close={close}>
      <Form
        fields={[
          { kind: "text", name: "name", label: t("saved-name"), required: true, wide: true, max: 100, autofocus: true },
          { kind: "check", name: "shared", label: t("saved-share"), hint: customer ? t("saved-share-customer", { customer }) : t(me.user.all_customers ? "saved-share-all" : "field-one-customer"), wide: true },
          ...(search ? [{ kind: "check" as const, name: "replace", label: t("saved-replace"), wide: true }] : []),
        ]}
        start={{ name: search?.name ?? "", shared: search?.shared ?? false, replace: false }} action={t("save")} submit={submit} cancel={close}
      />
    </Dialog>
  );
}
