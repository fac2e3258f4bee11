// Rules that are live, and those that are loaded but do not fire.
import { useState } from "preact/hooks";

import type { InactiveRule, RuleView, Severity } from "../api/types.ts";
import { language, t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { TextFilter, focusSearch } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";
import { listInactiveRules, listRules } from "./api.ts";
import { LogSource } from "./log_source.tsx";

export function RulesPage() {
  const [tab, setTab] = useParameter("tab", "live");
  const [text, setText] = useParameter("text");
  const mayLook = useMay("event.read");
  const inactive = useLoad(listInactiveRules, "inactive");
  useCommands([{ id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch }]);
  return (
    <Page title={t("nav-rules")} fill actions={mayLook && <a class="button" href="/rules/try">{t("backtest-own")}</a>}>
      <div class="filters">
        <Tabs
          label={t("nav-rules")} current={tab} choose={setTab}
          tabs={[{ id: "live", label: t("rules-live") }, { id: "inactive", label: t("rules-inactive"), count: inactive.value?.items.length }]}
        />
        {tab === "live" && <TextFilter value={text} set={setText} label={t("filter-text")} />}
      </div>
      {tab === "live" ? <LiveRules text={text} /> : <Inactive loaded={inactive} />}
    </Page>
  );
}

function LiveRules({ text }: { text: string }) {
  const [selected, setSelected] = useState<string | null>(null);
  const query = { text, limit: 200 };
  const { store } = useList<RuleView>(JSON.stringify(query), { id: (rule) => rule.id, page: (after, signal) => listRules({ ...query, after }, signal) });
  const href = (rule: RuleView) => `/rules/${encodeURIComponent(rule.id)}`;
  const columns: Column<RuleView>[] = [
    { id: "title", label: t("rule-title"), cell: (rule) => rule.cards?.[language()]?.title ?? rule.title },
    { id: "level", label: t("severity"), width: "100px", cell: (rule) => <SeverityMark of={rule.level as Severity} /> },
    { id: "source", label: t("rule-log-source"), width: "240px", cell: (rule) => <LogSource of={rule.log_source} /> },
    { id: "techniques", label: t("techniques"), width: "180px", cell: (rule) => rule.techniques?.join(" ") },
    { id: "status", label: t("rule-status"), width: "110px", cell: (rule) => word("rule-status", rule.status) },
    { id: "card", label: t("card"), width: "128px", cell: (rule) => Object.keys(rule.cards ?? {}).length > 0 ? t("yes") : <span class="muted">{t("no")}</span> },
  ];
  return (
    <Table
      label={t("nav-rules")} store={store} columns={columns} selected={selected} select={setSelected} href={href} open={(rule) => navigate(href(rule))}
      empty={<Empty title={t("rules-empty")} hint={t("rules-empty-hint")} />}
    />
  );
}

function Inactive({ loaded }: { loaded: ReturnType<typeof useLoad<{ items: InactiveRule[] }>> }) {
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  if (loaded.value.items.length === 0) return <Empty title={t("rules-inactive-none")} />;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("rules-inactive")}>
      <table class="plain">
        <thead><tr><th scope="col">{t("rule-title")}</th><th scope="col">{t("rule-reason")}</th><th scope="col">{t("rule-path")}</th></tr></thead>
        <tbody>{loaded.value.items.map((rule) => <tr key={rule.path}><td>{rule.title}</td><td>{rule.reason}</td><td class="mono">{rule.path}</td></tr>)}</tbody>
      </table>
    </div>
  );
}
