// Words and figures of hunts that several places show.
import type { Hunt, HuntProgramme, HuntRun, HuntVerdict } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";

export const VERDICTS: HuntVerdict[] = ["clean", "found", "inconclusive", "no_data"];

export function isOpen(hunt: Hunt): boolean {
  return hunt.state === "planned" || hunt.state === "active";
}

export function isOverdue(hunt: Hunt, now: Date): boolean {
  return isOpen(hunt) && Boolean(hunt.due && Date.parse(hunt.due) < now.getTime());
}

export function HuntStateMark({ hunt, now }: { hunt: Hunt; now: Date }) {
  return (
    <>
      <span class={`state-mark threat-${hunt.state}`}><i aria-hidden="true" />{word("hunt-state", hunt.state)}</span>
      {isOverdue(hunt, now) && <span class="tag late">{t("hunt-overdue")}</span>}
    </>
  );
}

export function VerdictMark({ of }: { of: HuntVerdict | null | undefined }) {
  if (!of) return <span class="muted">{t("hunt-verdict-open")}</span>;
  return <span class={`verdict-mark ${of}`}><i aria-hidden="true" />{word("hunt-verdict", of)}</span>;
}

/** `2026-W47` in words. */
export function roundName(round: string | null | undefined): string {
  const week = /^(\d{4})-W(\d{2})$/.exec(round ?? "");
  return week ? t("hunt-week", { week: Number(week[2]), year: week[1] ?? "" }) : round ?? "";
}

export function duration(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours === 0) return t("hunt-minutes-short", { minutes: rest });
  return rest === 0 ? t("hunt-hours-short", { hours: number(hours) }) : t("hunt-hours-minutes", { hours: number(hours), minutes: rest });
}

/** How many of its customers are judged, as a bar of what they came to. */
export function Judged({ hunt }: { hunt: Hunt }) {
  const all = hunt.customers.length;
  const of = hunt.verdicts;
  const told = t("hunt-judged", { done: all - of.open, all });
  return (
    <span class="judged" title={VERDICTS.map((verdict) => `${word("hunt-verdict", verdict)}: ${of[verdict]}`).join("\n")}>
      <span class="judged-bar" aria-hidden="true">{VERDICTS.map((verdict) => of[verdict] > 0 && <i key={verdict} class={verdict} style={{ width: `${(100 * of[verdict]) / Math.max(1, all)}%` }} />)}</span>
      <span>{told}</span>
    </span>
  );
}

export function RunMark({ run }: { run: HuntRun }) {
  return (
    <span class="hunt-mark">
      <span class={`state-mark hunt-${run.state}`}><i aria-hidden="true" />{word("hunt-run-state", run.state)}</span>
      {run.state !== "done" && <><meter min={0} max={Math.max(1, run.total)} value={run.done} aria-label={t("hunt-run-progress")} /><span class="muted">{t("hunt-run-done", { done: number(run.done), all: number(run.total) })}</span></>}
    </span>
  );
}

export function rhythmName(of: HuntProgramme): string {
  const { rhythm } = of;
  return rhythm.every === "week" ? t("programme-every-week", { day: t(`weekday-${rhythm.weekday}`) }) : t("programme-every-month", { day: rhythm.day });
}
