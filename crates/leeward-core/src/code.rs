//! The one table of refusals: what each means, whether to come back, and after how long.
//!
//! A refusal either answers one request, and the connection goes on, or ends the connection. The
//! TypeScript constants and the tables in `docs/protocol.md` are generated from here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a client should do about a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The same request will be refused again: tell the person.
    GiveUp,
    /// Try again, no sooner than told.
    Retry,
    /// Ask the person to sign in again; keep what is unsent.
    SignIn,
    /// Offer to reload the page: this build is too old or broken.
    Reload,
}

macro_rules! codes {
    ($($name:ident $text:literal $close:literal $http:literal $then:ident $after_ms:literal $meaning:literal;)*) => {
        /// Why something was refused.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
        #[cfg_attr(test, derive(ts_rs::TS))]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $text)] $name,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The WebSocket close code (RFC 6455, 7.4), or 0 where the connection goes on.
            pub fn close(self) -> u16 {
                match self { $(Self::$name => $close),* }
            }

            /// The HTTP status that carries it.
            pub fn http(self) -> u16 {
                match self { $(Self::$name => $http),* }
            }

            /// What the client should do.
            pub fn then(self) -> Then {
                match self { $(Self::$name => Then::$then),* }
            }

            /// How long to wait before trying again, in milliseconds, unless the refusal says otherwise.
            pub fn after_ms(self) -> u32 {
                match self { $(Self::$name => $after_ms),* }
            }

            /// What it means, as a sentence without a full stop.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning.trim_ascii()),* }
            }
        }
    };
}

codes! {
//  variant        wire               close http then    after    meaning
    BadRequest     "bad_request"          0 400 GiveUp        0 "the request is not of the documented form";
    TooLong        "too_long"             0 413 GiveUp        0 "a text, name or file is longer than its limit";
    NotFound       "not_found"            0 404 GiveUp        0 "there is no such thing, or you may not see it";
    Forbidden      "forbidden"            0 403 GiveUp        0 "your role does not allow this";
    ReadOnly       "read_only"            0 403 GiveUp        0 "only moderators write in this room";
    Muted          "muted"                0 403 GiveUp        0 "a moderator has muted you in this room";
    Archived       "archived"             0 409 GiveUp        0 "the room is archived: it can be read, not changed";
    Deleted        "deleted"              0 410 GiveUp        0 "the message has been deleted";
    Conflict       "conflict"             0 409 GiveUp        0 "the name is taken, or the thing has changed meanwhile";
    TooMany        "too_many"             0 422 GiveUp        0 "there are more of these than the limit allows";
    Unsupported    "unsupported"          0 415 GiveUp        0 "this kind of file or encoding is not accepted";
    WrongPassword  "wrong_password"       0 401 GiveUp        0 "the name or the password is wrong";
    RateLimited    "rate_limited"         0 429 Retry      2000 "too many requests in a short time";
    StoreBusy      "store_busy"           0 503 Retry      1000 "the database did not answer in time; nothing was stored";
    StoreFull      "store_full"           0 507 Retry     30000 "the disk is full; nothing was stored";
    Internal       "internal"             0 500 Retry      2000 "the server made a mistake; the operator's log has it";
    SignIn         "sign_in"           4001 401 SignIn        0 "not signed in: the token is missing, forged, expired or revoked";
    Banned         "banned"            4002 403 GiveUp        0 "the account has been disabled";
    StaleBuild     "stale_build"       4003 426 Reload        0 "this client is too old for the server";
    BadFrame       "bad_frame"         4004 400 GiveUp        0 "a frame is not of the documented form";
    TooBig         "too_big"           4005 413 GiveUp        0 "a frame is larger than the limit";
    BadOrigin      "bad_origin"        4006 403 GiveUp        0 "the page that opened the connection is not served from here";
    Replaced       "replaced"          4007 409 GiveUp        0 "the same session has connected again";
    SignedOut      "signed_out"        4008 401 SignIn        0 "the session was ended";
    Full           "full"              4010 503 Retry      5000 "the server carries as many connections as it can";
    Gate           "gate"              4011 503 Retry     10000 "the operator is letting people in slowly, or not at all";
    Drain          "drain"             4012 503 Retry      1000 "the server is going down for a moment";
    Slow           "slow"              4013 503 Retry      1000 "the connection did not read fast enough; resume to catch up";
    LeaseExpired   "lease_expired"     4014 408 Retry         0 "nothing was heard for as long as the lease allows";
    HelloTimeout   "hello_timeout"     4015 408 Retry      1000 "no hello arrived in time";
}

/// A refusal as it stands on the wire, in a frame or in the body of an HTTP answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// The same in words, naming the field and the limit where there is one.
    pub message: String,
    /// What to do about it.
    pub then: Then,
    /// When `then` is `retry`: not before so many milliseconds have passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after_ms: Option<u32>,
}

impl Refusal {
    /// A refusal in the words of the table.
    pub fn new(code: Code) -> Self {
        Self::because(code, code.meaning())
    }

    /// A refusal that says more than the table does.
    pub fn because(code: Code, message: impl Into<String>) -> Self {
        let after_ms = (code.then() == Then::Retry).then(|| code.after_ms());
        Self { code, message: message.into(), then: code.then(), after_ms }
    }

    /// The same, with another time to come back after.
    #[must_use]
    pub fn after(mut self, ms: u32) -> Self {
        self.after_ms = Some(ms);
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
