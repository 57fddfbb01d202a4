/** What stands above the first message of a room. */
import { list, t } from "../../i18n/t.ts";
import type { Room } from "../../sync/model.ts";
import { useNameOf } from "../people.ts";

export function Beginning({ room }: { readonly room: Room }) {
  const nameOf = useNameOf();
  const { room_kind: kind, name, topic, with: others = [] } = room.summary;
  let words = t("room.empty", { name });
  if (kind === "direct") {
    words =
      others.length === 0
        ? t("room.empty_self")
        : t("room.empty_direct", { names: list(others.map(nameOf)) });
  }
  return (
    <div className="beginning">
      <h2>{kind === "direct" ? room.title : `#${name}`}</h2>
      <p className="quiet">{words}</p>
      {(topic ?? "") !== "" && <p className="quiet">{topic}</p>}
    </div>
  );
}
