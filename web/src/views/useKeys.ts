/** The keyboard: finds the action that a key means where it was pressed, and performs it. */
import { useEffect } from "react";
import { type Action, type Binding, perform } from "../actions/action.ts";
import { actions } from "../actions/index.ts";
import { useCtx } from "./useApp.ts";

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

export function useKeys(): void {
  const ctx = useCtx();
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.isComposing || event.defaultPrevented) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      const typing = target !== null && isTyping(target);
      const line = target?.closest<HTMLElement>("article[data-room][data-seq]") ?? null;
      // Inside of a message, the keys of the message are for it alone, not for its buttons' text.
      const inList = line !== null && !typing;
      for (const action of Object.values(actions) as unknown as readonly Action<
        object | undefined
      >[]) {
        const binding = action.keys?.find((one) => matches(one, event));
        if (binding === undefined) continue;
        if (binding.where === "composer" || (binding.where === "list" && !inList)) continue;
        if (binding.where === "anywhere" && typing && isPlain(binding.key)) continue;
        const args = binding.where === "list" ? targetOf(line) : {};
        if (action.possible?.(ctx, args) === false) continue;
        event.preventDefault();
        void perform(ctx, action, args);
        return;
      }
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [ctx]);
}

function targetOf(line: HTMLElement | null): object {
  return { room: Number(line?.dataset.room), seq: Number(line?.dataset.seq) };
}

/** A key that is also a letter somebody may want to write. */
function isPlain(key: string): boolean {
  return key.length === 1;
}

function isTyping(target: HTMLElement): boolean {
  return (
    target.isContentEditable ||
    target.matches("input:not([type=checkbox], [type=radio]), textarea, select")
  );
}

export function matches(binding: Binding, event: KeyboardEvent): boolean {
  const parts = binding.key === "+" ? ["+"] : binding.key.split("+");
  const key = parts.at(-1) ?? "";
  const mod = parts.includes("Mod");
  if ((MAC ? event.metaKey : event.ctrlKey) !== mod) return false;
  if (event.altKey !== parts.includes("Alt")) return false;
  // A sign such as “?” needs Shift on one keyboard and not on another.
  const sign = key.length === 1 && !/[a-z]/i.test(key);
  if (!sign && event.shiftKey !== parts.includes("Shift")) return false;
  return event.key.toLowerCase() === key.toLowerCase();
}
