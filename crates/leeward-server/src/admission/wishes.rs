//! What the operator wants of the limiter, kept beside it: a limiter that takes another's place has to
//! know.

use leeward_core::id::Instant;
use leeward_core::storm::{Class, Gate, Input};

/// The wishes that stand.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Of the classes whose gates are not open.
    gates: Vec<(Class, Gate)>,
    per_s: Option<u32>,
    /// Until when a drain is to have told everybody.
    drain: Option<Instant>,
}

impl Wishes {
    /// Keeps what is wanted; passes over what is none of the operator's standing wishes.
    pub(super) fn note(&mut self, input: &Input, now: Instant) {
        match input {
            Input::Gate { class, gate } => {
                let meant = |of: Class| class.map_or(of != Class::Operator, |class| class == of);
                self.gates.retain(|(of, _)| !meant(*of));
                let set = Class::ALL.into_iter().filter(|of| meant(*of) && *gate != Gate::Open);
                self.gates.extend(set.map(|of| (of, gate.clone())));
            }
            Input::Static { per_s } => self.per_s = *per_s,
            Input::Drain { over_ms } => self.drain = Some(now.plus_ms((*over_ms).into())),
            Input::EndDrain => self.drain = None,
            Input::Knock { .. }
            | Input::Admitted { .. }
            | Input::Gone { .. }
            | Input::Measured(_)
            | Input::Rebuild { .. }
            | Input::Fault(_)
            | Input::Tick => {}
        }
    }

    /// Whether somebody is held back by them.
    pub(super) fn is_empty(&self) -> bool {
        self.gates.is_empty() && self.per_s.is_none() && self.drain.is_none()
    }

    /// As they stand.
    pub(super) fn stand(&self) -> (Vec<(Class, Gate)>, Option<u32>, bool) {
        (self.gates.clone(), self.per_s, self.drain.is_some())
    }

    /// All of them, for a limiter that knows none.
    pub(super) fn as_of(&self, now: Instant) -> Vec<Input> {
        let gate =
            |(class, gate): &(Class, Gate)| Input::Gate { class: Some(*class), gate: gate.clone() };
        let left_ms = |until: Instant| u32::try_from(until.ms_since(now)).unwrap_or(u32::MAX);
        let gates = self.gates.iter().map(gate);
        let rate = self.per_s.map(|per_s| Input::Static { per_s: Some(per_s) });
        let drain = self.drain.map(|until| Input::Drain { over_ms: left_ms(until) });
        gates.chain(rate).chain(drain).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_is_told_again_and_what_was_taken_back_is_not() {
        let mut wishes = Wishes::default();
        let shut = Gate::Closed { after_ms: 5, message: "wait".into() };
        let now = Instant(1_000_000);
        wishes.note(&Input::Gate { class: None, gate: shut.clone() }, now);
        wishes.note(&Input::Gate { class: Some(Class::ResumeHere), gate: Gate::Open }, now);
        wishes.note(&Input::Static { per_s: Some(7) }, now);
        wishes.note(&Input::Drain { over_ms: 900 }, now);
        let told = wishes.as_of(now.plus_ms(300));
        let gates = told.iter().filter(|input| matches!(input, Input::Gate { .. })).count();
        assert_eq!(gates, Class::ALL.len() - 2, "neither the operator's nor the one opened");
        assert!(told.contains(&Input::Static { per_s: Some(7) }));
        assert!(told.contains(&Input::Drain { over_ms: 600 }));
        wishes.note(&Input::Gate { class: None, gate: Gate::Open }, now);
        wishes.note(&Input::Static { per_s: None }, now);
        wishes.note(&Input::EndDrain, now);
        assert_eq!(wishes.as_of(now), []);
    }
}
