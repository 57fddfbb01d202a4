/** The workspace's name and one's own account: the menu with settings, status and signing out. */
import { isAdmin } from "../../actions/lookup.ts";
import { openHelp } from "../../actions/openHelp.ts";
import { setDoNotDisturb } from "../../actions/setDoNotDisturb.ts";
import { signOut } from "../../actions/signOut.ts";
import { t } from "../../i18n/t.ts";
import { Avatar } from "../parts/Avatar.tsx";
import { Icon } from "../parts/Icon.tsx";
import { MenuItem } from "../parts/MenuItem.tsx";
import { Popover } from "../parts/Popover.tsx";
import { disturbed } from "../settings/settings.ts";
import { useClient, usePerform, useStore } from "../useApp.ts";

/** Far enough away to be “until I turn it off”: the year 2100. */
const FOREVER_MS = Date.UTC(2100, 0, 1);

export function MeMenu() {
  const me = useStore((state) => state.me);
  const workspace = useStore((state) => state.workspace?.name ?? t("app.name"));
  const quiet = useStore((state) => disturbed(state.settings, Date.now()));
  if (me === null) return null;
  return (
    <div className="rail-top">
      <Popover
        kind="menu"
        label={t("rail.me", { name: me.display })}
        trigger={(props) => (
          <button type="button" className="me" {...props}>
            <Avatar person={me} />
            <span className="me-words">
              <strong>{workspace}</strong>
              <span className="faint">
                {(me.status ?? "") === "" ? me.display : `${me.display} · ${me.status}`}
              </span>
            </span>
            {quiet && (
              <span title={t("me.dnd_on")}>
                <Icon name="bell_off" size={16} />
                <span className="unseen">{t("me.dnd_on")}</span>
              </span>
            )}
            <Icon name="chevron_down" size={16} />
          </button>
        )}
      >
        {(close) => <Items close={close} quiet={quiet} />}
      </Popover>
    </div>
  );
}

function Items({ close, quiet }: { readonly close: () => void; readonly quiet: boolean }) {
  const client = useClient();
  const perform = usePerform();
  const admin = useStore((state) => isAdmin(state));
  const then = (deed: () => void) => () => {
    close();
    deed();
  };
  return (
    <>
      <MenuItem
        icon="smile"
        label={t("me.status")}
        onClick={then(() => client.screen.dialog({ kind: "status" }))}
      />
      <MenuItem
        icon={quiet ? "bell" : "bell_off"}
        label={t(quiet ? "me.dnd_off" : "me.dnd_on")}
        onClick={then(() => void perform(setDoNotDisturb, { until: quiet ? null : FOREVER_MS }))}
      />
      <hr />
      <MenuItem
        icon="settings"
        label={t("me.settings")}
        onClick={then(() => client.screen.go({ page: "settings", section: "" }))}
      />
      {admin && (
        <MenuItem
          icon="shield"
          label={t("me.admin")}
          onClick={then(() => client.screen.go({ page: "settings", section: "admin" }))}
        />
      )}
      <MenuItem
        icon="keyboard"
        label={t("me.keys")}
        keys="?"
        onClick={then(() => void perform(openHelp, undefined))}
      />
      <hr />
      <MenuItem
        icon="sign_out"
        label={t("me.sign_out")}
        onClick={then(() => void perform(signOut, {}))}
      />
    </>
  );
}
