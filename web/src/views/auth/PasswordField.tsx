/** A field for a password, which can be looked at. */
import { useId, useState } from "react";
import { t } from "../../i18n/t.ts";

/** The shortest password that the server takes. */
const LENGTH_MIN = 8;

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly autoComplete: "current-password" | "new-password";
  /** A new one: says how long it must be. */
  readonly fresh?: boolean;
  readonly optional?: boolean;
  readonly hint?: string;
}

export function PasswordField({
  label,
  value,
  onChange,
  autoComplete,
  fresh = false,
  optional = false,
  hint,
}: Props) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const words = hint ?? (fresh ? t("setup.password_hint") : null);
  return (
    <div className="password">
      <label htmlFor={id} className="label">
        {label} {optional && fresh && <span className="faint">({t("common.optional")})</span>}
      </label>
      <div className="password-box">
        <input
          id={id}
          className="field"
          type={shown ? "text" : "password"}
          autoComplete={autoComplete}
          required={!optional}
          minLength={fresh && value !== "" ? LENGTH_MIN : undefined}
          value={value}
          aria-describedby={words === null ? undefined : `${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
        />
        <button
          type="button"
          className="link-button"
          aria-label={t(shown ? "auth.hide_password" : "auth.show_password")}
          onClick={() => setShown(!shown)}
        >
          {t(shown ? "auth.hide" : "auth.show")}
        </button>
      </div>
      {words !== null && (
        <p className="faint hint" id={`${id}-hint`}>
          {words}
        </p>
      )}
    </div>
  );
}
