/** Lists that are fetched when they are looked at: followed threads, rooms to join, devices, invites, search. */
import type { Event } from "../wire/types.ts";
import type { InviteAnswer, MadeInvite } from "./answers.ts";
import type { ListVerbs } from "./client.ts";
import type { Http } from "./http.ts";
import type { InviteInfo, Listing, SearchHit, State } from "./model.ts";
import { Refused } from "./refused.ts";
import type { Store } from "./store.ts";

const HITS = 30;

/** Makes the verbs; `meet` is told of events that name people. */
export function makeLists(
  store: Store<State>,
  http: Http,
  meet: (events: readonly Event[]) => void,
): ListVerbs {
  type Name = "inbox" | "browse" | "sessions" | "invites";
  type ItemOf<N extends Name> = NonNullable<State[N]> extends Listing<infer T> ? T : never;

  async function fetch<N extends Name>(name: N, ask: () => Promise<ItemOf<N>[]>): Promise<void> {
    const put = (listing: Listing<ItemOf<N>>) => store.set({ [name]: listing } as Partial<State>);
    const known = (store.getState()[name]?.items ?? []) as readonly ItemOf<N>[];
    put({ items: known, loading: true, why: null });
    try {
      put({ items: await ask(), loading: false, why: null });
    } catch (thrown) {
      put({ items: known, loading: false, why: Refused.from(thrown).refusal });
    }
  }

  async function find(query: string, before: number | null): Promise<void> {
    const known = before === null ? [] : (store.getState().search?.hits ?? []);
    const base = { query, hits: known, why: null, next: null };
    store.set({ search: { ...base, loading: true } });
    const current = () => store.getState().search?.query === query;
    try {
      const { hits, next } = await http.search(query, HITS, before);
      if (!current()) return;
      meet(hits.map((hit) => hit.event));
      const all: readonly SearchHit[] = [...known, ...hits];
      store.set({ search: { ...base, hits: all, loading: false, next: next ?? null } });
    } catch (thrown) {
      if (!current()) return;
      store.set({ search: { ...base, loading: false, why: Refused.from(thrown).refusal } });
    }
  }

  return {
    inbox: () =>
      fetch("inbox", async () => {
        const threads = await http.threads();
        meet(threads.flatMap(({ root, last }) => (last === undefined ? [root] : [root, last])));
        return threads.map(({ room, root, last, unread }) => ({
          room,
          root,
          last: last ?? null,
          unread,
        }));
      }),
    browse: (query) =>
      fetch("browse", async () =>
        (await http.browse(query)).map((room) => ({
          id: room.id,
          name: room.name,
          topic: room.topic ?? "",
          kind: room.room_kind,
          members: room.members,
          joined: room.joined,
          archived: room.archived === true,
        })),
      ),
    sessions: () =>
      fetch("sessions", async () =>
        (await http.sessions()).map((session) => ({
          id: session.id,
          device: session.device,
          createdAt: session.created_at,
          seenAt: session.seen_at,
          expiresAt: session.expires_at,
          current: session.this,
        })),
      ),
    invites: () =>
      fetch("invites", async () => (await http.invites()).map((invite) => shown(invite, null))),
    madeInvite: ({ invite, token }: MadeInvite, origin: string) => {
      const link = `${origin}/invite#${token}`;
      const items = store.getState().invites?.items ?? [];
      store.set({ invites: { items: [shown(invite, link), ...items], loading: false, why: null } });
    },
    search: (query) => find(query, null),
    searchMore: async () => {
      const search = store.getState().search;
      if (search?.next != null && !search.loading) await find(search.query, search.next);
    },
    endSearch: () => store.set({ search: null }),
  };
}

function shown(invite: InviteAnswer, link: string | null): InviteInfo {
  return {
    id: invite.id,
    role: invite.role,
    rooms: invite.rooms,
    by: invite.by,
    expiresAt: invite.expires_at,
    uses: invite.uses,
    usesMax: invite.uses_max,
    note: invite.note,
    link,
  };
}
