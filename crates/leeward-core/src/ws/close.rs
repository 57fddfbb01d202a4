//! Close frames (RFC 6455, 5.5.1 and 7.4): which codes may travel, and what a payload says.

use super::WsError;

/// Went as planned.
pub const NORMAL: u16 = 1000;
/// The server is going down, or the page was left.
pub const GOING_AWAY: u16 = 1001;
/// The peer broke the rules of framing.
pub const PROTOCOL_ERROR: u16 = 1002;
/// Data of a kind that is not accepted here.
pub const UNSUPPORTED: u16 = 1003;
/// A text that is not UTF-8, or data that does not decompress.
pub const BAD_PAYLOAD: u16 = 1007;
/// The message breaks a rule of the endpoint.
pub const POLICY: u16 = 1008;
/// A message above the limit.
pub const TOO_BIG: u16 = 1009;
/// The server met a condition it did not expect.
pub const INTERNAL: u16 = 1011;
/// Come back later.
pub const TRY_LATER: u16 = 1013;

/// The longest reason, in bytes: a control frame less the code.
pub const REASON_BYTES_MAX: usize = super::frame::CONTROL_BYTES_MAX - 2;

/// What a close frame said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CloseFrame {
    /// A code that [`may_travel`].
    pub code: u16,
    /// In words; may be empty.
    pub reason: String,
}

/// Whether a close frame may carry `code`: those of RFC 6455 and the IANA registry that are not
/// reserved for local use, those of libraries (3000–3999) and of applications (4000–4999).
pub fn may_travel(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Reads the payload of a close frame; an empty one gives `None`.
///
/// # Errors
/// A code cut short or that may not travel, or a reason that is not UTF-8.
pub fn read(payload: &[u8]) -> Result<Option<CloseFrame>, WsError> {
    let Some((&code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(WsError::BadClose) };
    };
    let code = u16::from_be_bytes(code);
    if !may_travel(code) {
        return Err(WsError::BadClose);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| WsError::NotUtf8)?.to_owned();
    Ok(Some(CloseFrame { code, reason }))
}

/// The payload of a close frame. The reason is cut at a character boundary to fit.
pub fn payload(code: u16, reason: &str) -> Vec<u8> {
    let end = reason.floor_char_boundary(REASON_BYTES_MAX);
    let mut out = Vec::with_capacity(2 + end);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&reason.as_bytes()[..end]);
    out
}
