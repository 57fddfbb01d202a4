/** Coming in by an invite link, as a member or as a guest. */
import { useEffect, useState } from "react";
import { acceptInvite } from "../../actions/acceptInvite.ts";
import { list, t } from "../../i18n/t.ts";
import type { InviteOffer } from "../../sync/answers.ts";
import { useClient, useCtx } from "../useApp.ts";
import { AuthFrame, Mark } from "./AuthFrame.tsx";
import { NewcomerFields, useNewcomer } from "./Newcomer.tsx";

export default function InvitePage({ token }: { readonly token: string }) {
  const client = useClient();
  const [offer, setOffer] = useState<InviteOffer | null | "bad">(null);
  useEffect(() => {
    let wanted = true;
    client.http.inviteByToken(token).then(
      (answer) => {
        if (wanted) setOffer(answer);
      },
      () => {
        if (wanted) setOffer("bad");
      },
    );
    return () => {
      wanted = false;
    };
  }, [client, token]);
  if (offer === null || offer === "bad") {
    return (
      <main className="auth">
        <div className="auth-card">
          <Mark />
          <p className="auth-lead" role="status">
            {t(offer === null ? "invite.checking" : "invite.bad")}
          </p>
        </div>
      </main>
    );
  }
  return <Accept token={token} offer={offer} />;
}

function Accept({ token, offer }: { readonly token: string; readonly offer: InviteOffer }) {
  const ctx = useCtx();
  const guest = offer.role === "guest";
  const newcomer = useNewcomer();
  const submit = async () => {
    const { account, password } = newcomer;
    await acceptInvite.run(ctx, { token, ...account, ...(password === "" ? {} : { password }) });
  };
  const rooms = offer.rooms.map((room) => `#${room}`);
  return (
    <AuthFrame
      title={t(guest ? "invite.title_guest" : "invite.title", { workspace: offer.workspace })}
      lead={
        <>
          <p>{offer.by === "" ? t("invite.lead_plain") : t("invite.lead", { who: offer.by })}</p>
          {rooms.length > 0 && <p>{t("invite.rooms", { rooms: list(rooms) })}</p>}
        </>
      }
      deed={t("invite.do")}
      onSubmit={submit}
    >
      <NewcomerFields
        newcomer={newcomer}
        passwordLabel={t("invite.password")}
        passwordOptional={!offer.needs_password}
        {...(guest ? { without: t("invite.password_optional") } : {})}
      />
    </AuthFrame>
  );
}
