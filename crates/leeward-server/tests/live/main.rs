//! The live side of a real server, by real sockets: one behaviour a file.

mod bad_frames;
mod bounds;
mod delivery;
mod exactly_once;
mod lease;
mod operator;
mod people;
mod protocol_examples;
mod restore;
mod resume;
mod shutdown;
mod slow_loris;
mod slow_reader;
mod stumbles;
mod support;
mod tls;
