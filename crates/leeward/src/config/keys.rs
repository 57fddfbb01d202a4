//! The closed table of configuration keys: the one place that names them.
//!
//! The table in `docs/operate.md` is generated from here, and so are the names of the environment
//! variables: `limits.file_bytes_max` is `LEEWARD_LIMITS_FILE_BYTES_MAX`.

/// One key that an operator may set.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its full name, with its section before a dot.
    pub(crate) name: &'static str,
    /// Which values it takes.
    pub(crate) kind: Kind,
    /// The value when nobody sets it, as text.
    pub(crate) default: &'static str,
    /// What it does, as a sentence.
    pub(crate) help: &'static str,
}

/// Which values a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Any text; empty stands for "not set".
    Text,
    /// A file or directory.
    Path,
    /// An IP address and a port.
    Address,
    /// A whole number between two bounds, both included.
    Number(u64, u64),
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Key {
    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("LEEWARD_{}", self.name.replace('.', "_").to_uppercase())
    }
}

const fn key(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Key {
    Key { name, kind, default, help }
}

const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

/// Every key, in the order of the documentation.
pub(crate) const KEYS: &[Key] = &[
    key(
        "data_dir",
        Kind::Path,
        "leeward-data",
        "Where everything that must survive a restart is kept; made when it is missing.",
    ),
    key(
        "listen",
        Kind::Address,
        "127.0.0.1:8080",
        "Where people connect: the web app, the HTTP API and the live protocol.",
    ),
    key(
        "operator_listen",
        Kind::Address,
        "127.0.0.1:8081",
        "Where the operator connects: health, metrics and status, without a password, so keep it private; commands, with the secret in the data directory.",
    ),
    key(
        "public_url",
        Kind::Text,
        "",
        "The address people type, such as `https://chat.example.org`; several with commas between. The first is used in links, and pages of these alone may act for a signed-in browser. Unset: pages of the host that is connected to.",
    ),
    key(
        "behind_proxy",
        Kind::Choice(&["false", "true"]),
        "false",
        "A proxy in front terminates TLS: cookies are marked `Secure`, and the last address of `X-Forwarded-For` is believed.",
    ),
    key(
        "tls.cert_file",
        Kind::Path,
        "",
        "Certificate chain in PEM; read again when the file changes. With `tls.key_file` it turns TLS on.",
    ),
    key("tls.key_file", Kind::Path, "", "Private key in PEM that belongs to the certificate."),
    key(
        "shards",
        Kind::Number(0, 256),
        "0",
        "Threads that serve connections; 0 for one per processor.",
    ),
    key(
        "readers",
        Kind::Number(0, 64),
        "0",
        "Threads that read the database while one other writes; 0 for one per processor, at least 2 and at most 4.",
    ),
    key(
        "limits.connections_max",
        Kind::Number(1, 1_000_000),
        "50000",
        "Live connections served at once; the next is told when to come back.",
    ),
    key(
        "limits.queue_bytes_max",
        Kind::Number(64 * KIB, GIB),
        "1048576",
        "What may wait for one connection that does not read; above it the connection is closed and can resume.",
    ),
    key(
        "limits.room_bytes_max",
        Kind::Number(4 * KIB, GIB),
        "65536",
        "Events of one room kept in memory, from which those who come back are caught up.",
    ),
    key(
        "limits.file_bytes_max",
        Kind::Number(0, TIB),
        "104857600",
        "Largest file that can be uploaded.",
    ),
    key(
        "lease.ping_ms",
        Kind::Number(500, 600_000),
        "5000",
        "How often a client that is looked at says that it is there.",
    ),
    key(
        "lease.lease_ms",
        Kind::Number(1_000, 3_600_000),
        "15000",
        "After so much silence either end gives such a connection up.",
    ),
    key(
        "lease.hidden_ping_ms",
        Kind::Number(500, 600_000),
        "60000",
        "How often a page in the background says so: browsers run its timers once a minute.",
    ),
    key(
        "lease.hidden_lease_ms",
        Kind::Number(1_000, 3_600_000),
        "150000",
        "After so much silence either end gives up the connection of such a page.",
    ),
    key(
        "lease.spread_ms",
        Kind::Number(0, 600_000),
        "5000",
        "Clients that lose this server without a word come back at random moments within this time at most; a few within less.",
    ),
    key(
        "drain.spread_ms",
        Kind::Number(0, 600_000),
        "5000",
        "When the server is stopped, it tells its clients to come back spread over this time.",
    ),
    key(
        "drain.ms_max",
        Kind::Number(0, 600_000),
        "10000",
        "How long a stop waits for what is under way.",
    ),
    key(
        "allow_load",
        Kind::Choice(&["false", "true"]),
        "false",
        "Lets an owner make thousands of synthetic people, for `leeward load`; never on a server that people use.",
    ),
    key("log.format", Kind::Choice(&["text", "json"]), "text", "How a line of the log looks."),
    key(
        "log.filter",
        Kind::Text,
        "info",
        "What is logged, such as `info` or `info,leeward_server=debug`.",
    ),
];

/// The key of that name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|k| k.name == name)
}

/// The nearest of `known` to `word`, when it is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .min()
        .filter(|(distance, k)| *distance <= 1 + k.len() / 3)
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_variables_are_unique() {
        let mut variables: Vec<_> = KEYS.iter().map(Key::variable).collect();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), KEYS.len());
    }

    #[test]
    fn a_name_that_counts_something_names_its_unit() {
        for k in KEYS.iter().filter(|k| k.name.ends_with("_max")) {
            assert!(matches!(k.kind, Kind::Number(..)), "{} is no number", k.name);
        }
    }

    #[test]
    fn the_nearest_key_is_suggested_and_a_far_one_is_not() {
        let names = || KEYS.iter().map(|k| k.name);
        assert_eq!(nearest("lisen", names()), Some("listen"));
        assert_eq!(nearest("limits.file_byte_max", names()), Some("limits.file_bytes_max"));
        assert_eq!(nearest("kubernetes", names()), None);
    }
}
