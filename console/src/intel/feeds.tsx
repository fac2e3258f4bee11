// Feeds 情报源: where indicators come from by themselves, how it goes, and the dialog that adds or changes one.
import { useState } from "preact/hooks";

import type { Feed, FeedData } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useShell } from "../shell/session.ts";
import { FormDialog, type Values, optional } from "../ui/form.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { addFeed, listFeeds, updateFeed } from "./api.ts";
import { FeedMark, PURPOSES, TLPS, Whose } from "./marks.tsx";

const KINDS = ["taxii", "misp", "stix", "csv", "list", "folder"];

export function Feeds({ text }: { text: string }) {
  const [selected, setSelected] = useState<string | null>(null);
  const query = { text, limit: 200 };
  const { store, mayInsert } = useList<Feed>(JSON.stringify(query), { id: (feed) => feed.id, page: (after, signal) => listFeeds({ ...query, after }, signal) }, { noun: "feed" });
  const href = (feed: Feed) => `/feeds/${feed.id}`;
  const columns: Column<Feed>[] = [
    { id: "name", label: t("intel-name"), cell: (feed) => feed.name },
    { id: "kind", label: t("feed-kind"), width: "130px", cell: (feed) => word("feed-kind", feed.kind) },
    { id: "state", label: t("feed-state"), width: "150px", cell: (feed) => <FeedMark feed={feed} /> },
    { id: "error", label: t("feed-error"), width: "300px", cell: (feed) => <span class="muted given" title={feed.error ?? undefined}>{feed.error ?? ""}</span> },
    { id: "total", label: t("intel-indicators"), width: "110px", numeric: true, cell: (feed) => number(feed.counts.total) },
    { id: "new", label: t("feed-new"), width: "90px", numeric: true, cell: (feed) => number(feed.counts.new) },
    { id: "tlp", label: t("intel-tlp"), width: "130px", cell: (feed) => <span class={`tag tlp-${feed.tlp}`}>{word("tlp", feed.tlp)}</span> },
    { id: "customers", label: t("customer"), width: "160px", cell: (feed) => <Whose customers={feed.customers} /> },
    { id: "fetched", label: t("feed-fetched"), width: "120px", cell: (feed) => (feed.fetched ? <Time at={feed.fetched} /> : <span class="muted">{t("never")}</span>) },
  ];
  return (
    <Table
      label={t("feeds")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected} href={href}
      open={(feed) => navigate(href(feed))} empty={<Empty title={t("feeds-empty")} hint={t("feeds-empty-hint")} />}
    />
  );
}

/** Adds a feed, or changes the one given. */
export function FeedDialog({ feed, close, done }: { feed?: Feed; close: () => void; done?: (feed: Feed) => void }) {
  const { customers } = useShell();
  const remote = (values: Values) => values.kind !== "folder";
  const csv = (values: Values) => values.kind === "csv";
  const columns = feed?.columns;
  return (
    <FormDialog
      title={t(feed ? "edit" : "feed-add")} action={t(feed ? "save" : "feed-add-action")} close={close}
      start={{
        name: feed?.name ?? "", kind: feed?.kind ?? "taxii", url: feed?.url ?? "", collection: feed?.collection ?? "", user: feed?.user ?? "", secret: "",
        interval: feed?.interval_minutes ?? 60, confidence: feed?.confidence ?? 50, tlp: feed?.tlp ?? "amber", least: feed?.least_confidence ?? 0,
        expire: feed ? feed.expire_days ?? "" : 90, purpose: feed?.purpose ?? "alarm", hunt: feed?.hunt_new ?? true, enabled: feed?.enabled ?? true,
        value: columns?.value ?? "indicator", note: columns?.note ?? "", sure: columns?.confidence ?? "", until: columns?.until ?? "",
        delimiter: columns?.delimiter ?? ",", comment: columns?.header_is_comment ?? false, customers: [],
      }}
      fields={[
        { kind: "text", name: "name", label: t("intel-name"), required: true, autofocus: true, max: 200 },
        { kind: "select", name: "kind", label: t("feed-kind"), options: KINDS.map((value) => ({ value, label: word("feed-kind", value) })) },
        { kind: "text", name: "url", label: t("feed-url"), hint: t("feed-url-hint"), required: true, wide: true, max: 2000 },
        { kind: "text", name: "collection", label: t("feed-collection"), hint: t("feed-collection-hint"), max: 200, when: (values) => values.kind === "taxii" },
        { kind: "text", name: "user", label: t("feed-user"), hint: t("feed-user-hint"), max: 200, when: remote },
        { kind: "password", name: "secret", label: t("feed-secret"), hint: t(feed?.has_secret ? "feed-secret-kept" : "feed-secret-hint"), max: 4096, when: remote },
        { kind: "text", name: "value", label: t("feed-column-value"), hint: t("feed-column-hint"), required: true, when: csv },
        { kind: "text", name: "note", label: t("feed-column-note"), when: csv },
        { kind: "text", name: "sure", label: t("feed-column-confidence"), when: csv },
        { kind: "text", name: "until", label: t("feed-column-until"), when: csv },
        { kind: "text", name: "delimiter", label: t("feed-delimiter"), max: 1, when: csv },
        { kind: "check", name: "comment", label: t("feed-header-comment"), when: csv },
        { kind: "number", name: "interval", label: t("feed-interval"), least: 1, most: 43200 },
        { kind: "number", name: "expire", label: t("feed-expire"), hint: t("feed-expire-hint"), least: 1, most: 3650 },
        { kind: "number", name: "confidence", label: t("intel-confidence"), hint: t("feed-default-hint"), least: 0, most: 100 },
        { kind: "number", name: "least", label: t("intel-least"), hint: t("intel-least-hint"), least: 0, most: 100 },
        { kind: "select", name: "tlp", label: t("intel-tlp"), hint: t("feed-default-hint"), options: TLPS.map((value) => ({ value, label: word("tlp", value) })) },
        { kind: "select", name: "purpose", label: t("intel-purpose"), options: PURPOSES.map((value) => ({ value, label: word("intel-purpose", value) })) },
        { kind: "check", name: "hunt", label: t("intel-hunt-new"), when: (values) => values.purpose !== "warning" },
        { kind: "check", name: "enabled", label: t("feed-enabled") },
        { kind: "many", name: "customers", label: t("intel-for"), hint: t("feed-for-hint"), wide: true, options: [...customers.values()].map((one) => ({ value: one.id, label: one.short_name })), when: () => !feed },
      ]}
      submit={async (values) => {
        const data = read(values);
        const secret = optional(values.secret) ?? undefined;
        if (feed) {
          done?.(await updateFeed(feed, data, secret));
          toastDone(t("saved"));
          close();
          return;
        }
        const added = await addFeed(data, values.customers as string[], secret);
        toastDone(t("saved"));
        close();
        navigate(`/feeds/${added.id}`);
      }}
    />
  );
}

function read(values: Values): FeedData {
  const text = (name: string) => String(values[name] ?? "").trim();
  const expire = Number(values.expire);
  return {
    name: text("name"), kind: values.kind as FeedData["kind"], url: text("url"), collection: text("collection"), user: text("user"),
    enabled: Boolean(values.enabled), interval_minutes: Number(values.interval ?? 60), confidence: Number(values.confidence ?? 50),
    least_confidence: Number(values.least ?? 0), tlp: values.tlp as FeedData["tlp"], expire_days: expire > 0 ? expire : null,
    purpose: values.purpose as FeedData["purpose"], hunt_new: Boolean(values.hunt),
    columns: values.kind !== "csv" ? null : {
      value: text("value"), note: text("note"), confidence: text("sure"), from: "", until: text("until"),
      delimiter: String(values.delimiter || ","), header_is_comment: Boolean(values.comment),
    },
  };
}
