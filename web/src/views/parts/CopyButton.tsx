/** Copies a text and says so for a moment. */
import { useEffect, useState } from "react";
import { t } from "../../i18n/t.ts";
import { Icon } from "./Icon.tsx";

const SAID_MS = 1_600;

interface Props {
  readonly text: string;
  readonly label: string;
  /** Show the words beside the icon. */
  readonly wide?: boolean;
}

export function CopyButton({ text, label, wide = false }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  const words = copied ? t("common.copied") : wide ? label : "";
  return (
    <button
      type="button"
      className={wide ? "button" : "icon-button small"}
      onClick={copy}
      title={label}
      aria-label={label}
    >
      <Icon name={copied ? "check" : "copy"} />
      {wide && <span>{words}</span>}
      <span className="unseen" role="status">
        {copied ? t("common.copied") : ""}
      </span>
    </button>
  );
}
