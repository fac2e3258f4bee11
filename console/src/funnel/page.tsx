// From events to incidents by customer and day, and where the rest stayed.
import type { CustomerFunnel, FunnelCounts } from "../api/types.ts";
import { get } from "../api/client.ts";
import { compact, number } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { useParameter } from "../shell/router.ts";
import { CustomerMark } from "../ui/badge.tsx";
import { CustomerChoice, Segments } from "../ui/filter.tsx";
import { useLoad } from "../ui/load.ts";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

const SPANS = ["7", "30", "90"];
const DAY_MS = 86_400_000;
type Stage = keyof FunnelCounts;
const STAGES: Stage[] = ["events", "unparsed", "detections", "excepted", "silent", "alerts", "ignored", "raised", "incidents", "attacks"];
/** What is taken away on the way, beside what goes on. */
const ASIDE = new Set<Stage>(["unparsed", "excepted", "silent", "ignored"]);

const day = (back: number) => new Date(Date.now() - back * DAY_MS).toISOString().slice(0, 10);

export function FunnelPage() {
  const [span, setSpan] = useParameter("days", "30");
  const [customer, setCustomer] = useParameter("customer");
  // A day further than today in UTC: east of it, tomorrow has begun.
  const query = { from: day(Number(span) - 1), to: day(-1), ...(customer ? { customer } : {}) };
  const loaded = useLoad(async (signal) => (await get("/funnel", { query, signal })) as CustomerFunnel[], `${span} ${customer}`);
  const value = loaded.value;
  const days = [...Array(Number(span) + 1).keys()].map((back) => day(Number(span) - 1 - back));
  const one = customer ? value?.[0] : undefined;
  return (
    <Page title={t("nav-funnel")} actions={<a class="button" href="/">{t("nav-workbench")}</a>}>
      <div class="filters">
        <CustomerChoice value={customer} set={setCustomer} />
        <Segments label={t("backtest-span")} value={span} set={setSpan} options={SPANS.map((days) => ({ value: days, label: t("backtest-days", { days: Number(days) }) }))} />
      </div>
      {!value && (loaded.problem ? <Failure problem={loaded.problem} retry={loaded.reload} /> : <Loading />)}
      {value?.length === 0 && <Empty title={t("customers-empty")} />}
      {value && value.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("nav-funnel")}>
          <table class="plain funnel-table">
            <thead>
              <tr>
                <th scope="col">{t(one ? "funnel-day" : "customer")}</th>
                {STAGES.map((stage) => <th scope="col" key={stage} class={ASIDE.has(stage) ? "numeric aside" : "numeric"} title={t(`funnel-${stage}-hint`)}>{t(`funnel-${stage}`)}</th>)}
                <th scope="col" class="numeric" title={t("funnel-ratio-hint")}>{t("funnel-ratio")}</th>
                {!one && <th scope="col">{t("funnel-alerts-daily")}</th>}
              </tr>
            </thead>
            <tbody>
              {one
                ? [...one.days].reverse().map((counts) => <Row key={counts.day} counts={counts}><td class="nowrap">{counts.day}</td></Row>)
                : value.map((funnel) => (
                  <Row key={funnel.customer} counts={funnel.total} spark={<Spark days={days} of={funnel} />}>
                    <td><a href={`/funnel?customer=${funnel.customer}&days=${span}`}><CustomerMark id={funnel.customer} /></a></td>
                  </Row>
                ))}
            </tbody>
            <tfoot><Row counts={sum(value)} spark={one ? undefined : <td />}><th scope="row">{t("funnel-all")}</th></Row></tfoot>
          </table>
          {one && one.days.length === 0 && <p class="muted">{t("funnel-nothing")}</p>}
          {one && <p class="muted">{t("funnel-zone", { zone: one.time_zone })}</p>}
        </div>
      )}
    </Page>
  );
}

function sum(funnels: CustomerFunnel[]): FunnelCounts {
  const total = { ...(funnels[0]?.total as FunnelCounts) };
  for (const stage of STAGES) total[stage] = funnels.reduce((sum, funnel) => sum + funnel.total[stage], 0);
  return total;
}

function Row({ counts, spark, children }: { counts: FunnelCounts; spark?: preact.JSX.Element; children: preact.JSX.Element }) {
  return (
    <tr>
      {children}
      {STAGES.map((stage) => <td key={stage} class={ASIDE.has(stage) ? "numeric aside" : "numeric"}>{number(counts[stage])}</td>)}
      <td class="numeric">{counts.incidents > 0 ? compact(Math.round(counts.events / counts.incidents)) : "–"}</td>
      {spark}
    </tr>
  );
}

/** Alerts of each day as bars; the tallest is the customer's own worst day. */
function Spark({ days, of }: { days: string[]; of: CustomerFunnel }) {
  const counts = new Map(of.days.map((one) => [one.day, one.alerts]));
  const most = Math.max(1, ...counts.values());
  const width = 120 / days.length;
  return (
    <td>
      <svg class="spark" viewBox="0 0 120 20" role="img" aria-label={t("funnel-worst-day", { count: number(Math.max(0, ...counts.values())) })}>
        <path d="M0 19.5H120" />
        {days.map((name, at) => {
          const height = ((counts.get(name) ?? 0) / most) * 19;
          return <rect key={name} x={at * width} y={20 - height} width={Math.max(0.8, width - 0.6)} height={height}><title>{`${name}  ${number(counts.get(name) ?? 0)}`}</title></rect>;
        })}
      </svg>
    </td>
  );
}
