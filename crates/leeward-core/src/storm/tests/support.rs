//! What the tests of the machine share: short words for its inputs and outputs.

use super::super::*;
use crate::code::Refusal;

/// Milliseconds since the machine started.
pub(crate) fn at(ms: u64) -> Instant {
    Instant(1_000_000 + ms * 1_000)
}

pub(crate) fn start() -> Start {
    Start { now: at(0), ..Start::default() }
}

pub(crate) fn storm(limits: StormLimits) -> Storm {
    Storm::new(limits, start())
}

pub(crate) fn fixed(limits: StormLimits, per_s: u32) -> Storm {
    let mut storm = storm(limits);
    storm.handle(at(0), Input::Static { per_s: Some(per_s) });
    storm
}

pub(crate) fn knock(conn: u64, class: Class) -> Input {
    knock_with(conn, class, None)
}

pub(crate) fn knock_with(conn: u64, class: Class, slot: Option<Slot>) -> Input {
    let bound = slot.map_or(conn, |slot| slot.bound);
    Input::Knock { conn, class, slot, bound, source: Source::EXEMPT, bytes: 1_000 }
}

pub(crate) fn drained(storm: &mut Storm) -> Vec<Output> {
    std::iter::from_fn(|| storm.next_output()).collect()
}

pub(crate) fn told(storm: &mut Storm, now: Instant, input: Input) -> Vec<Output> {
    storm.handle(now, input);
    drained(storm)
}

/// What a knock was answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Admitted,
    Parked { place: u32, wait_ms: u32 },
    Refused(Refusal, Option<Slot>),
}

impl Answer {
    pub(crate) fn refusal(self) -> (Refusal, Option<Slot>) {
        match self {
            Self::Refused(refusal, slot) => (refusal, slot),
            Self::Admitted | Self::Parked { .. } => panic!("not refused: {self:?}"),
        }
    }
}

/// Knocks once; others may be let in or put out meanwhile.
pub(crate) fn answer(storm: &mut Storm, now: Instant, input: Input) -> Answer {
    let Input::Knock { conn: asked, .. } = input else { panic!("no knock: {input:?}") };
    let answers: Vec<Answer> = told(storm, now, input)
        .into_iter()
        .filter_map(|output| match output {
            Output::Admit { conn } if conn == asked => Some(Answer::Admitted),
            Output::Park { conn, place, wait_ms, .. } if conn == asked => {
                Some(Answer::Parked { place, wait_ms })
            }
            Output::Refuse { conn, refusal, slot } if conn == asked => {
                Some(Answer::Refused(refusal, slot))
            }
            Output::Admit { .. }
            | Output::Park { .. }
            | Output::Refuse { .. }
            | Output::Goodbye { .. }
            | Output::Expire { .. }
            | Output::Stuck => None,
        })
        .collect();
    assert_eq!(answers.len(), 1, "one answer to a knock: {answers:?}");
    answers.into_iter().next().expect("just counted")
}

/// Who was let in, of these outputs.
pub(crate) fn admitted(outputs: &[Output]) -> Vec<u64> {
    let conn = |output: &Output| match output {
        Output::Admit { conn } => Some(*conn),
        Output::Park { .. }
        | Output::Refuse { .. }
        | Output::Goodbye { .. }
        | Output::Expire { .. }
        | Output::Stuck => None,
    };
    outputs.iter().filter_map(conn).collect()
}
