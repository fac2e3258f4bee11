// The page of one rule: what it says, its card, its text.
import type { ComponentChildren } from "preact";

import type { Severity } from "../api/types.ts";
import { getRule } from "../alert/api.ts";
import { CardView } from "../alert/card.tsx";
import { language, t, word } from "../i18n/text.ts";
import { useMay } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { LogSource } from "./log_source.tsx";

export function RulePage({ id }: { id: string }) {
  const loaded = useLoad((signal) => getRule(id, signal), id);
  const mayLook = useMay("event.read");
  const rule = loaded.value;
  if (!rule) return <Page title={t("rule")}>{loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />}</Page>;
  const mono = (text: string | null | undefined) => text && <span class="mono">{text}</span>;
  const named = rule.cards?.[language()]?.title ?? rule.title;
  const facts: [string, ComponentChildren][] = [
    ["rule-title", named !== rule.title && rule.title], ["rule-log-source", rule.log_source && <LogSource of={rule.log_source} />],
    ["techniques", rule.techniques?.join(" ")], ["rule-status", word("rule-status", rule.status)], ["rule-author", rule.author],
    ["rule-path", mono(rule.path)], ["rule-id", mono(rule.id)],
  ];
  return (
    <Page
      title={named} lead={<SeverityMark of={rule.level as Severity} />}
      actions={
        <>
          {rule.text && mayLook && <a class="button" href={`/rules/try?rule=${encodeURIComponent(rule.id)}`}>{t("backtest")}</a>}
          <a class="button" href={`/alerts?rule=${encodeURIComponent(rule.id)}`}>{t("rule-alerts")}</a>
        </>
      }
    >
      <div class="columns-2">
        <section>
          {rule.description && <p class="lead">{rule.description}</p>}
          <dl class="facts">{facts.map(([key, value]) => value && <div key={key}><dt>{t(key)}</dt><dd>{value}</dd></div>)}</dl>
          <h2>{t("card")}</h2>
          <CardView cards={rule.cards} />
          {!rule.cards?.[language()] && (rule.falsepositives?.length ?? 0) > 0 && <><h2>{t("card-false-positive")}</h2><ul>{rule.falsepositives?.map((one) => <li key={one}>{one}</li>)}</ul></>}
          {(rule.references?.length ?? 0) > 0 && <><h2>{t("rule-references")}</h2><ul>{rule.references?.map((one) => <li key={one} class="mono">{one}</li>)}</ul></>}
        </section>
        <section>
          <h2>{t("rule-text")}</h2>
          <pre class="raw tall" tabIndex={0}>{rule.text ?? ""}</pre>
        </section>
      </div>
    </Page>
  );
}
