//! Tokens of earlier sign-ins (XEP-0484) by HT-SHA-256 (draft-schmaus-kitten-sasl-ht): one MAC, no
//! password.

use super::Binding;
use super::scram::mac256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

/// What a client said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fast {
    /// Who.
    pub name: String,
    proof: Vec<u8>,
}

impl Fast {
    /// Reads a message: name, a zero byte, the proof.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let zero = message.iter().position(|b| *b == 0)?;
        let name = std::str::from_utf8(&message[..zero]).ok()?.to_owned();
        let proof = message[zero + 1..].to_vec();
        (!name.is_empty() && proof.len() == 32).then_some(Self { name, proof })
    }
}

/// The mechanisms: without binding, and bound by what RFC 9266 gives.
pub(crate) const MECHANISMS: [&str; 2] = ["HT-SHA-256-EXPR", "HT-SHA-256-NONE"];

/// The server's answer if one of the tokens makes the client's proof. Every token is tried, so that it
/// takes the same time whichever it is.
pub fn check(
    fast: &Fast,
    mechanism: &str,
    binding: Option<&Binding>,
    tokens: &[String],
) -> Option<String> {
    let data = match (mechanism, binding) {
        ("HT-SHA-256-NONE", _) => &[][..],
        ("HT-SHA-256-EXPR", Some(binding)) => binding.data(),
        _ => return None,
    };
    let mut answer = None;
    for token in tokens {
        let mac = |who: &[u8]| mac256(token.as_bytes(), &[who, data].concat());
        if bool::from(mac(b"Initiator").ct_eq(&fast.proof[..])) {
            answer = Some(STANDARD.encode(mac(b"Responder")));
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_by_its_own_mechanism_alone() {
        let binding = Binding::Exporter([5; 32]);
        let proof = |data: &[u8]| mac256(b"token", &[&b"Initiator"[..], data].concat());
        let said = |data: &[u8]| {
            Fast::parse(&[&b"member\0"[..], &proof(data)].concat()).expect("of the form")
        };
        let tokens = ["other".to_owned(), "token".to_owned()];
        let none = "HT-SHA-256-NONE";
        assert!(check(&said(b""), none, Some(&binding), &tokens).is_some());
        assert!(check(&said(b""), none, None, &tokens[..1]).is_none());
        let bound = "HT-SHA-256-EXPR";
        assert!(check(&said(&[5; 32]), bound, Some(&binding), &tokens).is_some());
        assert!(check(&said(b""), bound, Some(&binding), &tokens).is_none());
        assert!(check(&said(b""), bound, None, &tokens).is_none());
        assert!(Fast::parse(b"member\0short").is_none() && Fast::parse(b"").is_none());
    }
}
