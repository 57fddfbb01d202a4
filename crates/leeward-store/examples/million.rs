//! A workspace of a million messages: how long it takes to open, and how long a search takes.
//!
//! `cargo run --release -p leeward-store --example million -- DIRECTORY [MESSAGES]`
//! makes the directory when it does not exist, which takes some minutes, and measures.
#![expect(clippy::print_stdout, reason = "a command that reports on its terminal")]

use leeward_core::account::Role;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Millis, Nonce, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::search_query::SearchQuery;
use leeward_store::{Append, Author, NewAccount, SqliteConfig, Store};
use std::path::Path;
use std::time::{Duration, Instant};

const ROOMS: u64 = 100;
const PEOPLE: u64 = 200;
const WORDS: u64 = 30_000;

fn main() {
    let mut args = std::env::args().skip(1);
    let dir = args.next().expect("a directory");
    let messages = args.next().map_or(1_000_000, |n| n.parse().expect("a number"));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let dir = Path::new(&dir);
        if !dir.exists() {
            make(dir, messages).await;
        }
        measure(dir).await;
    });
}

/// SplitMix64 (Steele, Lea, Flood, 2014).
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A word of a made-up language in which, as in every other, few words make up most of what is said:
/// the n-th most frequent is about 1/n as frequent as the first.
fn word(seed: u64) -> String {
    let uniform = (random(seed) >> 11) as f64 / (1u64 << 53) as f64;
    let rank = ((WORDS as f64).powf(uniform)) as u64;
    spell(rank)
}

fn spell(rank: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "xo", "yu",
        "za",
    ];
    let mut left = random(rank) % 65_536;
    let mut word = String::new();
    for _ in 0..4 {
        word.push_str(SYLLABLES[(left % 16) as usize]);
        left /= 16;
    }
    word
}

async fn make(dir: &Path, messages: u64) {
    let store = Store::open(&SqliteConfig::new(dir)).expect("a fresh directory");
    found(&store).await;
    let began = Instant::now();
    let tasks = tokio::task::LocalSet::new();
    const WRITERS: u64 = 256;
    for writer in 0..WRITERS {
        let store = store.clone();
        tasks.spawn_local(async move {
            for n in 0..messages / WRITERS {
                store.append(message(n * WRITERS + writer)).await.expect("stored");
            }
        });
    }
    tasks.await;
    println!("made {messages} messages in {:.1} s", began.elapsed().as_secs_f64());
    wait_for_index(&store).await;
    store.close().await;
}

async fn wait_for_index(store: &Store) {
    let began = Instant::now();
    let mut look = tokio::time::interval(Duration::from_millis(500));
    while store.figures().await.expect("figures")["search_behind"] > 0 {
        look.tick().await;
    }
    println!("the index was ready {:.1} s later", began.elapsed().as_secs_f64());
}

fn message(n: u64) -> Append {
    let words = 6 + random(n) % 20;
    let text = (0..words).map(|i| word(n * 64 + i)).collect::<Vec<_>>().join(" ");
    Append {
        room: RoomId(1 + random(n ^ 0x5555) % ROOMS),
        author: Author {
            account: AccountId(1 + random(n ^ 0xaaaa) % (PEOPLE - 1)),
            role: Role::Member,
        },
        nonce: Nonce::try_from(format!("{n:012x}")).expect("visible ASCII"),
        draft: Draft::Message { text, thread: None, also_room: false, files: vec![], quote: None },
        mentions: vec![],
        mentions_room: false,
        name: None,
        at: Millis(1_700_000_000_000 + n * 30_000),
    }
}

async fn found(store: &Store) {
    for n in 1..=PEOPLE {
        let account = NewAccount {
            name: format!("person{n}"),
            display: format!("Person {n}"),
            role: Role::Member,
            bot: false,
            password_hash: None,
            at: Millis(1),
        };
        store.create_account(account).await.expect("a fresh name");
    }
    let by = Author { account: AccountId(1), role: Role::Member };
    for n in 1..=ROOMS {
        let facts = RoomFacts {
            room_kind: RoomKind::Public,
            name: format!("room{n}"),
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let everybody = (1..=PEOPLE).map(|n| (AccountId(n), MemberRole::Member)).collect();
        store.create_room(by, facts, everybody, Millis(1)).await.expect("a fresh name");
    }
    // One who is in few rooms, for whom most matches are not theirs to see.
    for room in 1..=ROOMS - 12 {
        let who = AccountId(PEOPLE);
        let by = Author { account: who, role: Role::Member };
        store.leave(by, RoomId(room), who, false, Millis(1)).await.expect("a member");
    }
}

async fn measure(dir: &Path) {
    let began = Instant::now();
    let store = Store::open(&SqliteConfig::new(dir)).expect("made before");
    let index = store.index().await.expect("accounts").len();
    let opened = began.elapsed();
    let figures = store.figures().await.expect("figures");
    println!("opened in {:.0} ms: {figures:?}, {index} accounts in the index", ms(opened));
    wait_for_index(&store).await;
    let began = Instant::now();
    store.account_state(AccountId(1)).await.expect("read").expect("made before");
    println!("one account's state in {:.1} ms", ms(began.elapsed()));
    let began = Instant::now();
    store.snapshot(RoomId(7), 50).await.expect("read").expect("made before");
    println!("one snapshot in {:.1} ms", ms(began.elapsed()));
    for (who, name) in [(1, "in all rooms"), (PEOPLE, "in 12 rooms")] {
        let (mut times, mut cpu) = (Vec::new(), Vec::new());
        let mut kinds = [Duration::ZERO; 8];
        let mut slowest = (Duration::ZERO, String::new());
        let mut hits = 0;
        for n in 0..600 {
            let text = query(n);
            let parsed = SearchQuery::parse(&text).expect("well formed");
            let (began, cpu_before) = (Instant::now(), search_cpu());
            hits += store.search(AccountId(who), parsed, 20, None).await.expect("found").len();
            let took = began.elapsed();
            slowest = slowest.max((took, text));
            let cpu_took = search_cpu().saturating_sub(cpu_before);
            kinds[n as usize % 8] += cpu_took / 75;
            times.push(took);
            cpu.push(cpu_took);
        }
        times.sort_unstable();
        cpu.sort_unstable();
        let cpu_at = |percent: usize| ms(cpu[(cpu.len() - 1) * percent / 100]);
        println!(
            "CPU of a search: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms; mean by kind: {kinds:.1?}",
            cpu_at(50),
            cpu_at(95),
            cpu_at(99)
        );
        let at = |percent: usize| ms(times[(times.len() - 1) * percent / 100]);
        println!(
            "{} searches by one {name}: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, longest {:.1} ms ({}), {hits} hits",
            times.len(),
            at(50),
            at(95),
            at(99),
            ms(slowest.0),
            slowest.1,
        );
    }
    store.close().await;
}

/// What people look for: a word or two, a phrase, the beginning of a word, with and without operators.
fn query(n: u64) -> String {
    let (one, two) = (word(n * 3 + 1), word(n * 3 + 2));
    match n % 8 {
        0 | 1 => one,
        2 => format!("{one} {two}"),
        3 => format!("\"{one} {two}\""),
        4 => one[..3].to_owned(),
        5 => format!("{one} from:person{}", 1 + n % PEOPLE),
        6 => format!("{one} in:room{}", ROOMS - n % 10),
        _ => format!("{one} {two} before:2024-06"),
    }
}

/// CPU time of the threads that search, so far: what a search costs whatever else the machine does.
fn search_cpu() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let paths = tasks.filter_map(|task| Some(task.ok()?.path()));
    let searching = paths.filter(|path| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "store-search")
    });
    let nanos = searching.filter_map(|path| {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
