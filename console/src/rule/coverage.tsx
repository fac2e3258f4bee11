// The ATT&CK matrix: what is detected for a customer, what has its data, what could fire today, what did.
import { useState } from "preact/hooks";

import type { Coverage, CoverageTechnique, Readiness } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { language, t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { CustomerChoice, Segments } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { toastProblem } from "../ui/toast.tsx";
import { layerUrl, readCoverage } from "./api.ts";
import { type Layer, readLayer } from "./layer.ts";

const STATES: Readiness[] = ["fired", "ready", "no_field", "no_source"];
/** Shape beside colour, so that nobody has to tell colours apart. */
const SIGNS: Record<string, string> = { fired: "●", ready: "◕", no_field: "◔", no_source: "○", none: "·" };

export function CoverageView() {
  const [customer, setCustomer] = useParameter("customer");
  const [shown, setShown] = useParameter("show");
  const [chosen, setChosen] = useState<string | null>(null);
  const [layer, setLayer] = useState<Layer | null>(null);
  const loaded = useLoad((signal) => readCoverage(customer, signal), customer);
  const coverage = loaded.value;
  const take = (file: File | undefined) => void file?.text().then((text) => setLayer(readLayer(text))).catch(toastProblem);
  const technique = coverage?.techniques.find((one) => one.id === chosen);
  return (
    <>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Segments label={t("coverage-show")} value={shown} set={setShown} options={[{ value: "", label: t("all") }, { value: "rules", label: t("coverage-deployed") }, { value: "gaps", label: t("coverage-gaps") }]} />
        <a class="button" href={layerUrl(customer)} download="coverage.json">{t("coverage-export")}</a>
        <label class="button">{t("coverage-import")}<input class="visually-hidden" type="file" accept=".json,application/json" onChange={(event) => { take(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} /></label>
      </div>
      {!coverage && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {coverage && <Summary of={coverage} layer={layer} drop={() => setLayer(null)} />}
      {coverage && (
        <div class="coverage">
          <div class="scroll" tabIndex={0} role="region" aria-label={t("coverage")}><Matrix of={coverage} shown={shown} layer={layer} chosen={chosen} choose={setChosen} /></div>
          {technique && <Detail of={technique} close={() => setChosen(null)} />}
        </div>
      )}
    </>
  );
}

function Summary({ of, layer, drop }: { of: Coverage; layer: Layer | null; drop: () => void }) {
  const many = (state: Readiness) => of.techniques.filter((one) => one.readiness === state).length;
  const wanted = layer ? of.techniques.filter((one) => layer.wanted.has(one.id)) : [];
  const able = wanted.filter((one) => one.readiness === "ready" || one.readiness === "fired").length;
  return (
    <>
      <p class="line coverage-legend">
        {STATES.map((state) => <span key={state} class={`cell ${state}`}><span aria-hidden="true">{SIGNS[state]}</span> {word("readiness", state)} {many(state)}</span>)}
        <span class="muted">{t("coverage-of", { count: of.techniques.length, sources: of.sources.length })}</span>
      </p>
      {layer && <p class="note">{t("coverage-layer", { name: layer.name, wanted: wanted.length, able })} <button class="link" onClick={drop}>{t("coverage-layer-drop")}</button></p>}
    </>
  );
}

function Matrix({ of, shown, layer, chosen, choose }: { of: Coverage; shown: string; layer: Layer | null; chosen: string | null; choose: (id: string) => void }) {
  const shows = (one: CoverageTechnique) => {
    if (layer && shown === "gaps") return layer.wanted.has(one.id) && one.readiness !== "ready" && one.readiness !== "fired";
    return shown === "rules" ? one.readiness != null : shown === "gaps" ? one.readiness !== "ready" && one.readiness !== "fired" : true;
  };
  return (
    <div class="matrix-columns">
      {of.tactics.map((tactic) => {
        const all = of.techniques.filter((one) => one.tactics.includes(tactic));
        const covered = all.filter((one) => one.readiness === "ready" || one.readiness === "fired").length;
        return (
          <section key={tactic} aria-label={word("tactic", tactic)}>
            <h3>{word("tactic", tactic)} <span class="muted">{covered}/{all.length}</span></h3>
            {all.filter(shows).map((one) => (
              <button
                key={one.id} class={`cell ${one.readiness ?? "none"} ${layer?.wanted.has(one.id) ? "wanted" : ""} ${chosen === one.id ? "chosen" : ""}`}
                title={`${one.id} ${one.name}: ${one.readiness ? word("readiness", one.readiness) : t("coverage-none")}`} aria-pressed={chosen === one.id} onClick={() => choose(one.id)}
              >
                <span role="img" aria-label={one.readiness ? word("readiness", one.readiness) : t("coverage-none")}>{SIGNS[one.readiness ?? "none"]}</span> {one.name}
                {one.rules.length > 0 && <span class="count">{number(one.rules.length)}</span>}
              </button>
            ))}
          </section>
        );
      })}
    </div>
  );
}

function Detail({ of, close }: { of: CoverageTechnique; close: () => void }) {
  return (
    <aside class="coverage-detail" aria-label={of.name}>
      <header class="section-head"><h2><span class="mono">{of.id}</span> {of.name}</h2><button class="icon-button" aria-label={t("close")} onClick={close}>×</button></header>
      {Object.keys(of.parts).length > 0 && <p class="muted mono">{Object.keys(of.parts).sort().join(" ")}</p>}
      {of.rules.length === 0 && <p class="muted">{t("coverage-none")}</p>}
      <ul class="plain-list">
        {of.rules.map((rule) => (
          <li key={rule.rule}>
            <a href={`/rules/${encodeURIComponent(rule.rule)}`}>{rule.titles[language()] ?? rule.title}</a> <span class={`tag ${rule.readiness}`}>{word("readiness", rule.readiness)}</span>
            {rule.missing.length > 0 && <div class="muted">{t("coverage-missing")} <code>{rule.missing.join(", ")}</code></div>}
          </li>
        ))}
      </ul>
    </aside>
  );
}
