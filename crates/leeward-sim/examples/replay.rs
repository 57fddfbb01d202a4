//! Runs the worlds of some seeds and says what was broken, if anything was.
//!
//! ```text
//! cargo run -p leeward-sim --release --example replay -- 7          the world of seed 7
//! cargo run -p leeward-sim --release --example replay -- 1 10000    the worlds of seeds 1 to 10,000
//! ```

use leeward_sim::seeds;
use leeward_sim::setup::Policy;
use std::io::{self, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seeds: Vec<u64> = std::env::args().skip(1).map(|a| a.parse()).collect::<Result<_, _>>()?;
    let (first, last) = match seeds[..] {
        [seed] => (seed, seed),
        [first, last] => (first, last),
        _ => return Err("one seed, or the first and the last".into()),
    };
    let mut out = io::stdout().lock();
    let (mut broken, mut client_hours, mut faults) = (0, 0.0, 0);
    for seed in first..=last {
        let outcome = seeds::run(seed, Policy::Ours);
        client_hours += outcome.client_hours();
        faults += outcome.tally.faults;
        if !outcome.broken.is_empty() {
            broken += 1;
            writeln!(out, "{}\n", seeds::said(seed, &outcome))?;
            if first == last {
                writeln!(out, "{:#?}\n{:#?}", outcome.figures, outcome.tally.counts())?;
            }
        } else if first == last {
            writeln!(out, "{:#?}", outcome.setup)?;
            writeln!(
                out,
                "recovery {:?} × T*, obedient {:?}, {:?} attempts, {} refusals at most, lag {} us",
                outcome.recovery(),
                outcome.recovery_of_obedient(),
                outcome.attempts,
                outcome.refusals_max,
                outcome.tally.lag_max_us,
            )?;
        }
    }
    writeln!(
        out,
        "{} worlds, {client_hours:.0} client-hours, {faults} faults, {broken} broken",
        last - first + 1
    )?;
    if broken > 0 { Err("a property does not hold".into()) } else { Ok(()) }
}
