//! The same figures to a statsd daemon, where there is one: gauges as they stand, counters by what was
//! added since the last time.
//!
//! Datagrams that are sent without waiting and may be lost; whatever is wrong on the way there holds
//! up nobody here. Read from the text of `/metrics`, so that the two cannot differ.

use crate::config::Statsd;
use crate::node::Node;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UdpSocket, lookup_host};

/// A datagram that passes any Ethernet whole.
const DATAGRAM_BYTES_MAX: usize = 1_432;
/// How long a name may take to be found.
const LOOKUP_MAX: Duration = Duration::from_secs(5);

/// Sends for as long as the node lives.
pub(super) async fn send(node: Arc<Node>, config: Statsd) {
    let mut time = tokio::time::interval(config.every);
    time.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sent = Sent::default();
    let mut socket = None;
    loop {
        time.tick().await;
        let lines = sent.lines(&config.prefix, &crate::operator::metrics(&node));
        if socket.is_none() {
            socket = reach(&config.address).await;
        }
        let Some(reached) = &socket else { continue };
        for datagram in datagrams(&lines) {
            match reached.try_send(datagram.as_bytes()) {
                Ok(_) => {}
                // The kernel has no room: these figures are lost, the next are not.
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                // Nobody is there, or the name stands for another address meanwhile.
                Err(_) => {
                    socket = None;
                    break;
                }
            }
        }
    }
}

/// A socket to whoever has that name at this moment.
async fn reach(address: &str) -> Option<UdpSocket> {
    let found = tokio::time::timeout(LOOKUP_MAX, lookup_host(address)).await;
    let to = found.ok()?.ok()?.next()?;
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(from).await.ok()?;
    socket.connect(to).await.ok()?;
    Some(socket)
}

/// What was last sent of each counter.
#[derive(Default)]
struct Sent {
    counters: BTreeMap<String, f64>,
    begun: bool,
}

impl Sent {
    /// The lines for what `text` says, in OpenMetrics.
    fn lines(&mut self, prefix: &str, text: &str) -> Vec<String> {
        let mut kinds = BTreeMap::new();
        let mut lines = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                if let Some((name, kind)) = rest.split_once(' ') {
                    kinds.insert(name, kind);
                }
                continue;
            }
            let Some((series, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))
            else {
                continue;
            };
            let Some(value) = value.parse().ok().filter(|v: &f64| v.is_finite()) else { continue };
            let name = series.split('{').next().unwrap_or(series);
            let of = |suffix: &str| name.strip_suffix(suffix).and_then(|n| kinds.get(n));
            let adds_up = matches!(of("_total"), Some(&"counter"))
                || matches!(of("_count").or(of("_sum")), Some(&"histogram"));
            let path = path(prefix, series);
            if adds_up {
                let before = self.counters.insert(path.clone(), value);
                let added = value - before.unwrap_or(if self.begun { 0.0 } else { value });
                if added > 0.0 {
                    lines.push(format!("{path}:{added}|c"));
                }
            } else if kinds.get(name) == Some(&"gauge") {
                lines.extend(gauge(&path, value));
            }
        }
        self.begun = true;
        lines
    }
}

/// A negative number is a change to statsd: it is set to 0 and lowered.
fn gauge(path: &str, value: f64) -> Vec<String> {
    if value < 0.0 {
        vec![format!("{path}:0|g"), format!("{path}:{value}|g")]
    } else {
        vec![format!("{path}:{value}|g")]
    }
}

/// `leeward_standing{is="live"}` as `prefix.standing.live`.
fn path(prefix: &str, series: &str) -> String {
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let name = name.strip_prefix("leeward_").unwrap_or(name);
    let name = name.strip_suffix("_total").unwrap_or(name);
    let mut path = match prefix {
        "" => name.to_owned(),
        prefix => format!("{prefix}.{name}"),
    };
    for label in labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()) {
        let value = label.split_once('=').map_or(label, |(_, value)| value).trim_matches('"');
        path.push('.');
        // What statsd takes for its own signs.
        path.extend(value.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
    }
    path
}

/// Lines in as few datagrams as they fit in.
fn datagrams(lines: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| line.len() <= DATAGRAM_BYTES_MAX) {
        match all.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= DATAGRAM_BYTES_MAX => {
                last.push('\n');
                last.push_str(line);
            }
            Some(_) | None => all.push(line.clone()),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP leeward_posts Drafts stored.\n# TYPE leeward_posts counter\n\
        leeward_posts_total 7\n# TYPE leeward_standing gauge\nleeward_standing{is=\"live\"} 3\n\
        # TYPE leeward_limit_per_second gauge\nleeward_limit_per_second NaN\n\
        # TYPE leeward_post_seconds histogram\nleeward_post_seconds_sum 0.5\n\
        leeward_post_seconds_count 4\nleeward_post_seconds_bucket{le=\"0.1\"} 4\n# EOF\n";

    #[test]
    fn gauges_are_sent_as_they_stand_and_counters_by_what_was_added() {
        let mut sent = Sent::default();
        assert_eq!(sent.lines("chat", TEXT), ["chat.standing.live:3|g"]);
        assert_eq!(sent.lines("chat", TEXT), ["chat.standing.live:3|g"], "nothing was added");
        let later = TEXT.replace("posts_total 7", "posts_total 9").replace("count 4", "count 5");
        let lines = sent.lines("chat", &later);
        assert_eq!(
            lines,
            ["chat.posts:2|c", "chat.standing.live:3|g", "chat.post_seconds_count:1|c"]
        );
    }

    #[test]
    fn a_series_that_begins_later_is_sent_whole() {
        let mut sent = Sent::default();
        sent.lines("", "# EOF\n");
        let lines = sent.lines("", TEXT);
        assert!(lines.contains(&"posts:7|c".to_owned()), "{lines:?}");
    }

    #[test]
    fn signs_of_statsd_are_kept_out_of_names() {
        assert_eq!(path("p", "leeward_x{q=\"0.5\",of=\"a:b|c\"}"), "p.x.0_5.a_b_c");
        assert_eq!(gauge("x", -2.0), ["x:0|g", "x:-2|g"]);
    }

    #[test]
    fn a_datagram_fits_an_ethernet() {
        let lines: Vec<String> =
            (0..200).map(|i| format!("leeward.some_figure.{i}:{i}|g")).collect();
        let all = datagrams(&lines);
        assert!(all.len() > 1 && all.iter().all(|d| d.len() <= DATAGRAM_BYTES_MAX));
        let back: Vec<&str> = all.iter().flat_map(|d| d.lines()).collect();
        assert_eq!(back, lines);
    }
}
