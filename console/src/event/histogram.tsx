// How many events over time; dragging over bars, or the keyboard, zooms in.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

import type { Bucket } from "../api/types.ts";
import { compact, exact, number } from "../i18n/format.ts";
import { locale, t } from "../i18n/text.ts";

interface Props { buckets: Bucket[]; total: number; range: { from: string; to: string }; zoom: (from: string, to: string) => void }

const HEIGHT = 96;
/** A drag narrower than this is a click. */
const LEAST_PIXELS = 4;

export default function Histogram({ buckets, total, range, zoom }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(zoom);
  latest.current = zoom;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const draw = () => {
      const style = getComputedStyle(element);
      const ink = style.getPropertyValue("--muted");
      const line = style.getPropertyValue("--line");
      const accent = style.getPropertyValue("--accent");
      const font = `11px ${style.fontFamily}`;
      const seconds = (time: string) => Date.parse(time) / 1000;
      const span = seconds(range.to) - seconds(range.from);
      const day = span > 2 * 86_400;
      const axisTime = new Intl.DateTimeFormat(locale(), day ? { month: "2-digit", day: "2-digit", hour: "2-digit", hourCycle: "h23" } : { hour: "2-digit", minute: "2-digit", second: span < 600 ? "2-digit" : undefined, hourCycle: "h23" });
      const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
      return new uPlot({
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false, dist: LEAST_PIXELS } },
        scales: { x: { time: true, range: () => [seconds(range.from), seconds(range.to)] }, y: { range: (_, __, most) => [0, Math.max(1, most)] } },
        axes: [
          { ...axis, size: 22, gap: 2, space: 90, values: (_, splits) => splits.map((at) => axisTime.format(at * 1000)) },
          { ...axis, size: 44, gap: 4, space: 26, values: (_, splits) => splits.map((count) => (Number.isInteger(count) ? compact(count) : "")) },
        ],
        series: [
          {},
          { fill: accent, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.9, 60], align: 1, gap: 1 }) },
        ],
        hooks: {
          setCursor: [(plot) => {
            const at = plot.cursor.idx;
            const bucket = at === null || at === undefined ? undefined : buckets[at];
            plot.root.title = bucket ? `${exact(bucket.start)}\n${t("events-count", { count: bucket.count })}` : "";
          }],
          setSelect: [(plot) => {
            if (plot.select.width < LEAST_PIXELS) return;
            const from = plot.posToVal(plot.select.left, "x");
            const to = plot.posToVal(plot.select.left + plot.select.width, "x");
            latest.current(new Date(from * 1000).toISOString(), new Date(Math.max(to, from + 1) * 1000).toISOString());
          }],
        },
      }, [buckets.map((bucket) => seconds(bucket.start)), buckets.map((bucket) => bucket.count)] as uPlot.AlignedData, element);
    };
    let drawn = 0;
    const redraw = () => {
      if (element.clientWidth === drawn) return;
      drawn = element.clientWidth;
      element.replaceChildren();
      draw();
    };
    const themed = () => {
      drawn = 0;
      redraw();
    };
    const observer = new ResizeObserver(redraw);
    observer.observe(element);
    redraw();
    addEventListener("vedette:theme", themed);
    return () => {
      observer.disconnect();
      removeEventListener("vedette:theme", themed);
      element.replaceChildren();
    };
  }, [buckets, range.from, range.to]);

  const peak = buckets.reduce<Bucket | null>((most, bucket) => (most && most.count >= bucket.count ? most : bucket), null);
  const summary = t("histogram-summary", { total: number(total), count: total, peak: number(peak?.count ?? 0), at: peak ? exact(peak.start) : "" });
  return <div class="histogram" ref={host} role="img" aria-label={summary} />;
}
