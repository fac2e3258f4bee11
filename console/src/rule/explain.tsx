// Why a rule fires on a record or does not, term by term.
import type { ExplainedReason, ExplainedSection, ExplainedTerm, Explanation, TriedRecord } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";

/** Values of a list that are shown before the rest is counted. */
const SHOWN = 12;

export function Verdict({ holds }: { holds: boolean }) {
  return <span class={holds ? "verdict yes" : "verdict no"} role="img" aria-label={t(holds ? "explain-holds" : "explain-fails")}>{holds ? "✓" : "✗"}</span>;
}

export function Explained({ record }: { record: TriedRecord }) {
  const fields = Object.entries(record.fields);
  return (
    <div class="explained">
      <p class="muted">{word("log-source", record.source)} {record.log_sources.length > 0 && <span class="mono">{record.log_sources.join(", ")}</span>}</p>
      {record.explanations.map((one) => <OneRule key={one.rule} of={one} many={record.explanations.length > 1} />)}
      <details>
        <summary>{t("explain-fields", { count: fields.length })}</summary>
        <table class="plain"><tbody>{fields.map(([name, value]) => <tr key={name}><th scope="row" class="mono">{name}</th><td class="mono">{typeof value === "string" ? value : JSON.stringify(value)}</td></tr>)}</tbody></table>
      </details>
    </div>
  );
}

function OneRule({ of, many }: { of: Explanation; many: boolean }) {
  return (
    <section>
      <p class="lead"><Verdict holds={of.fires} /> {many && <strong>{of.title}: </strong>}{of.fires ? t("explain-fires") : <ReasonText of={of.reason} />}</p>
      <SectionTree of={of.detection} />
      {of.filters.map((filter) => (
        <div key={filter.path}><h4>{t("explain-filter", { title: filter.title })}</h4><SectionTree of={filter.section} /></div>
      ))}
    </section>
  );
}

function ReasonText({ of }: { of: ExplainedReason | null }) {
  if (!of) return <>{t("explain-not")}</>;
  const field = [of.field ?? "", ...of.modifiers].filter(Boolean).join("|");
  const wanted = of.wanted.join(", ") + (of.more > 0 ? ` +${of.more}` : "");
  return <>{t(`reason-${of.kind.replaceAll("_", "-")}`, { field, wanted, found: of.found.join(", "), detection: of.detection ?? "", filter: of.filter ?? "" })}</>;
}

function SectionTree({ of }: { of: ExplainedSection }) {
  return (
    <ul class="explain-tree">
      {of.conditions.map((one) => <li key={one.text}><Verdict holds={of.holds} /> <code>condition: {one.text}</code></li>)}
      {of.detections.map((one) => (
        <li key={one.name}>
          <Verdict holds={holds(one.term)} /> <code>{one.name}</code>
          <ul><Term of={one.term} /></ul>
        </li>
      ))}
    </ul>
  );
}

const holds = (term: ExplainedTerm) => term.holds;

function Term({ of }: { of: ExplainedTerm }) {
  if (of.kind !== "item") {
    if (of.kind === "all") return <>{of.parts.map((part, place) => <Term key={place} of={part} />)}</>;
    return <li><Verdict holds={of.holds} /> {t("explain-any")}<ul>{of.parts.map((part, place) => <Term key={place} of={part} />)}</ul></li>;
  }
  const first = [...of.wanted].sort((one, other) => Number(other.holds) - Number(one.holds)).slice(0, SHOWN);
  const found = of.found?.state === "values" ? of.found.values ?? [] : [];
  return (
    <li>
      <Verdict holds={of.holds} /> <code>{[of.field ?? t("keyword"), ...of.modifiers].join("|")}</code>
      {of.found && (
        <span class="found">{of.found.state === "values" ? <>{t("explain-found")} <code>{found.join(", ")}</code></> : <em>{t(of.found.state === "absent" ? "explain-absent" : "explain-null")}</em>}</span>
      )}
      <ul class="wanted">
        {first.map((one, place) => <li key={place} class={one.holds ? "" : "muted"}><Verdict holds={one.holds !== of.negated} /> <code>{typeof one.value === "string" ? one.value : JSON.stringify(one.value)}</code></li>)}
        {of.wanted.length > SHOWN && <li class="muted">{t("explain-more", { count: number(of.wanted.length - SHOWN) })}</li>}
      </ul>
    </li>
  );
}
