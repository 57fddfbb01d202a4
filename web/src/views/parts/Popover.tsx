/** Something small that opens beside its button: a menu or a card. The platform's popover closes it. */
import {
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { placeBeside } from "./place.ts";

interface TriggerProps {
  readonly "aria-expanded": boolean;
  readonly "aria-haspopup": "menu" | "dialog";
  readonly "aria-controls": string | undefined;
  readonly onClick: () => void;
}

interface Props {
  readonly kind: "menu" | "card";
  readonly label: string;
  /** Draws the button; it spreads what it is given. */
  readonly trigger: (props: TriggerProps) => ReactNode;
  /** Drawn only while open. */
  readonly children: (close: () => void) => ReactNode;
  readonly onOpen?: (open: boolean) => void;
}

export function Popover({ kind, label, trigger, children, onOpen }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const close = useCallback(() => box.current?.hidePopover(), []);

  useLayoutEffect(() => {
    const element = box.current;
    const button = anchor.current?.firstElementChild;
    if (!open || element === null || !(button instanceof HTMLElement)) return;
    element.showPopover();
    placeBeside(element, button);
    const first = element.querySelector<HTMLElement>("[role=menuitem], input, button, a");
    (first ?? element).focus({ preventScroll: true });
    const closed = (event: Event) => {
      if ((event as ToggleEvent).newState !== "closed") return;
      setOpen(false);
      if (element.contains(document.activeElement) || document.activeElement === document.body)
        button.focus();
    };
    element.addEventListener("toggle", closed);
    return () => element.removeEventListener("toggle", closed);
  }, [open]);
  useEffect(() => onOpen?.(open), [open, onOpen]);

  return (
    <span className="popover-anchor" ref={anchor}>
      {trigger({
        "aria-expanded": open,
        "aria-haspopup": kind === "menu" ? "menu" : "dialog",
        "aria-controls": open ? id : undefined,
        onClick: () => setOpen(!open),
      })}
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it has one of two roles
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both of them take a label
        <div
          ref={box}
          id={id}
          popover="auto"
          className={kind === "menu" ? "menu" : "card"}
          role={kind === "menu" ? "menu" : "dialog"}
          aria-label={label}
          tabIndex={-1}
          onKeyDown={kind === "menu" ? stepInMenu : keepEscape}
        >
          {children(close)}
        </div>
      )}
    </span>
  );
}

/** Escape closes this and nothing behind it. */
function keepEscape(event: React.KeyboardEvent<HTMLElement>): void {
  if (event.key === "Escape") event.stopPropagation();
}

function stepInMenu(event: React.KeyboardEvent<HTMLElement>): void {
  keepEscape(event);
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const here = items.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items[(to + items.length) % items.length]?.focus();
}
