// A week as it was learned of a device or a person: one cell an hour, darker where there is nearly always something.
import { locale, t } from "../i18n/text.ts";

const CELL = 14;
const LEFT = 40;
const TOP = 16;

export function Week({ week, label = t("silence-week") }: { week: number[]; label?: string }) {
  if (!week.some((share) => share > 0)) return null;
  const day = new Intl.DateTimeFormat(locale(), { weekday: "short", timeZone: "UTC" });
  // 5 January 1970 was a Monday.
  const name = (at: number) => day.format(new Date((4 + at) * 86_400_000));
  return (
    <figure class="week">
      <svg viewBox={`0 0 ${LEFT + 24 * CELL} ${TOP + 7 * CELL}`} role="img" aria-label={label}>
        {[0, 6, 12, 18].map((hour) => <text key={hour} x={LEFT + hour * CELL} y={11}>{String(hour).padStart(2, "0")}</text>)}
        {Array.from({ length: 7 }, (_, at) => <text key={at} x={0} y={TOP + at * CELL + 11}>{name(at)}</text>)}
        {week.map((share, at) => (
          <rect key={at} x={LEFT + (at % 24) * CELL} y={TOP + Math.floor(at / 24) * CELL} width={CELL - 1} height={CELL - 1} class={share > 0 ? "heard" : "quiet"} style={share > 0 ? { fillOpacity: 0.15 + (share / 100) * 0.85 } : undefined}>
            <title>{`${name(Math.floor(at / 24))} ${String(at % 24).padStart(2, "0")}:00  ${share}%`}</title>
          </rect>
        ))}
      </svg>
      <figcaption class="muted">{label}</figcaption>
    </figure>
  );
}
