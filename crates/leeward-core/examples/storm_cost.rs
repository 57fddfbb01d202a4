//! What the storm machine costs on its own, with so many entries in its table: prints nanoseconds for
//! each kind of input, and bytes for each connection.
//!
//! `cargo run --release -p leeward-core --example storm_cost -- 100000`

#![expect(clippy::print_stdout, reason = "it prints what it measured")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "it measures: the clock is not the machine's"
)]

use leeward_core::id::Instant;
use leeward_core::storm::{Class, Input, Slot, Source, Start, Storm, StormLimits};
use std::time::Instant as Watch;

fn knock(conn: u64, class: Class, slot: Option<Slot>) -> Input {
    Input::Knock { conn, class, slot, bound: conn, source: Source::EXEMPT, bytes: 1_000 }
}

fn drain(storm: &mut Storm) -> usize {
    std::iter::from_fn(|| storm.next_output()).count()
}

/// Nanoseconds for each of so many.
fn each(name: &str, count: u64, mut act: impl FnMut(u64)) {
    let began = Watch::now();
    (0..count).for_each(&mut act);
    let each_ns = began.elapsed().as_nanos() as f64 / count as f64;
    println!("{name:28} {each_ns:8.0} ns");
}

fn main() {
    let count: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let start = Start { now: Instant(1_000_000), mu_per_s: Some(100_000), ..Start::default() };
    let limits = StormLimits {
        connections_max: 4 * count as usize,
        parked_bytes_max: 1 << 40,
        ..StormLimits::default()
    };
    let at = |n: u64| Instant(1_000_000 + n * 10);
    println!("{count} entries");

    let mut storm = Storm::new(limits, start);
    storm.handle(start.now, Input::Static { per_s: Some(1_000_000_000) });
    each("knock, let in, is in", count, |n| {
        storm.handle(at(n), knock(n, Class::ResumeHere, None));
        drain(&mut storm);
        storm.handle(at(n), Input::Admitted { conn: n });
    });
    each("goes, another comes", count, |n| {
        storm.handle(at(count + n), Input::Gone { conn: n });
        storm.handle(at(count + n), knock(count + n, Class::ResumeHere, None));
        drain(&mut storm);
        storm.handle(at(count + n), Input::Admitted { conn: count + n });
    });

    let mut storm = Storm::new(limits, start);
    storm.handle(start.now, Input::Static { per_s: Some(1) });
    each("knock, wait", count, |n| {
        let class = Class::ALL[1 + (n % 6) as usize];
        storm.handle(start.now, knock(n, class, None));
        drain(&mut storm);
    });
    storm.handle(start.now, Input::Static { per_s: Some(1_000_000_000) });
    let mut conns: Vec<u64> = Vec::new();
    each("is let in from the lot", count / 2, |n| {
        storm.handle(at(n), Input::Tick);
        while let Some(output) = storm.next_output() {
            if let leeward_core::storm::Output::Admit { conn } = output {
                conns.push(conn);
            }
        }
        if let Some(conn) = conns.pop() {
            storm.handle(at(n), Input::Admitted { conn });
        }
    });

    let limits = StormLimits { parked_bytes_max: 0, ..limits };
    let mut storm = Storm::new(limits, start);
    storm.handle(start.now, Input::Static { per_s: Some(1) });
    let mut slots = Vec::new();
    each("knock, is given a slot", count, |n| {
        storm.handle(start.now, knock(n, Class::ResumeHere, None));
        while let Some(output) = storm.next_output() {
            if let leeward_core::storm::Output::Refuse { slot: Some(slot), .. } = output {
                slots.push(slot);
            }
        }
    });
    each("comes early, the same again", slots.len() as u64, |n| {
        storm.handle(
            start.now,
            knock(slots[n as usize].bound, Class::ResumeHere, Some(slots[n as usize])),
        );
        drain(&mut storm);
    });
}
