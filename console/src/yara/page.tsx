// The library's YARA rules: the rules every installation has, and sets of our own.
import type { YaraRule, YaraSet } from "../api/types.ts";
import { bytes, number } from "../i18n/format.ts";
import { language, t } from "../i18n/text.ts";
import { Whose } from "../intel/marks.tsx";
import { useCommands } from "../shell/commands.ts";
import { navigate } from "../shell/router.ts";
import { nameOf, useMay, useShell } from "../shell/session.ts";
import { SeverityMark } from "../ui/badge.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { builtInYara, listYaraSets } from "./api.ts";

export function NewSet() {
  const mayWrite = useMay("policy.write");
  useCommands([{ id: "yara-new", label: "yara-new", keys: ["n"], group: "commands-page", when: () => mayWrite, run: () => navigate("/yara/new") }]);
  return mayWrite ? <a class="button" href="/yara/new">{t("yara-new")} <kbd>n</kbd></a> : null;
}

export function YaraRules() {
  const sets = useLoad((signal) => listYaraSets({ limit: 200 }, signal), "sets");
  const ours = useLoad(builtInYara, "built-in");
  useChanges((change) => change.noun === "yara_set", sets.reload);
  const problem = sets.problem ?? ours.problem;
  if (!sets.value || !ours.value) return problem ? <Failure problem={problem} retry={() => { sets.reload(); ours.reload(); }} /> : <Loading />;
  return (
    <div class="scroll yara-rules" tabIndex={0} role="region" aria-label={t("yara-rules")}>
      <p class="note">{t(ours.value.scans ? "yara-lead" : "yara-no-engine")}</p>
      <h2>{t("yara-sets")} <span class="count">{sets.value.items.length}</span></h2>
      {sets.value.items.length === 0 ? <p class="muted">{t("yara-sets-none")}</p> : <Sets items={sets.value.items} />}
      <h2>{t("yara-built-in")} <span class="count">{ours.value.rules.length}</span></h2>
      <RuleTable rules={ours.value.rules} />
    </div>
  );
}

function Sets({ items }: { items: YaraSet[] }) {
  const shell = useShell();
  return (
    <table class="plain">
      <thead><tr>{["yara-name", "yara-state", "yara-count", "customer", "yara-size", "yara-changed"].map((key) => <th key={key} scope="col">{t(key)}</th>)}</tr></thead>
      <tbody>
        {items.map((set) => (
          <tr key={set.id} class={set.enabled ? "" : "off"}>
            <td><a class="in-text" href={`/yara/${set.id}`}>{set.name}</a>{set.note && <span class="muted"> {set.note}</span>}</td>
            <td>{t(set.enabled ? "yara-on" : "yara-off")}</td>
            <td>{number(set.rules)} {set.left_out > 0 && <span class="tag warn">{t("yara-left-out", { count: set.left_out })}</span>}</td>
            <td><Whose customers={set.customers} /></td>
            <td>{bytes(set.bytes)}</td>
            <td>{set.changed_by ? nameOf(shell, set.changed_by) : t("the-platform")} <Time at={set.changed} /> <span class="muted">{t("yara-version", { version: set.version })}</span></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function RuleTable({ rules }: { rules: YaraRule[] }) {
  const said = (rule: YaraRule) => (language() === "zh" ? rule.description_zh : null) ?? rule.description ?? "";
  return (
    <table class="plain">
      <thead><tr>{["severity", "yara-rule", "yara-means", "yara-tags"].map((key) => <th key={key} scope="col">{t(key)}</th>)}</tr></thead>
      <tbody>
        {rules.map((rule) => (
          <tr key={rule.name}>
            <td><SeverityMark of={rule.severity} /></td>
            <td class="mono">{rule.name}</td>
            <td>{said(rule)}</td>
            <td>{rule.tags.map((tag) => <span key={tag} class="tag mono">{tag}</span>)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
