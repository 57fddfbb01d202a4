//! Measures storms in virtual time: how long recovery takes against the least possible time, what it
//! costs, and how policies without a guard do. Prints a table to standard error and JSON to standard
//! output.
//!
//! ```text
//! cargo run --release -p leeward-sim --example storm_figures              everything, about 20 minutes
//! cargo run --release -p leeward-sim --example storm_figures -- ten       the ten million alone
//! ```
//!
//! Parts: `policies`, `rho`, `ten`, `goodput`, `seeds`, `leases`.

use leeward_sim::models::lease::{Judge, LeaseModel};
use leeward_sim::seeds;
use leeward_sim::setup::{Policy, Setup};
use leeward_sim::tally::Outcome;
use leeward_sim::world::World;
use leeward_sim::{goodput, walk};
use serde_json::{Value, json};
use std::io::{self, Write};

type Failure = Box<dyn std::error::Error>;
type Part = fn() -> Result<Value, Failure>;

/// Ten million, and a rate that brings them back in a quarter of an hour at best.
const TEN_MILLION: (u32, u32) = (10_000_000, 10_000);
/// Smaller houses, at a rate that makes the storm longer than any retry.
const HOUSES: [(u32, u32); 3] = [(100_000, 1_000), (1_000_000, 1_000), TEN_MILLION];
const SEEDS: u64 = 10_000;
const WALKS: u64 = 1_000_000;

fn main() -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let parts: [(&str, Part); 6] = [
        ("policies", policies),
        ("rho", rho),
        ("ten", ten),
        ("goodput", goodputs),
        ("seeds", many_seeds),
        ("leases", leases),
    ];
    let mut figures = serde_json::Map::new();
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|w| w == name) {
            say(&format!("-- {name}"))?;
            figures.insert(name.to_owned(), part()?);
        }
    }
    writeln!(io::stdout(), "{:#}", Value::Object(figures))?;
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{line}")
}

fn storm(clients: u32, mu_per_s: u32) -> Setup {
    Setup { disobedient_percent: 10, ..Setup::storm(clients, mu_per_s) }
}

/// Runs a world and says what came of it.
fn run(setup: Setup) -> Result<Value, Failure> {
    let began = cpu_s()?;
    let outcome = World::new(setup).run();
    let took = cpu_s()? - began;
    let report = report(&outcome, took);
    say(&format!(
        "{:>10} clients, mu {:>6}, rho {:.2}, {:>2} % disobedient, {:<28}: {} × T* (obedient {}), \
         {:.1} attempts each, {} refusals at most, {took:.0} s of CPU",
        outcome.setup.clients,
        outcome.setup.mu_per_s,
        f64::from(outcome.setup.rho_permille) / 1e3,
        outcome.setup.disobedient_percent,
        outcome.setup.policy.as_str(),
        or_never(outcome.recovery()),
        or_never(outcome.recovery_of_obedient()),
        report["attempts_each"].as_f64().unwrap_or(0.0),
        outcome.refusals_max,
    ))?;
    say(&format!("           {}", outcome.tally.counts()))?;
    Ok(report)
}

fn or_never(ratio: Option<f64>) -> String {
    ratio.map_or("never".to_owned(), |ratio| format!("{ratio:.3}"))
}

fn report(outcome: &Outcome, cpu_s: f64) -> Value {
    let setup = &outcome.setup;
    let share = |of: u64, part: u32| of as f64 / f64::from(part.max(1));
    let others = (0..setup.clients)
        .filter(|client| setup.species_of(*client) != setup.policy.obedient())
        .count() as u32;
    json!({
        "policy": setup.policy.as_str(),
        "clients": setup.clients,
        "mu_per_s": setup.mu_per_s,
        "rho": f64::from(setup.rho_permille) / 1e3,
        "disobedient_percent": setup.disobedient_percent,
        "least_s": setup.least_ms(setup.dropped()) as f64 / 1e3,
        "recovery": outcome.recovery(),
        "recovery_of_obedient": outcome.recovery_of_obedient(),
        "in_at_the_end": setup.clients - outcome.missing.1,
        "virtual_s": f64::from(outcome.ended_ms) / 1e3,
        "attempts_each": share(outcome.attempts.0 + outcome.attempts.1, setup.clients),
        "attempts_each_obedient": share(outcome.attempts.0, setup.clients - others),
        "refusals_each": share(outcome.tally.refused, setup.clients),
        "refusals_max": outcome.refusals_max,
        "client_hours": outcome.client_hours(),
        "cpu_s": cpu_s,
    })
}

/// The table of policies.
fn policies() -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for (clients, mu) in &HOUSES[..2] {
        for policy in Policy::ALL {
            let mut setup = Setup { policy, ..storm(*clients, *mu) };
            if policy != Policy::Ours {
                // What has not healed by then gets no better; jitter alone needs more than twice.
                let times = if policy == Policy::ShedExponential { 4 } else { 2 };
                setup.ends_ms = times * setup.least_ms(*clients) as u32;
            }
            rows.push(run(setup)?);
        }
    }
    Ok(Value::Array(rows))
}

/// By what a refusal costs, and by how many obey nobody.
fn rho() -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for rho_permille in [20, 100, 300] {
        rows.push(run(Setup { rho_permille, ..storm(1_000_000, 1_000) })?);
    }
    for disobedient_percent in [0, 50, 90] {
        rows.push(run(Setup { disobedient_percent, ..storm(100_000, 1_000) })?);
    }
    Ok(Value::Array(rows))
}

fn ten() -> Result<Value, Failure> {
    run(storm(TEN_MILLION.0, TEN_MILLION.1))
}

/// What is finished when more is asked for than can be done.
fn goodputs() -> Result<Value, Failure> {
    let mut rows = Vec::new();
    for times in [1, 2, 10, 100] {
        let share = goodput::share(1_000, times, 20);
        say(&format!("{times:>4} × offered: {:.0} % of mu", share * 100.0))?;
        rows.push(json!({ "times": times, "share_of_mu": share }));
    }
    Ok(Value::Array(rows))
}

/// Small worlds in which everything goes wrong.
fn many_seeds() -> Result<Value, Failure> {
    let (mut hours, mut faults, mut broken) = (0.0, 0, Vec::new());
    for seed in 1..=SEEDS {
        let outcome = seeds::run(seed, Policy::Ours);
        (hours, faults) = (hours + outcome.client_hours(), faults + outcome.tally.faults);
        if !outcome.broken.is_empty() {
            broken.push(seed);
        }
    }
    say(&format!("{SEEDS} seeds, {hours:.0} client-hours, {faults} faults, broken {broken:?}"))?;
    Ok(json!({ "seeds": SEEDS, "client_hours": hours, "faults": faults, "broken": broken }))
}

/// False expiries in random interleavings of changes of terms.
fn leases() -> Result<Value, Failure> {
    let walk = |judge| {
        let model = LeaseModel { judge, ..LeaseModel::default() };
        (1..=WALKS).filter(|seed| walk::falsely_expires(&model, *seed)).count()
    };
    let (ours, control) = (walk(Judge::Deadline), walk(Judge::OwnTerms));
    say(&format!("{WALKS} interleavings: {ours} false expiries; shared time-outs: {control}"))?;
    Ok(json!({ "interleavings": WALKS, "false_expiries": ours, "control": control }))
}

/// Processor time of this process, in seconds.
fn cpu_s() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).ok_or("a short stat")?.parse::<f64>().map_err(Failure::from);
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
