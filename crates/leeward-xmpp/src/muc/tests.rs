//! Plays in rooms: what clients send, and exactly what they get.

mod hearing;
mod joining;
mod resuming;
mod saying;
mod world;
