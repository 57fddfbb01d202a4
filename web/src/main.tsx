/** Starts the app: the looks of last time, the client, the views, the service worker. */
import { createRoot } from "react-dom/client";
import type { Ctx } from "./actions/action.ts";
import { browserWorld } from "./sync/browser.ts";
import { startClient } from "./sync/start.ts";
import "./views/styles.ts";
import { App } from "./views/App.tsx";
import { noteWords } from "./views/noteWords.ts";
import { applyLook, lastLook } from "./views/settings/settings.ts";
import { moveFocus } from "./views/timeline/useRovingFocus.ts";
import { AppContext } from "./views/useApp.ts";

applyLook(document.documentElement, lastLook());

const { client } = startClient(browserWorld((note) => noteWords(note, client.store.getState())));
const ctx: Ctx = {
  client,
  page: {
    copy: (text) => navigator.clipboard.writeText(text),
    reload: () => window.location.reload(),
    moveFocus,
    origin: window.location.origin,
  },
};

const root = document.getElementById("app");
if (root !== null) {
  createRoot(root).render(
    <AppContext value={ctx}>
      <App />
    </AppContext>,
  );
}

if ("serviceWorker" in navigator && import.meta.env.PROD) {
  // After the first load, so that keeping the shell takes nothing from showing it.
  window.addEventListener("load", () => {
    void navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  });
}
