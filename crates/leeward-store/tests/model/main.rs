//! A third voice: a small model in memory must give the same answers as the store to any sequence of
//! requests, and a snapshot with the deltas after it must equal the later snapshot.
//!
//! A failure prints its seed; `LEEWARD_SEED=n cargo test -p leeward-store --test model` plays it again.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not expected ends the test")]

mod fold;
mod oracle;

use fold::Room;
use leeward_core::account::Role;
use leeward_core::event::{Draft, Event};
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::{
    Append, Author, NewAccount, PageFrom, PageQuery, SqliteConfig, Store, StoreError,
};
use oracle::Oracle;

const SEEDS: u64 = 40;
const STEPS: usize = 160;
const PEOPLE: u64 = 4;
const ROOMS: u64 = 3;

#[test]
fn any_sequence_of_requests_gets_the_answers_of_the_model() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one setting of a test: which seed to replay"
    )]
    let one = std::env::var("LEEWARD_SEED").ok().map(|seed| seed.parse().expect("a number"));
    for seed in one.map_or(0..SEEDS, |seed: u64| seed..seed + 1) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let played = std::panic::catch_unwind(|| runtime.block_on(play(seed)));
        if let Err(panic) = played {
            eprintln!("seed {seed}: LEEWARD_SEED={seed} cargo test -p leeward-store --test model");
            std::panic::resume_unwind(panic);
        }
    }
}

/// A directory whose fsync costs nothing, where the system has one: this test is about answers.
fn directory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

async fn play(seed: u64) {
    let dir = directory();
    let config = SqliteConfig::new(dir.path());
    let mut store = Store::open(&config).unwrap();
    let mut rng = Rng(seed);
    let mut oracle = Oracle::default();
    set_the_stage(&store, &mut oracle).await;
    let mut kept: Vec<(RoomId, leeward_core::wire::Snapshot)> = Vec::new();
    for step in 0..STEPS {
        let at = Millis(1_000_000 + step as u64);
        if rng.chance(85) {
            let append = append(&mut rng, &oracle, at);
            let said = store
                .append(append.clone())
                .await
                .map(|done| (done.room, done.event, done.repeated));
            assert_eq!(outcome(said), oracle.append(&append), "step {step}: {append:?}");
        } else {
            membership(&store, &mut rng, &mut oracle, at).await;
        }
        let room = RoomId(1 + rng.below(ROOMS));
        match rng.below(20) {
            0 => kept.push((room, store.snapshot(room, 10_000).await.unwrap().unwrap())),
            1 => marks(&store, &mut rng, &mut oracle, room).await,
            2 => {
                store.close().await;
                drop(store);
                store = Store::open(&config).unwrap();
            }
            3..6 => compare(&store, &oracle, room).await,
            _ => {}
        }
    }
    for room in 1..=ROOMS {
        compare(&store, &oracle, RoomId(room)).await;
    }
    for (room, snapshot) in kept {
        caught_up(&store, room, snapshot).await;
    }
    store.close().await;
    assert_eq!(Store::verify(dir.path()).unwrap().faults, Vec::<String>::new());
}

async fn set_the_stage(store: &Store, oracle: &mut Oracle) {
    for n in 1..=PEOPLE {
        let name = format!("person{n}");
        let (display, at) = (name.clone(), Millis(1));
        let role = if n == 1 { Role::Owner } else { Role::Member };
        let account = NewAccount { name, display, role, bot: false, password_hash: None, at };
        store.create_account(account).await.unwrap();
    }
    let by = author(AccountId(1));
    for n in 1..=ROOMS {
        let direct = n == 3;
        let facts = RoomFacts {
            room_kind: if direct { RoomKind::Direct } else { RoomKind::Public },
            name: if direct { String::new() } else { format!("room{n}") },
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let people = if n == 1 { 1..=PEOPLE } else { 1..=2 };
        let members: Vec<_> = people.map(|n| (AccountId(n), MemberRole::Member)).collect();
        let made = store.create_room(by, facts, members, Millis(2)).await.unwrap();
        assert_eq!(made.room, RoomId(n));
        oracle.create(&made.events);
    }
}

fn author(account: AccountId) -> Author {
    Author { account, role: if account.0 == 1 { Role::Owner } else { Role::Member } }
}

/// Something that somebody might send, sensible or not.
fn append(rng: &mut Rng, oracle: &Oracle, at: Millis) -> Append {
    let room = RoomId(1 + rng.below(ROOMS));
    let head = oracle.head(room);
    // Near the end, so that much happens to few messages.
    let target = Seq((head + 1).saturating_sub(rng.below(12)));
    let text = format!("text {}", rng.below(1_000));
    let draft = match rng.below(20) {
        0..8 => Draft::Message { text, thread: None, also_room: false, files: vec![], quote: None },
        8..11 => {
            let also_room = rng.chance(40);
            Draft::Message { text, thread: Some(target), also_room, files: vec![], quote: None }
        }
        11 => {
            let quote = Some(target);
            Draft::Message { text, thread: None, also_room: false, files: vec![], quote }
        }
        12..14 => Draft::Edit { target, text },
        14 => Draft::Delete { target },
        15..18 => {
            let emoji = ["tada", "eyes", "ok"][rng.below(3) as usize].to_owned();
            Draft::React { target, emoji, on: rng.chance(65) }
        }
        _ => Draft::Pin { target, on: rng.chance(60) },
    };
    let mentions = (0..rng.below(3)).map(|_| AccountId(1 + rng.below(PEOPLE))).collect::<Vec<_>>();
    let mut mentions = mentions;
    mentions.dedup();
    let nonce = if rng.chance(10) { rng.below(30) } else { 1_000 + at.0 };
    Append {
        room,
        author: author(AccountId(1 + rng.below(PEOPLE))),
        nonce: Nonce::try_from(format!("nonce-{nonce}")).unwrap(),
        draft,
        mentions,
        mentions_room: rng.chance(5),
        name: rng.chance(5).then(|| "integration".to_owned()),
        at,
    }
}

type Said = Result<(RoomId, Event, bool), leeward_core::code::Code>;

fn outcome(said: Result<(RoomId, Event, bool), StoreError>) -> Said {
    said.map_err(|e| match e {
        StoreError::Refused(refusal) => refusal.code,
        other => panic!("{other}"),
    })
}

/// Somebody comes, goes, or may do something else.
async fn membership(store: &Store, rng: &mut Rng, oracle: &mut Oracle, at: Millis) {
    let (by, room) = (author(AccountId(1 + rng.below(2))), RoomId(1 + rng.below(2)));
    let who = AccountId(1 + rng.below(PEOPLE));
    let role =
        [MemberRole::Muted, MemberRole::Member, MemberRole::Moderator][rng.below(3) as usize];
    let facts = RoomFacts {
        room_kind: RoomKind::Public,
        name: format!("room{room}"),
        topic: format!("topic {}", rng.below(3)),
        archived: rng.chance(5),
        read_only: rng.chance(15),
    };
    let change = match rng.below(4) {
        0 => store.join(by, room, who, role, at).await,
        1 => store.leave(by, room, who, rng.chance(20), at).await,
        2 => store.set_member_role(by, room, who, role, at).await,
        _ => store.edit_room(by, room, facts, at).await,
    };
    // Who may do it is tested elsewhere; here, that what was logged is what holds afterwards.
    if let Ok(change) = change {
        oracle.apply(room, &change.events);
    }
}

async fn marks(store: &Store, rng: &mut Rng, oracle: &mut Oracle, room: RoomId) {
    let who = AccountId(1 + rng.below(PEOPLE));
    let seq = Seq(rng.below(oracle.head(room) + 2));
    let marked = store.mark_read(who, room, seq).await.map(|mark| (mark.seq, mark.mentions));
    let marked = marked.map_err(|_| ());
    assert_eq!(marked, oracle.mark_read(who, room, seq).ok_or(()), "read marks in {room} of {who}");
    let summary = store.room_summary(who, room).await.unwrap();
    let summary =
        summary.map(|v| (v.value.head, v.value.last_message, v.value.read, v.value.mentions));
    assert_eq!(summary, oracle.summary(who, room));
}

/// Everything that can be read of a room is what the model says.
async fn compare(store: &Store, oracle: &Oracle, room: RoomId) {
    let model = oracle.room(room);
    let snapshot = store.snapshot(room, 10_000).await.unwrap().unwrap();
    assert_eq!(Room::of(&snapshot), *model, "the state of room {room}");
    let events = store.events_after(room, Seq(0), 10_000).await.unwrap();
    assert_eq!(events, oracle.log(room), "the log of room {room}");
    let loaded = store.load_room(room, usize::MAX).await.unwrap().unwrap();
    assert_eq!((loaded.tail, loaded.position), (events, snapshot.at));
    let query = PageQuery { from: PageFrom::After(Seq(0)), thread: None, limit: 200 };
    let page = store.page(room, query).await.unwrap().unwrap();
    assert_eq!(page.lines[..], snapshot.lines[..page.lines.len()]);
    let pinned: Vec<_> =
        store.pins(room).await.unwrap().iter().map(|line| line.seq).rev().collect();
    assert_eq!(pinned, oracle.pinned(room), "the pins of room {room}");
    for root in oracle.threads(room) {
        let query = PageQuery { from: PageFrom::Newest, thread: Some(root), limit: 200 };
        let thread = store.page(room, query).await.unwrap().unwrap();
        assert_eq!(thread.lines, oracle.thread(room, root), "thread {root} of room {room}");
    }
}

/// What a client has that was away and catches up is what one has that comes afresh.
async fn caught_up(store: &Store, room: RoomId, then: leeward_core::wire::Snapshot) {
    let mut state = Room::of(&then);
    for event in store.events_after(room, then.at.seq, 10_000).await.unwrap() {
        state.apply(&event);
    }
    let today = store.snapshot(room, 10_000).await.unwrap().unwrap();
    assert_eq!(state, Room::of(&today), "room {room} from {}", then.at.seq);
}
