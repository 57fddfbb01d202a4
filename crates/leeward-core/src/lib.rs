//! The pure heart of Leeward: no socket, no clock, no randomness, no task.
//!
//! In reading order: the words ([`id`], [`event`], [`room`], [`archive`], [`account`], [`code`], [`limits`]), the
//! frames they travel in ([`wire`]), the house rules and small languages ([`rules`], [`mentions`],
//! [`search_query`]), what a client carries and holds ([`seal`], [`lease`]), and the machines.

#![warn(missing_docs)]

pub mod account;
pub mod archive;
pub mod code;
pub mod durations;
pub mod event;
pub mod id;
pub mod limits;
pub mod room;

pub mod wire;

pub mod mentions;
pub mod rules;
pub mod search_query;

pub mod lease;
pub mod reconnect;
pub mod seal;
pub mod storm;
pub mod ws;

pub mod hub;
pub mod session;

#[cfg(test)]
mod generated;
