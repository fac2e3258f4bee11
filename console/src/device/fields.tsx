// Which fields a device's records carry, and which of those that live rules ask for never come.
import { useState } from "preact/hooks";

import type { DeviceView, Severity } from "../api/types.ts";
import { ofFilter } from "../event/language.ts";
import { eventsUrl } from "../event/query.ts";
import { number, percent } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { LogSource } from "../rule/log_source.tsx";
import { SeverityMark } from "../ui/badge.tsx";
import { useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { Time } from "../ui/time.tsx";
import { deviceFields } from "./api.ts";

const FEW = 25;

export function Fields({ device }: { device: DeviceView }) {
  const loaded = useLoad((signal) => deviceFields(device.id, signal), device.id);
  const [all, setAll] = useState(false);
  const value = loaded.value;
  if (!value) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  if (value.looked_at === 0) return <p class="muted">{t("device-nothing-yet")}</p>;
  const shown = all ? value.fields : value.fields.slice(0, FEW);
  const url = (field: string) => eventsUrl({ customer: device.customer, device: device.id, last: "7d", query: ofFilter(field, "exists", "") });
  return (
    <div class="columns-2">
      <section>
        <h2>{t("fields-seen")}</h2>
        <p class="muted">{t("fields-looked-at", { count: value.looked_at })} <Time at={value.since} /></p>
        <table class="plain fields">
          <thead><tr><th scope="col">{t("field")}</th><th scope="col">{t("fields-space")}</th><th scope="col" class="numeric">{t("fields-coverage")}</th><th scope="col">{t("fields-example")}</th></tr></thead>
          <tbody>
            {shown.map((field) => (
              <tr key={`${field.core} ${field.name}`}>
                <td class="mono"><a href={url(field.name)}>{field.name}</a></td>
                <td>{t(field.core ? "fields-core" : "fields-own")}</td>
                <td class="numeric">{percent(field.events / value.looked_at)}</td>
                <td class="mono clip" title={field.example}>{field.example}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {value.fields.length > FEW && <button class="link" onClick={() => setAll(!all)}>{all ? t("fields-fewer") : t("fields-all", { count: value.fields.length })}</button>}
      </section>
      <section>
        <h2>{t("rules-for-device")}</h2>
        <p>{value.log_sources.length > 0 ? value.log_sources.map((source, at) => <span key={source}>{at > 0 && ", "}<LogSource of={source} /></span>) : <span class="muted">{t("rules-no-log-source")}</span>}</p>
        <p>{t("rules-applicable", { count: value.rules })}</p>
        {value.rules > 0 && value.missing.length === 0 && <p class="muted">{t("fields-none-missing")}</p>}
        {value.missing.length > 0 && (
          <table class="plain">
            <caption>{t("fields-missing")}</caption>
            <thead><tr><th scope="col">{t("field")}</th><th scope="col">{t("fields-called")}</th><th scope="col" class="numeric">{t("fields-rules")}</th></tr></thead>
            <tbody>{value.missing.map((field) => <tr key={field.name}><td class="mono">{field.name}</td><td class="mono">{field.alias_of ?? ""}</td><td class="numeric">{number(field.rules)}</td></tr>)}</tbody>
          </table>
        )}
        {value.unreached.length > 0 && (
          <table class="plain">
            <caption>{t("rules-unreached")}</caption>
            <thead><tr><th scope="col">{t("rule")}</th><th scope="col">{t("severity")}</th><th scope="col">{t("fields-lacking")}</th></tr></thead>
            <tbody>
              {value.unreached.map((rule) => (
                <tr key={rule.id}>
                  <td><a href={`/rules/${encodeURIComponent(rule.id)}`}>{rule.title}</a></td>
                  <td><SeverityMark of={rule.level as Severity} /></td>
                  <td class="mono">{rule.missing.join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}
