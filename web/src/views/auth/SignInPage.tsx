/** Signing in, by name and password. What was not sent stays on this device. */
import { useState } from "react";
import { signIn } from "../../actions/signIn.ts";
import { t } from "../../i18n/t.ts";
import { useCtx, useStore } from "../useApp.ts";
import { AuthField, AuthFrame } from "./AuthFrame.tsx";
import { accountMeant } from "./accountName.ts";
import { PasswordField } from "./PasswordField.tsx";

export default function SignInPage() {
  const ctx = useCtx();
  const workspace = useStore((state) => state.workspace?.name ?? "");
  const unsent = useStore((state) => state.outbox.length);
  const known = useStore((state) => state.me?.name ?? "");
  const [name, setName] = useState(known);
  const [password, setPassword] = useState("");
  return (
    <AuthFrame
      title={workspace === "" ? t("auth.sign_in") : t("auth.sign_in_to", { workspace })}
      lead={unsent > 0 ? <p>{t("auth.unsent", { count: unsent })}</p> : undefined}
      deed={t("auth.sign_in")}
      onSubmit={async () => signIn.run(ctx, { name: accountMeant(name), password })}
      foot={<p>{t("auth.no_account")}</p>}
    >
      <AuthField
        label={t("auth.name")}
        value={name}
        onChange={setName}
        autoComplete="username"
        first
      />
      <PasswordField
        label={t("auth.password")}
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
      />
    </AuthFrame>
  );
}
