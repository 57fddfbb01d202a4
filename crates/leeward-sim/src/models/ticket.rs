//! Model: clients that knock, with their ticket, with another's, twice at once, with a forged one, in
//! every order, while the node lets in one at a time, loses connections and crashes.
//!
//! Looked at after every event: a ticket counts for one admission in a life of the node, for its owner
//! alone; a forged one does not open; nobody is let in twice; there are no more connections than the
//! node carries.

use super::node::Node;
use stateright::{Model, Property};

/// The bounds.
#[derive(Clone, Debug)]
pub struct TicketModel {
    /// Clients.
    pub clients: u8,
    /// Every course of so many events is looked at.
    pub events_max: usize,
}

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// A client knocks, with its ticket if it has one.
    Knock(u8),
    /// A client knocks with the ticket of the next one.
    Steal(u8),
    /// A client knocks with its ticket, of which one character is another.
    Forge(u8),
    /// The first admission under way is done.
    Finish,
    /// The oldest connection is closed.
    Gone,
    /// A second passes.
    Second,
    /// The node crashes.
    Crash,
}

/// A course of events.
pub type Course = Vec<Event>;

impl TicketModel {
    /// What a course breaks, if it breaks anything.
    pub fn broken(&self, course: &Course) -> Option<&'static str> {
        self.node(course).broken
    }

    fn node(&self, course: &Course) -> Node {
        let mut node = Node::new();
        for event in course {
            self.happen(&mut node, *event);
        }
        node
    }

    fn happen(&self, node: &mut Node, event: Event) {
        let ticket = |node: &Node, client: u8| node.tickets.get(&u64::from(client)).cloned();
        match event {
            Event::Knock(client) => {
                let text = ticket(node, client);
                node.knock(client.into(), text.as_deref());
            }
            Event::Steal(client) => {
                let text = ticket(node, (client + 1) % self.clients);
                node.knock(client.into(), text.as_deref());
            }
            Event::Forge(client) => {
                if let Some(text) = ticket(node, client) {
                    node.knock_forged(client.into(), &text);
                }
            }
            Event::Finish => {
                node.finish();
            }
            Event::Gone => {
                if let Some(conn) = node.sockets.keys().next().copied() {
                    node.gone(conn);
                }
            }
            Event::Second => (0..10).for_each(|_| node.tenth(true)),
            Event::Crash => node.crash(),
        }
    }
}

impl Model for TicketModel {
    type State = Course;
    type Action = Event;

    fn init_states(&self) -> Vec<Course> {
        vec![Vec::new()]
    }

    fn actions(&self, course: &Course, events: &mut Vec<Event>) {
        if course.len() >= self.events_max {
            return;
        }
        let node = self.node(course);
        for client in 0..self.clients {
            events.push(Event::Knock(client));
            if node.tickets.contains_key(&u64::from(client)) {
                events.push(Event::Forge(client));
            }
            if node.tickets.contains_key(&u64::from((client + 1) % self.clients)) {
                events.push(Event::Steal(client));
            }
        }
        if !node.work.is_empty() {
            events.push(Event::Finish);
        }
        if !node.sockets.is_empty() {
            events.push(Event::Gone);
        }
        // Two of these in a row are one.
        if course.last().is_some_and(|last| *last != Event::Crash) {
            events.push(Event::Crash);
        }
        events.push(Event::Second);
    }

    fn next_state(&self, course: &Course, event: Event) -> Option<Course> {
        Some(course.iter().copied().chain([event]).collect())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is broken", |model: &Self, course: &Course| {
                model.node(course).broken.is_none()
            }),
            Property::sometimes("a ticket is given out", |model: &Self, course: &Course| {
                !model.node(course).tickets.is_empty()
            }),
        ]
    }
}
