// Intelligence 情报: lists of indicators, and the hunts for them.
import { useState } from "preact/hooks";

import type { IntelList, RetroHunt } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { TextFilter, focusSearch } from "../ui/filter.tsx";
import { Page, Tabs } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { useList } from "../ui/use_list.ts";
import { indicators, listHunts, listLists } from "./api.ts";
import { FeedDialog, Feeds } from "./feeds.tsx";
import { HuntMark, Whose } from "./marks.tsx";
import { UploadDialog } from "./upload.tsx";

export function IntelPage() {
  const [tab, setTab] = useParameter("tab", "lists");
  const [text, setText] = useParameter("text");
  const [adding, setAdding] = useState<"list" | "feed" | null>(null);
  const mayWrite = useMay("intel.write");
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "intel-add", label: "intel-add", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setAdding(tab === "feeds" ? "feed" : "list") },
  ]);
  return (
    <Page
      title={t("nav-intel")} fill
      actions={mayWrite && (
        <>
          <button class={tab === "feeds" ? "button" : "button primary"} onClick={() => setAdding("list")}>{t("intel-add")}{tab !== "feeds" && <> <kbd>n</kbd></>}</button>
          <button class={tab === "feeds" ? "button primary" : "button"} onClick={() => setAdding("feed")}>{t("feed-add")}{tab === "feeds" && <> <kbd>n</kbd></>}</button>
        </>
      )}
    >
      <div class="filters">
        <Tabs label={t("nav-intel")} current={tab} choose={setTab} tabs={[{ id: "lists", label: t("intel-lists") }, { id: "feeds", label: t("feeds") }, { id: "hunts", label: t("retro-hunts") }]} />
        {tab !== "hunts" && <TextFilter value={text} set={setText} label={t("filter-text")} />}
      </div>
      {tab === "feeds" ? <Feeds text={text} /> : tab === "hunts" ? <Hunts /> : <Lists text={text} />}
      {adding === "list" && <UploadDialog close={() => setAdding(null)} />}
      {adding === "feed" && <FeedDialog close={() => setAdding(null)} />}
    </Page>
  );
}

function Lists({ text }: { text: string }) {
  const [selected, setSelected] = useState<string | null>(null);
  const query = { text, limit: 200 };
  const { store, mayInsert } = useList<IntelList>(JSON.stringify(query), { id: (list) => list.id, page: (after, signal) => listLists({ ...query, after }, signal) }, { noun: "intel_list" });
  const href = (list: IntelList) => `/intel/${list.id}`;
  const columns: Column<IntelList>[] = [
    { id: "name", label: t("intel-name"), cell: (list) => list.name },
    { id: "purpose", label: t("intel-purpose"), width: "130px", cell: (list) => <>{word("intel-purpose", list.purpose)}{list.feed && <> <span class="tag">{t("feed")}</span></>}</> },
    { id: "source", label: t("intel-source"), width: "200px", cell: (list) => list.source || <span class="muted">{t("none")}</span> },
    { id: "indicators", label: t("intel-indicators"), width: "110px", numeric: true, cell: (list) => number(indicators(list)) },
    { id: "unread", label: t("intel-unread"), width: "110px", numeric: true, cell: (list) => number(list.unread) },
    { id: "confidence", label: t("intel-confidence"), width: "90px", numeric: true, cell: (list) => number(list.confidence) },
    { id: "tlp", label: t("intel-tlp"), width: "130px", cell: (list) => <span class={`tag tlp-${list.tlp}`}>{word("tlp", list.tlp)}</span> },
    { id: "customers", label: t("customer"), width: "180px", cell: (list) => <Whose customers={list.customers} /> },
    { id: "expires", label: t("intel-expires"), width: "120px", cell: (list) => (list.expires ? <Time at={list.expires} /> : <span class="muted">{t("never")}</span>) },
    { id: "created", label: t("created"), width: "120px", cell: (list) => <Time at={list.created} /> },
  ];
  return (
    <Table
      label={t("intel-lists")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected} href={href}
      open={(list) => navigate(href(list))} empty={<Empty title={t("intel-empty")} hint={t("intel-empty-hint")} />}
    />
  );
}

export function Hunts({ list }: { list?: string }) {
  const [selected, setSelected] = useState<string | null>(null);
  const query = { list, limit: 200 };
  const { store, mayInsert } = useList<RetroHunt>(JSON.stringify(query), { id: (hunt) => hunt.id, page: (after, signal) => listHunts({ ...query, after }, signal) }, { noun: "retro_hunt" });
  const href = (hunt: RetroHunt) => `/retro-hunts/${hunt.id}`;
  const columns: Column<RetroHunt>[] = [
    { id: "list", label: t("intel-list"), cell: (hunt) => hunt.list_name },
    { id: "state", label: t("retro-hunt-state"), width: "330px", cell: (hunt) => <HuntMark hunt={hunt} /> },
    { id: "hits", label: t("retro-hunt-hits"), width: "90px", numeric: true, cell: (hunt) => number(hunt.hits) },
    { id: "indicators", label: t("intel-indicators"), width: "110px", numeric: true, cell: (hunt) => number(hunt.indicators) },
    { id: "customers", label: t("customer"), width: "200px", cell: (hunt) => <Whose customers={hunt.customers} /> },
    { id: "range", label: t("retro-hunt-range"), width: "140px", cell: (hunt) => (hunt.range ? <><Time at={hunt.range.from} /> –</> : t("retro-hunt-ever")) },
    { id: "created", label: t("retro-hunt-asked"), width: "120px", cell: (hunt) => <Time at={hunt.created} /> },
  ];
  return (
    <Table
      label={t("retro-hunts")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected} href={href}
      open={(hunt) => navigate(href(hunt))} empty={<Empty title={t("retro-hunts-empty")} hint={t("retro-hunts-empty-hint")} />}
    />
  );
}
