//! What the machine answers, and what it keeps to under random input: one behaviour a file.

mod ceiling;
mod crowds;
mod drained;
mod gates;
mod line;
mod promised;
mod rig;
mod sealed;
mod shares;
mod speed;
mod support;
