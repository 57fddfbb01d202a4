//! Small worlds of which every course is looked at, with the machines of the core in them.
//!
//! [`lease`] merges equal states. [`ticket`] and [`permit`] hold the whole machine, whose state is far
//! too large to be compared: there a state is the course that led to it, and every course up to a
//! length is looked at.

pub mod lease;
mod node;
pub mod permit;
pub mod ticket;
