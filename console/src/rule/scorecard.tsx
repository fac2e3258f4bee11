// How use cases do: volume, what people judged, cost, and what to do about each.
import { useState } from "preact/hooks";

import type { Score } from "../api/types.ts";
import { exact, number } from "../i18n/format.ts";
import { language, t, word } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { Segments } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Empty, Failure, Loading } from "../ui/states.tsx";
import { readScorecard } from "./api.ts";

const SPANS = ["7", "30", "90", "365"];
const ADVICE = ["", "tune", "retire", "speed", "verify"];
/** Rows that are shown before the rest is asked for. */
const ROWS = 200;

/** Of the incidents that were judged, how many were attacks, in a hundred. */
const trueShare = (score: Score) => {
  const judged = score.attacks + score.benign + score.rejected;
  return judged > 0 ? `${Math.round((score.attacks * 100) / judged)} %` : "–";
};

export function ScorecardView() {
  const [span, setSpan] = useParameter("days", "30");
  const [advice, setAdvice] = useParameter("advice");
  const [rows, setRows] = useState(ROWS);
  const loaded = useLoad((signal) => readScorecard(Number(span), signal), span);
  const items = (loaded.value?.items ?? []).filter((score) => !advice || score.advice === advice);
  const many = (one: string) => (loaded.value?.items ?? []).filter((score) => score.advice === one).length;
  return (
    <>
      <div class="filters">
        <Segments label={t("backtest-span")} value={span} set={setSpan} options={SPANS.map((days) => ({ value: days, label: t("backtest-days", { days: Number(days) }) }))} />
        <Segments label={t("scorecard-advice")} value={advice} set={setAdvice} options={ADVICE.map((value) => ({ value, label: value ? `${word("advice", value)} ${many(value)}` : t("any") }))} />
      </div>
      {!loaded.value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {loaded.value && items.length === 0 && <Empty title={t("scorecard-empty")} />}
      {items.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("scorecard")}>
          <table class="plain scorecard">
            <thead>
              <tr>
                <th scope="col">{t("rule-title")}</th><th scope="col">{t("use-case-state")}</th><th scope="col" class="numeric">{t("scorecard-detections")}</th>
                <th scope="col" class="numeric">{t("scorecard-alerts")}</th><th scope="col" class="numeric">{t("scorecard-silent")}</th><th scope="col" class="numeric">{t("scorecard-incidents")}</th>
                <th scope="col" class="numeric" title={t("scorecard-true-hint")}>{t("scorecard-true")}</th><th scope="col" class="numeric">{t("exceptions")}</th>
                <th scope="col">{t("scorecard-last")}</th><th scope="col" class="numeric" title={t("scorecard-cost-hint")}>{t("scorecard-cost")}</th><th scope="col">{t("scorecard-advice")}</th>
              </tr>
            </thead>
            <tbody>
              {items.slice(0, rows).map((score) => (
                <tr key={score.rule}>
                  <td><a href={`/rules/${encodeURIComponent(score.rule)}`}>{score.titles[language()] ?? score.title}</a></td><td>{word("use-case-state", score.state)}</td>
                  <td class="numeric">{number(score.detections)}</td><td class="numeric"><a href={`/alerts?rule=${encodeURIComponent(score.rule)}`}>{number(score.alerts)}</a></td>
                  <td class="numeric">{number(score.silent)}</td><td class="numeric">{number(score.incidents)}</td><td class="numeric">{trueShare(score)}</td>
                  <td class="numeric">{number(score.exceptions)}</td><td>{score.last_fired ? exact(score.last_fired) : <span class="muted">{t("never")}</span>}</td>
                  <td class="numeric">{score.cost_nanos == null ? "–" : <>{number(score.cost_nanos)} ns <span class="muted">{(score.cost_share / 10_000).toFixed(1)} %</span></>}</td>
                  <td title={word("advice-why", score.advice)}><span class={`tag advice-${score.advice}`}>{word("advice", score.advice)}</span></td>
                </tr>
              ))}
            </tbody>
          </table>
          {items.length > rows && <button class="button" onClick={() => setRows(rows + ROWS)}>{t("show-more", { count: number(items.length - rows) })}</button>}
        </div>
      )}
    </>
  );
}
