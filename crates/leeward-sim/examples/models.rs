//! Goes through every state of the models within their bounds, and says how many there were.
//!
//! ```text
//! cargo run --release -p leeward-sim --example models
//! ```

use leeward_sim::models::lease::{Judge, LeaseModel};
use leeward_sim::models::permit::PermitModel;
use leeward_sim::models::ticket::TicketModel;
use stateright::{Checker, Model};
use std::hash::Hash;
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let lease = LeaseModel { end_s: 16, ..LeaseModel::default() };
    check("lease, 16 s, two parties, pings of 1 and 3 s, frames of up to 2 s", lease.clone())?;
    check("lease, time-outs shared (control)", LeaseModel { judge: Judge::OwnTerms, ..lease })?;
    check("tickets, 2 clients, 7 events", TicketModel { clients: 2, events_max: 7 })?;
    check("tickets, 3 clients, 6 events", TicketModel { clients: 3, events_max: 6 })?;
    let permits = PermitModel { events_max: 5, faults_max: 2, watched: true };
    check("permits, 5 events, 2 faults, watchdog", permits.clone())?;
    check("permits without a watchdog (control)", PermitModel { watched: false, ..permits })
}

fn check<M>(name: &str, model: M) -> io::Result<()>
where
    M: Model + Send + Sync + 'static,
    M::State: Hash + Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static,
    M::Action: Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static,
{
    let checker = model.checker().spawn_dfs().join();
    let fails: Vec<&str> = checker
        .discoveries()
        .into_iter()
        .filter(|(name, _)| {
            let always = stateright::Expectation::Always;
            checker.model().property(name).expectation == always
        })
        .map(|(name, _)| name)
        .collect();
    for (_, path) in checker.discoveries().into_iter().filter(|(name, _)| fails.contains(name)) {
        writeln!(io::stdout(), "   {:?}", path.into_actions())?;
    }
    writeln!(
        io::stdout(),
        "{name}: {} states, {}",
        checker.unique_state_count(),
        if fails.is_empty() { "all hold".to_owned() } else { format!("broken: {fails:?}") }
    )
}
