//! The configuration: defaults, then `leeward.toml`, then the environment, then flags, each over the one
//! before. The only place that reads the environment. Keys outside the table are refused.

mod keys;
mod origin;
mod print;

use anyhow::{Context as _, Result, bail};
use keys::{KEYS, Key, Kind, nearest};
use leeward_server::config::Prefix;
pub(crate) use origin::Origin;
pub(crate) use print::{as_json, as_markdown, as_text};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file that is read when no other is named, if it exists.
const FILE: &str = "leeward.toml";
/// The variable that names the file; every other `LEEWARD_` variable is a key of the table.
const FILE_VARIABLE: &str = "LEEWARD_CONFIG";

/// Effective values, each with where it came from.
#[derive(Debug)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, (String, Origin)>,
}

/// What was given on the command line.
#[derive(Default, Debug)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// Names of keys with their values, and the flag each came from.
    pub(crate) set: Vec<(String, String, String)>,
}

impl Config {
    /// Reads all four sources of the running process.
    ///
    /// # Errors
    /// One line that names the source, the key and what would be right.
    pub(crate) fn load(flags: &Flags) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the configuration")]
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|n| n.starts_with("LEEWARD_"))?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        Self::from_sources(flags, environment.collect())
    }

    fn from_sources(flags: &Flags, mut environment: BTreeMap<String, String>) -> Result<Self> {
        let mut config = Self { values: BTreeMap::new() };
        for key in KEYS {
            config.values.insert(key.name, (key.default.to_owned(), Origin::Default));
        }
        let named = environment.remove(FILE_VARIABLE).map(PathBuf::from);
        match flags.file.clone().or(named) {
            Some(path) => {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                config.apply_file(&path, &text)?;
            }
            None => {
                if let Ok(text) = std::fs::read_to_string(FILE) {
                    config.apply_file(Path::new(FILE), &text)?;
                }
            }
        }
        for (variable, value) in environment {
            config.apply_variable(&variable, value)?;
        }
        for (name, value, flag) in &flags.set {
            config
                .set(name, value.clone(), Origin::Flag(flag.clone()), &|| format!("flag {flag}"))?;
        }
        config.check()?;
        Ok(config)
    }

    fn apply_file(&mut self, path: &Path, text: &str) -> Result<()> {
        let at = |offset: usize| {
            let line = text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
            format!("{}:{line}", path.display())
        };
        let table = DeTable::parse(text).map_err(|e| {
            let place = at(e.span().map_or(0, |s| s.start));
            anyhow::anyhow!("{place}: {}", e.message())
        })?;
        let mut found = Vec::new();
        flatten(table.get_ref(), "", &mut found);
        for (name, value, offset) in found {
            let place = at(offset);
            let text = value.with_context(|| {
                format!("{place}: `{name}` must be a text, a whole number, true or false")
            })?;
            self.set(&name, text, Origin::File(place.clone()), &|| place.clone())?;
        }
        Ok(())
    }

    fn apply_variable(&mut self, variable: &str, value: String) -> Result<()> {
        let Some(key) = KEYS.iter().find(|k| k.variable() == variable) else {
            let known: Vec<String> = KEYS.iter().map(Key::variable).collect();
            let near = nearest(variable, known.iter().map(String::as_str));
            bail!("environment: unknown variable `{variable}`{}", did_you_mean(near));
        };
        let origin = Origin::Environment(variable.to_owned());
        self.set(key.name, value, origin, &|| format!("environment: {variable}"))
    }

    fn set(
        &mut self,
        name: &str,
        value: String,
        origin: Origin,
        place: &dyn Fn() -> String,
    ) -> Result<()> {
        let Some(key) = keys::find(name) else {
            let near = nearest(name, KEYS.iter().map(|k| k.name));
            bail!("{}: unknown key `{name}`{}", place(), did_you_mean(near));
        };
        check_value(key, &value).map_err(|wanted| {
            anyhow::anyhow!("{}: `{name}` must be {wanted}, not `{value}`", place())
        })?;
        self.values.insert(key.name, (value, origin));
        Ok(())
    }

    /// What no single key can be blamed for.
    fn check(&self) -> Result<()> {
        if self.text("tls.cert_file").is_empty() != self.text("tls.key_file").is_empty() {
            bail!("`tls.cert_file` and `tls.key_file` belong together: set both or neither");
        }
        for key in ["storm.control", "storm.guard"] {
            if !self.is(key) && !self.is("drills.allowed") {
                bail!(
                    "`{key}` can only be false where `drills.allowed` is true: without it the next \
                     storm takes the server down"
                );
            }
        }
        let statsd = self.text("metrics.statsd");
        let port = statsd.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>()));
        if !statsd.is_empty() && !matches!(port, Some((host, Ok(1..))) if !host.is_empty()) {
            bail!(
                "`metrics.statsd` must be a host and a port, such as `127.0.0.1:8125`, not `{statsd}`"
            );
        }
        for url in self.origins() {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if host.is_none_or(|h| h.is_empty() || h.contains('/')) {
                bail!(
                    "`public_url` must be `http://` or `https://`, a host and nothing after it, not `{url}`"
                );
            }
        }
        for (ping, lease) in
            [("lease.ping_ms", "lease.lease_ms"), ("lease.hidden_ping_ms", "lease.hidden_lease_ms")]
        {
            if self.number(lease) < 2 * self.number(ping) {
                bail!(
                    "`{lease}` must be at least twice `{ping}`: one lost ping may end nobody's connection"
                );
            }
        }
        Ok(())
    }

    fn of(&self, name: &str) -> &(String, Origin) {
        self.values.get(name).expect("only names from the table are asked for")
    }

    /// A text; empty when it is not set.
    pub(crate) fn text(&self, name: &str) -> &str {
        &self.of(name).0
    }

    /// A path; `None` when it is not set.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.text(name)).filter(|t| !t.is_empty()).map(PathBuf::from)
    }

    /// An address.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        self.text(name).parse().expect("checked when it was set")
    }

    /// Addresses or their beginnings.
    pub(crate) fn prefixes(&self, name: &str) -> Vec<Prefix> {
        prefixes(self.text(name)).expect("checked when it was set")
    }

    /// A number that the table bounds.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().expect("checked when it was set")
    }

    /// A number that the table bounds, as a size in memory.
    pub(crate) fn count(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).unwrap_or(usize::MAX)
    }

    /// Whether a key that is `true` or `false` is true.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The addresses of `public_url`, if any.
    pub(crate) fn origins(&self) -> Vec<String> {
        let parts = self.text("public_url").split(',').map(|u| u.trim().trim_end_matches('/'));
        parts.filter(|u| !u.is_empty()).map(str::to_owned).collect()
    }

    /// The hosts of `public_url`, without their ports.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let authority = |url: &String| url.split("//").nth(1).unwrap_or_default().to_owned();
        let bare = |authority: String| match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host.to_owned(),
            Some(_) | None => authority,
        };
        self.origins().iter().map(authority).map(bare).collect()
    }

    /// Where the data is.
    pub(crate) fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data_dir"))
    }
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(
        || "; `leeward config` lists those there are".to_owned(),
        |n| format!("; did you mean `{n}`?"),
    )
}

fn prefixes(text: &str) -> Option<Vec<Prefix>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok()).collect()
}

/// Whether `value` is of the key's kind; the error says what would be.
fn check_value(key: &Key, value: &str) -> Result<(), String> {
    match key.kind {
        Kind::Text | Kind::Path => {
            if value.is_empty() && !key.default.is_empty() {
                return Err("something".to_owned());
            }
            Ok(())
        }
        Kind::Address => match value.parse::<SocketAddr>() {
            Ok(_) => Ok(()),
            Err(_) => Err("an IP address and a port, such as `0.0.0.0:8080`".to_owned()),
        },
        Kind::Listener if value.is_empty() || value == "auto" => Ok(()),
        Kind::Listener => match value.parse::<SocketAddr>() {
            Ok(_) => Ok(()),
            Err(_) => {
                Err("`auto`, an IP address and a port such as `0.0.0.0:5222`, or nothing"
                    .to_owned())
            }
        },
        Kind::Prefixes if prefixes(value).is_some() => Ok(()),
        Kind::Prefixes => {
            Err("addresses such as `192.0.2.7` or `10.0.0.0/8`, with commas between".to_owned())
        }
        Kind::Number(least, most) => match value.parse::<u64>() {
            Ok(n) if (least..=most).contains(&n) => Ok(()),
            Ok(_) | Err(_) => Err(format!("a whole number from {least} to {most}")),
        },
        Kind::Choice(words) if words.contains(&value) => Ok(()),
        Kind::Choice(words) => Err(format!("one of `{}`", words.join("`, `"))),
    }
}

/// Every leaf of a table with its dotted name and the byte offset of that name. A value that no key can
/// take is `None`.
fn flatten(table: &DeTable<'_>, prefix: &str, out: &mut Vec<(String, Option<String>, usize)>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(inner, &format!("{name}."), out),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => out.push((name, leaf(value), key.span().start)),
        }
    }
}

fn leaf(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(s) => Some(s.clone().into_owned()),
        DeValue::Integer(n) => Some(n.to_string()),
        DeValue::Boolean(b) => Some(b.to_string()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests;
