/** Sizes of files in words: 14 KB, 3.2 MB. Decimal units, as file managers count. */
import { languageTag } from "./t.ts";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A size as people say it. */
export function bytes(n: number): string {
  const step = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** step;
  return new Intl.NumberFormat(languageTag(), {
    style: "unit",
    unit: UNITS[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}
