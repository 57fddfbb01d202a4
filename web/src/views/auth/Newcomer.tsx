/** Whoever makes an account: a name, of which the account's own is made, and a password. */
import { useState } from "react";
import { t } from "../../i18n/t.ts";
import { AuthField } from "./AuthFrame.tsx";
import { accountName } from "./accountName.ts";
import { PasswordField } from "./PasswordField.tsx";

export interface Newcomer {
  readonly typed: string;
  readonly password: string;
  readonly type: (name: string) => void;
  readonly choose: (password: string) => void;
  /** The account to be made; what was typed is shown where it is another. */
  readonly account: { readonly name: string; readonly display?: string };
}

export function useNewcomer(): Newcomer {
  const [typed, type] = useState("");
  const [password, choose] = useState("");
  const name = accountName(typed);
  const account = name === typed.trim() ? { name } : { name, display: typed.trim() };
  return { typed, password, type, choose, account };
}

interface Props {
  readonly newcomer: Newcomer;
  readonly passwordLabel: string;
  /** Given where one may go without a password: what that means. */
  readonly without?: string;
  readonly passwordOptional?: boolean;
}

export function NewcomerFields({ newcomer, passwordLabel, without, passwordOptional }: Props) {
  const { typed, type, password, choose, account } = newcomer;
  return (
    <>
      <AuthField
        label={t("auth.your_name")}
        value={typed}
        onChange={type}
        autoComplete="name"
        hint={account.name === "" ? t("auth.name_hint") : t("auth.name_as", { name: account.name })}
        first
      />
      <PasswordField
        label={passwordLabel}
        value={password}
        onChange={choose}
        autoComplete="new-password"
        fresh
        optional={passwordOptional ?? false}
        {...(without === undefined ? {} : { hint: without })}
      />
    </>
  );
}
