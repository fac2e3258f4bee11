// How a device does: its rate over time, how late it is, what takes its records apart, and its silence.
import type { DeviceHealth, DeviceView, LagSummary } from "../api/types.ts";
import { SourceName } from "../event/source.tsx";
import { ofFilter } from "../event/language.ts";
import { eventsUrl } from "../event/query.ts";
import { bytes, decimal, duration, number, percent } from "../i18n/format.ts";
import { t, word } from "../i18n/text.ts";
import { navigate, useParameter } from "../shell/router.ts";
import { Segments } from "../ui/filter.tsx";
import { useChanges, useLoad } from "../ui/load.ts";
import { Failure, Loading } from "../ui/states.tsx";
import { useTick } from "../ui/tick.ts";
import { deviceHealth } from "./api.ts";
import { Week } from "./week.tsx";

const SPANS = ["24h", "7d", "30d"];
const AGAIN_MS = 15_000;

export function Health({ device }: { device: DeviceView }) {
  const [span, setSpan] = useParameter("span", "24h");
  const loaded = useLoad((signal) => deviceHealth(device.id, span, signal), `${device.id} ${span}`);
  useTick(loaded.reload, AGAIN_MS);
  useChanges((change) => change.noun === "alert", loaded.reload, 2000);
  const health = loaded.value;
  if (!health) return loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />;
  return (
    <>
      <section class="bars" aria-label={t("device-rate")}>
        <header>
          <b>{t("device-rate-now", { rate: decimal(health.per_minute) })}</b>
          <span class="muted">{t("device-total", { events: number(health.total.events), bytes: bytes(health.total.bytes) })}</span>
          <span class="muted hint">{t("histogram-hint")}</span>
          <Segments label={t("range")} value={span} set={setSpan} options={SPANS.map((value) => ({ value, label: word("range", value) }))} />
        </header>
        <div class="bars-body"><Chart health={health} device={device} /></div>
      </section>
      <div class="columns-2">
        <section>
          <h2>{t("device-sources")}</h2>
          <Sources health={health} device={device} />
          <h2>{t("device-lag")}</h2>
          <Lag lag={health.lag ?? null} doubtful={health.total.doubtful} device={device} />
        </section>
        <section>
          <h2>{t("device-silence-alarm")}</h2>
          <Silence health={health} />
          <Week week={health.silence.week} />
        </section>
      </div>
    </>
  );
}

function Chart({ health, device }: { health: DeviceHealth; device: DeviceView }) {
  const { value: chart } = useLoad(() => import("../event/histogram.tsx"), "chart");
  const Histogram = chart?.default;
  if (!Histogram) return null;
  const step = health.step_seconds * 1000;
  const counted = new Map(health.buckets.map((bucket) => [Date.parse(bucket.start), bucket.events]));
  const buckets = [];
  for (let at = Date.parse(health.from); at < Date.parse(health.to); at += step) buckets.push({ start: new Date(at).toISOString(), count: counted.get(at) ?? 0 });
  return (
    <Histogram
      buckets={buckets} total={health.total.events} range={{ from: health.from, to: health.to }}
      zoom={(from, to) => navigate(eventsUrl({ customer: device.customer, device: device.id, from, to }))}
    />
  );
}

function Sources({ health, device }: { health: DeviceHealth; device: DeviceView }) {
  const total = health.sources.reduce((sum, share) => sum + share.events, 0);
  if (total === 0) return <p class="muted">{t("device-nothing-yet")}</p>;
  const known = health.sources.filter((share) => share.recognised).reduce((sum, share) => sum + share.events, 0);
  const url = (source: string) => eventsUrl({
    customer: device.customer, device: device.id, from: health.sources_from, to: health.to, query: ofFilter("source", "is", source),
  });
  return (
    <>
      <p>{t("device-parse-share", { share: percent(known / total) })}</p>
      <table class="plain">
        <thead><tr><th scope="col">{t("event-source")}</th><th scope="col" class="numeric">{t("device-events")}</th><th scope="col">{t("share")}</th></tr></thead>
        <tbody>
          {health.sources.map((share) => (
            <tr key={share.source}>
              <td><SourceName id={share.source} />{!share.recognised && <> <span class="tag warn">{t("device-only-format")}</span></>}</td>
              <td class="numeric"><a href={url(share.source)}>{number(share.events)}</a></td>
              <td><meter aria-label={share.source} value={share.events / total} max={1} /> {percent(share.events / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** What a clock seems to be, in words. */
export function doubtText(lag: LagSummary | null): string {
  const doubt = lag?.doubt;
  if (!doubt) return "";
  switch (doubt.kind) {
    case "time_zone": return t(doubt.minutes > 0 ? "clock-zone-early" : "clock-zone-late", { span: duration(Math.abs(doubt.minutes) * 60) });
    case "ahead": return t("clock-ahead", { span: duration(doubt.seconds) });
    case "behind": return t("clock-behind", { span: duration(doubt.seconds) });
    case "late": return t("clock-late", { span: duration(doubt.seconds) });
  }
}

function Lag({ lag, doubtful, device }: { lag: LagSummary | null; doubtful: number; device: DeviceView }) {
  if (!lag) return <p class="muted">{t("device-nothing-yet")}</p>;
  const doubt = doubtText(lag);
  return (
    <>
      <dl class="facts">
        <div><dt>{t("lag-half")}</dt><dd>{duration(lag.p50)}</dd></div>
        <div><dt>{t("lag-most")}</dt><dd>{duration(lag.p95)}</dd></div>
        {doubtful > 0 && <div><dt>{t("lag-doubtful")}</dt><dd>{number(doubtful)}</dd></div>}
      </dl>
      <p class={doubt ? "note warn" : "muted"}>{doubt || t("clock-fine")}{lag.doubt?.kind === "time_zone" && ` ${t("clock-zone-set", { zone: device.time_zone ?? t("clock-zone-customer") })}`}</p>
    </>
  );
}

function Silence({ health }: { health: DeviceHealth }) {
  const { silence } = health;
  const learning = silence.alarm === "learned" && silence.learned_percent < 100;
  return (
    <>
      {silence.alert && (
        <p class="note warn">
          {t("silence-stands", { span: duration(silence.silent_minutes * 60) })}
          {silence.usual_percent != null && ` ${t("silence-why", { share: `${silence.usual_percent}%` })}`}{" "}
          <a href={`/alerts/${silence.alert}`}>{t("silence-open-alert")}</a>
        </p>
      )}
      <p>{learning ? t("silence-learning", { share: `${silence.learned_percent}%` }) : t(`silence-mode-${silence.alarm}`)}</p>
    </>
  );
}
