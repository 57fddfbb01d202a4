//! The people of a drill: thousands of real clients over real sockets, of Leeward's make and of
//! others', who lose their connection when told, come back as their kind does, and keep exact accounts
//! of what they heard. Never knows which outage it is, and never judges: that is for `leeward drill`.
//!
//! In reading order: [`Order`] and [`Seen`] (what is said between a drill and its workers),
//! [`Species`], [`ledger`], `worker` (who carries it out), `body` (a client, of Leeward's protocol or of
//! XMPP), `ears` and `named` (what it hears).

mod body;
mod ears;
pub mod ledger;
mod named;
mod order;
mod species;
pub(crate) mod stubborn;
mod worker;

pub use order::{Breakage, Kind, Loss, Order, Part, Person, Seen, XmppNames, XmppServer};
pub use species::{Mix, Species, Transport};

use crate::crew::Crew;
use crate::gauge::connections_max;
use std::io;

/// People of a drill, in threads or in processes of their own.
pub struct People {
    crew: Crew<Order>,
}

impl People {
    /// One thread of this process.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn in_thread() -> io::Result<Self> {
        Ok(Self { crew: Crew::in_thread()? })
    }

    /// As many processes as the limit of open files demands for so many connections, each started as
    /// `command`, which is to call [`serve_worker`]; a thread of this one where that is enough.
    ///
    /// # Errors
    /// The system gives no thread or no process.
    pub fn for_connections(count: usize, command: &[String]) -> io::Result<Self> {
        let each = usize::try_from(connections_max()).unwrap_or(usize::MAX).max(1);
        match count.div_ceil(each) {
            0 | 1 => Self::in_thread(),
            workers => Ok(Self { crew: Crew::in_processes(command, workers)? }),
        }
    }

    /// Gives all of them an order.
    ///
    /// # Errors
    /// A worker has ended or could not do it.
    pub async fn tell(&mut self, order: &Order) -> io::Result<Seen> {
        self.crew.all(order).await
    }

    /// Brings people in, dealt out evenly; they are in when [`Seen::present`] says so.
    ///
    /// # Errors
    /// As for [`Self::tell`].
    pub async fn bring(&mut self, people: &[Person], at_once: usize) -> io::Result<Seen> {
        let part = |n, workers: usize| Order::Bring {
            people: people.iter().skip(n).step_by(workers).cloned().collect(),
            at_once: at_once.div_ceil(workers),
        };
        self.crew.each(part).await
    }

    /// [`Order::Cycle`], with the number in flight dealt out evenly.
    ///
    /// # Errors
    /// As for [`Self::tell`].
    pub async fn cycle(&mut self, part: Part, in_flight: usize) -> io::Result<Seen> {
        let order =
            |_, workers: usize| Order::Cycle { part, in_flight: in_flight.div_ceil(workers) };
        self.crew.each(order).await
    }
}

/// Runs a worker process: orders come by standard input, answers go to standard output.
///
/// # Errors
/// The pipes are broken.
pub async fn serve_worker() -> io::Result<()> {
    connections_max();
    crate::crew::serve::<Order>().await
}
