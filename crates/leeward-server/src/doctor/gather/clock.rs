//! The clock, watched against time that never jumps.

use crate::doctor::facts::Clock;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// A clock that is being set right moves by less between two looks.
const STEP_MS: i64 = 1_000;
/// How long the answer to "does something keep it right?" is believed.
const ANSWER_MAX: Duration = Duration::from_secs(3_600);

/// What was seen of it so far.
#[derive(Debug)]
pub(super) struct Watch {
    last: (Instant, SystemTime),
    steps: u64,
    step_ms: i64,
    synchronised: Option<(Instant, Option<bool>)>,
}

impl Watch {
    pub(super) fn start() -> Self {
        Self { last: (Instant::now(), SystemTime::now()), steps: 0, step_ms: 0, synchronised: None }
    }

    pub(super) fn look(&mut self, root: &Path, data: &Path) -> Clock {
        let now = (Instant::now(), SystemTime::now());
        self.seen(now);
        let known = self.synchronised.filter(|(at, _)| now.0 - *at < ANSWER_MAX);
        let (_, synchronised) =
            *self.synchronised.insert(known.unwrap_or_else(|| (now.0, synchronised(root))));
        Clock {
            synchronised,
            steps: self.steps,
            step_ms: self.step_ms,
            behind_data_ms: behind(now.1, data),
        }
    }

    fn seen(&mut self, now: (Instant, SystemTime)) {
        let passed = i64::try_from((now.0 - self.last.0).as_millis()).unwrap_or(i64::MAX);
        let shown = match now.1.duration_since(self.last.1) {
            Ok(forward) => i64::try_from(forward.as_millis()).unwrap_or(i64::MAX),
            Err(back) => -i64::try_from(back.duration().as_millis()).unwrap_or(i64::MAX),
        };
        self.last = now;
        let step = shown.saturating_sub(passed);
        if step.abs() >= STEP_MS {
            self.steps += 1;
            if step.abs() > self.step_ms.abs() {
                self.step_ms = step;
            }
        }
    }
}

/// Whether something keeps the clock right, as far as systemd knows.
fn synchronised(root: &Path) -> Option<bool> {
    if root.join("run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    // Without systemd the question costs 25 s of waiting for nobody.
    if !root.join("run/systemd/system").is_dir() {
        return None;
    }
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match asked.ok()?.stdout.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
    }
}

/// How far the clock is behind the newest file of the data.
fn behind(now: SystemTime, data: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(data) else { return 0 };
    let written = entries.flatten().filter_map(|entry| entry.metadata().ok()?.modified().ok());
    let ahead = written.filter_map(|at| at.duration_since(now).ok()).max();
    ahead.map_or(0, |ahead| u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_seen_and_the_largest_is_kept() {
        let mut watch = Watch::start();
        let (start, wall) = watch.last;
        let second = Duration::from_secs(1);
        watch.seen((start + 60 * second, wall + 60 * second + second / 2));
        assert_eq!((watch.steps, watch.step_ms), (0, 0), "keeping time is no jump");
        watch.seen((start + 61 * second, wall + 5 * second));
        assert_eq!((watch.steps, watch.step_ms), (1, -56_500));
        watch.seen((start + 62 * second, wall + 16 * second));
        assert_eq!((watch.steps, watch.step_ms), (2, -56_500));
    }

    #[test]
    fn data_of_the_future_shows_a_clock_that_is_behind() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = std::fs::File::create(dir.path().join("leeward.db")).expect("a file");
        let now = SystemTime::now();
        file.set_modified(now + Duration::from_secs(3_600)).expect("it is set");
        assert_eq!(behind(now, dir.path()) / 1_000, 3_600);
        assert_eq!(behind(now + Duration::from_secs(7_200), dir.path()), 0);
        assert_eq!(behind(now, &dir.path().join("not yet")), 0);
    }

    #[test]
    fn systemds_word_on_the_clock_is_found_where_it_leaves_it() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(synchronised(dir.path()), None);
        std::fs::create_dir_all(dir.path().join("run/systemd/timesync")).expect("made");
        std::fs::write(dir.path().join("run/systemd/timesync/synchronized"), "").expect("made");
        assert_eq!(synchronised(dir.path()), Some(true));
    }
}
