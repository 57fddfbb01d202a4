//! Breaks the limiter of small houses, in every way and as often as is asked, and reports how long
//! people had to wait each time: `wedge [ROUNDS] [HOUSES]`, 1,000 rounds in 16 houses if nothing is
//! said. With `--without-guard` it shows what would be without. Its exit status tells.
#![expect(clippy::print_stdout, reason = "it is a report")]

#[path = "../tests/live/support/mod.rs"]
mod support;

use serde_json::Value;
use std::process::ExitCode;
use std::time::Duration;
use support::wedge::{Healed, House, STALLED_MAX, faults};

const FIRST_MAX: Duration = Duration::from_millis(2_500);
const ALL_MAX: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut numbers = Vec::new();
    let mut guard = true;
    for argument in std::env::args().skip(1) {
        match argument.parse::<usize>() {
            Ok(number) => numbers.push(number),
            Err(_) => guard = argument != "--without-guard",
        }
    }
    let rounds = numbers.first().copied().unwrap_or(1_000);
    let houses = numbers.get(1).copied().unwrap_or(16).max(1);
    let patience = if guard { ALL_MAX * 2 } else { ALL_MAX };
    // All are built before anything breaks: building waits for the disk, and all clients with it.
    let mut built = Vec::new();
    for _ in 0..houses {
        built.push(House::build(guard).await);
    }
    let tasks: Vec<_> = built
        .into_iter()
        .enumerate()
        .map(|(house, built)| {
            let count = rounds / houses + usize::from(house < rounds % houses);
            let first = house * (rounds / houses) + house.min(rounds % houses);
            tokio::spawn(live(built, guard, (first, count), patience))
        })
        .collect();
    let (mut healed, mut houses) = (Vec::new(), Vec::new());
    for task in tasks {
        let (of_house, house) = task.await.expect("a house does not fall down");
        healed.extend(of_house);
        // Taking one down takes seconds in which nobody on this thread would hear that they are in.
        houses.push(house);
    }
    report(&healed)
}

async fn live(
    mut house: House,
    guard: bool,
    (first, count): (usize, usize),
    patience: Duration,
) -> (Vec<(Value, Healed)>, House) {
    let faults = faults();
    let mut healed = Vec::new();
    let mut round = first;
    while round < first + count {
        let fault = &faults[round % faults.len()];
        if !guard && !healed.is_empty() {
            // What is broken stays broken.
            house = House::build(guard).await;
        }
        let came = house.round(fault, patience).await;
        // Repeated when the machine stood still.
        round += usize::from(came.stalled <= STALLED_MAX);
        healed.push((fault.clone(), came));
    }
    (healed, house)
}

fn report(healed: &[(Value, Healed)]) -> ExitCode {
    let mut broken = 0;
    let (healed, stalled): (Vec<_>, Vec<_>) =
        healed.iter().cloned().partition(|(_, h)| h.stalled <= STALLED_MAX);
    println!("fault            rounds  first p50   worst     all p50   worst   broken");
    for fault in faults() {
        let of: Vec<Healed> =
            healed.iter().filter(|(f, _)| f["kind"] == fault["kind"]).map(|(_, h)| *h).collect();
        let bad = of.iter().filter(|h| h.first > FIRST_MAX || h.all > ALL_MAX).count();
        broken += bad;
        let row = |pick: fn(&Healed) -> Duration| {
            let mut times: Vec<u128> = of.iter().map(|h| pick(h).as_millis()).collect();
            times.sort_unstable();
            let p50 = times.get(times.len() / 2).copied().unwrap_or(0);
            (p50, times.last().copied().unwrap_or(0))
        };
        let ((first, first_worst), (all, all_worst)) = (row(|h| h.first), row(|h| h.all));
        let kind = fault["kind"].as_str().unwrap_or_default();
        println!(
            "{kind:16} {:6} {first:7} ms {first_worst:7} {all:8} ms {all_worst:7} {bad:8}",
            of.len()
        );
    }
    println!("{} rounds, {broken} not healed in time", healed.len());
    println!("{} more in which the machine stood still, and which were repeated", stalled.len());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
