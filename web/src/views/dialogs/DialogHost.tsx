/** The few things that stand above everything: the switcher, a question, the choice of an emoji. */
import { lazy, Suspense } from "react";
import { useClient, useStore } from "../useApp.ts";
import { ConfirmDialog } from "./ConfirmDialog.tsx";

const Switcher = lazy(() => import("./Switcher.tsx"));
const ReactionPicker = lazy(() => import("./ReactionPicker.tsx"));

export function DialogHost() {
  const client = useClient();
  const dialog = useStore((state) => state.dialog);
  const close = () => client.screen.dialog(null);
  return (
    <Suspense fallback={null}>
      {dialog?.kind === "switcher" && <Switcher onClose={close} />}
      {dialog?.kind === "confirm" && (
        <ConfirmDialog action={dialog.action} args={dialog.args} onClose={close} />
      )}
      {dialog?.kind === "emoji" && (
        <ReactionPicker room={dialog.room} seq={dialog.seq} onClose={close} />
      )}
    </Suspense>
  );
}
