// Use cases 用例 and everything around them: how they do, what they are excepted from, what is asked for.
import { useState } from "preact/hooks";

import type { InactiveRule, RuleView, Severity } from "../api/types.ts";
import { language, t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { Segments, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { NewSet, YaraRules } from "../yara/page.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { useList } from "../ui/use_list.ts";
import { listInactiveRules, listRules } from "./api.ts";
import { CoverageView } from "./coverage.tsx";
import { Exceptions } from "./exceptions.tsx";
import { LogSource } from "./log_source.tsx";
import { Releases } from "./releases.tsx";
import { Requests } from "./requests.tsx";
import { ScorecardView } from "./scorecard.tsx";
import { StateTag } from "./state.tsx";

const STATES = ["draft", "test", "live", "retired"];

export function RulesPage() {
  const [tab, setTab] = useParameter("tab", "live");
  const mayLook = useMay("event.read");
  const { me } = useShell();
  const mayWrite = useMay("policy.write") && me.user.all_customers;
  const inactive = useLoad(listInactiveRules, "inactive");
  useChanges((change) => change.noun === "use_case", inactive.reload);
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "rule-new", label: "rule-new", keys: ["n"], group: "commands-page", when: () => mayWrite && tab === "live", run: () => navigate("/rules/new") },
  ]);
  return (
    <Page
      title={t("nav-rules")} fill
      actions={tab === "yara" ? <NewSet /> : <>{mayLook && <a class="button" href="/rules/try">{t("backtest-own")}</a>}{mayWrite && <a class="button" href="/rules/new">{t("rule-new")} <kbd>n</kbd></a>}</>}
    >
      <div class="filters">
        <Tabs
          label={t("nav-rules")} current={tab} choose={setTab}
          tabs={[
            { id: "live", label: t("rules-all") }, { id: "coverage", label: t("coverage") }, { id: "scorecard", label: t("scorecard") }, { id: "exceptions", label: t("exceptions") },
            { id: "requests", label: t("requests") }, { id: "releases", label: t("releases") }, { id: "yara", label: t("yara-rules") }, { id: "inactive", label: t("rules-inactive"), count: inactive.value?.items.length },
          ]}
        />
      </div>
      {tab === "live" && <UseCases />}
      {tab === "coverage" && <CoverageView />}
      {tab === "scorecard" && <ScorecardView />}
      {tab === "exceptions" && <Exceptions />}
      {tab === "requests" && <Requests />}
      {tab === "releases" && <Releases />}
      {tab === "yara" && <YaraRules />}
      {tab === "inactive" && <Inactive loaded={inactive} />}
    </Page>
  );
}

function UseCases() {
  const [text, setText] = useParameter("text");
  const [state, setState] = useParameter("state");
  const [selected, setSelected] = useState<string | null>(null);
  const query = { text, state: STATES.includes(state) ? state : "", origin: state === "own" ? "own" as const : undefined, limit: 200 };
  const [round, setRound] = useState(0);
  const { store } = useList<RuleView>(`${JSON.stringify(query)} ${round}`, { id: (rule) => rule.id, page: (after, signal) => listRules({ ...query, after }, signal) });
  useChanges((change) => change.noun === "use_case", () => setRound((count) => count + 1));
  const href = (rule: RuleView) => `/rules/${encodeURIComponent(rule.id)}`;
  const columns: Column<RuleView>[] = [
    { id: "title", label: t("rule-title"), cell: (rule) => rule.cards?.[language()]?.title ?? rule.title },
    { id: "state", label: t("use-case-state"), width: "150px", cell: (rule) => <StateTag of={rule} /> },
    { id: "level", label: t("severity"), width: "100px", cell: (rule) => <SeverityMark of={(rule.decided.severity ?? rule.level) as Severity} /> },
    { id: "source", label: t("rule-log-source"), width: "220px", cell: (rule) => <LogSource of={rule.log_source} /> },
    { id: "techniques", label: t("techniques"), width: "150px", cell: (rule) => rule.techniques?.join(" ") },
    { id: "origin", label: t("rule-origin"), width: "110px", cell: (rule) => rule.replaces ? t("rule-changed") : word("rule-origin", rule.origin) },
    { id: "exceptions", label: t("exceptions"), width: "96px", cell: (rule) => rule.exceptions > 0 ? rule.exceptions : "" },
    { id: "card", label: t("card"), width: "110px", cell: (rule) => Object.keys(rule.cards ?? {}).length > 0 ? t("yes") : <span class="muted">{t("no")}</span> },
  ];
  return (
    <>
      <div class="filters">
        <Segments
          label={t("use-case-state")} value={state} set={setState}
          options={[{ value: "", label: t("any") }, ...STATES.map((value) => ({ value, label: word("use-case-state", value) })), { value: "own", label: t("rules-own") }]}
        />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <Table
        label={t("nav-rules")} store={store} columns={columns} selected={selected} select={setSelected} href={href} open={(rule) => navigate(href(rule))}
        empty={<Empty title={t("rules-empty")} hint={t("rules-empty-hint")} />}
      />
    </>
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
