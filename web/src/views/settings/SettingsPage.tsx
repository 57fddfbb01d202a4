/** One's own settings; with the administration behind a second door. */
import { lazy, Suspense } from "react";
import { isAdmin } from "../../actions/lookup.ts";
import { t } from "../../i18n/t.ts";
import { Page } from "../pages/Page.tsx";
import { useStore } from "../useApp.ts";
import { LookSettings } from "./LookSettings.tsx";
import { NotifySettings } from "./NotifySettings.tsx";
import { PasswordSettings } from "./PasswordSettings.tsx";
import { ProfileSettings } from "./ProfileSettings.tsx";
import { SessionSettings } from "./SessionSettings.tsx";

const AdminPage = lazy(() => import("../admin/AdminPage.tsx"));

export default function SettingsPage({ section }: { readonly section: string }) {
  const admin = useStore((state) => isAdmin(state));
  if (section.startsWith("admin")) {
    return (
      <Suspense fallback={<Page title={t("admin.title")}>{null}</Page>}>
        <AdminPage part={section.split("-")[1] ?? "accounts"} />
      </Suspense>
    );
  }
  return (
    <Page
      title={t("settings.title")}
      tools={
        admin && (
          <a className="button" href="/settings/admin">
            {t("admin.title")}
          </a>
        )
      }
    >
      <div className="settings">
        <ProfileSettings />
        <LookSettings />
        <NotifySettings />
        <SessionSettings />
        <PasswordSettings />
      </div>
    </Page>
  );
}
