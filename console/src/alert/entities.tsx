// What an alert or incident is about, with the names it carries at the customer, each a step to its events.
import type { Entity } from "../api/types.ts";
import { around, eventsUrl } from "../event/query.ts";
import { t, word } from "../i18n/text.ts";
import { Copy } from "../ui/copy.tsx";

const FIELDS: Record<string, string> = { process: "process_executable", file: "file_path", hash: "file_hash_sha256" };

interface Context { customer: string; first: string; last: string }

/** The events around a value: paths and hashes by their field, the rest wherever it is written. */
function entityUrl(entity: Entity, { customer, first, last }: Context): string {
  const field = FIELDS[entity.kind];
  return eventsUrl({
    ...around(first, last), customer,
    ...(field ? { filters: [{ field, op: "is", value: entity.value }] } : { text: `"${entity.value}"` }),
  });
}

export function Entities({ of, context }: { of: Entity[]; context: Context }) {
  if (of.length === 0) return <p class="muted">{t("entities-none")}</p>;
  return (
    <table class="plain entities">
      <thead class="visually-hidden"><tr><th>{t("entity-kind")}</th><th>{t("entity-value")}</th><th>{t("entity-name")}</th></tr></thead>
      <tbody>
        {of.map((entity) => (
          <tr key={`${entity.kind} ${entity.value}`}>
            <th scope="row">{word("entity", entity.kind)}</th>
            <td class="mono">
              <a href={entityUrl(entity, context)} title={t("pivot-hint", { value: entity.value })}>{entity.value}</a>
              <Copy text={entity.value} />
            </td>
            <td>
              {entity.asset && <span class="tag asset" title={t("asset")}>{entity.asset}</span>}
              {entity.resource_group && <span class="tag" title={t("resource-group")}>{entity.resource_group}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
