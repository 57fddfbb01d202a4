//! An open store with an owner, two members and a guest, and short words for what they do.

use leeward_core::account::Role;
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::id::{AccountId, FileId, Millis, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::{Append, Appended, Author, NewAccount, SqliteConfig, Store, StoreError};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const OWNER: Author = Author { account: AccountId(1), role: Role::Owner };
pub(crate) const MEMBER: Author = Author { account: AccountId(2), role: Role::Member };
pub(crate) const OTHER: Author = Author { account: AccountId(3), role: Role::Member };
pub(crate) const GUEST: Author = Author { account: AccountId(4), role: Role::Guest };

pub(crate) struct Stage {
    dir: TempDir,
    store: RefCell<Option<Store>>,
    clock: Cell<u64>,
}

pub(crate) fn run(play: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(play);
}

pub(crate) fn sqlite() -> Stage {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&SqliteConfig::new(dir.path().join("data"))).unwrap();
    Stage { dir, store: RefCell::new(Some(store)), clock: Cell::new(1_800_000_000_000) }
}

impl Stage {
    pub(crate) fn store(&self) -> Store {
        self.store.borrow().clone().expect("open")
    }

    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Closes the store and opens it again.
    pub(crate) async fn reopen(&self) {
        self.reopen_after(|_| ()).await;
    }

    /// Closes the store, does something to its directory, and opens it again.
    pub(crate) async fn reopen_after(&self, meanwhile: impl FnOnce(&std::path::Path)) {
        let store = self.store.borrow_mut().take().unwrap();
        store.close().await;
        drop(store);
        meanwhile(&self.dir("data"));
        *self.store.borrow_mut() = Some(Store::open(&SqliteConfig::new(self.dir("data"))).unwrap());
    }

    /// A time later than all before.
    pub(crate) fn at(&self) -> Millis {
        self.clock.set(self.clock.get() + 1_000);
        Millis(self.clock.get())
    }

    /// Makes the four people.
    pub(crate) async fn people(&self) {
        let new = |name: &str, role| NewAccount {
            name: name.into(),
            display: name.to_uppercase(),
            role,
            bot: false,
            password_hash: Some("$argon2id$".into()),
            at: self.at(),
        };
        let store = self.store();
        store.set_up("The workspace".into(), new("owner", Role::Owner)).await.unwrap();
        for (name, role) in
            [("member", Role::Member), ("other", Role::Member), ("guest", Role::Guest)]
        {
            store.create_account(new(name, role)).await.unwrap();
        }
    }

    /// A public room of the owner, who moderates it, and both members. Also makes the people.
    pub(crate) async fn lobby(&self) -> RoomId {
        self.people().await;
        self.room("lobby", RoomKind::Public, &[OWNER, MEMBER, OTHER]).await
    }

    /// A room of some people, the first of whom moderates it.
    pub(crate) async fn room(&self, name: &str, kind: RoomKind, people: &[Author]) -> RoomId {
        let members = people.iter().enumerate().map(|(i, who)| {
            let moderates = i == 0 && kind != RoomKind::Direct;
            (who.account, if moderates { MemberRole::Moderator } else { MemberRole::Member })
        });
        let facts = facts(name, kind);
        let change =
            self.store().create_room(people[0], facts, members.collect(), self.at()).await.unwrap();
        change.room
    }

    pub(crate) async fn post(
        &self,
        room: RoomId,
        by: Author,
        draft: Draft,
    ) -> Result<Appended, StoreError> {
        let nonce = format!("n-{}", self.at().0);
        self.post_as(room, by, &nonce, draft).await
    }

    pub(crate) async fn post_as(
        &self,
        room: RoomId,
        author: Author,
        nonce: &str,
        draft: Draft,
    ) -> Result<Appended, StoreError> {
        let append = Append {
            room,
            author,
            nonce: Nonce::try_from(nonce.to_owned()).unwrap(),
            draft,
            mentions: vec![],
            mentions_room: false,
            name: None,
            at: self.at(),
        };
        self.store().append(append).await
    }

    pub(crate) async fn say(&self, room: RoomId, by: Author, text: &str) -> Seq {
        self.post(room, by, message(text)).await.unwrap().event.seq
    }

    pub(crate) async fn answer(&self, room: RoomId, by: Author, root: Seq, text: &str) -> Seq {
        self.post(room, by, reply(root, text, false)).await.unwrap().event.seq
    }

    /// Says something that names people.
    pub(crate) async fn name(&self, room: RoomId, by: Author, whom: &[Author], all: bool) -> Seq {
        let at = self.at();
        let append = Append {
            room,
            author: by,
            nonce: Nonce::try_from(format!("m-{}", at.0)).unwrap(),
            draft: message("hear, hear"),
            mentions: whom.iter().map(|who| who.account).collect(),
            mentions_room: all,
            name: None,
            at,
        };
        self.store().append(append).await.unwrap().event.seq
    }

    /// The message with its state.
    pub(crate) async fn line(&self, room: RoomId, seq: Seq) -> Message {
        said(&self.store().line(room, seq).await.unwrap().expect("there is such a line")).clone()
    }
}

pub(crate) fn facts(name: &str, kind: RoomKind) -> RoomFacts {
    RoomFacts {
        room_kind: kind,
        name: name.into(),
        topic: String::new(),
        archived: false,
        read_only: false,
    }
}

pub(crate) fn message(text: &str) -> Draft {
    Draft::Message { text: text.into(), thread: None, also_room: false, files: vec![], quote: None }
}

pub(crate) fn reply(root: Seq, text: &str, also_room: bool) -> Draft {
    Draft::Message { text: text.into(), thread: Some(root), also_room, files: vec![], quote: None }
}

pub(crate) fn with_files(text: &str, files: &[FileId]) -> Draft {
    let files = files.to_vec();
    Draft::Message { text: text.into(), thread: None, also_room: false, files, quote: None }
}

pub(crate) fn react(target: Seq, emoji: &str, on: bool) -> Draft {
    Draft::React { target, emoji: emoji.into(), on }
}

pub(crate) fn said(event: &Event) -> &Message {
    let What::Message(message) = &event.what else { panic!("no message: {event:?}") };
    message
}

pub(crate) fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> leeward_core::code::Code {
    match outcome {
        Err(StoreError::Refused(refusal)) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}
