//! The HTTP API against a real server on a real socket: one file per subject, each with what is well
//! meant and what is not.

mod api;
mod client;
mod commands;
mod files;
mod guests;
mod hooks;
mod messages;
mod people;
mod rooms;
mod sessions;
mod setting_up;
mod texts;
