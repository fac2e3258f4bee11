// Where a use case stands, in a word or two.
import type { RuleView } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";

export function StateTag({ of }: { of: RuleView }) {
  const { state, release } = of.decided;
  const others = Object.keys(of.customers).length;
  return (
    <span class="line">
      <span class={`tag state-${state}`}>{word("use-case-state", state)}</span>
      {of.is_new && <span class="tag">{t("use-case-new")}</span>}
      {state === "live" && release !== "live" && <span class="tag">{word("release", release)}</span>}
      {others > 0 && <span class="muted" title={t("release-others", { count: others })}>+{others}</span>}
    </span>
  );
}
