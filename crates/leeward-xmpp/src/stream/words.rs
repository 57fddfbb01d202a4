//! What happens to a stream while its client finds its way in, and what it wants done.

use crate::jid::Jid;
use crate::sasl::{Binding, Scram};
use crate::xml::Element;
use bytes::Bytes;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, SessionId};

/// What stands below a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// TCP without TLS; STARTTLS is offered where there is a certificate.
    Tcp,
    /// TCP with TLS from the first byte.
    DirectTls,
    /// A WebSocket (RFC 7395).
    WebSocket,
    /// BOSH (XEP-0124, XEP-0206).
    Bosh,
}

/// What is decided for every stream of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The address of the server.
    pub domain: String,
    /// There is a certificate, so that STARTTLS can be offered.
    pub tls: bool,
    /// Passwords may be sent in the clear over a connection without TLS: on loopback, or where a proxy in
    /// front has TLS. Otherwise nobody signs in before TLS.
    pub clear_allowed: bool,
    /// Makes the salt of names that nobody has, so that it is the same each time.
    pub secret: [u8; 32],
    /// What an element may be before its sender is known, and after.
    pub limits: (crate::xml::Limits, crate::xml::Limits),
    /// Inner features, such as entity capabilities, that stand among those after sign-in (XEP-0115).
    pub features: Vec<Element>,
}

/// Who has signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// Whose account.
    pub account: AccountId,
    /// Its name: the local part of its address.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The sign-in that it counts as; 0: none.
    pub session: SessionId,
}

/// Why somebody may not sign in. Overload is never told as one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// Name, password or token is wrong; which is not said.
    NotAuthorized,
    /// The account may not sign in any more.
    Disabled,
    /// It cannot be found out at this moment, for a reason other than load.
    Failed,
}

/// How somebody wants to come in, best first: what lets them wait less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Claim {
    /// Takes up a session; the id is its own word (XEP-0198 in XEP-0388).
    Resume,
    /// By a token of an earlier sign-in (XEP-0484).
    Fast,
    /// By a challenge (RFC 5802): some MACs.
    Scram,
    /// By a password: a hash, if it has not been seen lately.
    Plain,
}

/// The program that a client is (XEP-0388, 2.4).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserAgent {
    /// Made by the client once and for all, if it tells.
    pub id: Option<String>,
    /// Its name, if it tells.
    pub software: Option<String>,
    /// The name of the device, if it tells.
    pub device: Option<String>,
}

/// What is asked for together with the binding of a resource.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BindRequest {
    /// The resource that the client would like.
    pub resource: Option<String>,
    /// A tag that its resource is to begin with (XEP-0386).
    pub tag: Option<String>,
    /// Carbons.
    pub carbons: bool,
    /// It is inactive.
    pub inactive: bool,
    /// Stream management: on, and to be taken up again if `true`.
    pub sm: Option<bool>,
    /// A token for the next time is wanted, by this mechanism (XEP-0484).
    pub token: Option<String>,
}

/// What happens to a stream.
#[derive(Debug)]
pub enum Input<'a> {
    /// Bytes of a TCP connection, below which TLS has been taken away.
    Bytes(&'a [u8]),
    /// One message of a WebSocket.
    Text(&'a str),
    /// One child of the body of a BOSH request, or an empty body that opens or restarts the stream.
    Bosh(crate::bosh::Content),
    /// TLS is up after [`Output::StartTls`], or was from the beginning, with what binds to it if it is
    /// known.
    Secured(Option<Binding>),
    /// Whoever waits may go on: features are sent, or the sign-in goes on.
    Admitted,
    /// The answer to [`Output::Scram`]; none where there is no such account, or it has none.
    Scram(Option<(Login, Scram)>),
    /// The answer to [`Output::Password`].
    Judged(Result<Login, Denied>),
    /// The answer to [`Output::Tokens`]: those that open, the current one first.
    Tokens(Option<(Login, Vec<String>)>),
    /// The answer to [`Output::Bind`].
    Bound {
        /// The full address.
        jid: Jid,
        /// The id under which stream management may be taken up again, if it is on and may.
        sm: Option<String>,
        /// A token for next time: it, and until when, as XEP-0082 has it.
        token: Option<(String, String)>,
    },
    /// The answer to [`Output::Resume`].
    Resumed {
        /// How many stanzas of the client have been handled.
        h: u32,
        /// A token for next time.
        token: Option<(String, String)>,
    },
    /// The answer to [`Output::Resume`]: there is nothing to take up, with how many stanzas had been
    /// handled if that is known.
    NotResumed(Option<u32>),
    /// The stream is to end with this error (RFC 6120, 4.9.3).
    End(&'static str),
    /// Its time to sign in is over.
    Expired,
}

/// What a stream wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Write this; complete in whatever framing there is.
    Write(Bytes),
    /// Write what there is, then begin TLS: what comes from there on is encrypted.
    StartTls,
    /// The client has said which server it wants; may it go on? [`Input::Admitted`] has the features sent.
    Hello,
    /// The client says how it wants to come in; may it go on? [`Input::Admitted`] has the sign-in go on.
    Knock {
        /// How.
        claim: Claim,
        /// The id of the session to take up, if it says.
        previd: Option<String>,
        /// The account that it names, unverified.
        name: Option<String>,
    },
    /// What is kept for SCRAM of the account of that name.
    Scram(String),
    /// Whether this is the password of the account of that name.
    Password(String, String),
    /// The tokens of the device of the account of that name (XEP-0484).
    Tokens(String, UserAgent, String),
    /// Who it is has been found out. What follows is of them.
    Authenticated(Login, UserAgent),
    /// Bind a resource.
    Bind(BindRequest),
    /// Take up a session under this id, of which the client has handled so many stanzas; a token is
    /// wanted by this mechanism if any.
    Resume {
        /// The session's id.
        previd: String,
        /// What the client has handled.
        h: u32,
        /// A token for next time.
        token: Option<String>,
    },
    /// An element of a client that has bound or resumed.
    Element(Element),
    /// The client has closed its stream: all is said.
    Closed,
    /// Write what there is, then end the connection.
    End,
}
