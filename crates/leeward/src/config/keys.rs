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
    /// The same, `auto` for the usual one of this machine if it is free, or empty for none.
    Listener,
    /// Addresses or their beginnings, such as `10.0.0.0/8`, with commas between; empty for none.
    Prefixes,
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
        "proxy_idle_ms",
        Kind::Number(1_000, 86_400_000),
        "60000",
        "After so much silence the proxy in front closes a connection; nginx, HAProxy and most load balancers do so after a minute unless told otherwise. Only `leeward doctor` asks: it compares this with the pings.",
    ),
    key(
        "xmpp.listen",
        Kind::Listener,
        "auto",
        "Where XMPP clients connect, with TLS once they ask for it. `auto`: 127.0.0.1:5222 if it is free; empty: nowhere.",
    ),
    key(
        "xmpp.listen_tls",
        Kind::Listener,
        "auto",
        "The same with TLS from the first byte, where there is a certificate. `auto`: 127.0.0.1:5223 if it is free.",
    ),
    key(
        "xmpp.domain",
        Kind::Text,
        "localhost",
        "What stands after the `@` in the XMPP address of an account; rooms are at `rooms.` of it. Clients look the server up by this name.",
    ),
    key(
        "xmpp.plain",
        Kind::Choice(&["false", "true"]),
        "false",
        "Whether XMPP clients that are not on this machine may send passwords without TLS.",
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
        "Connections served at once, those who wait in line included. Whoever waits gives way to somebody who goes before them, so that nobody is refused for people who are not in; when all are in, the next is told when to come back.",
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
        "door.backlog_max",
        Kind::Number(16, 65_535),
        "4096",
        "Connections that the kernel keeps waiting until they are accepted, on purpose no more than a third of a second's worth: what is beyond is dropped at no cost, and tries again.",
    ),
    key(
        "door.porch_max",
        Kind::Number(16, 1_000_000),
        "16384",
        "Connections that are accepted and wait for a shard to take them in; beyond, they wait in the kernel. The return of everybody at once should fit.",
    ),
    key(
        "door.openings_max",
        Kind::Number(16, 65_535),
        "1024",
        "Connections of one shard that were taken in and of which it is not known yet what they want: TLS and the first request are under way. Beyond, the others wait.",
    ),
    key(
        "door.address_per_s",
        Kind::Number(1, 1_000_000),
        "100",
        "Connections a second from one address (one /64 of IPv6), in the long run; an office may be behind one.",
    ),
    key(
        "door.address_burst",
        Kind::Number(1, 1_000_000),
        "1000",
        "Connections from one address at once, for when a whole office comes back.",
    ),
    key(
        "door.network_per_s",
        Kind::Number(1, 1_000_000),
        "400",
        "Connections a second from one network (a /24, or a /48 of IPv6), in the long run.",
    ),
    key(
        "door.network_burst",
        Kind::Number(1, 1_000_000),
        "4000",
        "Connections from one network at once.",
    ),
    key(
        "commands.private_targets",
        Kind::Prefixes,
        "",
        "Where slash commands of the workspace's own may be answered besides public addresses. Whoever administers the workspace can have the server post there: name what is meant for that and no whole network.",
    ),
    key(
        "door.trusted",
        Kind::Prefixes,
        "",
        "Addresses whose connections are not counted, such as `10.0.0.0/8, 192.0.2.7`: those of a proxy, behind which everybody is. This machine is always one.",
    ),
    key(
        "storm.control",
        Kind::Choice(&["true", "false"]),
        "true",
        "Decides who is let in when; `false` lets everybody in at once, as the control of a drill, and is refused unless `drills.allowed`.",
    ),
    key(
        "storm.guard",
        Kind::Choice(&["true", "false"]),
        "true",
        "Mends the decision when it has gone wrong; `false` lets it stay wrong, as the control of a drill, and is refused unless `drills.allowed`.",
    ),
    key(
        "storm.parked_bytes_max",
        Kind::Number(0, TIB),
        "268435456",
        "Memory for those who wait their turn with their connection kept; whoever does not fit is given a time and knocks again.",
    ),
    key(
        "drain.spread_ms",
        Kind::Number(0, 600_000),
        "5000",
        "When the server is stopped, it tells its clients to come back spread over this time, or over as long as letting them all in takes, whichever is longer.",
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
    key(
        "drills.allowed",
        Kind::Choice(&["false", "true"]),
        "false",
        "Takes commands at the operator's listener that break this server on purpose, for `leeward drill`; never on a server that people use.",
    ),
    key(
        "metrics.statsd",
        Kind::Text,
        "",
        "A statsd daemon, such as `127.0.0.1:8125`, to which the figures of `/metrics` are sent as well, by UDP; unset: none.",
    ),
    key(
        "metrics.statsd_prefix",
        Kind::Text,
        "leeward",
        "What every name that is sent there begins with.",
    ),
    key(
        "metrics.statsd_every_ms",
        Kind::Number(1_000, 600_000),
        "10000",
        "How often that is done.",
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
