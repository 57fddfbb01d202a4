/** The whole page: which screen stands, and what stands above all of them. */
import { lazy, Suspense, useEffect } from "react";
import { setHours24 } from "../i18n/clock.ts";
import { t } from "../i18n/t.ts";
import type { Place } from "../sync/model.ts";
import { Announcer } from "./Announcer.tsx";
import { Boundary } from "./Boundary.tsx";
import { DialogHost } from "./dialogs/DialogHost.tsx";
import { Notices } from "./Notices.tsx";
import { useBackClosesPanel } from "./narrow.ts";
import { HomePage } from "./pages/HomePage.tsx";
import { PanelHost } from "./panels/PanelHost.tsx";
import { Rail } from "./rail/Rail.tsx";
import { RoomPage } from "./room/RoomPage.tsx";
import { applyLook, hours24 } from "./settings/settings.ts";
import { useStore } from "./useApp.ts";
import { useKeys } from "./useKeys.ts";
import { useLinks } from "./useLinks.ts";
import { useTitle } from "./useTitle.ts";

const SignInPage = lazy(() => import("./auth/SignInPage.tsx"));
const SetUpPage = lazy(() => import("./auth/SetUpPage.tsx"));
const InvitePage = lazy(() => import("./auth/InvitePage.tsx"));
const InboxPage = lazy(() => import("./pages/InboxPage.tsx"));
const OutboxPage = lazy(() => import("./pages/OutboxPage.tsx"));
const BrowsePage = lazy(() => import("./pages/BrowsePage.tsx"));
const PeoplePage = lazy(() => import("./pages/PeoplePage.tsx"));
const SettingsPage = lazy(() => import("./settings/SettingsPage.tsx"));

export function App() {
  const phase = useStore((state) => state.phase);
  const place = useStore((state) => state.place);
  useKeys();
  useLinks();
  useTitle();
  useLook();
  return (
    <Boundary>
      <Suspense fallback={null}>
        <Screen phase={phase} place={place} />
      </Suspense>
      <DialogHost />
      <Notices />
    </Boundary>
  );
}

function Screen({ phase, place }: { readonly phase: string; readonly place: Place }) {
  if (place.page === "invite") return <InvitePage token={place.token} />;
  if (phase === "set_up" || (place.page === "set_up" && phase !== "signed_in"))
    return <SetUpPage />;
  if (place.page === "sign_in" || phase === "signed_out") return <SignInPage />;
  if (phase === "starting") return <div className="starting" aria-busy="true" />;
  return <Columns place={place} />;
}

function Columns({ place }: { readonly place: Place }) {
  const beside = useStore((state) => state.panel !== null || isPanel(state.dialog?.kind));
  useBackClosesPanel(beside);
  return (
    <div
      className="columns"
      data-place={place.page === "home" ? "rail" : "main"}
      data-beside={beside || undefined}
    >
      <a className="skip" href="#main">
        {t("app.skip")}
      </a>
      <Rail />
      <main className="main" id="main" tabIndex={-1}>
        <Boundary key={place.page}>
          <Suspense fallback={null}>
            <Shown place={place} />
          </Suspense>
        </Boundary>
      </main>
      <PanelHost />
      <Announcer />
    </div>
  );
}

function Shown({ place }: { readonly place: Place }) {
  switch (place.page) {
    case "room":
      return <RoomPage place={place} />;
    case "inbox":
      return <InboxPage />;
    case "outbox":
      return <OutboxPage />;
    case "browse":
      return <BrowsePage />;
    case "people":
      return <PeoplePage />;
    case "settings":
      return <SettingsPage section={place.section} />;
    default:
      return <HomePage />;
  }
}

function isPanel(kind: string | undefined): boolean {
  return kind !== undefined && kind !== "switcher" && kind !== "confirm" && kind !== "emoji";
}

/** Keeps the page's looks and its clock as the account's settings say. */
function useLook(): void {
  const settings = useStore((state) => state.settings);
  const known = useStore((state) => state.phase === "signed_in");
  setHours24(hours24(settings));
  useEffect(() => {
    if (known) applyLook(document.documentElement, settings);
  }, [known, settings]);
}
