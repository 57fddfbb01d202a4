//! The processor of a node, one millisecond after another: the living first, then admissions and
//! openings, of which each has its share while the other waits. No time is lost while anything waits;
//! nothing that has begun is interrupted, so a turn may end late and the next one is shorter.

/// Nanoseconds of one core in a turn.
pub const TURN_NS: i64 = 1_000_000;
/// A share saved up for openings, at most: twice the longest that one thing takes.
const CREDIT_NS_MAX: i64 = 20 * TURN_NS;

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// Accept a connection, read its hello, and say what the door says.
    Opening,
    /// Let one in.
    Admission,
}

/// The processor.
#[derive(Debug)]
pub struct Cpu {
    /// Openings get so much of a hundred while admissions wait.
    pub chi_percent: i64,
    left: i64,
    living: i64,
    credit: i64,
    /// What has been done since the last sample, in nanoseconds.
    pub busy_ns: i64,
    /// Of that, letting in and refusing.
    pub door_ns: i64,
    /// The longest that the living have waited since the last sample, in nanoseconds.
    pub lag_ns: i64,
}

impl Cpu {
    /// An idle processor.
    pub fn new(chi_percent: i64) -> Self {
        Self { chi_percent, left: 0, living: 0, credit: 0, busy_ns: 0, door_ns: 0, lag_ns: 0 }
    }

    /// Begins a turn with what the living want done in it.
    pub fn begin(&mut self, living_ns: i64) {
        self.left = self.left.min(0) + TURN_NS;
        self.living += living_ns;
        self.lag_ns = self.lag_ns.max(self.living + TURN_NS - self.left);
        let done = self.living.min(self.left.max(0));
        self.living -= done;
        self.left -= done;
        self.busy_ns += done;
    }

    /// The next thing to do in this turn, if there is time for it.
    pub fn next(&mut self, opening: bool, admission: bool) -> Option<Job> {
        match (opening, admission) {
            _ if self.left <= 0 => None,
            (false, false) => None,
            (true, false) => Some(Job::Opening),
            (false, true) => Some(Job::Admission),
            (true, true) if self.credit > 0 => Some(Job::Opening),
            (true, true) => Some(Job::Admission),
        }
    }

    /// What was begun took so long.
    pub fn spend(&mut self, job: Job, ns: i64) {
        self.left -= ns;
        self.busy_ns += ns;
        self.door_ns += ns;
        self.credit += match job {
            Job::Opening => -ns * (100 - self.chi_percent) / 100,
            Job::Admission => ns * self.chi_percent / 100,
        };
        self.credit = self.credit.clamp(-CREDIT_NS_MAX, CREDIT_NS_MAX);
    }

    /// Nanoseconds of this turn that nobody used.
    pub fn idle_ns(&self) -> i64 {
        self.left.max(0)
    }

    /// How far the turn is, in microseconds; below 1,000.
    pub fn within_us(&self) -> u64 {
        u64::try_from((TURN_NS - self.left) / 1_000).unwrap_or(0).min(999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was done in a second in which both waited all the time.
    fn second(chi: i64, living: i64, costs: (i64, i64)) -> (i64, i64, i64) {
        let (mut cpu, mut done) = (Cpu::new(chi), (0, 0));
        for _ in 0..1_000 {
            cpu.begin(living);
            while let Some(job) = cpu.next(true, true) {
                match job {
                    Job::Opening => done.0 += 1,
                    Job::Admission => done.1 += 1,
                }
                cpu.spend(job, if job == Job::Opening { costs.0 } else { costs.1 });
            }
        }
        (done.0, done.1, cpu.lag_ns)
    }

    #[test]
    fn openings_have_their_share_and_no_more() {
        let (openings, admissions, _) = second(30, 0, (10_000, 90_000));
        assert!((29_000..31_000).contains(&openings), "{openings}");
        assert!((7_600..7_900).contains(&admissions), "{admissions}");
        let (openings, _, _) = second(30, 0, (1_000_000, 10_000_000));
        assert!((250..350).contains(&openings), "{openings}");
    }

    #[test]
    fn the_living_wait_for_what_has_begun_and_for_nothing_else() {
        let (_, admissions, lag) = second(30, 400_000, (10_000, 90_000));
        assert!((4_500..4_800).contains(&admissions), "{admissions}");
        assert!(lag < 400_000 + 90_000, "{lag}");
        let (_, _, lag) = second(30, 1_100_000, (10_000, 90_000));
        assert!(lag > 90_000_000, "too much to do is seen: {lag}");
    }
}
