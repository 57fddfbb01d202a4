/** All emoji, to be found by name or looked through. Loaded when first asked for. */
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { type Key, t } from "../../i18n/t.ts";
import { type Emoji, findEmoji, useEmoji } from "./book.ts";
import { often, remember } from "./often.ts";

/** Most emoji found by a name. */
const FOUND_MAX = 64;
/** In one row; the style sheet has the same number. */
const COLUMNS = 8;
/** What the groups of the data are called here. */
const GROUPS: Readonly<Record<string, Key>> = {
  "Smileys & Emotion": "emoji.smileys",
  "People & Body": "emoji.people",
  "Animals & Nature": "emoji.nature",
  "Food & Drink": "emoji.food",
  "Travel & Places": "emoji.travel",
  Activities: "emoji.activities",
  Objects: "emoji.objects",
  Symbols: "emoji.symbols",
  Flags: "emoji.flags",
};

export default function EmojiPicker({ onPick }: { readonly onPick: (char: string) => void }) {
  const book = useEmoji(true);
  const [typed, setTyped] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => search.current?.focus(), []);
  const groups = useMemo(() => {
    if (book === null) return [];
    if (typed !== "") return [["", findEmoji(book, typed.replaceAll(":", ""), FOUND_MAX)] as const];
    const used = often().flatMap((char) => book.byChar.get(char) ?? []);
    const named = groupBy(book.all);
    return [[t("react.often"), used] as const, ...named];
  }, [book, typed]);
  const pick = (char: string) => {
    remember(char);
    onPick(char);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...(grid.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === "Enter" && here < 0) {
      event.preventDefault();
      all[0]?.click();
      return;
    }
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
    if (by === undefined || (here < 0 && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const next = here < 0 ? 0 : here + by;
    if (next < 0) search.current?.focus();
    else all[Math.min(next, all.length - 1)]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside
    <div className="emoji-picker" onKeyDown={onKeyDown}>
      <input
        ref={search}
        type="search"
        className="field"
        placeholder={t("react.search")}
        aria-label={t("react.search")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="emoji-grid" ref={grid}>
        {groups.map(([name, list]) =>
          list.length === 0 ? null : (
            <section key={name}>
              {name !== "" && <h4>{name}</h4>}
              <div>
                {list.map((emoji) => (
                  <button
                    key={emoji.char}
                    type="button"
                    tabIndex={-1}
                    aria-label={emoji.names[0]}
                    title={`:${emoji.names[0]}:`}
                    onClick={() => pick(emoji.char)}
                  >
                    {emoji.char}
                  </button>
                ))}
              </div>
            </section>
          ),
        )}
        {book !== null && groups.every(([, list]) => list.length === 0) && (
          <p className="quiet">{t("react.none")}</p>
        )}
      </div>
    </div>
  );
}

function groupBy(all: readonly Emoji[]): Map<string, Emoji[]> {
  const groups = new Map<string, Emoji[]>();
  for (const emoji of all) {
    const key = GROUPS[emoji.group];
    const name = key === undefined ? emoji.group : t(key);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [emoji]);
    else group.push(emoji);
  }
  return groups;
}
