//! The sentence on top of the console: what is going on, how far it has got, how long it takes still.
//!
//! Made of figures alone. It promises nothing: a time is an estimate and says "about", and what is not
//! known is left out.

use super::status::State;

/// What the sentence is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// How long it has been so, in milliseconds.
    pub(crate) since_ms: u64,
    /// Connections that are in.
    pub(crate) live: u64,
    /// At the door.
    pub(crate) waiting: u64,
    /// How many of how many are back.
    pub(crate) storm: Option<(u64, u64)>,
    pub(crate) admissions_per_s: u64,
    /// Until all are in; `None` while nobody is let in.
    pub(crate) to_go_ms: Option<u64>,
    /// Drafts that could not be stored since the storm began.
    pub(crate) unstored: u64,
    /// Gates that are not open, in words, such as "closed for sign-in".
    pub(crate) gates: Vec<String>,
    /// How many of how many have gone, and how long it still takes.
    pub(crate) drain: Option<(u64, u64, Option<u64>)>,
    /// How long it would take to let all in if they lost their connection at once.
    pub(crate) recover_ms: Option<u64>,
    /// The rate that the operator has fixed.
    pub(crate) fixed_per_s: Option<u64>,
}

/// The sentence. It begins with the state, up to the first full stop.
pub(crate) fn sentence(standing: &Standing) -> String {
    let Standing { state, since_ms, live, .. } = standing;
    let mut parts = Vec::new();
    let head = match state {
        State::Calm => "Calm.".to_owned(),
        State::Storm => format!("Storm, {}.", clock(*since_ms)),
        State::Gate => format!("Gate {}, {}.", standing.gates.join("; "), clock(*since_ms)),
        State::Drain => format!("Draining, {}.", clock(*since_ms)),
        State::Static => format!("Fixed rate, {}.", clock(*since_ms)),
    };
    if *state == State::Calm {
        parts.push(counted(*live, "connection"));
        if let Some(ms) = standing.recover_ms.filter(|_| *live > 0) {
            parts.push(format!("if all were lost now, all would be back in {}", about(ms)));
        }
        parts.extend(standing.fixed_per_s.map(|n| format!("rate held at {}/s", grouped(n))));
        return format!("{head} {}.", capital(&parts.join(" · ")));
    }
    if *state == State::Static {
        parts.push("the limiter failed and a safe rate is held".to_owned());
    }
    if let Some((gone, of, to_go_ms)) = standing.drain {
        parts.push(format!("{} of {} have gone", grouped(gone), grouped(of)));
        parts.extend(to_go_ms.map(|ms| format!("{} to go", about(ms))));
    }
    if let Some((back, of)) = standing.storm {
        if back >= of {
            parts.push(format!("all {} back", grouped(of)));
        } else {
            parts.push(format!("{} of {} back", grouped(back), grouped(of)));
        }
    } else if standing.waiting > 0 {
        parts.push(format!("{} waiting", grouped(standing.waiting)));
    }
    if *state != State::Gate {
        parts.extend(standing.gates.iter().map(|gate| format!("gate {gate}")));
    }
    let all_back = standing.storm.is_some_and(|(back, of)| back >= of);
    if (standing.storm.is_some() || standing.waiting > 0) && !all_back {
        parts.push(pace(standing));
        parts.extend(standing.to_go_ms.map(|ms| format!("{} to go", about(ms))));
    } else if standing.drain.is_none() && !all_back {
        parts.push(format!("{} stay untouched", counted(*live, "connection")));
    }
    if standing.storm.is_some() {
        parts.push(kept(standing.unstored));
    }
    format!("{head} {}.", capital(&parts.join(" · ")))
}

/// What can be said of messages: those that were acknowledged are stored, always.
pub(crate) fn kept(unstored: u64) -> String {
    match unstored {
        0 => "nothing lost".to_owned(),
        1 => "1 draft could not be stored and stays with its writer".to_owned(),
        n => format!("{} drafts could not be stored and stay with their writers", grouped(n)),
    }
}

fn pace(standing: &Standing) -> String {
    match (standing.admissions_per_s, standing.waiting) {
        (0, 0) => "nobody at the door".to_owned(),
        (0, _) => "letting nobody in".to_owned(),
        (per_s, _) => format!("letting in {}/s", grouped(per_s)),
    }
}

/// A time as a clock shows it: minutes and seconds, with hours when there are any.
pub(crate) fn clock(ms: u64) -> String {
    let s = ms / 1_000;
    match s / 3_600 {
        0 => format!("{:02}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// A time as one says it.
pub(crate) fn about(ms: u64) -> String {
    match ms.div_ceil(1_000) {
        0 | 1 => "about a second".to_owned(),
        s if s < 100 => format!("about {s} s"),
        s if s < 5_400 => format!("about {} min", (s + 30) / 60),
        s => format!("about {} h", (s + 1_800) / 3_600),
    }
}

/// A count and what is counted.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The same with a capital letter at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_node_says_how_long_a_storm_would_take() {
        let mut standing = Standing {
            live: 10_000,
            recover_ms: Some(8_200),
            since_ms: 5_000,
            ..Standing::default()
        };
        let wanted =
            "Calm. 10,000 connections · if all were lost now, all would be back in about 9 s.";
        assert_eq!(sentence(&standing), wanted);
        (standing.live, standing.recover_ms) = (1, None);
        assert_eq!(sentence(&standing), "Calm. 1 connection.");
        standing.fixed_per_s = Some(1_500);
        assert_eq!(sentence(&standing), "Calm. 1 connection · rate held at 1,500/s.");
        (standing.live, standing.fixed_per_s) = (0, None);
        assert_eq!(sentence(&standing), "Calm. 0 connections.");
    }

    fn storm() -> Standing {
        Standing {
            state: State::Storm,
            since_ms: 41_900,
            live: 6_510,
            waiting: 3_490,
            storm: Some((6_310, 9_800)),
            admissions_per_s: 220,
            to_go_ms: Some(15_860),
            ..Standing::default()
        }
    }

    #[test]
    fn a_storm_says_how_many_are_back_and_how_long_it_takes() {
        let wanted = "Storm, 00:41. 6,310 of 9,800 back · letting in 220/s · about 16 s to go · \
            nothing lost.";
        assert_eq!(sentence(&storm()), wanted);
    }

    #[test]
    fn what_was_not_stored_is_not_called_nothing() {
        let told = sentence(&Standing { unstored: 3, ..storm() });
        let wanted = "about 16 s to go · 3 drafts could not be stored and stay with their writers.";
        assert!(told.ends_with(wanted), "{told}");
        assert!(!told.contains("nothing lost"));
    }

    #[test]
    fn no_end_is_promised_while_nobody_gets_in() {
        let told = sentence(&Standing { admissions_per_s: 0, to_go_ms: None, ..storm() });
        assert_eq!(told, "Storm, 00:41. 6,310 of 9,800 back · letting nobody in · nothing lost.");
    }

    #[test]
    fn nobody_is_kept_out_where_nobody_asks() {
        let away = Standing { admissions_per_s: 0, to_go_ms: None, waiting: 0, ..storm() };
        let wanted = "Storm, 00:41. 6,310 of 9,800 back · nobody at the door · nothing lost.";
        assert_eq!(sentence(&away), wanted);
        let back = Standing { storm: Some((9_800, 9_800)), waiting: 0, ..storm() };
        assert_eq!(sentence(&back), "Storm, 00:41. All 9,800 back · nothing lost.");
    }

    #[test]
    fn a_gate_during_a_storm_is_named() {
        let told = sentence(&Standing { gates: vec!["closed for sign-in".into()], ..storm() });
        assert!(told.contains(" back · gate closed for sign-in · letting in 220/s"), "{told}");
    }

    #[test]
    fn a_gate_says_who_waits_or_that_nobody_else_is_touched() {
        let mut standing = Standing {
            state: State::Gate,
            since_ms: 130_000,
            live: 812,
            gates: vec!["closed for sign-in and guest".into()],
            ..Standing::default()
        };
        let wanted = "Gate closed for sign-in and guest, 02:10. 812 connections stay untouched.";
        assert_eq!(sentence(&standing), wanted);
        standing.waiting = 1_200;
        let wanted = "Gate closed for sign-in and guest, 02:10. 1,200 waiting · letting nobody in.";
        assert_eq!(sentence(&standing), wanted);
    }

    #[test]
    fn a_drain_says_how_many_have_gone() {
        let standing = Standing {
            state: State::Drain,
            since_ms: 3_700_000,
            live: 4_200,
            drain: Some((5_800, 10_000, Some(84_000))),
            ..Standing::default()
        };
        let wanted = "Draining, 1:01:40. 5,800 of 10,000 have gone · about 84 s to go.";
        assert_eq!(sentence(&standing), wanted);
    }

    #[test]
    fn a_fixed_rate_says_why() {
        let standing = Standing { state: State::Static, admissions_per_s: 55, ..storm() };
        let wanted = "Fixed rate, 00:41. The limiter failed and a safe rate is held · 6,310 of \
            9,800 back · letting in 55/s · about 16 s to go · nothing lost.";
        assert_eq!(sentence(&standing), wanted);
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = [0, 900, 1_001, 99_000, 99_001, 150_000, 5_399_000, 7_200_000].map(about);
        assert_eq!(said[..4], ["about a second", "about a second", "about 2 s", "about 99 s"]);
        assert_eq!(said[4..], ["about 2 min", "about 3 min", "about 90 min", "about 2 h"]);
    }

    #[test]
    fn thousands_stand_apart() {
        let said = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(said, ["0", "999", "1,000", "1,234,567"]);
    }
}
