/** What administrators do: accounts, invitations, bots, commands, and the log of all that. */
import { isAdmin } from "../../actions/lookup.ts";
import { type Key, t } from "../../i18n/t.ts";
import { Page } from "../pages/Page.tsx";
import { useStore } from "../useApp.ts";
import { Accounts } from "./Accounts.tsx";
import { AuditLog } from "./AuditLog.tsx";
import { Bots } from "./Bots.tsx";
import { Commands } from "./Commands.tsx";
import { Invites } from "./Invites.tsx";

const PARTS: readonly (readonly [string, Key, () => React.ReactNode])[] = [
  ["accounts", "admin.accounts", Accounts],
  ["invites", "admin.invites", Invites],
  ["bots", "admin.bots", Bots],
  ["commands", "admin.commands", Commands],
  ["audit", "admin.audit", AuditLog],
];

export default function AdminPage({ part }: { readonly part: string }) {
  const allowed = useStore((state) => isAdmin(state));
  const Shown = PARTS.find(([name]) => name === part)?.[2] ?? Accounts;
  return (
    <Page title={t("admin.title")}>
      {allowed ? (
        <>
          <nav className="tabs tabs-page" aria-label={t("admin.sections")}>
            {PARTS.map(([name, label]) => (
              <a
                key={name}
                className="tab"
                href={`/settings/admin-${name}`}
                aria-current={name === part ? "page" : undefined}
              >
                {t(label)}
              </a>
            ))}
          </nav>
          <Shown />
        </>
      ) : (
        <p>{t("admin.not_allowed")}</p>
      )}
    </Page>
  );
}
