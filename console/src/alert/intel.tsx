// The indicator an alert is about, and who names it, as far as the reader may know.
import type { Alert } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";

export function IndicatorSeen({ intel }: { intel: NonNullable<Alert["intel"]> }) {
  return (
    <>
      <h3>{t("alert-intel")}</h3>
      <p class="line"><span class="tag">{word("indicator-kind", intel.kind)}</span> <span class="mono given">{intel.value}</span></p>
      {intel.sources.length > 0 && (
        <table class="plain intel-sources">
          <caption>{t("alert-intel-named-by")}</caption>
          <thead><tr><th scope="col">{t("intel-list")}</th><th scope="col" class="numeric">{t("intel-confidence")}</th><th scope="col">{t("intel-tlp")}</th><th scope="col">{t("indicator-note")}</th></tr></thead>
          <tbody>
            {intel.sources.map((source) => (
              <tr key={source.list}>
                <td><a href={`/intel/${source.list}`}>{source.name}</a>{source.source && <small class="muted"> {source.source}</small>}</td>
                <td class="numeric">{number(source.confidence)}</td>
                <td><span class={`tag tlp-${source.tlp}`} title={word("tlp-means", source.tlp)}>{word("tlp", source.tlp)}</span></td>
                <td>{source.note ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {Boolean(intel.withheld) && <p class="note">{t("alert-intel-withheld", { count: number(intel.withheld ?? 0) })}</p>}
    </>
  );
}

/** What to do about an indicator, where no rule's card says it. */
export function IndicatorCard({ intel }: { intel: NonNullable<Alert["intel"]> }) {
  return <p class="card-text">{t("alert-intel-card", { kind: word("indicator-kind", intel.kind) })}</p>;
}
