// The commonest values of a field within the search, each a filter.
import type { EventSearch, FieldFilter } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { topValues } from "./api.ts";

interface Props { field: string; body: EventSearch; add: (filter: FieldFilter) => void; close: () => void }

export function TopValues({ field, body, add, close }: Props) {
  const top = useLoad((signal) => topValues({ ...body, field, size: 20 }, signal), JSON.stringify([field, body]));
  const items = top.value?.items ?? [];
  const most = Math.max(1, ...items.map((item) => item.count));
  return (
    <section class="top-values" aria-label={t("top-of", { field })}>
      <header>
        <h2>{t("top-of", { field })}</h2>
        <button class="icon-button" aria-label={t("close")} onClick={close}>×</button>
      </header>
      {!top.value && (top.problem ? <Failure problem={top.problem} retry={top.reload} /> : <Loading />)}
      {top.value && items.length === 0 && <p class="muted">{t("top-none")}</p>}
      <ol>
        {items.map((item) => (
          <li key={item.value}>
            <button class="link mono" title={t("filter-add", { field })} onClick={() => add({ field, op: "is", value: item.value })}>{item.value}</button>
            <button class="icon-button" title={t("filter-exclude", { field })} aria-label={t("filter-exclude", { field })} onClick={() => add({ field, op: "is_not", value: item.value })}>−</button>
            <meter min={0} max={most} value={item.count} aria-hidden="true" />
            <span class="numeric">{number(item.count)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
