// What of a list does not alarm because a warning list names it, and what alerts have come of the rest.
import type { SuppressedIndicator } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { useLoad } from "../ui/load.ts";
import { Time } from "../ui/time.tsx";
import { listHitsOf, suppressedOf } from "./api.ts";

export function SuppressedSection({ list, version }: { list: string; version: number }) {
  const loaded = useLoad((signal) => suppressedOf(list, signal), `${list} ${version}`);
  const found = loaded.value;
  if (!found || found.count === 0) return null;
  return (
    <section>
      <h2>{t("intel-suppressed", { count: number(found.count) })}</h2>
      <p class="muted">{t("intel-suppressed-hint")}</p>
      <SuppressedTable items={found.items} all={found.count} />
    </section>
  );
}

export function SuppressedTable({ items, all }: { items: SuppressedIndicator[]; all: number }) {
  return (
    <div class="scroll unread-lines" tabIndex={0} role="region" aria-label={t("intel-suppressed-title")}>
      <table class="plain suppressed">
        <thead><tr><th scope="col">{t("indicator")}</th><th scope="col">{t("indicator-kind")}</th><th scope="col">{t("intel-warning")}</th></tr></thead>
        <tbody>{items.map((one) => <tr key={`${one.kind} ${one.value}`}><td class="mono">{one.value}</td><td>{word("indicator-kind", one.kind)}</td><td>{one.warning}</td></tr>)}</tbody>
      </table>
      {all > items.length && <p class="muted">{t("intel-unread-more", { count: number(all - items.length) })}</p>}
    </div>
  );
}

/** How many alerts a list has given, and what people made of them. */
export function ListHits({ list }: { list: string }) {
  const loaded = useLoad((signal) => listHitsOf(list, signal), list);
  const hits = loaded.value;
  if (!hits) return null;
  return (
    <section>
      <h2>{t("intel-hits")}</h2>
      <dl class="facts across">
        <div><dt>{t("intel-hits-alerts")}</dt><dd>{number(hits.alerts)}</dd></div>
        <div><dt>{t("intel-hits-events")}</dt><dd>{number(hits.events)}</dd></div>
        <div><dt>{t("intel-hits-confirmed")}</dt><dd>{number(hits.confirmed)}</dd></div>
        <div><dt>{t("intel-hits-rejected")}</dt><dd>{number(hits.rejected)}</dd></div>
        <div><dt>{t("hit-last")}</dt><dd>{hits.last ? <Time at={hits.last} /> : t("never")}</dd></div>
      </dl>
    </section>
  );
}
