//! What a load test found, as figures and as words.

use crate::histogram::Quantiles;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// What a load test found. Parts that were not asked for are absent; so are figures of the server's
/// process when its id was not given.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoadReport {
    /// The server.
    pub server: String,
    /// Synthetic people.
    pub clients: usize,
    /// How many were in one room.
    pub room_size: usize,
    /// All sign in.
    pub sign_in: Option<Arrival>,
    /// All are in and silent.
    pub idle: Option<Idle>,
    /// All are dropped at once and come back with their tickets.
    pub storm: Option<Arrival>,
    /// Messages at a steady rate.
    pub delivery: Option<Delivery>,
    /// Messages as fast as the server takes them from a few writers in each room.
    pub saturated: Option<Delivery>,
    /// Messages at half of the rate of `saturated`.
    pub half: Option<Delivery>,
    /// Posts as fast as they are acknowledged, each writer in a room of their own.
    pub posts: Option<Posts>,
}

/// Many connections come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Arrival {
    /// Who came and was caught up.
    pub clients: u64,
    /// Until the last was.
    pub seconds: f64,
    /// Connections attempted for each who came.
    pub attempts_each: f64,
    /// From the first attempt to caught up.
    pub took: Quantiles,
    /// The server's processor time for each, in microseconds.
    pub server_cpu_us_each: Option<f64>,
}

/// Silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Idle {
    /// The server's resident memory before anybody came.
    pub rss_before_bytes: u64,
    /// With everybody in.
    pub rss_bytes: u64,
    /// The difference for each.
    pub rss_bytes_each: f64,
    /// The server's processor time per second, in percent of one core.
    pub cpu_percent: f64,
}

/// Messages to many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Delivery {
    /// People in the room, or in each of the rooms.
    pub members: usize,
    /// Rooms.
    pub rooms: usize,
    /// Messages posted per second, in all.
    pub messages_per_s: f64,
    /// Events seen per second, in all.
    pub deliveries_per_s: f64,
    /// From posting to seeing.
    pub took: Quantiles,
    /// The server's processor time for each delivery, in microseconds.
    pub server_cpu_us_each: Option<f64>,
    /// Expected and not seen.
    pub missing: i64,
    /// Times the server left events out.
    pub gaps: u64,
}

/// Posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Posts {
    /// Who post, each one at a time.
    pub writers: usize,
    /// Acknowledged per second: stored durably.
    pub per_s: f64,
    /// From posting to acknowledgement.
    pub took: Quantiles,
    /// The server's processor time for each, in microseconds.
    pub server_cpu_us_each: Option<f64>,
    /// Refused for good.
    pub refused: u64,
}

impl Display for LoadReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} clients, rooms of {}", self.server, self.clients, self.room_size)?;
        let arrivals = [("sign in", &self.sign_in), ("resume", &self.storm)];
        for (name, arrival) in arrivals {
            if let Some(a) = arrival {
                line(f, name, a)?;
            }
        }
        if let Some(idle) = &self.idle {
            line(f, "idle", idle)?;
        }
        for (name, delivery) in [
            ("delivery", &self.delivery),
            ("saturated", &self.saturated),
            ("half of it", &self.half),
        ] {
            if let Some(d) = delivery {
                line(f, name, d)?;
            }
        }
        if let Some(posts) = &self.posts {
            line(f, "posts", posts)?;
        }
        Ok(())
    }
}

fn line(f: &mut Formatter<'_>, name: &str, what: &impl Display) -> fmt::Result {
    writeln!(f, "{name:<10} {what}")
}

/// "; server 12.3 µs each", if that is known.
struct Each(Option<f64>);

impl Display for Each {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |us| write!(f, "; server {us:.1} µs each"))
    }
}

impl Display for Quantiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { p50_ms, p99_ms, max_ms, .. } = self;
        write!(f, "p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, longest {max_ms:.1} ms")
    }
}

impl Display for Arrival {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { clients, seconds, attempts_each, took, .. } = self;
        let per_s = *clients as f64 / seconds.max(1e-6);
        write!(
            f,
            "{clients} in {seconds:.2} s ({per_s:.0}/s, {attempts_each:.2} attempts each); "
        )?;
        write!(f, "{took}{}", Each(self.server_cpu_us_each))
    }
}

impl Display for Idle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (before, with) = (mib(self.rss_before_bytes), mib(self.rss_bytes));
        let each = self.rss_bytes_each / 1024.0;
        write!(f, "{each:.2} KiB resident each ({before:.1} to {with:.1} MiB), ")?;
        write!(f, "{:.1} % of a core", self.cpu_percent)
    }
}

impl Display for Delivery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { members, rooms, messages_per_s, deliveries_per_s, took, .. } = self;
        write!(f, "{rooms} × {members} members, {messages_per_s:.0} messages/s, ")?;
        write!(f, "{deliveries_per_s:.0} deliveries/s; {took}{}", Each(self.server_cpu_us_each))?;
        if self.missing != 0 || self.gaps != 0 {
            write!(f, "; {} missing, {} gaps", self.missing, self.gaps)?;
        }
        Ok(())
    }
}

impl Display for Posts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { writers, per_s, took, refused, .. } = self;
        write!(f, "{writers} writers, {per_s:.0} acknowledged/s; {took}")?;
        write!(f, "{}", Each(self.server_cpu_us_each))?;
        if *refused > 0 { write!(f, "; {refused} refused") } else { Ok(()) }
    }
}
