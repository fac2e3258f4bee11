// The page of one intelligence list.
import { useState } from "preact/hooks";

import type { HuntData, IntelList, IntelListData } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { HuntDialog, NOTHING } from "../hunt/form.tsx";
import { t, word } from "../i18n/text.ts";
import { navigate } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { Confirm } from "../ui/dialog.tsx";
import { FormDialog, instant, localInput } from "../ui/form.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { askHunt, deleteList, getList, indicators, unreadLines, updateList } from "./api.ts";
import { PURPOSES, TLPS, Whose } from "./marks.tsx";
import { Hunts } from "./page.tsx";
import { ListHits, SuppressedSection } from "./suppressed.tsx";
import { Unread } from "./upload.tsx";

export function IntelListPage({ id }: { id: string }) {
  const { me } = useShell();
  const loaded = useLoad((signal) => getList(id, signal), id);
  const unread = useLoad((signal) => unreadLines(id, signal), id);
  const may = useMay("intel.write");
  const mayHunt = useMay("hunt.write");
  const [asking, setAsking] = useState<"edit" | "delete" | "retro-hunt" | "hunt" | null>(null);
  useChanges((change) => change.id === id, loaded.reload);
  const list = loaded.value;
  if (!list) return <Page title={t("intel-list")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const own = may && (Boolean(list.customers) || me.user.all_customers);
  const erase = () => deleteList(id).then(() => navigate("/intel"), toastProblem);
  const lines = unread.value?.items ?? [];
  return (
    <Page
      title={list.name} lead={<span class={`tag tlp-${list.tlp}`}>{word("tlp", list.tlp)}</span>}
      actions={
        <>
          {mayHunt && <button class="button" onClick={() => setAsking("hunt")}>{t("hunt-for-list")}</button>}
          {may && <button class="button primary" onClick={() => setAsking("retro-hunt")}>{t("retro-hunt-again")}</button>}
          {list.feed && <a class="button" href={`/feeds/${list.feed}`}>{t("feed-show")}</a>}
          {own && !list.feed && <button class="button" onClick={() => setAsking("edit")}>{t("edit")}</button>}
          {own && !list.feed && <button class="button danger" onClick={() => setAsking("delete")}>{t("delete")}</button>}
        </>
      }
    >
      <dl class="facts across">
        <div><dt>{t("intel-indicators")}</dt><dd>{number(indicators(list))}</dd></div>
        {list.counts.filter((kind) => kind.count > 0).map((kind) => <div key={kind.kind}><dt>{word("indicator-kind", kind.kind)}</dt><dd>{number(kind.count)}</dd></div>)}
        <div><dt>{t("intel-duplicates")}</dt><dd>{number(list.duplicates)}</dd></div>
        <div><dt>{t("intel-unread")}</dt><dd>{number(list.unread)}</dd></div>
        <div><dt>{t("customer")}</dt><dd><Whose customers={list.customers} /></dd></div>
        <div><dt>{t("intel-source")}</dt><dd>{list.source || t("none")}</dd></div>
        <div><dt>{t("intel-confidence")}</dt><dd>{number(list.confidence)}</dd></div>
        <div><dt>{t("intel-purpose")}</dt><dd>{word("intel-purpose", list.purpose)}</dd></div>
        {Boolean(list.least_confidence) && <div><dt>{t("intel-least")}</dt><dd>{number(list.least_confidence ?? 0)}</dd></div>}
        <div><dt>{t("intel-expires")}</dt><dd>{list.expires ? <Time at={list.expires} /> : t("never")}</dd></div>
        <div><dt>{t("created")}</dt><dd>{exact(list.created)}</dd></div>
      </dl>
      {list.description && <p>{list.description}</p>}
      {list.purpose === "alarm" && <ListHits list={id} />}
      <SuppressedSection list={id} version={list.version} />
      <section class="intel-hunts"><h2>{t("retro-hunts")}</h2><Hunts list={id} /></section>
      {lines.length > 0 && <section><h2>{t("intel-unread")}</h2><Unread lines={lines} all={list.unread} /></section>}
      {asking === "edit" && <EditDialog list={list} close={() => setAsking(null)} done={loaded.set} />}
      {asking === "retro-hunt" && <AgainDialog list={list} close={() => setAsking(null)} />}
      {asking === "hunt" && <HuntDialog start={huntFor(list)} customers={list.customers ?? []} close={() => setAsking(null)} done={(hunt) => navigate(`/hunts/${hunt.id}`)} />}
      {asking === "delete" && <Confirm title={t("intel-delete")} text={t("intel-delete-text", { name: list.name })} action={t("delete")} danger run={() => void erase()} close={() => setAsking(null)} />}
    </Page>
  );
}

/** Intelligence verified by hunting: a hunt whose query is the list. */
function huntFor(list: IntelList): HuntData {
  const query = { key: "list", name: list.name.slice(0, 100), note: "", ask: { kind: "list" as const, list: list.id }, seconds: 90 * 86_400, from: null, to: null };
  return { ...NOTHING, title: list.name, hypothesis: list.description ?? "", queries: [query] };
}

function EditDialog({ list, close, done }: { list: IntelList; close: () => void; done: (list: IntelList) => void }) {
  return (
    <FormDialog
      title={t("edit")} action={t("save")} close={close}
      start={{ name: list.name, source: list.source, description: list.description, confidence: list.confidence, tlp: list.tlp, expires: localInput(list.expires), purpose: list.purpose ?? "alarm", least: list.least_confidence ?? 0 }}
      fields={[
        { kind: "text", name: "name", label: t("intel-name"), required: true, autofocus: true, max: 200 },
        { kind: "text", name: "source", label: t("intel-source"), max: 200 },
        { kind: "select", name: "tlp", label: t("intel-tlp"), options: TLPS.map((value) => ({ value, label: word("tlp", value) })) },
        { kind: "number", name: "confidence", label: t("intel-confidence"), hint: t("intel-confidence-hint"), least: 0, most: 100 },
        { kind: "select", name: "purpose", label: t("intel-purpose"), options: PURPOSES.map((value) => ({ value, label: word("intel-purpose", value) })) },
        { kind: "number", name: "least", label: t("intel-least"), hint: t("intel-least-hint"), least: 0, most: 100 },
        { kind: "moment", name: "expires", label: t("intel-expires") },
        { kind: "area", name: "description", label: t("intel-description"), rows: 3 },
      ]}
      submit={async (values) => {
        const data: IntelListData = {
          name: String(values.name).trim(), source: String(values.source ?? ""), description: String(values.description ?? ""),
          confidence: Number(values.confidence ?? 0), tlp: values.tlp as IntelListData["tlp"], expires: instant(values.expires),
          purpose: values.purpose as IntelListData["purpose"], least_confidence: Number(values.least ?? 0), hunt_new: list.hunt_new,
        };
        done(await updateList(list, data));
        toastDone(t("saved"));
      }}
    />
  );
}

function AgainDialog({ list, close }: { list: IntelList; close: () => void }) {
  const { customers } = useShell();
  const among = [...customers.values()].filter((one) => !list.customers || list.customers.includes(one.id));
  return (
    <FormDialog
      title={t("retro-hunt-again")} action={t("retro-hunt-begin")} close={close} start={{ customers: [], from: "", to: "" }}
      fields={[
        { kind: "many", name: "customers", label: t("retro-hunt-among"), hint: t("retro-hunt-among-hint"), wide: true, options: among.map((one) => ({ value: one.id, label: one.short_name })) },
        { kind: "moment", name: "from", label: t("retro-hunt-from"), hint: t("retro-hunt-from-hint") },
        { kind: "moment", name: "to", label: t("retro-hunt-to") },
      ]}
      submit={async (values) => {
        const hunt = await askHunt(list.id, values.customers as string[], instant(values.from), instant(values.to));
        navigate(`/retro-hunts/${hunt.id}`);
      }}
    />
  );
}
