/**
 * Times and dates in words. The clock (12 or 24 hours) is a setting of the person; the rest comes
 * from the language. Never reads the clock itself: `now` is given.
 */
import { languageTag, t } from "./t.ts";

let hours24 = true;
let formats = new Map<string, Intl.DateTimeFormat>();

/** Whether times are written 14:03 rather than 2:03 PM. */
export function setHours24(on: boolean): void {
  if (on !== hours24) formats = new Map();
  hours24 = on;
}

/** 14:03 */
export function clock(ms: number): string {
  return format("clock", { hour: "2-digit", minute: "2-digit" }).format(ms);
}

/** 14:03:12 */
export function clockExact(ms: number): string {
  return format("exact", { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
}

/** Today, Yesterday, Friday, 20 November, or Friday, 20 November 2025. */
export function day(ms: number, now: number): string {
  const age = daysBetween(ms, now);
  if (age === 0) return t("day.today");
  if (age === 1) return t("day.yesterday");
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format("day", { weekday: "long", day: "numeric", month: "long" }).format(ms)
    : format("dayYear", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(
        ms,
      );
}

/** 14:03 today, else a short date: 20 Nov, or 20 Nov 2025. */
export function shortly(ms: number, now: number): string {
  if (daysBetween(ms, now) === 0) return clock(ms);
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return sameYear
    ? format("short", { day: "numeric", month: "short" }).format(ms)
    : format("shortYear", { day: "numeric", month: "short", year: "numeric" }).format(ms);
}

/** Friday, 20 November 2026 at 14:03:12: for titles, and for those who read by ear. */
export function moment(ms: number): string {
  return format("moment", { dateStyle: "full", timeStyle: "medium" }).format(ms);
}

/** For the `datetime` attribute of `<time>`. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Whether two instants fall on one day here. */
export function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function daysBetween(ms: number, now: number): number {
  const midnight = (x: number) => new Date(x).setHours(0, 0, 0, 0);
  return Math.round((midnight(now) - midnight(ms)) / 86_400_000);
}

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const tag = languageTag();
  const key = `${tag} ${name}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const region = tag === "en" ? "en-GB" : tag;
  const made = new Intl.DateTimeFormat(hours24 ? region : tag, {
    ...options,
    ...(name.startsWith("day") || name.startsWith("short")
      ? {}
      : { hourCycle: hours24 ? "h23" : "h12" }),
  });
  formats.set(key, made);
  return made;
}
