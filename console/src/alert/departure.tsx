// Why an alert of a baseline is unusual, in words: what was seen, and what is usual instead.
import type { Alert } from "../api/types.ts";
import { date, decimal, duration, exact, number, span, weekday } from "../i18n/format.ts";
import { language, t } from "../i18n/text.ts";

type Departure = NonNullable<Alert["departure"]>;

/** Whose profile it departs from, by the values alone. */
export function who(group: Departure["group"]): string {
  return group.length > 0 ? group.map((part) => part.value).join(" / ") : t("departure-customer");
}

/** 08:00 to 12:00, 14:00 to 18:00 */
function hours(ranges: number[][]): string {
  const clock = (hour: number | undefined) => `${String(hour ?? 0).padStart(2, "0")}:00`;
  return ranges.map(([from, to]) => t("departure-hours", { from: clock(from), to: clock(to) })).join(t("departure-join")) || t("departure-no-hours");
}

/** A number as its field means it: bytes and counts alike are whole. */
const amount = (value: number) => value < 10 ? decimal(value) : number(Math.round(value));

/** The reason in one or two sentences. */
export function departureText(departure: Departure): string {
  const { reason } = departure;
  const name = who(departure.group);
  const join = (...parts: string[]) => parts.filter(Boolean).join(language() === "zh" ? "" : " ");
  switch (reason.type) {
    case "first_seen": {
      const latest = reason.latest.map((one) => one.value).find(Boolean) ?? "";
      const past = span((Date.parse(departure.at) - Date.parse(departure.since)) / 1000);
      return join(
        t("departure-first-seen", { who: name, field: reason.field, value: reason.value, span: past }),
        reason.known === 0 ? t("departure-first-seen-none") : t("departure-first-seen-known", { known: reason.known, latest }),
        reason.nobody_else ? t("departure-first-seen-nobody") : "",
      );
    }
    case "rare":
      return join(t("departure-rare", { who: name, field: reason.field, value: reason.value, having: number(reason.having), of: number(reason.of) }), reason.others.length > 0 ? t("departure-rare-others", { others: reason.others.join(", ") }) : "");
    case "off_hours": {
      const time = `${String(Math.floor(reason.minute / 60)).padStart(2, "0")}:${String(reason.minute % 60).padStart(2, "0")}`;
      return t("departure-off-hours", { who: name, weekday: weekday(reason.weekday - 1), time, kind: t(reason.workdays ? "departure-workdays" : "departure-weekend"), active: number(reason.active), days: number(reason.days), hours: hours(reason.usual) });
    }
    case "volume":
      return t("departure-volume", { who: name, what: reason.field ?? t("departure-events"), value: amount(reason.value), span: duration(reason.seconds), from: exact(reason.from), usual: amount(reason.usual), high: amount(reason.high), most: amount(reason.most) });
    case "beacon":
      return t("departure-beacon", { who: name, value: reason.value, interval: duration(reason.interval / 1000), jitter: number(reason.jitter), beats: number(reason.beats), from: exact(reason.from), having: number(reason.having), of: number(reason.of) });
  }
}

/** The reason with what it is measured by. */
export function DepartureSeen({ departure, rule, customer }: { departure: Departure; rule: string; customer: string }) {
  const { reason } = departure;
  const profile = `/rules/${encodeURIComponent(rule)}?${new URLSearchParams([["tab", "profiles"], ["customer", customer], ...departure.group.map((part) => ["group", part.value])])}`;
  return (
    <>
      <h3>{t("departure")}</h3>
      <p class="lead departure">{departureText(departure)}</p>
      <dl class="facts">
        <div><dt>{t("departure-since")}</dt><dd>{date(departure.since)}</dd></div>
        <div><dt>{t("departure-observations")}</dt><dd>{number(departure.observations)}</dd></div>
        {departure.group.map((part) => <div key={part.name}><dt class="mono">{part.name}</dt><dd class="mono">{part.value}</dd></div>)}
      </dl>
      {reason.type === "first_seen" && reason.latest.length > 0 && (
        <table class="plain">
          <caption>{t("departure-latest")}</caption>
          <tbody>{reason.latest.map((one) => <tr key={one.value}><td class="mono">{one.value}</td><td>{exact(one.last)}</td><td class="numeric">{t("times", { count: one.times })}</td></tr>)}</tbody>
        </table>
      )}
      <p><a href={profile}>{t("departure-profile")}</a> <span class="muted">{t("departure-learned")}</span></p>
    </>
  );
}
