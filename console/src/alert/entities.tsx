// What an alert or incident is about, with the names it carries at the customer, each a step to its events.
import { useState } from "preact/hooks";

import type { Entity } from "../api/types.ts";
import { is, phrase } from "../event/language.ts";
import { Pivot } from "../event/pivot.tsx";
import { around, eventsUrl } from "../event/query.ts";
import { t, word } from "../i18n/text.ts";

const FIELDS: Record<string, string> = { process: "process_executable", file: "file_path", hash: "file_hash_sha256" };
/** Judged by first: whose machine and who; what ran there comes after. */
const LATER = ["process", "file", "hash"];
/** More than this hides the card below the fold. */
const FEW = 7;

interface Context { customer: string; first: string; last: string }

/** The events around a value: paths and hashes by their field, the rest wherever it is written. */
function entityUrl(entity: Entity, { customer, first, last }: Context): string {
  const field = FIELDS[entity.kind];
  return eventsUrl({
    ...around(first, last), customer,
    query: field ? is(field, entity.value) : phrase(entity.value),
  });
}

function rank(entity: Entity): number {
  return entity.asset || entity.resource_group ? 0 : 1 + LATER.indexOf(entity.kind) + 1;
}

export function Entities({ of, context }: { of: Entity[]; context: Context }) {
  const [all, setAll] = useState(false);
  if (of.length === 0) return <p class="muted">{t("entities-none")}</p>;
  const sorted = of.toSorted((a, b) => rank(a) - rank(b));
  const shown = all || sorted.length <= FEW + 1 ? sorted : sorted.slice(0, FEW);
  return (
    <>
      <table class="plain entities">
        <thead class="visually-hidden"><tr><th scope="col">{t("entity-kind")}</th><th scope="col">{t("entity-value")}</th><th scope="col">{t("entity-name")}</th></tr></thead>
        <tbody>{shown.map((entity) => <Row key={`${entity.kind} ${entity.value}`} entity={entity} context={context} />)}</tbody>
      </table>
      {shown.length < sorted.length && <button class="link" onClick={() => setAll(true)}>{t("entities-more", { count: sorted.length - shown.length })}</button>}
    </>
  );
}

function Row({ entity, context }: { entity: Entity; context: Context }) {
  return (
    <tr>
      <th scope="row">{word("entity", entity.kind)}</th>
      <td class="mono value">
        <a href={entityUrl(entity, context)} title={t("pivot-hint", { value: entity.value })}>{entity.value}</a>
        <Pivot field={FIELDS[entity.kind] ?? null} value={entity.value} base={{ ...around(context.first, context.last), customer: context.customer }} />
      </td>
      <td class="names">
        {entity.asset && <span class="tag asset" title={t("asset")}>{entity.asset}</span>}
        {entity.resource_group && <span class="tag" title={t("resource-group")}>{entity.resource_group}</span>}
      </td>
    </tr>
  );
}
