// Threat hunts 威胁狩猎: the list, the programmes that make them, and what they come to for each customer.
import { useState } from "preact/hooks";

import type { Hunt } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice, Segments, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Page, Tabs } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { useList } from "../ui/use_list.ts";
import { getHunt, listHunts, readSummary } from "./api.ts";
import { HuntDialog } from "./form.tsx";
import { HuntStateMark, Judged, duration, roundName } from "./marks.tsx";
import { ProgrammeDialog, Programmes } from "./programmes.tsx";

export function HuntsPage() {
  const [tab, setTab] = useParameter("tab", "hunts");
  const [adding, setAdding] = useState(false);
  const mayWrite = useMay("hunt.write");
  useCommands([
    { id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch },
    { id: "hunt-new", label: tab === "programmes" ? "programme-new" : "hunt-new", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => setAdding(true) },
  ]);
  return (
    <Page title={t("nav-hunts")} fill actions={mayWrite && <button class="button primary" onClick={() => setAdding(true)}>{t(tab === "programmes" ? "programme-new" : "hunt-new")} <kbd>n</kbd></button>}>
      <div class="filters">
        <Tabs label={t("nav-hunts")} current={tab} choose={setTab} tabs={[{ id: "hunts", label: t("hunts") }, { id: "programmes", label: t("programmes") }, { id: "summary", label: t("hunt-summary") }]} />
      </div>
      {tab === "hunts" && <Hunts />}
      {tab === "programmes" && <Programmes />}
      {tab === "summary" && <Summary />}
      {adding && (tab === "programmes" ? <ProgrammeDialog close={() => setAdding(false)} /> : <HuntDialog close={() => setAdding(false)} done={(hunt) => navigate(`/hunts/${hunt.id}`)} />)}
    </Page>
  );
}

const STATES: Record<string, string> = { open: "planned,active", overdue: "planned,active", concluded: "concluded", called_off: "called_off", all: "" };

function Hunts() {
  const shell = useShell();
  const now = useNow();
  const [state, setState] = useParameter("state", "open");
  const [customer, setCustomer] = useParameter("customer");
  const [mine, setMine] = useParameter("mine");
  const [programme, setProgramme] = useParameter("programme");
  const [text, setText] = useParameter("text");
  const [selected, setSelected] = useState<string | null>(null);
  const query = { state: STATES[state] ?? "", overdue: state === "overdue" || undefined, customer, owner: mine ? shell.me.user.id : "", programme, text, limit: 100 };
  const { store, mayInsert } = useList<Hunt>(
    JSON.stringify(query), { id: (hunt) => hunt.id, page: (after, signal) => listHunts({ ...query, after }, signal), one: getHunt }, { noun: "hunt" },
  );
  const href = (hunt: Hunt) => `/hunts/${hunt.id}`;
  const columns: Column<Hunt>[] = [
    { id: "title", label: t("hunt-title"), cell: (hunt) => <span title={hunt.title}>{hunt.title}{hunt.round && <span class="tag round">{roundName(hunt.round)}</span>}</span> },
    { id: "state", label: t("hunt-state"), width: "170px", cell: (hunt) => <HuntStateMark hunt={hunt} now={now} /> },
    { id: "judged", label: t("hunt-customers"), width: "190px", cell: (hunt) => <Judged hunt={hunt} /> },
    { id: "found", label: t("hunt-found"), width: "70px", numeric: true, cell: (hunt) => hunt.verdicts.found > 0 ? number(hunt.verdicts.found) : "" },
    { id: "incidents", label: t("nav-incidents"), width: "90px", numeric: true, cell: (hunt) => hunt.incidents > 0 ? number(hunt.incidents) : "" },
    { id: "techniques", label: t("techniques"), width: "190px", cell: (hunt) => <span title={hunt.techniques?.join(" ")}>{hunt.techniques?.join(" ")}</span> },
    { id: "owner", label: t("hunt-owner"), width: "120px", cell: (hunt) => hunt.owner ? nameOf(shell, hunt.owner) : <span class="muted">{t("incident-nobody")}</span> },
    { id: "minutes", label: t("hunt-spent"), width: "100px", numeric: true, cell: (hunt) => hunt.minutes ? duration(hunt.minutes) : "" },
    { id: "due", label: t("hunt-due"), width: "110px", cell: (hunt) => <Time at={hunt.due} /> },
  ];
  return (
    <>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Segments label={t("hunt-state")} value={state} set={setState} options={["open", "overdue", "concluded", "called_off", "all"].map((value) => ({ value, label: t(`hunts-${value}`) }))} />
        <button type="button" class="button" aria-pressed={Boolean(mine)} onClick={() => setMine(mine ? "" : "1")}>{t("hunts-mine")}</button>
        {programme && <button type="button" class="button" onClick={() => setProgramme("")}>{t("hunts-of-programme")} ×</button>}
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <Table
        label={t("hunts")} store={store} columns={columns} mayInsert={mayInsert} selected={selected} select={setSelected} href={href} open={(hunt) => navigate(href(hunt))}
        empty={<Empty title={t("hunts-empty")} hint={t(state === "overdue" ? "hunts-empty-overdue" : "hunts-empty-hint")} />}
      />
    </>
  );
}

function Summary() {
  const { customers } = useShell();
  const name = (id: string) => customers.get(id)?.short_name ?? id;
  const [days, setDays] = useParameter("days", "90");
  const loaded = useLoad((signal) => {
    const now = Date.now();
    return readSummary(new Date(now - Number(days) * 86_400_000).toISOString(), new Date(now + 60_000).toISOString(), signal);
  }, days);
  return (
    <>
      <div class="filters">
        <Segments label={t("hunt-summary-period")} value={days} set={setDays} options={["7", "30", "90", "365"].map((value) => ({ value, label: t("hunt-summary-days", { days: value }) }))} />
        <span class="muted">{t("hunt-summary-hint")}</span>
      </div>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value?.length === 0 && <Empty title={t("hunt-summary-none")} hint={t("hunt-summary-none-hint")} />}
      {loaded.value && loaded.value.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("hunt-summary")}>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">{t("customer")}</th>
                {["hunts", "hunt-spent-share", "hunt-verdict-clean", "hunt-verdict-found", "hunt-verdict-inconclusive", "hunt-verdict-no_data", "nav-incidents", "hunt-detections"].map((key) => <th key={key} scope="col" class="numeric">{t(key)}</th>)}
              </tr>
            </thead>
            <tbody>
              {[...loaded.value].sort((a, b) => name(a.customer).localeCompare(name(b.customer))).map((of) => (
                <tr key={of.customer}>
                  <th scope="row"><CustomerMark id={of.customer} link /></th>
                  <td class="numeric">{number(of.hunts)}</td><td class="numeric">{duration(of.minutes)}</td>
                  <td class="numeric">{number(of.verdicts.clean)}</td><td class="numeric">{number(of.verdicts.found)}</td><td class="numeric">{number(of.verdicts.inconclusive)}</td><td class="numeric">{number(of.verdicts.no_data)}</td>
                  <td class="numeric">{number(of.incidents)}</td><td class="numeric">{number(of.detections)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
