//! The machine of a client that takes no advice: it stands where [`Reconnect`] stands in a client of
//! Leeward, and has the same three verbs. Drills and tests use it, nobody else. Never reads a clock.
//!
//! [`Reconnect`]: leeward_core::reconnect::Reconnect

use super::species::Species;
use leeward_core::id::Instant;
use leeward_core::reconnect::{Input, Output};
use std::collections::VecDeque;

/// The machine.
#[derive(Debug)]
pub(crate) struct Stubborn {
    species: Species,
    state: State,
    /// Attempts that failed since it was last in.
    failed: u32,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Stopped,
    Idle { at: Instant },
    Trying { until: Option<Instant> },
    Live { ping_at: Instant, ping_ms: u32 },
}

impl Stubborn {
    pub(crate) fn new(species: Species) -> Self {
        Self { species, state: State::Stopped, failed: 0, outputs: VecDeque::new() }
    }

    pub(crate) fn handle(&mut self, now: Instant, input: &Input) {
        match input {
            Input::Start => self.state = State::Idle { at: now },
            Input::Stop => {
                self.close();
                self.state = State::Stopped;
            }
            Input::TryNow => {
                if let State::Idle { at } = &mut self.state {
                    *at = now.min(*at);
                }
            }
            Input::Opened => {
                if self.species.trusts_a_connection() {
                    self.failed = 0;
                }
                let resume = !self.species.forgets();
                self.outputs.push_back(Output::Hello { resume, slot: None });
            }
            Input::Closed { random } => self.lost(now, *random),
            Input::Refuse { random, .. } | Input::Goodbye { random, .. } => {
                self.close();
                self.lost(now, *random);
            }
            Input::Welcome { lease } | Input::Pong { lease } => self.granted(now, lease.ping_ms),
            Input::CaughtUp => self.failed = 0,
            Input::Tick { random } => self.tick(now, *random),
            Input::Online { .. }
            | Input::Offline
            | Input::Visible
            | Input::Hidden
            | Input::Woke
            | Input::Parked { .. }
            | Input::Kept { .. }
            | Input::Elsewhere { .. }
            | Input::Heard
            | Input::Shed { .. }
            | Input::Writes { .. } => {}
        }
        if let State::Idle { at } = self.state
            && at <= now
        {
            let until = self.species.patience_ms().map(|ms| now.plus_ms(ms));
            self.state = State::Trying { until };
            self.outputs.push_back(Output::Open);
        }
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Stopped => None,
            State::Idle { at } => Some(at),
            State::Trying { until } => until,
            State::Live { ping_at, .. } => Some(ping_at),
        }
    }

    /// Attempts that failed since it was last in.
    pub(crate) fn failed(&self) -> u32 {
        self.failed
    }

    /// What it would have gone on with is lost: it waits as for a session that begins.
    pub(crate) fn loses_session(&mut self, now: Instant) {
        let (State::Idle { at }, Some(ms)) = (&mut self.state, self.species.begins_after_ms())
        else {
            return;
        };
        *at = now.plus_ms(ms);
        self.failed = 0;
    }

    fn granted(&mut self, now: Instant, ping_ms: u32) {
        if !matches!(self.state, State::Stopped | State::Idle { .. }) {
            self.state = State::Live { ping_at: now.plus_ms(ping_ms.into()), ping_ms };
        }
    }

    fn tick(&mut self, now: Instant, random: u32) {
        match self.state {
            State::Trying { until: Some(until) } if until <= now => {
                self.close();
                self.lost(now, random);
            }
            State::Live { ping_at, ping_ms } if ping_at <= now => {
                self.state = State::Live { ping_at: now.plus_ms(ping_ms.into()), ping_ms };
                self.outputs.push_back(Output::Ping { n: 0, hidden: false });
            }
            State::Stopped | State::Idle { .. } | State::Trying { .. } | State::Live { .. } => {}
        }
    }

    fn lost(&mut self, now: Instant, random: u32) {
        if matches!(self.state, State::Trying { .. } | State::Live { .. }) {
            let delay_ms = self.species.delay_ms(self.failed, random);
            self.failed = self.failed.saturating_add(1);
            self.state = State::Idle { at: now.plus_ms(delay_ms) };
        }
    }

    fn close(&mut self) {
        if matches!(self.state, State::Trying { .. } | State::Live { .. }) {
            self.outputs.push_back(Output::Close);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leeward_core::code::{Code, Refusal};
    use leeward_core::wire::Lease;

    const START: Instant = Instant(1_000_000);
    const LEASE: Lease = Lease { ping_ms: 5_000, lease_ms: 15_000, spread_ms: 60_000 };

    fn trying(species: Species) -> Stubborn {
        let mut machine = Stubborn::new(species);
        machine.handle(START, &Input::Start);
        assert_eq!(machine.next_output(), Some(Output::Open));
        machine
    }

    fn outputs(machine: &mut Stubborn) -> Vec<Output> {
        std::iter::from_fn(|| machine.next_output()).collect()
    }

    #[test]
    fn a_slot_and_a_time_mean_nothing_to_it() {
        let mut machine = trying(Species::Naive);
        let refusal = Refusal::new(Code::Full).after(60_000);
        let slot = Some("a slot".to_owned());
        machine.handle(START, &Input::Refuse { refusal, slot, random: 0 });
        assert_eq!(outputs(&mut machine), [Output::Close, Output::Open]);
        machine.handle(START, &Input::Closed { random: 0 });
        assert_eq!(machine.deadline(), Some(START.plus_ms(1_000)));
    }

    #[test]
    fn whoever_trusts_a_connection_counts_from_there() {
        let mut machine = trying(Species::Slixmpp);
        let mut at = START;
        for waits_ms in [0, 1_000, 3_000] {
            machine.handle(at, &Input::Closed { random: 0 });
            at = at.plus_ms(waits_ms);
            machine.handle(at, &Input::Tick { random: 0 });
            assert_eq!(outputs(&mut machine), [Output::Open]);
        }
        machine.handle(at, &Input::Opened);
        machine.handle(at, &Input::Closed { random: 0 });
        assert_eq!(outputs(&mut machine)[1..], [Output::Open]);
    }

    #[test]
    fn it_gives_up_when_its_patience_ends() {
        let mut machine = trying(Species::Naive);
        machine.handle(START, &Input::Opened);
        machine.handle(START, &Input::Parked { place: 9, wait_ms: 60_000, message: None });
        assert_eq!(outputs(&mut machine), [Output::Hello { resume: false, slot: None }]);
        let patience = START.plus_ms(10_000);
        assert_eq!(machine.deadline(), Some(patience));
        machine.handle(patience, &Input::Tick { random: 0 });
        assert_eq!(outputs(&mut machine), [Output::Close, Output::Open]);
    }

    #[test]
    fn once_in_it_pings_as_granted_and_counts_failures_anew() {
        let mut machine = trying(Species::Phoenix);
        machine.handle(START, &Input::Closed { random: 0 });
        machine.handle(START.plus_ms(10), &Input::Tick { random: 0 });
        machine.handle(START.plus_ms(10), &Input::Welcome { lease: LEASE });
        machine.handle(START.plus_ms(10), &Input::CaughtUp);
        outputs(&mut machine);
        machine.handle(START.plus_ms(5_010), &Input::Tick { random: 0 });
        assert_eq!(outputs(&mut machine), [Output::Ping { n: 0, hidden: false }]);
        machine.handle(START.plus_ms(6_000), &Input::Closed { random: 0 });
        assert_eq!(machine.deadline(), Some(START.plus_ms(6_010)));
    }
}
