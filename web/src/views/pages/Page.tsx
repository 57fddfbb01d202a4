/** The frame of a page that is not a room. */
import type { ReactNode } from "react";
import { t } from "../../i18n/t.ts";
import { ConnectionBar } from "../ConnectionBar.tsx";
import { Icon } from "../parts/Icon.tsx";

interface Props {
  readonly title: string;
  readonly tools?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, tools, children }: Props) {
  return (
    <section className="page" aria-label={title}>
      <header className="room-head">
        <a className="icon-button back" href="/" aria-label={t("room.back")}>
          <Icon name="back" />
        </a>
        <div className="room-title">
          <h1>{title}</h1>
        </div>
        {tools}
      </header>
      <div className="page-scroll">
        <div className="page-inner">{children}</div>
      </div>
      <ConnectionBar />
    </section>
  );
}
