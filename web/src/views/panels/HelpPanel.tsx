/** Every key and what it does, from the registry of actions. */

import type { Binding, Where } from "../../actions/action.ts";
import { actions } from "../../actions/index.ts";
import { type Key, t } from "../../i18n/t.ts";
import { Keys } from "../parts/Keys.tsx";
import { PanelFrame } from "./PanelFrame.tsx";

interface Named {
  readonly label: Key;
  readonly keys?: readonly Binding[];
}

const PLACES: readonly (readonly [Where, Key])[] = [
  ["anywhere", "keys.anywhere"],
  ["list", "keys.in_list"],
  ["composer", "keys.in_composer"],
];

/** Keys of the text box itself, which are nobody's action. */
const OF_TEXT: readonly (readonly [string, Key])[] = [
  ["Enter", "keys.enter"],
  ["Shift+Enter", "keys.shift_enter"],
  ["Tab", "keys.complete"],
  ["Mod+B", "compose.bold"],
  ["Mod+I", "compose.italic"],
  ["Mod+E", "compose.code"],
  ["Mod+K", "compose.link"],
];

export default function HelpPanel({ onClose }: { readonly onClose: () => void }) {
  const all: readonly Named[] = Object.values(actions);
  return (
    <PanelFrame title={t("keys.title")} onClose={onClose}>
      <div className="panel-scroll panel-form">
        {PLACES.map(([where, title]) => (
          <section key={where}>
            <h3>{t(title)}</h3>
            <dl className="key-list">
              {all.flatMap((action) =>
                (action.keys ?? [])
                  .filter((binding) => binding.where === where)
                  .map((binding) => (
                    <KeyRow key={binding.key} keys={binding.key} label={action.label} />
                  )),
              )}
              {where === "composer" &&
                OF_TEXT.map(([keys, label]) => <KeyRow key={keys} keys={keys} label={label} />)}
            </dl>
          </section>
        ))}
      </div>
    </PanelFrame>
  );
}

function KeyRow({ keys, label }: { readonly keys: string; readonly label: Key }) {
  return (
    <div>
      <dt>{t(label)}</dt>
      <dd>
        <Keys keys={keys} />
      </dd>
    </div>
  );
}
