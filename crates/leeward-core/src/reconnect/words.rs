//! What the reconnect machine is told and what it wants done. The same words, in JSON, are those of
//! the shared vectors.

use super::Bar;
use crate::code::{Code, Refusal};
use crate::wire::Lease;

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(rename_all = "snake_case"))]
pub enum Why {
    /// Its turn: many are to be let in.
    #[default]
    Turn,
    /// The operator lets nobody in: at the time given the client asks again.
    Gate,
    /// The server is going down, and up again.
    Drain,
}

impl Why {
    /// What a refusal has its client wait for.
    pub(super) fn of(code: Code) -> Self {
        if code == Code::Gate {
            Self::Gate
        } else if code == Code::Drain {
            Self::Drain
        } else {
            Self::Turn
        }
    }
}

/// What the machine is told. `random` is any number, evenly distributed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(tag = "kind", rename_all = "snake_case"))]
pub enum Input {
    /// Connect and stay connected; also after a person signed in again.
    Start,
    /// Disconnect and stay away.
    Stop,
    /// The device has a network, or another one.
    Online {
        /// For the delay.
        random: u32,
    },
    /// The device has no network.
    Offline,
    /// The page is looked at.
    Visible,
    /// The page is hidden: its timers run once a minute at most.
    Hidden,
    /// The device slept.
    Woke,
    /// The person pressed "try now".
    TryNow,
    /// The socket that was asked for is open.
    Opened,
    /// The socket failed to open, or closed.
    Closed {
        /// For the delay.
        random: u32,
    },
    /// The frame `welcome`.
    Welcome {
        /// As granted.
        lease: Lease,
    },
    /// The frame `caught_up`.
    CaughtUp,
    /// The frame `parked`.
    Parked {
        /// How many are before.
        place: u32,
        /// The estimated wait, in milliseconds.
        wait_ms: u32,
        /// The operator's words.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        message: Option<Box<str>>,
    },
    /// The frame `refuse`.
    Refuse {
        /// As it came.
        refusal: Refusal,
        /// The place kept.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        slot: Option<String>,
        /// For the delay.
        random: u32,
    },
    /// The frame `goodbye`.
    Goodbye {
        /// As it came.
        refusal: Refusal,
        /// The place kept.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        slot: Option<String>,
        /// For the delay.
        random: u32,
    },
    /// The frame `pong`.
    Pong {
        /// As granted.
        lease: Lease,
    },
    /// Any other frame.
    Heard,
    /// The frame `shed`: whether it named anything. To be told beside [`Input::Heard`].
    Shed {
        /// Something is late.
        on: bool,
    },
    /// Posts are refused because the server cannot write for the moment, or accepted again.
    Writes {
        /// They are refused.
        paused: bool,
    },
    /// What a page before this one was told, and has written down. To be told before [`Input::Start`].
    Kept {
        /// The place kept.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        slot: Option<String>,
        /// How long it is until the time given, in milliseconds; 0 where that has passed.
        wait_ms: u32,
        /// What for.
        why: Why,
        /// The operator's words.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        message: Option<Box<str>>,
    },
    /// Another client of the account on this device, another tab of the browser, was told something.
    Elsewhere {
        /// To wait for so long, in milliseconds; none: it is in.
        wait_ms: Option<u32>,
        /// What for.
        #[cfg_attr(test, serde(default))]
        why: Why,
        /// The operator's words.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        message: Option<Box<str>>,
        /// For the delay.
        random: u32,
    },
    /// [`Reconnect::deadline`](super::Reconnect::deadline) has come.
    Tick {
        /// For the delay.
        random: u32,
    },
}

/// What the machine wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(tag = "kind", rename_all = "snake_case"))]
pub enum Output {
    /// Open a socket.
    Open,
    /// Send `hello` with the sign-in token, and all positions known.
    Hello {
        /// With the ticket of the last `welcome`, if there is one.
        resume: bool,
        /// With the place that was kept.
        #[cfg_attr(test, serde(default, skip_serializing_if = "Option::is_none"))]
        slot: Option<String>,
    },
    /// Close the socket and listen to it no more.
    Close,
    /// Send `ping`.
    Ping {
        /// A number of its own.
        n: u32,
        /// Ask for the lease of a hidden page.
        hidden: bool,
    },
    /// The connection bar changes.
    Bar(Bar),
}
