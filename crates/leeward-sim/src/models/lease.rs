//! Model: a connection whose terms change while it lives, and everybody who may end it for silence.
//!
//! The client keeps to the last grant that it has seen: it pings at the latest when that grant says.
//! Frames take any time up to a bound and keep their order. Each of two parties (the node that
//! owns the connection and one beside it) has terms of its own, which change at any moment, in any
//! order. At every moment, each party looks whether the connection has been silent too long. The
//! deadline is [`leeward_core::lease::Held`] itself.
//!
//! Time has steps of a second and an end. What is left out: loss of frames, which is the same as
//! silence, and then the expiry is right.

use leeward_core::id::Instant;
use leeward_core::lease::Held;
use leeward_core::wire::Lease;
use stateright::{Model, Property};

/// By what a party judges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Judge {
    /// By the deadline that was granted to this connection and is carried by it.
    Deadline,
    /// By its own terms of this moment, as the servers of Gitter did.
    OwnTerms,
}

/// The bounds of the model, and the rule to check.
#[derive(Clone, Debug)]
pub struct LeaseModel {
    /// By what the parties judge.
    pub judge: Judge,
    /// How many intervals between pings a lease spans, beside one way of a frame.
    pub times: u32,
    /// The longest way of a frame, in seconds.
    pub delay_s: u32,
    /// Two intervals between pings, in seconds: terms change between these.
    pub pings_s: [u32; 2],
    /// The end of time, in seconds.
    pub end_s: u32,
}

impl Default for LeaseModel {
    fn default() -> Self {
        Self { judge: Judge::Deadline, times: 3, delay_s: 2, pings_s: [1, 3], end_s: 14 }
    }
}

/// A moment of the world.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Moment {
    now_s: u32,
    /// What each party grants by, and in the control judges by.
    terms: [usize; 2],
    held: Held,
    heard_s: u32,
    /// The grant that the client keeps to, and when it pings next, as the client's machine does: an
    /// interval after its last ping or after the answer to it, whichever is later.
    seen: usize,
    ping_s: u32,
    /// Frames on their way, the first one first: latest arrival; and what a pong grants.
    pings: Vec<u32>,
    pongs: Vec<(u32, usize)>,
    false_expiry: bool,
}

/// What happens next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// A second passes.
    Second,
    /// A party takes the other terms.
    Terms(usize),
    /// The client pings.
    Ping,
    /// The first ping under way arrives, and is answered.
    Arrive,
    /// The first answer under way arrives.
    Answered,
}

impl Moment {
    /// Whether time has ended.
    pub fn is_last(&self, model: &LeaseModel) -> bool {
        self.now_s >= model.end_s
    }
}

impl LeaseModel {
    /// The lease that goes with an interval.
    pub fn lease(&self, terms: usize) -> Lease {
        let ping_s = self.pings_s[terms];
        let lease_s = ping_s * self.times + self.delay_s;
        Lease { ping_ms: ping_s * 1_000, lease_ms: lease_s * 1_000, spread_ms: 0 }
    }

    fn at(second: u32) -> Instant {
        Instant(u64::from(second) * 1_000_000)
    }

    /// Whether a party ends the connection at this moment.
    fn ends(&self, moment: &Moment, party: usize) -> bool {
        match self.judge {
            Judge::Deadline => moment.held.expired(Self::at(moment.now_s)),
            Judge::OwnTerms => {
                let lease_s = self.lease(moment.terms[party]).lease_ms / 1_000;
                moment.heard_s + lease_s < moment.now_s
            }
        }
    }

    /// The first moment, at which terms are granted.
    pub fn first(&self, terms: usize) -> Moment {
        Moment {
            now_s: 0,
            terms: [terms; 2],
            held: Held::new(Self::at(0), self.lease(terms)),
            heard_s: 0,
            seen: terms,
            ping_s: self.pings_s[terms],
            pings: Vec::new(),
            pongs: Vec::new(),
            false_expiry: false,
        }
    }

    fn second(&self, moment: &mut Moment) {
        moment.now_s += 1;
        // The client has kept to every grant that it has seen: whoever ends it now is wrong.
        moment.false_expiry |= (0..2).any(|party| self.ends(moment, party));
    }

    /// What may happen at a moment.
    pub fn steps(&self, moment: &Moment, steps: &mut Vec<Step>) {
        if moment.false_expiry {
            return;
        }
        let late = |frame: Option<u32>| frame.is_some_and(|until| until <= moment.now_s);
        let ping_due = moment.ping_s <= moment.now_s;
        let must = late(moment.pings.first().copied())
            || late(moment.pongs.first().map(|(until, _)| *until))
            || ping_due;
        if moment.now_s < self.end_s && !must {
            steps.push(Step::Second);
        }
        if ping_due {
            steps.push(Step::Ping);
        }
        if !moment.pings.is_empty() {
            steps.push(Step::Arrive);
        }
        if !moment.pongs.is_empty() {
            steps.push(Step::Answered);
        }
        steps.extend([Step::Terms(0), Step::Terms(1)]);
    }

    /// What comes of a step.
    pub fn after(&self, moment: &Moment, step: Step) -> Moment {
        let mut next = moment.clone();
        match step {
            Step::Second => self.second(&mut next),
            Step::Terms(party) => next.terms[party] = 1 - next.terms[party],
            Step::Ping => {
                next.ping_s = next.now_s + self.pings_s[next.seen];
                next.pings.push(next.now_s + self.delay_s);
            }
            Step::Arrive => {
                next.pings.remove(0);
                next.held.renew(Self::at(next.now_s), self.lease(next.terms[0]));
                next.heard_s = next.now_s;
                next.pongs.push((next.now_s + self.delay_s, next.terms[0]));
            }
            Step::Answered => {
                next.seen = next.pongs.remove(0).1;
                next.ping_s = next.now_s + self.pings_s[next.seen];
            }
        }
        next
    }

    /// Whether the moment has a connection ended that kept to its grants.
    pub fn false_expiry(moment: &Moment) -> bool {
        moment.false_expiry
    }
}

impl Model for LeaseModel {
    type State = Moment;
    type Action = Step;

    fn init_states(&self) -> Vec<Moment> {
        vec![self.first(0), self.first(1)]
    }

    fn actions(&self, moment: &Moment, steps: &mut Vec<Step>) {
        self.steps(moment, steps);
    }

    fn next_state(&self, moment: &Moment, step: Step) -> Option<Moment> {
        Some(self.after(moment, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no false expiry", |_, moment: &Moment| !moment.false_expiry),
            Property::sometimes("both terms are seen", |_, moment: &Moment| moment.seen == 1),
        ]
    }
}
