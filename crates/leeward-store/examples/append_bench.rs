//! How many messages a second the store appends, durably, and what one costs the writer thread.
//!
//! `cargo run --release -p leeward-store --example append_bench -- [WRITERS] [MESSAGES] [ROOMS] [BYTES]`
#![expect(clippy::print_stdout, reason = "a command that reports on its terminal")]

use leeward_core::account::Role;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Millis, Nonce, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::{Append, Author, NewAccount, SqliteConfig, Store};
use std::time::Instant;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>().expect("a number"));
    let mut next = |default| args.next().unwrap_or(default);
    let (writers, messages, rooms, bytes) = (next(200), next(200_000), next(20), next(200));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(bench(writers, messages, rooms, bytes as usize));
}

async fn bench(writers: u64, messages: u64, rooms: u64, bytes: usize) {
    let dir = tempfile::tempdir_in(".").expect("a directory on this disk");
    let store = Store::open(&SqliteConfig::new(dir.path())).expect("a fresh directory");
    found(&store, writers, rooms).await;
    let before = store.figures().await.expect("figures");
    let cpu_before = writer_cpu_us();
    let began = Instant::now();
    let tasks = tokio::task::LocalSet::new();
    let latencies = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    for writer in 0..writers {
        let (store, latencies) = (store.clone(), latencies.clone());
        tasks.spawn_local(async move {
            for n in 0..messages / writers {
                let sent = Instant::now();
                store.append(message(writer, n, rooms, bytes)).await.expect("stored");
                latencies.borrow_mut().push(sent.elapsed());
            }
        });
    }
    tasks.await;
    let took = began.elapsed();
    let cpu = writer_cpu_us() - cpu_before;
    let after = store.figures().await.expect("figures");
    let (stored, commits) =
        (after["events"] - before["events"], after["commits"] - before["commits"]);
    let mut latencies = latencies.take();
    latencies.sort_unstable();
    let at = |percent: usize| latencies[(latencies.len() - 1) * percent / 100].as_micros();
    println!("{writers} writers, {rooms} rooms, {bytes} bytes a message, synchronous=FULL");
    println!(
        "{stored} messages in {:.2} s: {:.0}/s",
        took.as_secs_f64(),
        stored as f64 / took.as_secs_f64()
    );
    println!("{commits} commits, {:.1} messages each", stored as f64 / commits as f64);
    println!("p50 {} µs, p95 {} µs, p99 {} µs", at(50), at(95), at(99));
    println!("writer CPU {:.1} µs a message", cpu as f64 / stored as f64);
    store.close().await;
}

/// CPU time of the writer thread so far, in µs, in steps of the system's clock tick (10 ms).
fn writer_cpu_us() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let stats =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
    let writer = stats.filter(|stat| stat.contains("(store-write)"));
    let ticks = writer.filter_map(|stat| {
        let fields: Vec<u64> =
            stat.rsplit_once(") ")?.1.split(' ').map(|n| n.parse().unwrap_or(0)).collect();
        Some(fields[11] + fields[12])
    });
    ticks.sum::<u64>() * 10_000
}

fn message(writer: u64, n: u64, rooms: u64, bytes: usize) -> Append {
    Append {
        room: RoomId(1 + writer % rooms),
        author: Author { account: AccountId(1 + writer), role: Role::Member },
        // As clients make them: the time first, then something random.
        nonce: Nonce::try_from(format!("{n:012x}-{:08x}", writer.wrapping_mul(2_654_435_761)))
            .expect("visible ASCII"),
        draft: Draft::Message {
            text: "x".repeat(bytes),
            thread: None,
            also_room: false,
            files: vec![],
            quote: None,
        },
        mentions: vec![],
        mentions_room: false,
        name: None,
        at: Millis(1_800_000_000_000 + n),
    }
}

async fn found(store: &Store, people: u64, rooms: u64) {
    for n in 0..people {
        let account = NewAccount {
            name: format!("writer{n}"),
            display: format!("Writer {n}"),
            role: Role::Member,
            bot: false,
            password_hash: None,
            at: Millis(1),
        };
        store.create_account(account).await.expect("a fresh name");
    }
    let by = Author { account: AccountId(1), role: Role::Member };
    for n in 0..rooms {
        let facts = RoomFacts {
            room_kind: RoomKind::Public,
            name: format!("room{n}"),
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let everybody = (1..=people).map(|n| (AccountId(n), MemberRole::Member)).collect();
        store.create_room(by, facts, everybody, Millis(1)).await.expect("a fresh name");
    }
}
