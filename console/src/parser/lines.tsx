// What becomes of each line: fields, time, severity, or the step that did not fit, and who else would take it.
import { useState } from "preact/hooks";

import type { Severity, TrialLine } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { exact, number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { SeverityMark } from "../ui/badge.tsx";

interface Props { lines: TrialLine[]; jump: (line: number) => void; remove: (at: number) => void }

export function Lines({ lines, jump, remove }: Props) {
  const [open, setOpen] = useState(0);
  return (
    <ol class="trial">
      {lines.map((line, at) => (
        <li key={at} class={line.event ? "taken" : "missed"}>
          <div class="trial-head">
            <button class="trial-line mono" aria-expanded={open === at} onClick={() => setOpen(open === at ? -1 : at)} title={line.line}>
              <b aria-hidden="true">{line.event ? "✓" : "✗"}</b><span class="visually-hidden">{t(line.event ? "trial-taken" : "trial-missed")}</span> {line.line}
            </button>
            <button class="icon-button" aria-label={t("trial-remove")} title={t("trial-remove")} onClick={() => remove(at)}>×</button>
          </div>
          {open === at && <Detail line={line} jump={jump} />}
        </li>
      ))}
    </ol>
  );
}

function Detail({ line, jump }: { line: TrialLine; jump: (line: number) => void }) {
  const { event } = line;
  return (
    <div class="trial-detail">
      <p class="muted">
        {line.now && <>{t("trial-now")} <SourceName id={line.now} /> · </>}
        {t("trial-cost", { micros: number(Math.round(line.cost_nanos / 100) / 10) })}
        {line.also.length > 0 && <> · {t("trial-also")} {line.also.map((name, at) => <span key={name}>{at > 0 && ", "}<a href={`/parsers/${name}`}><SourceName id={name} /></a></span>)}</>}
      </p>
      {!event && <Misfits line={line} jump={jump} />}
      {event && (
        <>
          <dl class="facts across">
            <div><dt>{t("event-time")}</dt><dd>{exact(event.time)}{event.time_original && <> <span class="tag warn">{t("trial-doubtful", { text: event.time_original })}</span></>}</dd></div>
            {event.severity && <div><dt>{t("severity")}</dt><dd><SeverityMark of={event.severity as Severity} /></dd></div>}
            {event.alarm && <div><dt>{t("trial-alarm")}</dt><dd>{event.alarm}</dd></div>}
            {event.log_sources.length > 0 && <div><dt>{t("rule-log-source")}</dt><dd class="mono">{event.log_sources.join(", ")}</dd></div>}
          </dl>
          <div class="trial-fields">
            <Names title={t("fields-core")} of={event.core} />
            <Names title={t("fields-own")} of={event.fields} />
          </div>
        </>
      )}
    </div>
  );
}

function Misfits({ line, jump }: { line: TrialLine; jump: (line: number) => void }) {
  if (line.variants.length === 0) return null;
  return (
    <ul class="trial-misfits">
      {line.variants.map((variant) => (
        <li key={variant.number}>
          {t("trial-variant", { number: variant.number })}: {variant.misfit}
          {variant.at_line != null && <> <button class="link" onClick={() => jump(variant.at_line ?? 1)}>{t("trial-line", { line: variant.at_line })}</button></>}
          {variant.steps.length > 0 && <span class="muted"> {t("trial-before")} {variant.steps.flatMap((step) => Object.keys(step.fields as object)).join(", ")}</span>}
        </li>
      ))}
      {line.kept_as && <li class="muted">{t("parser-kept-as")}: <SourceName id={line.kept_as} /></li>}
    </ul>
  );
}

function Names({ title, of }: { title: string; of: unknown }) {
  const entries = Object.entries(of as Record<string, unknown>);
  return (
    <table class="plain fields">
      <caption>{title} ({entries.length})</caption>
      <tbody>{entries.map(([name, value]) => <tr key={name}><th scope="row" class="mono">{name}</th><td class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</td></tr>)}</tbody>
    </table>
  );
}
