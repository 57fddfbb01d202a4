//! What the machine answers, and what it keeps to under random input: one behaviour a file.

mod ceiling;
mod crowds;
mod drained;
mod full_house;
mod gates;
mod guarded;
mod line;
mod obedient;
mod promised;
mod properties;
mod rig;
mod sealed;
mod shares;
mod speed;
mod support;
