//! Replays the shared vectors, and holds the machine to its promises under random input.

use super::pace::GAP_MS;
use super::*;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

pub(super) mod ms {
    //! An instant as milliseconds.
    use crate::id::Instant;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Instant, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(at.0 / 1_000)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Instant, D::Error> {
        u64::deserialize(d).map(|ms| Instant(ms * 1_000))
    }
}

pub(super) mod optional_ms {
    //! An instant as milliseconds, or null.
    use crate::id::Instant;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(at: &Option<Instant>, s: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.0 / 1_000).serialize(s)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<Instant>, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.map(|ms| Instant(ms * 1_000)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    about: String,
    steps: Vec<Step>,
}

#[derive(Deserialize, Serialize, Debug)]
#[serde(deny_unknown_fields)]
struct Step {
    at_ms: u64,
    input: Input,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    deadline_ms: Option<u64>,
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/reconnect");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("the vectors are beside the sources")
        .map(|entry| entry.expect("a directory that can be read").path())
        .collect();
    files.sort();
    files
}

fn replay(machine: &mut Reconnect, step: &Step) -> (Vec<Output>, Option<u64>) {
    machine.handle(Instant(step.at_ms * 1_000), step.input.clone());
    let outputs = std::iter::from_fn(|| machine.next_output()).collect();
    (outputs, machine.deadline().map(|at| at.0 / 1_000))
}

#[test]
fn the_machine_does_what_the_vectors_say() {
    let bless = crate::generated::blessed();
    let files = files();
    assert!(files.len() >= 20, "the vectors are missing");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a vector that can be read");
        let mut vector: Vector =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut machine = Reconnect::new();
        for step in &mut vector.steps {
            let (outputs, deadline_ms) = replay(&mut machine, step);
            if bless {
                (step.outputs, step.deadline_ms) = (outputs, deadline_ms);
            } else {
                let name = file.display();
                assert_eq!(step.outputs, outputs, "{name} at {} ms: {:?}", step.at_ms, step.input);
                assert_eq!(step.deadline_ms, deadline_ms, "{name} at {} ms", step.at_ms);
            }
        }
        if bless {
            std::fs::write(&file, written(&vector)).expect("a vector that can be written");
        }
    }
}

/// A vector as it stands in its file: what happens on one line, what comes of it on the next.
fn written(vector: &Vector) -> String {
    let mut out = format!("{{\n  \"about\": {},\n  \"steps\": [\n", json(&vector.about));
    for (i, step) in vector.steps.iter().enumerate() {
        let comma = if i + 1 < vector.steps.len() { "," } else { "" };
        let _ = write!(
            out,
            "    {{ \"at_ms\": {}, \"input\": {},\n      \"outputs\": {},\n      \
             \"deadline_ms\": {} }}{comma}\n",
            step.at_ms,
            json(&step.input),
            json(&step.outputs),
            json(&step.deadline_ms),
        );
    }
    out.push_str("  ]\n}\n");
    out
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// The longest that a client waits with nothing in its way: a refusal's time and a quarter, which is
/// 120 s at most here, another tab's minute, and the longest back-off.
const KNOCKS_WITHIN_MS: u64 = 30_000 + 60_000 + 60_000;

#[test]
fn what_is_kept_beyond_the_page_is_the_place_and_ends_with_the_wait() {
    let lease = Lease { ping_ms: 5_000, lease_ms: 15_000, spread_ms: 5_000 };
    let refusal = Refusal::because(Code::Gate, "back at two").after(9_000);
    let mut machine = Reconnect::new();
    let mut tell = |at_ms: u64, input: Input| {
        machine.handle(Instant(at_ms * 1_000), input);
        machine.kept().map(|kept| (kept.not_before.0 / 1_000, kept.slot, kept.message))
    };
    assert_eq!(tell(0, Input::Start), None);
    assert_eq!(tell(10, Input::Opened), None);
    let slot = Some("slot-1".to_owned());
    let words = Some("back at two".into());
    let kept = Some((9_020, slot.clone(), words));
    assert_eq!(tell(20, Input::Refuse { refusal, slot: slot.clone(), random: 0 }), kept);
    assert_eq!(tell(9_020, Input::Tick { random: 0 }), kept);
    assert_eq!(tell(9_030, Input::Opened), kept);
    let parked = Input::Parked { place: 3, wait_ms: 5_000, message: None };
    assert_eq!(tell(9_040, parked), Some((9_040, slot, None)), "to ask at once, as the same");
    assert_eq!(tell(9_900, Input::Welcome { lease }), None);
    let elsewhere =
        Input::Elsewhere { wait_ms: Some(5_000), why: Why::Turn, message: None, random: 0 };
    assert_eq!(tell(10_000, Input::Closed { random: u32::MAX }), None);
    assert_eq!(tell(10_010, elsewhere), None, "what another tab was told is that tab's");
}

/// A client in random weather. The driver keeps the shell's side of the bargain: frames only from
/// the open socket, ticks at the deadline.
struct World {
    machine: Reconnect,
    now: u64,
    socket: bool,
    not_before: u64,
    last_open: Option<u64>,
    online: bool,
    wanted: bool,
    refused: bool,
    /// It has just slept: the timers that were due come next.
    woke: bool,
}

impl World {
    fn give(&mut self, input: Input) -> Result<(), TestCaseError> {
        self.note(&input);
        self.machine.handle(Instant(self.now), input);
        while let Some(output) = self.machine.next_output() {
            match output {
                Output::Open => self.on_open()?,
                Output::Close => {
                    prop_assert!(self.socket, "closed what is not open");
                    self.socket = false;
                }
                Output::Hello { .. } | Output::Ping { .. } => {
                    prop_assert!(self.socket, "sent without a socket");
                }
                Output::Bar(_) => {}
            }
        }
        self.check()
    }

    fn note(&mut self, input: &Input) {
        match input {
            Input::Start => (self.wanted, self.refused) = (true, false),
            Input::Stop => self.wanted = false,
            Input::Online { .. } => self.online = true,
            Input::Offline => self.online = false,
            Input::Closed { .. } => self.socket = false,
            Input::Welcome { .. } if self.greeted() => self.not_before = 0,
            Input::Refuse { refusal, .. } | Input::Goodbye { refusal, .. } if self.socket => {
                match refusal.then {
                    Then::Retry => {
                        let after_ms = refusal.after_ms.unwrap_or(0);
                        self.not_before = self.now + u64::from(after_ms) * 1_000;
                    }
                    Then::GiveUp | Then::SignIn | Then::Reload => {
                        self.refused = refusal.code != Code::Replaced;
                    }
                }
            }
            Input::Visible
            | Input::Hidden
            | Input::Woke
            | Input::TryNow
            | Input::Opened
            | Input::Welcome { .. }
            | Input::CaughtUp
            | Input::Parked { .. }
            | Input::Refuse { .. }
            | Input::Goodbye { .. }
            | Input::Pong { .. }
            | Input::Heard
            | Input::Shed { .. }
            | Input::Writes { .. }
            | Input::Elsewhere { .. }
            | Input::Tick { .. } => {}
            Input::Kept { wait_ms, .. } => {
                if matches!(self.machine.state, State::Stopped) {
                    self.not_before = self.now + u64::from(*wait_ms) * 1_000;
                }
            }
        }
    }

    fn greeted(&self) -> bool {
        matches!(self.machine.state, State::Greeting { .. })
    }

    fn on_open(&mut self) -> Result<(), TestCaseError> {
        prop_assert!(!self.socket, "two sockets at once");
        prop_assert!(self.wanted && !self.refused, "opened unasked");
        prop_assert!(self.now >= self.not_before, "knocked before its time");
        if let Some(last) = self.last_open {
            prop_assert!(self.now >= last + GAP_MS * 1_000, "knocked twice within a second");
        }
        (self.socket, self.last_open) = (true, Some(self.now));
        Ok(())
    }

    /// From here on there is a network and nobody asks for anything; every attempt fails.
    fn calm(&mut self) -> Result<(), TestCaseError> {
        if !self.wanted || self.refused {
            return Ok(());
        }
        let by = self.now.max(self.not_before) + KNOCKS_WITHIN_MS * 1_000;
        self.give(Input::Online { random: u32::MAX })?;
        if self.socket {
            self.give(Input::Closed { random: u32::MAX })?;
        }
        let before = self.last_open;
        while self.last_open == before {
            let at = self.machine.deadline();
            prop_assert!(at.is_some_and(|at| at.0 <= by), "never knocks: {:?}", self.machine);
            self.now = at.map_or(self.now, |at| at.0);
            self.give(Input::Tick { random: u32::MAX })?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let deadline = self.machine.deadline();
        let idle = !self.wanted || self.refused || (!self.online && !self.socket);
        prop_assert!(deadline.is_some() || idle, "waits for nothing: {:?}", self.machine);
        if let Some(at) = deadline {
            prop_assert!(at.0 > self.now || self.woke, "a deadline that does not lie ahead");
        }
        if !self.wanted || self.refused {
            prop_assert!(deadline.is_none());
        }
        let in_sync = match &self.machine.state {
            State::Live(live) => live.caught_up && self.now < live.expires().0,
            State::Stopped
            | State::Idle { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Refused(_) => false,
        };
        let says_so = matches!(
            self.machine.bar.shown,
            Some(Bar::Live | Bar::Back { .. } | Bar::ReadOnly | Bar::Partial)
        );
        prop_assert!(in_sync == says_so, "the bar lies: {:?}", self.machine);
        Ok(())
    }
}

fn inputs() -> impl Strategy<Value = Input> {
    let lease =
        (1_000u32..90_000, 2u32..4, 0u32..60_000).prop_map(|(ping_ms, times, spread_ms)| Lease {
            ping_ms,
            lease_ms: ping_ms * times,
            spread_ms,
        });
    let refusal = (prop::sample::select(Code::ALL), prop::option::of(0u32..120_000))
        .prop_map(|(code, after_ms)| Refusal { after_ms, ..Refusal::new(code) });
    prop_oneof![
        1 => Just(Input::Start),
        1 => Just(Input::Stop),
        1 => any::<u32>().prop_map(|random| Input::Online { random }),
        1 => Just(Input::Offline),
        1 => Just(Input::Visible),
        1 => Just(Input::Hidden),
        1 => Just(Input::Woke),
        2 => Just(Input::TryNow),
        8 => Just(Input::Opened),
        2 => any::<u32>().prop_map(|random| Input::Closed { random }),
        6 => lease.clone().prop_map(|lease| Input::Welcome { lease }),
        4 => Just(Input::CaughtUp),
        1 => (0u32..1_000, 0u32..60_000, prop::option::of(Just("words".into())))
            .prop_map(|(place, wait_ms, message)| Input::Parked { place, wait_ms, message }),
        3 => (refusal.clone(), prop::option::of(Just("slot".to_owned())), any::<u32>())
            .prop_map(|(refusal, slot, random)| Input::Refuse { refusal, slot, random }),
        1 => (refusal, prop::option::of(Just("slot".to_owned())), any::<u32>())
            .prop_map(|(refusal, slot, random)| Input::Goodbye { refusal, slot, random }),
        1 => (prop::option::of(0u32..90_000), any::<u32>())
            .prop_map(|(wait_ms, random)| Input::Elsewhere { wait_ms, why: Why::Gate, message: None, random }),
        1 => (prop::option::of(Just("slot".to_owned())), 0u32..90_000)
            .prop_map(|(slot, wait_ms)| Input::Kept { slot, wait_ms, why: Why::Turn, message: None }),
        2 => lease.prop_map(|lease| Input::Pong { lease }),
        1 => Just(Input::Heard),
        1 => any::<bool>().prop_map(|on| Input::Shed { on }),
        1 => any::<bool>().prop_map(|paused| Input::Writes { paused }),
        12 => any::<u32>().prop_map(|random| Input::Tick { random }),
    ]
}

proptest! {
    #[test]
    fn in_any_weather_it_obeys_its_slot_always_has_a_deadline_and_tells_the_truth(
        steps in prop::collection::vec((0u64..4_000, prop::bool::weighted(0.05), inputs()), 1..120)
    ) {
        let mut world = World {
            machine: Reconnect::new(),
            now: 0,
            socket: false,
            not_before: 0,
            last_open: None,
            online: true,
            wanted: false,
            refused: false,
            woke: false,
        };
        for (wait_ms, asleep, input) in steps {
            if asleep {
                // Timers stood still; the machine hears first that it slept, or a late timer.
                world.now += wait_ms * 30_000;
                let wakes = matches!(input, Input::Woke | Input::Visible | Input::Online { .. });
                let late = world.machine.deadline().is_some_and(|at| at.0 <= world.now);
                if late && !wakes {
                    world.give(Input::Tick { random: 7 })?;
                }
                world.woke = wakes;
            } else if matches!(input, Input::Tick { .. }) {
                world.now = world.machine.deadline().map_or(world.now, |at| at.0);
            } else {
                world.now += wait_ms * 1_000;
                if let Some(at) = world.machine.deadline()
                    && at.0 <= world.now
                {
                    world.give(Input::Tick { random: 7 })?;
                }
            }
            world.give(input)?;
            if std::mem::take(&mut world.woke) {
                world.give(Input::Tick { random: 7 })?;
            }
        }
        world.calm()?;
    }

    #[test]
    fn full_jitter_covers_its_window(random: u32, window_ms in 1u64..100_000) {
        prop_assert!(jitter(random, window_ms) < window_ms);
    }
}
