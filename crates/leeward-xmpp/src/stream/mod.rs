//! One connection's way in: header, features, TLS, sign-in, binding or resuming.

mod words;

pub use words::*;
