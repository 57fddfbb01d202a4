/** The frame of the pages one sees before being in: the mark, a title, a form. */
import { type FormEvent, type ReactNode, useState } from "react";
import { t } from "../../i18n/t.ts";
import { Refused } from "../../sync/refused.ts";

interface Props {
  readonly title: string;
  readonly lead?: ReactNode;
  /** What the button says. */
  readonly deed: string;
  /** Throws what is refused; it is said here. */
  readonly onSubmit: () => Promise<void>;
  readonly children: ReactNode;
  readonly foot?: ReactNode;
}

export function AuthFrame({ title, lead, deed, onSubmit, children, foot }: Props) {
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setWhy("");
    try {
      await onSubmit();
    } catch (thrown) {
      const { refusal, unreachable } = Refused.from(thrown);
      setWhy(unreachable ? t("common.unreachable") : sentence(refusal.message));
    }
    setBusy(false);
  };
  return (
    <main className="auth">
      <div className="auth-card">
        <Mark />
        <h1>{title}</h1>
        {lead !== undefined && <div className="auth-lead">{lead}</div>}
        <form className="stack" onSubmit={(event) => void submit(event)}>
          {children}
          {why !== "" && (
            <p className="error" role="alert">
              {why}
            </p>
          )}
          <button type="submit" className="button button-main button-wide" disabled={busy}>
            {busy ? t("auth.working") : deed}
          </button>
        </form>
        {foot !== undefined && <div className="auth-foot">{foot}</div>}
      </div>
    </main>
  );
}

/** The mark of the app: a sail, and the calm water behind it. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
      <path className="mark-sail" d="M25 6c9 7 13.500 15.500 13.500 25H25z" />
      <path className="mark-jib" d="M21 12.500V31H9.500C11.500 23.500 15.500 17 21 12.500z" />
      <path
        className="mark-sea"
        d="M5 37.500c4.500 0 4.500 3 9.500 3s5-3 9.500-3 4.500 3 9.500 3 5-3 9.500-3"
      />
    </svg>
  );
}

/** The server's words begin small and end without a full stop. */
function sentence(words: string): string {
  const text = words.charAt(0).toLocaleUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
  readonly autoComplete?: string;
  readonly first?: boolean;
}

/** One line of text with its label. */
export function AuthField({
  label,
  value,
  onChange,
  hint,
  autoComplete = "off",
  first = false,
}: FieldProps) {
  return (
    <label>
      <span className="label">{label}</span>
      <input
        className="field"
        // biome-ignore lint/a11y/noAutofocus: the page is this form
        autoFocus={first}
        required
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {hint !== undefined && <span className="faint hint">{hint}</span>}
    </label>
  );
}
