/** What those did who may do more than others, latest first. */
import { useCallback } from "react";
import { iso, moment } from "../../i18n/clock.ts";
import { t } from "../../i18n/t.ts";
import { Listed } from "../parts/Listed.tsx";
import { useNameOf } from "../people.ts";
import { useClient } from "../useApp.ts";
import { useFetched } from "../useFetched.ts";

export function AuditLog() {
  const client = useClient();
  const nameOf = useNameOf();
  const fetch = useCallback(() => client.http.audit(null), [client]);
  const [log] = useFetched(fetch);
  return (
    <>
      <Listed listing={log} empty={t("admin.audit_none")} />
      {log.items.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
        <figure className="prose prose-table" tabIndex={0} aria-label={t("admin.audit")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("admin.audit_when")}</th>
                <th scope="col">{t("admin.audit_who")}</th>
                <th scope="col">{t("admin.audit_what")}</th>
              </tr>
            </thead>
            <tbody>
              {log.items.map((entry) => (
                <tr key={entry.id}>
                  <td>
                    <time dateTime={iso(entry.at)}>{moment(entry.at)}</time>
                  </td>
                  <td>{entry.by === undefined ? t("admin.audit_operator") : nameOf(entry.by)}</td>
                  <td>
                    <code>{entry.action}</code> {entry.subject} {entry.detail}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </figure>
      )}
    </>
  );
}
