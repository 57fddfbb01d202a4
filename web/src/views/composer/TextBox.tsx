/**
 * Where messages are written: grows with its text, completes names, knows Markdown's shortcuts.
 * Enter sends, Shift+Enter starts a line; on a touch keyboard, and in an open code block, Enter
 * starts a line too.
 */
import {
  type KeyboardEvent,
  type RefObject,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { t } from "../../i18n/t.ts";
import type { RoomId } from "../../wire/types.ts";
import { type Choice, inBlock, type Wish, wishAt } from "./complete.ts";
import { type Format, format } from "./format.ts";
import { Suggestions } from "./Suggestions.tsx";
import { useChoices } from "./useChoices.ts";

interface Props {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly room: RoomId;
  readonly text: string;
  readonly label: string;
  readonly placeholder: string;
  readonly onText: (text: string) => void;
  readonly onSubmit: () => void;
  /** A key that is not the text box's own. True: it was dealt with. */
  readonly onKey?: (event: KeyboardEvent<HTMLTextAreaElement>) => boolean;
  readonly onPaste?: (event: React.ClipboardEvent<HTMLTextAreaElement>) => void;
  readonly describedBy?: string | undefined;
}

const SHORTCUTS: Readonly<Record<string, Format>> = { b: "bold", i: "italic", e: "code" };

export function TextBox(props: Props) {
  const { box, room, text, label, placeholder, onText, onSubmit } = props;
  const [wish, setWish] = useState<Wish | null>(null);
  const [chosen, setChosen] = useState(0);
  const choices = useChoices(room, wish);
  const listId = useId();
  useGrowing(box, text);

  const note = () => {
    const element = box.current;
    if (element === null) return;
    const next =
      element.selectionStart === element.selectionEnd
        ? wishAt(element.value, element.selectionStart)
        : null;
    setWish((old) => (same(old, next) ? old : next));
    setChosen(0);
  };
  const take = (choice: Choice) => {
    const element = box.current;
    if (element === null || wish === null) return;
    insert(element, wish.start, element.selectionStart, choice.insert);
    setWish(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (choices.length > 0 && keyInChoices(event)) return;
    if (props.onKey?.(event) === true) return;
    const element = event.currentTarget;
    const shortcut = event.ctrlKey || event.metaKey ? shortcutOf(event, element) : undefined;
    if (shortcut !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      applyFormat(element, shortcut);
      return;
    }
    if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
    const forced = event.ctrlKey || event.metaKey;
    if (!forced && (isTouch() || inBlock(element.value.slice(0, element.selectionStart)))) return;
    event.preventDefault();
    onSubmit();
  };
  const keyInChoices = (event: KeyboardEvent<HTMLTextAreaElement>): boolean => {
    const choice = choices[Math.min(chosen, choices.length - 1)];
    // What is typed out in full needs no completing: Enter sends it.
    const complete = wish !== null && choice?.insert.trim() === text.slice(wish.start).trim();
    if (event.key === "Enter" && complete) return false;
    if (event.key === "ArrowDown") setChosen((chosen + 1) % choices.length);
    else if (event.key === "ArrowUp") setChosen((chosen + choices.length - 1) % choices.length);
    else if (event.key === "Escape") setWish(null);
    else if (
      (event.key === "Enter" || event.key === "Tab") &&
      !event.shiftKey &&
      choice !== undefined
    )
      take(choice);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };

  return (
    <>
      {choices.length > 0 && (
        <Suggestions id={listId} choices={choices} chosen={chosen} onTake={take} />
      )}
      <textarea
        ref={box}
        className="text-box"
        rows={1}
        value={text}
        aria-label={label}
        aria-describedby={props.describedBy}
        placeholder={placeholder}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={choices.length > 0 ? listId : undefined}
        aria-activedescendant={choices.length > 0 ? `${listId}-${chosen}` : undefined}
        autoComplete="off"
        spellCheck
        enterKeyHint="enter"
        onChange={(event) => {
          onText(event.target.value);
          note();
        }}
        onSelect={note}
        onBlur={() => setWish(null)}
        onKeyDown={onKeyDown}
        onPaste={props.onPaste}
        title={t("compose.hint", { send: "Enter", newline: "Shift+Enter" })}
      />
    </>
  );
}

/** Applies a format to what is selected, so that undo takes it back. */
export function applyFormat(element: HTMLTextAreaElement, kind: Format): void {
  const { selectionStart: start, selectionEnd: end, value: text } = element;
  const change = format(kind, { text, start, end });
  insert(element, change.start, change.end, change.insert);
  element.setSelectionRange(change.select[0], change.select[1]);
}

/** Puts text in the place of other text, as if it had been typed: React hears of it, undo knows it. */
export function insert(
  element: HTMLTextAreaElement,
  start: number,
  end: number,
  text: string,
): void {
  element.focus();
  element.setSelectionRange(start, end);
  // The one way that keeps the browser's undo; where it is refused, the text is set without.
  if (document.execCommand("insertText", false, text)) return;
  element.setRangeText(text, start, end, "end");
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Whether the person writes on glass, where Enter is the only way to start a line. */
function isTouch(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}

function shortcutOf(event: KeyboardEvent, element: HTMLTextAreaElement): Format | undefined {
  const key = event.key.toLowerCase();
  // Without a selection, Ctrl+K is the switcher's.
  if (key === "k" && !event.shiftKey)
    return element.selectionStart === element.selectionEnd ? undefined : "link";
  if (key === "x" && event.shiftKey) return "strike";
  return event.shiftKey ? undefined : SHORTCUTS[key];
}

function same(a: Wish | null, b: Wish | null): boolean {
  return (
    a === b ||
    (a !== null && b !== null && a.kind === b.kind && a.typed === b.typed && a.start === b.start)
  );
}

/** Grows with the text where the style sheet cannot say so. */
function useGrowing(box: RefObject<HTMLTextAreaElement | null>, text: string): void {
  const shown = useRef<string | null>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || shown.current === text || CSS.supports("field-sizing", "content"))
      return;
    shown.current = text;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [box, text]);
}
