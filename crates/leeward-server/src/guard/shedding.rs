//! What is left undone so that the rest goes on: in the order typing, presence, snapshots, search, and
//! back in the opposite order.

use leeward_core::hub::Shed;
use leeward_core::id::Instant;

/// When a turn of a shard's loop takes so long, in microseconds, typing and presence are shed.
const PRESENCE_FROM_US: u64 = 100_000;
/// Here snapshots too, and here search.
const SNAPSHOTS_FROM_US: u64 = 175_000;
const SEARCH_FROM_US: u64 = 250_000;
/// People who wait for so long, in milliseconds, come before presence; and here before snapshots and
/// search.
const WAITING_MS: u64 = 1_000;
const WAITING_LONG_MS: u64 = 3_000;
/// How long all must have been well before the first thing comes back, and between each and the next.
const CALM_MS: u64 = 5_000;

/// Machine and memory of what is shed.
#[derive(Debug, Default)]
pub(super) struct Shedding {
    level: Shed,
    waiting_since: Option<Instant>,
    calm_since: Option<Instant>,
}

impl Shedding {
    /// What is shed from here on and why, if that changes.
    pub(super) fn look(
        &mut self,
        now: Instant,
        lag_us: u64,
        waiting: bool,
    ) -> Option<(Shed, &'static str)> {
        self.waiting_since = waiting.then(|| self.waiting_since.unwrap_or(now));
        let waited_ms = self.waiting_since.map_or(0, |since| now.ms_since(since));
        let by_lag = match lag_us {
            SEARCH_FROM_US.. => Shed::Search,
            SNAPSHOTS_FROM_US.. => Shed::Snapshots,
            PRESENCE_FROM_US.. => Shed::Presence,
            0.. => Shed::Nothing,
        };
        let by_storm = match waited_ms {
            WAITING_LONG_MS.. => Shed::Search,
            WAITING_MS.. => Shed::Presence,
            0.. => Shed::Nothing,
        };
        let (wanted, why) =
            if by_storm >= by_lag { (by_storm, "storm") } else { (by_lag, "delay") };
        if wanted >= self.level {
            self.calm_since = None;
            return self.set(wanted, why);
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.ms_since(since) < CALM_MS {
            return None;
        }
        self.calm_since = Some(now);
        self.set(self.level.less().max(wanted), "coming back")
    }

    fn set(&mut self, level: Shed, why: &'static str) -> Option<(Shed, &'static str)> {
        let before = std::mem::replace(&mut self.level, level);
        (before != level).then_some((level, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_000_000);

    #[test]
    fn a_slow_loop_sheds_in_order_and_all_comes_back_last_shed_first() {
        let mut shedding = Shedding::default();
        assert_eq!(shedding.look(START, 99_999, false), None);
        assert_eq!(shedding.look(START, 100_000, false), Some((Shed::Presence, "delay")));
        assert_eq!(shedding.look(START, 300_000, false), Some((Shed::Search, "delay")));
        assert_eq!(shedding.look(START.plus_ms(100), 200_000, false), None, "not at once");
        let mut back = Vec::new();
        for ms in (200..60_000).step_by(100) {
            back.extend(shedding.look(START.plus_ms(ms), 0, false).map(|(level, _)| (ms, level)));
        }
        let levels: Vec<Shed> = back.iter().map(|(_, level)| *level).collect();
        assert_eq!(levels, [Shed::Snapshots, Shed::Presence, Shed::Typing, Shed::Nothing]);
        assert!(back.windows(2).all(|w| w[1].0 - w[0].0 >= CALM_MS), "{back:?}");
    }

    #[test]
    fn a_storm_that_lasts_sheds_and_a_moment_of_waiting_does_not() {
        let mut shedding = Shedding::default();
        for ms in (0..1_000).step_by(100) {
            assert_eq!(shedding.look(START.plus_ms(ms), 0, true), None);
        }
        assert_eq!(shedding.look(START.plus_ms(1_000), 0, true), Some((Shed::Presence, "storm")));
        assert_eq!(shedding.look(START.plus_ms(3_000), 0, true), Some((Shed::Search, "storm")));
        let mut others = Shedding::default();
        others.look(START, 0, true);
        others.look(START.plus_ms(900), 0, false);
        assert_eq!(others.look(START.plus_ms(1_500), 0, true), None, "it began anew");
    }
}
