/** A person as initials on a colour of their own; their presence is a mark with a shape. */
import type { CSSProperties } from "react";
import { t } from "../../i18n/t.ts";
import type { Person, Presence } from "../../wire/types.ts";
import { hue, initials } from "./initials.ts";

interface Props {
  readonly person: Pick<Person, "id" | "display" | "bot"> | null;
  /** Another name, as an integration gives itself. */
  readonly name?: string | undefined;
  readonly size?: "s" | "m" | "l";
  /** Shown as a mark when given; absent where nothing is known. */
  readonly presence?: Presence | null | undefined;
}

export function Avatar({ person, name, size = "m", presence = null }: Props) {
  const shown = name ?? person?.display ?? "?";
  const style = {
    "--hue": hue(name === undefined ? (person?.id ?? 0) : sum(name)),
  } as CSSProperties;
  return (
    <span
      className="avatar"
      data-size={size}
      data-bot={person?.bot === true || undefined}
      style={style}
    >
      <span aria-hidden="true">{initials(shown)}</span>
      {presence !== null && <PresenceMark presence={presence} />}
    </span>
  );
}

/** Filled for online, half for away, a ring for offline: readable without colour. */
export function PresenceMark({ presence }: { readonly presence: Presence }) {
  return (
    <span className="presence" data-presence={presence}>
      <span className="unseen">{t(`presence.${presence}`)}</span>
    </span>
  );
}

function sum(text: string): number {
  let total = 7;
  for (const char of text) total = (total * 31 + (char.codePointAt(0) ?? 0)) % 9973;
  return total;
}
