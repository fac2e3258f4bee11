// The page of one hunt: how far it is, and what was seen at whom.
import { useEffect, useState } from "preact/hooks";

import type { Hit, RetroHunt } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useCommands } from "../shell/commands.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { Choice, CustomerChoice, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { type Column, Table } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { useList } from "../ui/use_list.ts";
import { cancelHunt, getHunt, listHits } from "./api.ts";
import { HuntMark, KINDS, Whose } from "./marks.tsx";

/** How often a hunt that runs is asked how far it is. */
const LOOK_MS = 1000;

export function RetroHuntPage({ id }: { id: string }) {
  const { me } = useShell();
  const loaded = useLoad((signal) => getHunt(id, signal), id);
  const may = useMay("intel.write");
  const hunt = loaded.value;
  const open = hunt?.state === "queued" || hunt?.state === "running";
  useChanges((change) => change.id === id, loaded.reload);
  useEffect(() => {
    if (!open) return;
    const timer = setInterval(loaded.reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [open, loaded.reload]);
  useCommands([{ id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch }]);
  if (!hunt) return <Page title={t("retro-hunt")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const mayStop = may && open && (Boolean(hunt.customers) || me.user.all_customers);
  return (
    <Page
      title={t("retro-hunt-of", { name: hunt.list_name })} lead={<HuntMark hunt={hunt} />} fill
      actions={
        <>
          <a class="button" href={`/intel/${hunt.list}`}>{t("intel-show")}</a>
          {mayStop && <button class="button danger" onClick={() => void cancelHunt(id).then(loaded.set, toastProblem)}>{t("retro-hunt-cancel")}</button>}
        </>
      }
    >
      <dl class="facts across">
        <div><dt>{t("retro-hunt-hits")}</dt><dd>{number(hunt.hits)}</dd></div>
        <div><dt>{t("intel-indicators")}</dt><dd>{number(hunt.indicators)}</dd></div>
        <div><dt>{t("customer")}</dt><dd><Whose customers={hunt.customers} /></dd></div>
        <div><dt>{t("retro-hunt-range")}</dt><dd>{hunt.range ? `${exact(hunt.range.from)} – ${exact(hunt.range.to)}` : t("retro-hunt-ever")}</dd></div>
        <div><dt>{t("retro-hunt-asked")}</dt><dd><Time at={hunt.created} /></dd></div>
        <div><dt>{t("retro-hunt-took")}</dt><dd>{took(hunt)}</dd></div>
      </dl>
      {hunt.error && <p class="note" role="alert">{hunt.error}</p>}
      {hunt.more && <p class="note">{t("retro-hunt-more")}</p>}
      <Hits hunt={hunt} />
    </Page>
  );
}

function took(hunt: RetroHunt): string {
  if (!hunt.started || !hunt.finished) return t("none");
  return t("retro-hunt-seconds", { seconds: number(Math.round((Date.parse(hunt.finished) - Date.parse(hunt.started)) / 10) / 100) });
}

function Hits({ hunt }: { hunt: RetroHunt }) {
  const [customer, setCustomer] = useParameter("customer");
  const [kind, setKind] = useParameter("kind");
  const [text, setText] = useParameter("text");
  const [selected, setSelected] = useState<string | null>(null);
  const query = { customer, kind, text, limit: 200 };
  // What a hunt found is read anew whenever the hunt has come further.
  const { store } = useList<Hit>(
    JSON.stringify([query, hunt.id, hunt.state, hunt.hits]), { id: (hit) => hit.id, page: (after, signal) => listHits(hunt.id, { ...query, after }, signal) },
  );
  const columns: Column<Hit>[] = [
    { id: "customer", label: t("customer"), width: "150px", cell: (hit) => <CustomerMark id={hit.customer} /> },
    { id: "kind", label: t("indicator-kind"), width: "90px", cell: (hit) => word("indicator-kind", hit.indicator.kind) },
    { id: "value", label: t("indicator"), cell: (hit) => <span class="mono" title={hit.indicator.value}>{hit.indicator.value}</span> },
    { id: "note", label: t("indicator-note"), width: "130px", cell: (hit) => hit.indicator.note && <span title={hit.indicator.note}>{hit.indicator.note}</span> },
    { id: "count", label: t("hit-count"), width: "100px", numeric: true, cell: (hit) => <span title={hit.exact ? undefined : t("hit-at-most")}>{hit.exact ? "" : "≤ "}{number(hit.count)}</span> },
    { id: "first", label: t("hit-first"), width: "120px", cell: (hit) => <Time at={hit.first} /> },
    { id: "last", label: t("hit-last"), width: "120px", cell: (hit) => <Time at={hit.last} /> },
    { id: "samples", label: t("hit-samples"), width: "260px", cell: (hit) => <Samples hit={hit} open={!hunt.finished} /> },
  ];
  const kinds = [{ value: "", label: t("all") }, ...KINDS.map((value) => ({ value, label: word("indicator-kind", value) }))];
  const over = Boolean(hunt.finished);
  return (
    <>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Choice label={t("indicator-kind")} value={kind} set={setKind} options={kinds} />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
      </div>
      <Table
        label={t("retro-hunt-hits")} store={store} columns={columns} selected={selected} select={setSelected}
        empty={<Empty title={t(over ? "hits-none" : "hits-none-yet")} hint={over ? t("hits-none-hint") : undefined} />}
      />
    </>
  );
}

/** Links to the sample events; what each holds is told on hover. */
function Samples({ hit, open }: { hit: Hit; open: boolean }) {
  if (hit.samples.length === 0) return <span class="muted">{t(open ? "hit-samples-soon" : "none")}</span>;
  return (
    <span class="samples">
      {hit.samples.map((sample, place) => (
        <a key={sample.id} href={`/events/${sample.id}`} title={`${exact(sample.time)}\n${sample.field}: ${sample.value}`}>{t("hit-sample", { number: place + 1 })}</a>
      ))}
    </span>
  );
}
