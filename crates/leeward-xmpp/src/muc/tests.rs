//! Plays in rooms: what clients send, and exactly what they get.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a play looks for one thing among all that happens"
)]

mod first;
mod hearing;
mod inviting;
mod joining;
mod resuming;
mod saying;

use crate::stage::world;
