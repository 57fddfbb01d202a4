//! Whether it goes on: whoever waits at an open door is let in after a while, or something is wrong
//! with the limiter, whatever it believes.

use crate::node::Node;
use leeward_core::id::Instant;

/// So long, in milliseconds, nobody is begun though somebody waits: a limiter that is well begins with
/// twenty a second at the least.
const STILL_MS: u64 = 1_500;
/// Whoever is refused is back after a second, and wants in all the while.
const REFUSED_MS: u64 = 1_200;
/// Stuck again so soon, in milliseconds, after it was made anew: that was of no use.
const AGAIN_MS: u64 = 10_000;
/// How long it has to go on, in milliseconds, until measured rates are trusted again.
const GOOD_MS: u64 = 10_000;

/// What the shards' tables show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Somebody waits whom no order of the operator keeps out.
    pub(super) kept_waiting: bool,
    /// How many have been refused so far for want of room, while there is some.
    pub(super) refused: u64,
    /// Somebody is being let in.
    pub(super) admitting: bool,
    /// How many have been begun so far.
    pub(super) begun: u64,
}

impl Seen {
    pub(super) fn of(node: &Node) -> Self {
        let mut seen = Self::default();
        for pulse in node.admission.pulses() {
            let view = pulse.view();
            seen.kept_waiting |= view.parked > 0 || pulse.asking() > 0;
            seen.admitting |= view.admitting > 0;
            seen.begun += pulse.begun_total();
            seen.refused += pulse.refused_total();
        }
        let room = node.config.connections_max as usize;
        if node.admission.is_gated() {
            seen.kept_waiting = false;
            seen.refused = 0;
        } else if node.admission.view().connections() * 10 >= room * 9 {
            seen.refused = 0;
        }
        seen
    }
}

/// What is to be thought of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// The limiter is to be made anew.
    Stuck,
    /// That was of no use the last time.
    StuckAgain,
    /// It has gone on for long enough after that.
    Over,
}

/// Memory of it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    begun: u64,
    refused: u64,
    /// When somebody was last refused.
    refused_at: Option<Instant>,
    /// Since when nobody has been begun who should be.
    still_since: Option<Instant>,
    stuck: Option<Instant>,
    /// Since when it has gone on after it was of no use.
    fixed_since: Option<Instant>,
}

impl Progress {
    pub(super) fn look(&mut self, now: Instant, seen: Seen) -> Option<Doubt> {
        let moved = std::mem::replace(&mut self.begun, seen.begun) != seen.begun;
        if std::mem::replace(&mut self.refused, seen.refused) < seen.refused {
            self.refused_at = Some(now);
        }
        let lately = self.refused_at.is_some_and(|at| now.ms_since(at) <= REFUSED_MS);
        if moved || seen.admitting || !(seen.kept_waiting || lately) {
            self.still_since = None;
            let over = self.fixed_since.is_some_and(|since| now.ms_since(since) >= GOOD_MS);
            return over.then(|| {
                self.fixed_since = None;
                Doubt::Over
            });
        }
        let since = *self.still_since.get_or_insert(now);
        if now.ms_since(since) < STILL_MS {
            return None;
        }
        self.still_since = None;
        let again = self.stuck.replace(now).is_some_and(|at| now.ms_since(at) < AGAIN_MS);
        if again {
            self.fixed_since = Some(now);
        }
        Some(if again { Doubt::StuckAgain } else { Doubt::Stuck })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_000_000);

    /// What is thought every 100 ms while `seen` is what is seen.
    fn watch(
        progress: &mut Progress,
        from: u64,
        to: u64,
        seen: impl Fn(u64) -> Seen,
    ) -> Vec<(u64, Doubt)> {
        let look = |ms| Some((ms, progress.look(START.plus_ms(ms), seen(ms))?));
        (from..to).step_by(100).filter_map(look).collect()
    }

    #[test]
    fn who_waits_at_an_open_door_for_long_is_a_reason_to_doubt() {
        let waits = |_| Seen { kept_waiting: true, ..Seen::default() };
        let mut progress = Progress::default();
        assert_eq!(watch(&mut progress, 0, 1_500, waits), []);
        assert_eq!(watch(&mut progress, 1_500, 1_600, waits), [(1_500, Doubt::Stuck)]);
        assert_eq!(watch(&mut progress, 1_600, 3_200, waits), [(3_100, Doubt::StuckAgain)]);
        let goes_on = |ms| Seen { begun: ms, kept_waiting: true, ..Seen::default() };
        assert_eq!(watch(&mut progress, 3_200, 14_000, goes_on), [(13_100, Doubt::Over)]);
        assert_eq!(watch(&mut progress, 14_000, 17_000, waits), [(15_600, Doubt::Stuck)]);
    }

    #[test]
    fn refusing_everybody_who_comes_is_a_reason_too_and_one_refusal_is_none() {
        let each_second = |ms: u64| Seen { refused: 1 + ms / 1_000, ..Seen::default() };
        let mut progress = Progress::default();
        assert_eq!(watch(&mut progress, 0, 1_600, each_second), [(1_500, Doubt::Stuck)]);
        let mut progress = Progress::default();
        assert_eq!(watch(&mut progress, 0, 60_000, |_| Seen { refused: 1, ..Seen::default() }), []);
    }

    #[test]
    fn nobody_waiting_or_somebody_on_the_way_in_is_none() {
        let mut progress = Progress::default();
        assert_eq!(watch(&mut progress, 0, 60_000, |_| Seen::default()), []);
        let busy = |_| Seen { kept_waiting: true, admitting: true, ..Seen::default() };
        assert_eq!(watch(&mut progress, 60_000, 90_000, busy), []);
        let goes_on = |ms| Seen { kept_waiting: true, begun: ms, ..Seen::default() };
        assert_eq!(watch(&mut progress, 90_000, 99_000, goes_on), []);
    }
}
