//! What the machine answers, and what it keeps to under random input: one behaviour a file.

mod ceiling;
mod support;
