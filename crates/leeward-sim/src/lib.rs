//! Leeward's nodes, clients and faults in virtual time, around the machines of `leeward-core`: what
//! cannot be tried on real machines is tried here, and every world that a seed makes can be made again.
//!
//! In reading order: [`setup`] what a world is made of, [`fault`] what befalls it, [`species`] the kinds
//! of clients, [`client`] one of them in 32 bytes, [`crowd`] all of them, [`cpu`] the processor, [`world`]
//! the node and its time. [`models`] are small worlds of which every state is looked at.
//!
//! It reads no clock, opens no socket, and decides nothing that a machine of the core decides.
#![warn(missing_docs)]

pub mod basin;
pub mod client;
pub mod cpu;
pub mod crowd;
mod door;
pub mod fault;
pub mod goodput;
mod line;
pub mod models;
mod properties;
pub mod random;
pub mod seeds;
pub mod setup;
mod shell;
pub mod species;
pub mod tally;
pub mod walk;
mod watch;
mod weather;
pub mod wheel;
pub mod world;
