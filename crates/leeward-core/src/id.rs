//! Identifiers, positions and instants: the newtypes every other file speaks in.
//!
//! Ids are positive integers below 2^53, so that JavaScript reads them exactly; larger ones are refused
//! where they come in. They are handed out by the store and never reused. 0 stands for none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        #[derive(Serialize, ToSchema)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(test, ts(type = "number"))] pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let id = u64::deserialize(d)?;
                let fits = id <= ID_MAX;
                fits.then_some(Self(id)).ok_or_else(|| serde::de::Error::custom(BadId))
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                s.parse().ok().filter(|id| *id <= ID_MAX).map(Self).ok_or(BadId)
            }
        }
    };
}

id!(
    /// A person, a guest or a bot.
    AccountId
);
id!(
    /// A place where messages go.
    RoomId
);
id!(
    /// An uploaded file.
    FileId
);
id!(
    /// A resumable attachment of one device of one account.
    SessionId
);
id!(
    /// The place of an event in one room's log: 1, 2, 3… without holes.
    Seq
);
id!(
    /// Which history a [`Seq`] belongs to: raised when a backup is restored.
    Epoch
);

/// The largest number that JavaScript, and a signed integer of a database, hold exactly.
pub const ID_MAX: u64 = (1 << 53) - 1;

/// The text or number is no id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadId;

impl std::fmt::Display for BadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an id is an integer from 0 to {ID_MAX}")
    }
}

impl std::error::Error for BadId {}

impl Seq {
    /// The sequence number that follows this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Where a reader stands in one room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Position {
    /// The history that `seq` belongs to.
    pub epoch: Epoch,
    /// The last event applied; 0 before the first.
    pub seq: Seq,
}

/// Wall-clock time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(transparent)]
pub struct Millis(#[cfg_attr(test, ts(type = "number"))] pub u64);

/// Monotonic time: microseconds since a moment that the shell chose. The core only compares and adds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(pub u64);

impl Instant {
    /// This instant moved later by `ms` milliseconds.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this instant; 0 when `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }
}

/// What a client calls a draft before the server has stored it: 1 to 64 visible ASCII characters,
/// unique per sender for ever.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(String);

impl Nonce {
    /// The longest nonce accepted, in bytes: room for a UUID or a ULID with a prefix.
    pub const BYTES_MAX: usize = 64;

    /// The nonce as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`Nonce`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadNonce;

impl std::fmt::Display for BadNonce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a nonce is 1 to {} visible ASCII characters", Nonce::BYTES_MAX)
    }
}

impl std::error::Error for BadNonce {}

impl TryFrom<String> for Nonce {
    type Error = BadNonce;
    fn try_from(s: String) -> Result<Self, BadNonce> {
        let fits = (1..=Self::BYTES_MAX).contains(&s.len());
        if fits && s.bytes().all(|b| b.is_ascii_graphic()) { Ok(Self(s)) } else { Err(BadNonce) }
    }
}

impl From<Nonce> for String {
    fn from(n: Nonce) -> Self {
        n.0
    }
}
