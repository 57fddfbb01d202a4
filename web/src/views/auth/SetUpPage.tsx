/** The first page of a fresh workspace: three fields, and one is in. The link carries the right to it. */
import { useState } from "react";
import { setUp } from "../../actions/setUp.ts";
import { t } from "../../i18n/t.ts";
import { useCtx, useStore } from "../useApp.ts";
import { AuthField, AuthFrame, Mark } from "./AuthFrame.tsx";
import { accountName } from "./accountName.ts";
import { PasswordField } from "./PasswordField.tsx";

export default function SetUpPage() {
  const ctx = useCtx();
  const ready = useStore((state) => state.workspace?.needsSetup ?? true);
  const [token] = useState(() => window.location.hash.slice(1));
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
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
    const of = { token, name: accountName(name), password, workspace: workspace.trim() };
    await setUp.run(ctx, of.name === name.trim() ? of : { ...of, display: name.trim() });
  };
  return (
    <AuthFrame
      title={t("setup.title")}
      lead={<p>{t("setup.lead")}</p>}
      deed={t("setup.do")}
      onSubmit={submit}
    >
      <AuthField
        label={t("setup.name")}
        value={name}
        onChange={setName}
        autoComplete="name"
        hint={nameHint(name)}
        first
      />
      <PasswordField
        label={t("setup.password")}
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        fresh
      />
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

/** What others will type, once it can be told. */
export function nameHint(name: string): string {
  const typed = accountName(name);
  return typed === "" ? t("setup.name_hint") : t("setup.name_as", { name: typed });
}
