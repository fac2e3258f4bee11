// What was decided about a use case before, and what changed from one time to the next.
import { useState } from "preact/hooks";

import type { RuleView, UseCaseVersion } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { Diff } from "../ui/diff.tsx";
import { useLoad } from "../ui/load.ts";
import { Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { readVersions } from "./api.ts";

export function Versions({ rule }: { rule: RuleView }) {
  const loaded = useLoad((signal) => readVersions(rule.id, signal), `${rule.id} ${rule.version}`);
  const [shown, setShown] = useState<number | null>(null);
  const items = loaded.value;
  if (!items) return <Loading />;
  const base = rule.built_in ?? (rule.origin === "own" ? "" : rule.text ?? "");
  const textOf = (version: UseCaseVersion | undefined) => version?.data?.text ?? base;
  return (
    <>
      {items.length === 0 && <p class="muted">{t("versions-none")}</p>}
      <ol class="versions">
        {items.map((one, place) => {
          const before = items[place + 1];
          return (
            <li key={one.version}>
              <button class="link" aria-expanded={shown === one.version} onClick={() => setShown(shown === one.version ? null : one.version)}>{t("version", { version: one.version })}</button>{" "}
              <Time at={one.at} /> <span class="muted">{changes(one, before)}</span>
              {shown === one.version && <Diff before={textOf(before)} after={textOf(one)} />}
            </li>
          );
        })}
      </ol>
    </>
  );
}

/** What else than the text changed, in a few words. */
function changes(one: UseCaseVersion, before: UseCaseVersion | undefined): string {
  if (!one.data) return t("version-taken-back");
  const said: string[] = [];
  if (one.data.state !== (before?.data?.state ?? "live")) said.push(word("use-case-state", one.data.state));
  if (one.data.release !== (before?.data?.release ?? "live")) said.push(`${t("release-default")}: ${word("release", one.data.release)}`);
  if ((one.data.severity ?? null) !== (before?.data?.severity ?? null)) said.push(`${t("severity")}: ${one.data.severity ? word("severity", one.data.severity) : "–"}`);
  if ((one.data.text ?? null) !== (before?.data?.text ?? null)) said.push(t("rule-text"));
  if (JSON.stringify(one.data.cards ?? {}) !== JSON.stringify(before?.data?.cards ?? {})) said.push(t("card"));
  return said.join(" · ");
}
