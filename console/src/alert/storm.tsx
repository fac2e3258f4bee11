// A storm: one alert for many keys of its rule, with those that made it.
import type { Alert } from "../api/types.ts";
import { number } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";

export function StormKeys({ alert }: { alert: Alert }) {
  const storm = alert.storm;
  if (!storm) return null;
  const named = storm.top.reduce((sum, key) => sum + key.count, 0);
  return (
    <section aria-label={t("storm")}>
      <h3>{t("storm")}</h3>
      <p>{t("storm-keys", { keys: number(storm.keys), count: number(alert.count) })}</p>
      <table class="plain">
        <thead><tr><th scope="col">{t("alert-about")}</th><th scope="col" class="numeric">{t("alert-count")}</th></tr></thead>
        <tbody>{storm.top.map((one) => <tr key={one.key}><td><Key of={one.key} /></td><td class="numeric">{number(one.count)}</td></tr>)}</tbody>
      </table>
      {alert.count > named && <p class="muted">{t("storm-rest", { count: number(alert.count - named) })}</p>}
    </section>
  );
}

function Key({ of }: { of: string }) {
  const at = of.indexOf("=");
  if (at < 0) return <span class="mono">{of}</span>;
  return <>{word("entity", of.slice(0, at))} <span class="mono">{of.slice(at + 1)}</span></>;
}
