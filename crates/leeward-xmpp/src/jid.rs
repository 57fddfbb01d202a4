//! Addresses (RFC 7622): `local@domain/resource`.

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
            Some((bare, resource)) => (bare, Some(resource.to_owned())),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(local.to_lowercase()), domain),
            None => (None, bare),
        };
        if domain.is_empty() || local.as_deref() == Some("") || resource.as_deref() == Some("") {
            return Err(BadJid);
        }
        Ok(Self { local, domain: domain.to_lowercase(), resource })
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
