/** The first page of a fresh workspace: three fields, and one is in. The link carries the right to it. */
import { useState } from "react";
import { setUp } from "../../actions/setUp.ts";
import { t } from "../../i18n/t.ts";
import { useCtx, useStore } from "../useApp.ts";
import { AuthField, AuthFrame, Mark } from "./AuthFrame.tsx";
import { NewcomerFields, useNewcomer } from "./Newcomer.tsx";

export default function SetUpPage() {
  const ctx = useCtx();
  const ready = useStore((state) => state.workspace?.needsSetup ?? true);
  const [token] = useState(() => window.location.hash.slice(1));
  const newcomer = useNewcomer();
  const [workspace, setWorkspace] = useState("");
  if (token === "" || !ready) {
    return (
      <main className="auth">
        <div className="auth-card">
          <Mark />
          <h1>{t("setup.title")}</h1>
          <p className="auth-lead">{t(ready ? "setup.link_needed" : "setup.done_already")}</p>
          {!ready && (
            <a className="button button-main button-wide" href="/sign-in">
              {t("auth.sign_in")}
            </a>
          )}
        </div>
      </main>
    );
  }
  const submit = async () => {
    const { account, password } = newcomer;
    await setUp.run(ctx, { token, ...account, password, workspace: workspace.trim() });
  };
  return (
    <AuthFrame
      title={t("setup.title")}
      lead={<p>{t("setup.lead")}</p>}
      deed={t("setup.do")}
      onSubmit={submit}
    >
      <NewcomerFields newcomer={newcomer} passwordLabel={t("setup.password")} />
      <AuthField
        label={t("setup.workspace")}
        value={workspace}
        onChange={setWorkspace}
        autoComplete="organization"
        hint={t("setup.workspace_hint")}
      />
    </AuthFrame>
  );
}
