//! When a storm began, how many of how many are back, and when it is over: a machine without clock,
//! told a few times a second what there is.
//!
//! Two kinds. *Lost*: many connections ended within moments; those who were here before are the ones
//! to come back. *Crowd*: many stand at the door whom nobody saw go, after a restart or because their
//! network failed without a word. Everyday coming and going is neither, and a planned drain is none.

use std::collections::VecDeque;

/// A loss is counted over so long, in milliseconds.
pub(crate) const WITHIN_MS: u64 = 2_000;
/// Fewer than so many are no storm, whatever the share: a handful is back before anybody looks.
const MANY: u64 = 20;
/// And a tenth of all must be concerned.
const SHARE: u64 = 10;
/// One in fifty may stay away without the storm going on for them.
const REST_SHARE: u64 = 50;
/// How long all must be well until it is over, in milliseconds.
const WELL_MS: u64 = 2_000;
/// Those who have not come in so long do not come, in milliseconds: longer than a client that obeys
/// waits between two attempts without having been given a time.
pub(crate) const SILENT_MS: u64 = 30_000;

/// What there is at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    /// When, in milliseconds since some moment.
    pub(crate) at_ms: u64,
    /// Connections that are in.
    pub(crate) live: u64,
    /// Being let in, or waiting for it.
    pub(crate) coming: u64,
    /// Who have been given a time and are elsewhere until then.
    pub(crate) promised: u64,
    /// Admissions so far.
    pub(crate) admitted: u64,
    /// Live connections that have ended so far.
    pub(crate) ended: u64,
    /// Connections are being sent away on purpose.
    pub(crate) draining: bool,
}

/// How it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Connections were lost.
    Lost,
    /// People came to the door.
    Crowd,
}

/// A storm under way, or that was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Storm {
    pub(crate) kind: Kind,
    /// When it began.
    pub(crate) began_ms: u64,
    /// Connections before it.
    pub(crate) before: u64,
    /// How many have to be let in, as far as is known.
    pub(crate) of: u64,
    /// How many of them are in.
    pub(crate) back: u64,
    /// How long the loss took, or until the crowd was seen, in milliseconds.
    pub(crate) within_ms: u64,
    /// Admissions when it began.
    admitted: u64,
    /// Live connections that had ended when it began.
    ended: u64,
    told: bool,
}

impl Storm {
    /// How many are still to come.
    pub(crate) fn out(&self) -> u64 {
        self.of - self.back
    }

    /// Whether so few that are out do not matter.
    pub(crate) fn is_over_for(&self, out: u64) -> bool {
        out <= self.of / REST_SHARE
    }
}

/// What is to be told of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// It has begun; told as soon as its extent is known, a moment after it is under way.
    Began(Storm),
    /// It is over: as it ended, and how long it took, in milliseconds.
    Over(Storm, u64),
}

/// The machine.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    /// What was seen within the last [`WITHIN_MS`], oldest first.
    recent: VecDeque<Seen>,
    storm: Option<Storm>,
    /// Since when all is well again.
    well_since: Option<u64>,
    /// When somebody last came or was let in.
    stirred_ms: u64,
}

impl Detector {
    /// The storm that is under way.
    pub(crate) fn storm(&self) -> Option<&Storm> {
        self.storm.as_ref()
    }

    /// Takes what there is; what is to be told of it.
    pub(crate) fn look(&mut self, seen: Seen) -> Option<Turn> {
        while self.recent.front().is_some_and(|s| seen.at_ms.saturating_sub(s.at_ms) > WITHIN_MS) {
            self.recent.pop_front();
        }
        let last = self.recent.back().copied();
        if seen.coming > 0 || last.is_some_and(|last| last.admitted != seen.admitted) {
            self.stirred_ms = seen.at_ms;
        }
        let turn = match self.storm.take() {
            None => {
                self.storm = self.begins(seen);
                if let Some(storm) = &mut self.storm {
                    count(storm, seen);
                }
                None
            }
            Some(storm) => self.goes_on(storm, seen, last),
        };
        self.recent.push_back(seen);
        turn
    }

    fn begins(&self, seen: Seen) -> Option<Storm> {
        if seen.draining || self.recent.iter().any(|s| s.draining) {
            return None;
        }
        let oldest = *self.recent.front()?;
        // The loss began after the last moment at which nothing had been lost.
        let unhurt = self.recent.iter().rfind(|s| s.ended == oldest.ended).unwrap_or(&oldest);
        let lost = seen.ended.saturating_sub(oldest.ended);
        let many = |count: u64, all: u64| count >= MANY && count * SHARE >= all;
        let storm = |kind, from: &Seen, of, back| Storm {
            kind,
            began_ms: from.at_ms,
            before: from.live,
            of,
            back,
            within_ms: seen.at_ms.saturating_sub(from.at_ms).max(1),
            admitted: from.admitted,
            ended: from.ended,
            told: false,
        };
        if many(lost, oldest.live) {
            return Some(storm(Kind::Lost, unhurt, lost.min(unhurt.live), 0));
        }
        // Seen twice, because whoever comes is at the door for a moment on any day.
        let crowd = |s: &Seen| many(s.coming, s.live);
        let before = self.recent.back().filter(|last| crowd(last))?;
        crowd(&seen).then(|| storm(Kind::Crowd, before, seen.coming, 0))
    }

    fn goes_on(&mut self, mut storm: Storm, seen: Seen, last: Option<Seen>) -> Option<Turn> {
        count(&mut storm, seen);
        let since_ms = seen.at_ms.saturating_sub(storm.began_ms);
        let falling = last.is_some_and(|last| seen.ended > last.ended);
        if !storm.told {
            if storm.kind == Kind::Lost && falling {
                storm.within_ms = since_ms.max(1);
            }
            if !falling || since_ms >= WITHIN_MS || storm.kind == Kind::Crowd {
                storm.told = true;
                self.storm = Some(storm.clone());
                return Some(Turn::Began(storm));
            }
        }
        let few = storm.of / REST_SHARE;
        let all_in = storm.is_over_for(storm.out()) && seen.coming + seen.promised <= few.max(2);
        let silent = seen.coming + seen.promised == 0
            && seen.at_ms.saturating_sub(self.stirred_ms) >= SILENT_MS;
        if !all_in && !silent {
            self.well_since = None;
            self.storm = Some(storm);
            return None;
        }
        let since =
            *self.well_since.get_or_insert(if silent { self.stirred_ms } else { seen.at_ms });
        if storm.told && seen.at_ms.saturating_sub(since) >= WELL_MS {
            self.well_since = None;
            let took_ms = since.saturating_sub(storm.began_ms);
            return Some(Turn::Over(storm, took_ms));
        }
        self.storm = Some(storm);
        None
    }
}

/// Counts who is out and who is back.
fn count(storm: &mut Storm, seen: Seen) {
    match storm.kind {
        Kind::Lost => {
            let away = storm.before.saturating_sub(seen.live);
            let since_ms = seen.at_ms.saturating_sub(storm.began_ms);
            if since_ms <= WITHIN_MS {
                // Some may be back before the others are gone.
                let lost = seen.ended.saturating_sub(storm.ended).min(storm.before);
                storm.of = storm.of.max(lost);
            }
            storm.of = storm.of.max(away);
            storm.back = storm.of - away;
        }
        Kind::Crowd => {
            let back = seen.admitted.saturating_sub(storm.admitted);
            let coming = seen.coming + seen.promised;
            // Whoever comes when all are in is no part of it.
            if coming > 0 {
                storm.of = storm.of.max(back + coming);
            }
            storm.back = back.min(storm.of);
        }
    }
}

#[cfg(test)]
mod tests;
