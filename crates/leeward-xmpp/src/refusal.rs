//! Why something was refused, in the words of XMPP.

use crate::stanza::Condition;
use crate::station::{Conn, Station};
use crate::xml::Element;
use leeward_core::code::{Code, Refusal};

/// The condition that says what a refusal says. Never one on which a client ends its session: what is
/// too much at this moment is `resource-constraint`, of type `wait`.
pub(crate) fn condition(code: Code) -> Condition {
    match code {
        Code::BadRequest | Code::BadFrame => Condition::BadRequest,
        Code::NotFound | Code::Deleted => Condition::ItemNotFound,
        Code::Forbidden | Code::ReadOnly | Code::Muted | Code::Banned => Condition::Forbidden,
        Code::Archived => Condition::NotAllowed,
        Code::Conflict => Condition::Conflict,
        Code::TooLong | Code::TooMany | Code::Unsupported | Code::TooBig => {
            Condition::NotAcceptable
        }
        Code::RateLimited
        | Code::StoreBusy
        | Code::StoreFull
        | Code::Full
        | Code::Gate
        | Code::Drain
        | Code::Slow => Condition::ResourceConstraint,
        Code::WrongPassword | Code::SignIn | Code::SignedOut => Condition::NotAuthorized,
        Code::Internal => Condition::InternalServerError,
        Code::StaleBuild
        | Code::BadOrigin
        | Code::Replaced
        | Code::LeaseExpired
        | Code::HelloTimeout => Condition::ServiceUnavailable,
    }
}

/// Tells a client why what it sent was refused.
pub(crate) fn refuse(station: &mut Station, conn: Conn, stanza: &Element, refusal: &Refusal) {
    station.refuse(conn, stanza, condition(refusal.code), Some(&refusal.message));
}
