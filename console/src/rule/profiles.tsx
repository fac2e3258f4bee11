// What a baseline knows of a customer: how far it has learned, whom it knows, and what is usual for one of them.
import { useState } from "preact/hooks";

import type { BaselineProgress, GroupProfile, RuleView } from "../api/types.ts";
import { Week } from "../device/week.tsx";
import { bytes, date, decimal, duration, exact, number, span } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { useMay, useShell } from "../shell/session.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { toastDone, toastProblem } from "../ui/toast.tsx";
import { forgetProfile, listProfiles, lookUpProfile, readProfiles } from "./api.ts";

const DAY = 86_400;

export function Profiles({ rule }: { rule: RuleView }) {
  const [customer, setCustomer] = useParameter("customer");
  const loaded = useLoad((signal) => listProfiles(rule.id, signal), rule.id);
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  if (loaded.value.length === 0) return <Empty title={t("profiles-none")} hint={t("profiles-none-hint")} />;
  return (
    <>
      <table class="plain">
        <thead><tr><th scope="col">{t("customer")}</th><th scope="col">{t("profiles-learning")}</th><th scope="col" class="numeric">{t("profiles-known")}</th><th scope="col" class="numeric">{t("profiles-forgotten")}</th><th scope="col" class="numeric">{t("profiles-bytes")}</th><th scope="col">{t("profiles-latest")}</th></tr></thead>
        <tbody>
          {loaded.value.map((one) => (
            <tr key={one.customer} aria-selected={one.customer === customer}>
              <td><button class="link" aria-expanded={one.customer === customer} onClick={() => setCustomer(one.customer === customer ? "" : one.customer)}><CustomerMark id={one.customer} /></button></td>
              <td><Learning of={one} /></td><td class="numeric">{number(one.groups)}</td><td class="numeric">{number(one.forgotten)}</td><td class="numeric">{bytes(one.bytes)}</td><td>{exact(one.latest)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {customer && <OfCustomer key={customer} rule={rule} customer={customer} />}
    </>
  );
}

/** How many of the days it must have learned for have passed. */
function Learning({ of }: { of: BaselineProgress }) {
  const [now] = useState(Date.now);
  const wanted = of.learning / DAY;
  const covered = (now - Date.parse(of.since)) / 1000 / DAY;
  if (covered >= wanted) return <>{t("profiles-learned", { span: span(covered * DAY) })}</>;
  return <><meter min={0} max={wanted} value={covered} aria-label={t("profiles-learning")} /> {t("profiles-learning-of", { days: Math.floor(covered), wanted: decimal(wanted) })}</>;
}

function OfCustomer({ rule, customer }: { rule: RuleView; customer: string }) {
  const { customers } = useShell();
  const [asked] = useState(() => new URLSearchParams(location.search).getAll("group"));
  const [group, setGroup] = useState<string[] | null>(asked.length > 0 ? asked : null);
  const loaded = useLoad((signal) => readProfiles(rule.id, customer, signal), `${rule.id} ${customer}`);
  const known = loaded.value;
  if (!known) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  return (
    <>
      <h2>{t("profiles-of", { customer: customers.get(customer)?.name ?? customer })}</h2>
      {known.group_by.length > 0 && (
        <form class="filters" onSubmit={(event) => { event.preventDefault(); setGroup(known.group_by.map((name) => String(new FormData(event.currentTarget).get(name) ?? "").trim())); }}>
          {known.group_by.map((name, place) => <label key={name} class="filter"><span class="mono">{name}</span><input name={name} required defaultValue={group?.[place] ?? ""} key={group?.[place]} list={`known-${name}`} autocomplete="off" /><datalist id={`known-${name}`}>{[...new Set(known.latest.map((one) => one[place]))].map((value) => <option key={value} value={value} />)}</datalist></label>)}
          <button class="button">{t("profiles-look-up")}</button>
        </form>
      )}
      {known.group_by.length > 0 && known.latest.length > 0 && (
        <p class="line">{t("profiles-heard")} {known.latest.slice(0, 12).map((one) => <button key={one.join("\n")} class="link mono" onClick={() => setGroup(one)}>{one.join(" / ")}</button>)}</p>
      )}
      {(group ?? (known.group_by.length === 0 ? [] : null)) && <One rule={rule} customer={customer} group={group ?? []} done={loaded.reload} />}
    </>
  );
}

function One({ rule, customer, group, done }: { rule: RuleView; customer: string; group: string[]; done: () => void }) {
  const mayForget = useMay("policy.write");
  const [asking, setAsking] = useState(false);
  const loaded = useLoad((signal) => lookUpProfile(rule.id, customer, group, signal), `${customer} ${group.join("\n")}`);
  const name = group.join(" / ") || t("departure-customer");
  if (!loaded.value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  const profile = loaded.value;
  return (
    <section aria-label={name}>
      <h3><span class="mono">{name}</span> <span class={`tag ${profile.learned ? "good" : ""}`}>{t(profile.learned ? "profiles-is-learned" : "profiles-is-learning")}</span></h3>
      <p>{t("profiles-since", { since: date(profile.since), last: exact(profile.last), observations: profile.observations })}</p>
      <Usual of={profile} />
      {mayForget && <p><button class="link danger" onClick={() => setAsking(true)}>{t("profiles-forget")}</button></p>}
      {asking && (
        <Confirm
          title={t("profiles-forget")} text={t("profiles-forget-text", { name })} action={t("profiles-forget-do")} danger close={() => setAsking(false)}
          run={() => void forgetProfile(rule.id, customer, group).then(() => { toastDone(t("profiles-forgot")); loaded.reload(); done(); }, toastProblem)}
        />
      )}
    </section>
  );
}

function Usual({ of }: { of: GroupProfile }) {
  const { usual } = of;
  switch (usual.type) {
    case "values":
      return usual.latest.length === 0 ? <p class="muted">{t("profiles-values-elsewhere")}</p> : (
        <table class="plain">
          <caption>{t("profiles-values", { known: usual.known })}</caption>
          <thead><tr><th scope="col">{t("profiles-value")}</th><th scope="col">{t("profiles-first")}</th><th scope="col">{t("profiles-last")}</th><th scope="col" class="numeric">{t("alert-count")}</th></tr></thead>
          <tbody>{usual.latest.map((one, place) => <tr key={place}><td class="mono">{one.value ?? <span class="muted">{t("profiles-unreadable")}</span>}</td><td>{date(one.first)}</td><td>{exact(one.last)}</td><td class="numeric">{number(one.times)}</td></tr>)}</tbody>
        </table>
      );
    case "hours":
      return <Week week={usual.active.map((weeks) => Math.round((weeks * 100) / Math.max(1, usual.weeks)))} label={t("profiles-week", { weeks: usual.weeks })} />;
    case "volume":
      return (
        <table class="plain">
          <caption>{t("profiles-volume", { most: number(Math.round(usual.most)) })}</caption>
          <thead><tr><th scope="col">{t("profiles-part")}</th><th scope="col" class="numeric">{t("profiles-usual")}</th><th scope="col" class="numeric">{t("profiles-high")}</th><th scope="col" class="numeric">{t("profiles-windows")}</th></tr></thead>
          <tbody>{usual.parts.map((part) => <tr key={`${part.workdays} ${part.from}`}><td>{t(part.workdays ? "departure-workdays" : "departure-weekend")} {String(part.from).padStart(2, "0")}:00–{String(part.to).padStart(2, "0")}:00</td><td class="numeric">{number(Math.round(part.usual))}</td><td class="numeric">{number(Math.round(part.high))}</td><td class="numeric">{number(part.windows)}</td></tr>)}</tbody>
        </table>
      );
    case "intervals":
      return (
        <table class="plain">
          <caption>{t("profiles-values", { known: usual.known })}</caption>
          <thead><tr><th scope="col">{t("profiles-value")}</th><th scope="col">{t("profiles-interval")}</th><th scope="col">{t("profiles-last")}</th><th scope="col" class="numeric">{t("alert-count")}</th></tr></thead>
          <tbody>{usual.latest.map((one, place) => <tr key={place}><td class="mono">{one.value ?? <span class="muted">{t("profiles-unreadable")}</span>}</td><td>{one.interval == null ? "–" : `${duration(one.interval / 1000)} ± ${number(one.jitter)} %`}</td><td>{exact(one.last)}</td><td class="numeric">{number(one.times)}</td></tr>)}</tbody>
        </table>
      );
  }
}
