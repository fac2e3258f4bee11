// The page of all alerts, and the page of one.
import { t, word } from "../i18n/text.ts";
import { navigate, useParameter, usePlace, withParameters } from "../shell/router.ts";
import { SEVERITIES } from "../ui/badge.tsx";
import { Choice, CustomerChoice, Segments, TextFilter, focusSearch } from "../ui/filter.tsx";
import { useCommands } from "../shell/commands.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { useTitle } from "../shell/title.ts";
import { AlertDetail, AlertDrawer } from "./detail.tsx";
import { AlertList } from "./list.tsx";

/** The choices of state: the first is everything, the second what nobody has judged. */
export function stateOptions() {
  return [
    { value: "", label: t("all") }, { value: "new,open", label: t("alerts-to-judge") },
    { value: "raised", label: word("alert-state", "raised") }, { value: "ignored", label: word("alert-state", "ignored") },
    { value: "silent", label: word("alert-state", "silent") },
  ];
}

export function severityOptions() {
  return [{ value: "", label: t("severity-any") }, ...SEVERITIES.slice(0, 4).map((value) => ({ value, label: value === "critical" ? word("severity", value) : t("severity-from", { severity: word("severity", value) }) }))];
}

export function originOptions() {
  return [{ value: "", label: t("alert-origin-any") }, ...["rule", "correlation", "baseline", "device", "intel"].map((value) => ({ value, label: word("alert-origin", value) }))];
}

export function AlertsPage() {
  const { query } = usePlace();
  const [selected, setSelected] = useParameter("id");
  const [state, setState] = useParameter("state");
  const [customer, setCustomer] = useParameter("customer");
  const [severity, setSeverity] = useParameter("severity");
  const [origin, setOrigin] = useParameter("origin");
  const [text, setText] = useParameter("text");
  const rule = query.get("rule") ?? "";
  useCommands([{ id: "search", label: "search-here", keys: ["/"], group: "commands-page", run: focusSearch }]);
  return (
    <Page title={state === "ignored" ? t("alerts-ignored") : t("nav-alerts")} fill>
      <div class="filters">
        <Segments label={t("alert-state")} value={state} set={setState} options={stateOptions()} />
        <CustomerChoice value={customer} set={setCustomer} />
        <Choice label={t("severity")} value={severity} set={setSeverity} options={severityOptions()} />
        <Choice label={t("alert-origin")} value={origin} set={setOrigin} options={originOptions()} />
        <TextFilter value={text} set={setText} label={t("filter-text")} />
        {rule && <button class="chip" onClick={() => navigate(withParameters({ rule: "" }))}>{t("rule")}: {rule} ×</button>}
      </div>
      {state === "ignored" && <p class="note">{t("alerts-ignored-note")}</p>}
      <div class={selected ? "split" : "split closed"}>
        <AlertList
          filter={{ customer, state, severity, origin, text, rule }} selected={selected || null} narrow={Boolean(selected)}
          open={(alert) => setSelected(alert.id)} empty={<Empty title={t("alerts-empty")} hint={t("alerts-empty-hint")} />}
        />
        {selected && <AlertDrawer key={selected} id={selected} close={() => setSelected("")} />}
      </div>
    </Page>
  );
}

export function AlertPage({ id }: { id: string }) {
  useTitle(t("alert"));
  return <main id="main" tabIndex={-1} class="page"><AlertDetail id={id} page /></main>;
}
