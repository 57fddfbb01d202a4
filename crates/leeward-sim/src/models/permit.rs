//! Model: permits of a machine that is broken in every way there is, at every point of every short
//! course of events, once or twice. Whatever it came to believe, it lets somebody in within 2.5 s of
//! the first knock that it turns away, and within 10 s it believes what the sockets say and everybody
//! who knocks is in.

use super::node::Node;
use leeward_core::storm::Fault;
use stateright::{Model, Property};

/// The bounds.
#[derive(Clone, Debug)]
pub struct PermitModel {
    /// Every course of so many events is looked at.
    pub events_max: usize,
    /// At most so many of them break the machine.
    pub faults_max: usize,
    /// Whether there is a watchdog.
    pub watched: bool,
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// Somebody else knocks.
    Knock,
    /// The first admission under way is done.
    Finish,
    /// The oldest connection is closed.
    Gone,
    /// A tenth of a second passes.
    Tenth,
    /// The machine is broken.
    Break(u8),
}

/// A course of events.
pub type Course = Vec<Event>;

const FAULTS: [Fault; 5] = [
    Fault::LeakPermits(3),
    Fault::LeakPermits(10),
    Fault::NegativeCount,
    Fault::FreezeCursor,
    Fault::ClockAhead(3_600_000),
];

/// After the first knock that was turned away, tenths of a second until somebody must be in.
const RESUME: u32 = 25;
/// And until everything must be well.
const WELL: u32 = 100;

impl PermitModel {
    fn node(&self, course: &Course) -> Node {
        let mut node = Node::new();
        for (at, event) in course.iter().enumerate() {
            match event {
                Event::Knock => {
                    node.knock(at as u64, None);
                }
                Event::Finish => {
                    node.finish();
                }
                Event::Gone => {
                    if let Some(conn) = node.sockets.keys().next().copied() {
                        node.gone(conn);
                    }
                }
                Event::Tenth => node.tenth(self.watched),
                Event::Break(fault) => node.fault(FAULTS[usize::from(*fault)]),
            }
        }
        node
    }

    /// Lets one client knock every 200 ms, from now on, until it is in, and the node do its work:
    /// after how many tenths of a second it was let in, and whether all is well in the end.
    fn heals(&self, course: &Course) -> (Option<u32>, bool) {
        const CLIENT: u64 = 1_000;
        let mut node = self.node(course);
        // Room for one more, so that it can be let in at all.
        while node.sockets.len() > 2 {
            let Some(conn) = node.sockets.keys().next().copied() else { break };
            node.gone(conn);
        }
        let (before, mut first) = (node.admitted, None);
        let mut live = false;
        for tenth in 0..WELL {
            if tenth % 2 == 0 && !live && !node.parked(CLIENT) {
                let text = node.tickets.get(&CLIENT).cloned();
                node.knock(CLIENT, text.as_deref());
            }
            while node.finish().is_some() {
                live |= node.is_in(CLIENT);
            }
            node.tenth(self.watched);
            if node.admitted > before {
                first = first.or(Some(tenth));
            }
        }
        (first, node.agrees() && live && node.broken.is_none())
    }
}

impl Model for PermitModel {
    type State = Course;
    type Action = Event;

    fn init_states(&self) -> Vec<Course> {
        vec![Vec::new()]
    }

    fn actions(&self, course: &Course, events: &mut Vec<Event>) {
        if course.len() >= self.events_max {
            return;
        }
        events.extend([Event::Knock, Event::Finish, Event::Gone, Event::Tenth]);
        let broken = course.iter().filter(|event| matches!(event, Event::Break(_))).count();
        if broken < self.faults_max {
            events.extend((0..FAULTS.len() as u8).map(Event::Break));
        }
    }

    fn next_state(&self, course: &Course, event: Event) -> Option<Course> {
        Some(course.iter().copied().chain([event]).collect())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("somebody is let in soon", |model: &Self, course: &Course| {
                model.heals(course).0.is_some_and(|tenths| tenths <= RESUME)
            }),
            Property::always("everything is well in the end", |model: &Self, course: &Course| {
                model.heals(course).1
            }),
        ]
    }
}
