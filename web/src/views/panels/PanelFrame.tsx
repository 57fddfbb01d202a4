/** The frame of the one right panel: a title, a way out, and what it holds. */
import { type ReactNode, useEffect, useRef } from "react";
import { t } from "../../i18n/t.ts";
import { Icon } from "../parts/Icon.tsx";

interface Props {
  readonly title: string;
  readonly detail?: ReactNode;
  readonly tools?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Puts the focus on its title when it opens; off where something inside takes it. */
  readonly takesFocus?: boolean;
}

export function PanelFrame({ title, detail, tools, onClose, children, takesFocus = true }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) heading.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  return (
    <aside className="panel" aria-label={title}>
      <header className="panel-head">
        <div className="panel-title">
          <h2 ref={heading} tabIndex={-1}>
            {title}
          </h2>
          {detail}
        </div>
        {tools}
        <button
          type="button"
          className="icon-button"
          onClick={onClose}
          aria-label={t("panel.close")}
          title={t("panel.close")}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </aside>
  );
}
