/** The row of buttons below the text: files, emoji, formats, and sending. */
import { lazy, type RefObject, Suspense, useRef, useState } from "react";
import { bytes } from "../../i18n/bytes.ts";
import { type Key, t } from "../../i18n/t.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { Popover } from "../parts/Popover.tsx";
import { useStore } from "../useApp.ts";
import type { Format } from "./format.ts";
import { applyFormat, insert } from "./TextBox.tsx";

const EmojiPicker = lazy(() => import("../emoji/EmojiPicker.tsx"));

const FORMATS: readonly (readonly [Format, IconName, Key])[] = [
  ["bold", "bold", "compose.bold"],
  ["italic", "italic", "compose.italic"],
  ["strike", "strike", "compose.strike"],
  ["code", "code", "compose.code"],
  ["code_block", "code_block", "compose.code_block"],
  ["link", "link", "compose.link"],
  ["list", "list", "compose.list"],
  ["quote", "quote", "compose.quote"],
];

interface Props {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly empty: boolean;
  /** Bytes over the limit. */
  readonly over: number;
  /** Goes out as soon as its files are there. */
  readonly waits: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

export function ComposerTools({ box, empty, over, waits, onFiles }: Props) {
  const [formats, setFormats] = useState(false);
  return (
    <div className="composer-tools">
      <Attach onFiles={onFiles} />
      <EmojiButton box={box} />
      <button
        type="button"
        className="icon-button"
        aria-pressed={formats}
        aria-label={t("compose.format")}
        title={t("compose.format")}
        onClick={() => setFormats(!formats)}
      >
        <Icon name="format" />
      </button>
      {formats && (
        <fieldset className="formats" aria-label={t("compose.format")}>
          {FORMATS.map(([kind, icon, label]) => (
            <button
              key={kind}
              type="button"
              className="icon-button"
              aria-label={t(label)}
              title={t(label)}
              onClick={() => {
                if (box.current !== null) applyFormat(box.current, kind);
              }}
            >
              <Icon name={icon} />
            </button>
          ))}
        </fieldset>
      )}
      <span className="composer-space" />
      {over > 0 && (
        <span className="over" role="alert">
          {t("compose.too_long", { count: over })}
        </span>
      )}
      {waits && <span className="faint">{t("compose.waits")}</span>}
      <button
        type="submit"
        className="send"
        aria-label={t("compose.send")}
        title={t("compose.send")}
        data-ready={(!empty && over === 0) || undefined}
      >
        <Icon name="send" />
      </button>
    </div>
  );
}

function Attach({ onFiles }: { readonly onFiles: Props["onFiles"] }) {
  const input = useRef<HTMLInputElement>(null);
  const limit = useStore((state) => state.workspace?.fileBytesMax ?? null);
  const label =
    limit === null
      ? t("compose.attach")
      : `${t("compose.attach")} (${t("compose.limit", { size: bytes(limit) })})`;
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("compose.attach")}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      <button
        type="button"
        className="icon-button"
        aria-label={label}
        title={label}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
    </>
  );
}

function EmojiButton({ box }: { readonly box: Props["box"] }) {
  return (
    <Popover
      kind="card"
      label={t("react.picker")}
      trigger={(props) => (
        <button
          type="button"
          className="icon-button"
          aria-label={t("compose.emoji")}
          title={t("compose.emoji")}
          {...props}
        >
          <Icon name="smile" />
        </button>
      )}
    >
      {(close) => (
        <Suspense fallback={<p className="card-body quiet">{t("app.loading")}</p>}>
          <EmojiPicker
            onPick={(char) => {
              close();
              const element = box.current;
              if (element !== null)
                insert(element, element.selectionStart, element.selectionEnd, char);
            }}
          />
        </Suspense>
      )}
    </Popover>
  );
}
