// A problem in a rule's text in the reader's language.
import type { RuleProblem } from "../api/types.ts";
import { t } from "../i18n/text.ts";

export function problemText(problem: RuleProblem): string {
  const { name = "", value = "", field = "", modifier = "", other = "", message = "" } = problem.parameters;
  return t(`problem-${problem.kind.replaceAll("_", "-")}`, { name, value, field, modifier, other, message });
}
