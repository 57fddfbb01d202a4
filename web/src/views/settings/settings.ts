/** What the account's settings mean here: each is text on the server, and has a value when unset. */

export type Settings = Readonly<Record<string, string>>;
export type Theme = "system" | "light" | "dark";
export type Density = "cosy" | "compact";

export function theme(settings: Settings): Theme {
  return settings.theme === "light" || settings.theme === "dark" ? settings.theme : "system";
}

export function density(settings: Settings): Density {
  return settings.density === "compact" ? "compact" : "cosy";
}

export function hours24(settings: Settings): boolean {
  return settings.clock !== "12";
}

/** Whether notifications are stopped at this moment. */
export function disturbed(settings: Settings, now: number): boolean {
  return Number(settings.do_not_disturb ?? 0) > now;
}

const KEPT = "leeward.look";

/** Puts the looks on the page, and keeps them so that the next load begins with them. */
export function applyLook(page: HTMLElement, settings: Settings): void {
  const look = { theme: theme(settings), density: density(settings) };
  page.dataset.theme = look.theme;
  page.dataset.density = look.density;
  try {
    localStorage.setItem(KEPT, JSON.stringify(look));
  } catch {
    // Without storage the next load begins with the system's looks.
  }
}

/** The looks of the last time, before anything else is known. */
export function lastLook(): Settings {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Settings) : {};
  } catch {
    return {};
  }
}
