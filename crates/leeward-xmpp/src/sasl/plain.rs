//! PLAIN (RFC 4616): name and password as they are.

/// What a client said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plain {
    /// On whose behalf; empty: their own.
    pub authzid: String,
    /// Who.
    pub name: String,
    /// The password.
    pub password: String,
}

/// Reads a message.
pub fn parse(message: &[u8]) -> Option<Plain> {
    let text = std::str::from_utf8(message).ok()?;
    let mut parts = text.split('\0');
    let (authzid, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || name.is_empty() || password.is_empty() {
        return None;
    }
    let [authzid, name, password] = [authzid, name, password].map(str::to_owned);
    Some(Plain { authzid, name, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_three_parts() {
        let plain = parse(b"\0member\0correct horse").unwrap();
        assert_eq!((plain.name.as_str(), plain.password.as_str()), ("member", "correct horse"));
        for bad in [&b"member\0secret"[..], b"\0\0secret", b"\0member\0", b"\0a\0b\0c", b"\xff"] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
