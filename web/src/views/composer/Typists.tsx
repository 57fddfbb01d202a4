/** Who is typing here; its place is kept when nobody is. */
import { t } from "../../i18n/t.ts";
import type { RoomId, Seq } from "../../wire/types.ts";
import { useNameOf } from "../people.ts";
import { useStore } from "../useApp.ts";

export function Typists({ room, thread }: { readonly room: RoomId; readonly thread: Seq | null }) {
  const typing = useStore((state) => state.typing.get(room));
  const me = useStore((state) => state.me?.id);
  const nameOf = useNameOf();
  const here = (typing ?? []).filter((typist) => typist.thread === thread && typist.who !== me);
  const [first, second] = here;
  let words = "";
  if (first !== undefined) {
    const who = nameOf(first.who);
    if (second === undefined) words = t("compose.typing_one", { who });
    else if (here.length === 2) words = t("compose.typing_two", { who, other: nameOf(second.who) });
    else words = t("compose.typing_many");
  }
  return (
    <p className="typists" data-typing={words !== "" || undefined}>
      {words}
    </p>
  );
}
