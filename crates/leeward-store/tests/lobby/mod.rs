//! The smallest store there is something to say in: an owner, and a room.

use leeward_core::account::Role;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Millis, Nonce, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::{Append, Author, NewAccount, SqliteConfig, Store};

pub(crate) const ROOM: RoomId = RoomId(1);
pub(crate) const OWNER: Author = Author { account: AccountId(1), role: Role::Owner };

pub(crate) fn run(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
}

/// A store with an owner and a room.
pub(crate) async fn founded(config: &SqliteConfig) -> Store {
    let store = Store::open(config).unwrap();
    let owner = NewAccount {
        name: "owner".into(),
        display: "Owner".into(),
        role: Role::Owner,
        bot: false,
        password_hash: None,
        at: Millis(1),
    };
    store.set_up("Workspace".into(), owner).await.unwrap();
    let facts = RoomFacts {
        room_kind: RoomKind::Public,
        name: "lobby".into(),
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    let members = vec![(OWNER.account, MemberRole::Moderator)];
    store.create_room(OWNER, facts, members, Millis(1)).await.unwrap();
    store
}

/// What the owner says in the room.
pub(crate) fn saying(nonce: &str, text: &str) -> Append {
    Append {
        room: ROOM,
        author: OWNER,
        nonce: Nonce::try_from(nonce.to_owned()).unwrap(),
        draft: Draft::Message {
            text: text.into(),
            thread: None,
            also_room: false,
            files: vec![],
            quote: None,
        },
        mentions: vec![],
        mentions_room: false,
        name: None,
        at: Millis(2),
    }
}
