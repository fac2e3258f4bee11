// Numbers and times as the reader's language writes them.
import { locale } from "./text.ts";

const cache = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>();

function cached<F extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>(key: string, make: () => F): F {
  const full = `${locale()} ${key}`;
  const known = cache.get(full);
  if (known) return known as F;
  const made = make();
  cache.set(full, made);
  return made;
}

/** 12,345 */
export function number(value: number): string {
  return cached("number", () => new Intl.NumberFormat(locale())).format(value);
}

/** 12K or 1.2万: for places with little room. */
export function compact(value: number): string {
  return cached("compact", () => new Intl.NumberFormat(locale(), { notation: "compact", maximumFractionDigits: 1 })).format(value);
}

const EXACT: Intl.DateTimeFormatOptions = {
  year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
};

/** Date and time to the second in a zone, the viewer's own unless named. */
export function exact(time: string | Date, timeZone?: string): string {
  const date = typeof time === "string" ? new Date(time) : time;
  if (Number.isNaN(date.getTime())) return String(time);
  return cached(`exact ${timeZone ?? ""}`, () => dateFormat(EXACT, timeZone)).format(date);
}

/** Hours, minutes and seconds in the viewer's zone. */
export function clock(time: string | Date): string {
  return cached("clock", () =>
    dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })).format(new Date(time));
}

/** Month, day, hours, minutes and seconds in the viewer's zone: the rows of a log. */
export function moment(time: string): string {
  return cached("moment", () =>
    dateFormat({ month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }))
    .format(new Date(time));
}

function dateFormat(options: Intl.DateTimeFormatOptions, timeZone?: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale(), { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat(locale(), options);
  }
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1],
];

/** "3m ago" (American English has the short forms); further away than 30 days, the date. */
export function relative(time: string, now: Date): string {
  const seconds = (new Date(time).getTime() - now.getTime()) / 1000;
  if (Number.isNaN(seconds)) return time;
  if (Math.abs(seconds) > 30 * 86_400) {
    return date(time);
  }
  const format = cached("relative", () => new Intl.RelativeTimeFormat(locale() === "en-GB" ? "en-US" : locale(), { numeric: "auto", style: "narrow" }));
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return format.format(0, "second");
}

/** The day alone. */
export function date(time: string): string {
  return cached("date", () => dateFormat({ year: "numeric", month: "2-digit", day: "2-digit" })).format(new Date(time));
}

/** 41 days: how long something has gone on, in whole days once there are two. */
export function span(seconds: number): string {
  return duration(seconds < 2 * 86_400 ? Math.round(seconds) : Math.floor(seconds / 86_400) * 86_400);
}

/** The name of a day of the week, counted from Monday as 0. */
export function weekday(day: number): string {
  // 5 January 1970 was a Monday.
  return cached("weekday", () => dateFormat({ weekday: "long" }, "UTC")).format(new Date((4 + day) * 86_400_000));
}

/** The viewer's own IANA zone. */
export function viewerZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Whether a zone shows other wall-clock times than the viewer's at this instant. */
export function zoneDiffers(timeZone: string | undefined, time: string): boolean {
  return Boolean(timeZone) && exact(time, timeZone) !== exact(time);
}

/** 12% */
export function percent(share: number): string {
  const format = cached("percent", () => new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }));
  const least = cached("percent least", () => new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }));
  return share > 0 && share < 0.01 ? `<${least.format(0.01)}` : format.format(share);
}

/** 1.2 MB */
export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
  const unit = units[step] ?? "byte";
  return cached(`bytes ${unit}`, () => new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: step === 0 ? 0 : 1 })).format(size / 1000 ** step);
}

/** 12.3: a number that need not be whole. */
export function decimal(value: number): string {
  const digits = value < 10 ? 1 : 0;
  return cached(`decimal ${digits}`, () => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits })).format(value);
}

const SPANS: [string, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** 3 min or 8 hr: a length of time in its largest unit, with the next where it says more. */
export function duration(seconds: number): string {
  const sign = seconds < 0 ? "-" : "";
  let rest = Math.abs(seconds);
  const parts: string[] = [];
  for (const [unit, size] of SPANS) {
    const count = Math.floor(rest / size);
    if (count === 0 && !(unit === "second" && parts.length === 0)) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(cached(`span ${unit}`, () => new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "short" })).format(count));
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return sign + parts.join(" ");
}
