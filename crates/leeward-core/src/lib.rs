//! The pure heart of Leeward: no socket, no clock, no randomness, no task.
//!
//! In reading order: the words ([`id`], [`event`], [`room`], [`account`], [`code`], [`limits`]), the
//! frames they travel in ([`wire`]), and the machines.

pub mod account;
pub mod code;
pub mod event;
pub mod id;
pub mod limits;
pub mod room;
pub mod wire;
