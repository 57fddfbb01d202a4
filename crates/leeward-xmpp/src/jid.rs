//! Addresses (RFC 7622): `local@domain/resource`.

use unicode_normalization::UnicodeNormalization as _;

/// A full or bare address, or one of a service. Local part and domain are in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Jid {
    /// Before the `@`.
    pub local: Option<String>,
    /// The server or service.
    pub domain: String,
    /// After the `/`.
    pub resource: Option<String>,
}

/// The text is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadJid;

impl Jid {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, BadJid> {
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local), domain),
            None => (None, bare),
        };
        Ok(Self {
            local: local.map(local_part).transpose()?,
            domain: domain_part(domain)?,
            resource: resource.map(resource_part).transpose()?,
        })
    }

    /// The address of an account or room on a server, or in a service of it.
    pub fn of(local: &str, domain: &str) -> Self {
        Self { local: Some(local.to_owned()), domain: domain.to_owned(), resource: None }
    }

    /// Without resource.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self { local: self.local.clone(), domain: self.domain.clone(), resource: None }
    }

    /// With this resource.
    #[must_use]
    pub fn with(&self, resource: &str) -> Self {
        Self { resource: Some(resource.to_owned()), ..self.bare() }
    }
}

impl std::fmt::Display for Jid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(local) = &self.local {
            write!(f, "{local}@")?;
        }
        f.write_str(&self.domain)?;
        if let Some(resource) = &self.resource {
            write!(f, "/{resource}")?;
        }
        Ok(())
    }
}

/// Longest part, in bytes (RFC 7622, 3.1).
const PART_BYTES_MAX: usize = 1_023;

fn sized(part: String) -> Result<String, BadJid> {
    if part.is_empty() || part.len() > PART_BYTES_MAX { Err(BadJid) } else { Ok(part) }
}

/// Names of accounts and rooms: letters in lower case, digits and marks (RFC 7622, 3.3).
fn local_part(text: &str) -> Result<String, BadJid> {
    let folded: String = text.to_lowercase().nfc().collect();
    let fits = |c: char| {
        !c.is_control() && !c.is_whitespace() && !INVISIBLE.contains(&c) && !FORBIDDEN.contains(c)
    };
    if folded.chars().all(fits) { sized(folded) } else { Err(BadJid) }
}

fn domain_part(text: &str) -> Result<String, BadJid> {
    let text = text.strip_suffix('.').unwrap_or(text).to_lowercase();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let labels = !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    if labels && text.chars().all(fits) { sized(text) } else { Err(BadJid) }
}

/// Anything that can be shown (RFC 7622, 3.4).
fn resource_part(text: &str) -> Result<String, BadJid> {
    let text: String = text.nfc().collect();
    if text.chars().any(char::is_control) { Err(BadJid) } else { sized(text) }
}

const FORBIDDEN: &str = "\"&'/:<>@";
/// Characters that make two names look alike: zero-width ones, and those that turn the direction.
const INVISIBLE: [char; 15] = [
    '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}',
    '\u{202c}', '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2069}', '\u{feff}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_its_parts_and_written_as_it_was() {
        let jid = Jid::parse("Member@Chat.Example.org/Ph\u{f6}ne 1/2").unwrap();
        assert_eq!(jid.local.as_deref(), Some("member"));
        assert_eq!(jid.to_string(), "member@chat.example.org/Ph\u{f6}ne 1/2");
        assert_eq!(jid.bare().to_string(), "member@chat.example.org");
        assert_eq!(
            Jid::parse("rooms.x").unwrap(),
            Jid { local: None, domain: "rooms.x".into(), resource: None }
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@x", "a".repeat(1_024));
        for text in [
            "",
            "@x",
            "a@",
            "a@x/",
            "a b@x",
            "a\u{200b}@x",
            "a\u{202e}@x",
            "<@x",
            "a@x y",
            "a@x/\n",
            "/a",
            &long,
        ] {
            assert_eq!(Jid::parse(text), Err(BadJid), "{text:?}");
        }
    }
}
