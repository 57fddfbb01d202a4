/** Catches a view that breaks, so that the rest of the page goes on. */
import { Component, type ReactNode } from "react";
import { t } from "../i18n/t.ts";

interface Props {
  readonly children: ReactNode;
}

export class Boundary extends Component<Props, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div className="empty-page" role="alert">
        <p>{t("app.crashed")}</p>
        <button type="button" className="button" onClick={() => this.setState({ broken: false })}>
          {t("app.crashed_again")}
        </button>
      </div>
    );
  }
}
