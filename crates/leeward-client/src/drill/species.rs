//! How clients of other make come back after a loss: their delays, their patience, and whether they
//! remember who they were. Never connects: [`super::stubborn`] acts on it.
//!
//! The delays are those of the programs named, as published or as read and measured in them. Those of
//! [`Species::ALL`] speak Leeward's protocol here, those of [`Species::XMPP`] their own.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// A kind of client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Species {
    /// Leeward's own machine: spreads its return, keeps its slot, waits where it is parked.
    Leeward,
    /// Every second, gives up after 10 s, signs in anew and fetches its room, takes no advice.
    Naive,
    /// phoenix.js: 10 ms, then 50 ms to 5 s, no jitter; gives up after 10 s.
    Phoenix,
    /// Mattermost's web app: seven times after 3 s, then 3 s·n² to 5 minutes, and up to 2 s more.
    Mattermost,
    /// Rocket.Chat's mobile app: every 5 s.
    RocketChat,
    /// tldraw: 0.5 s, half as much more each time, to 2 s, no jitter.
    Tldraw,
    /// Socket.IO: 1 s, doubled to 5 s, half more or less; gives up after 20 s.
    SocketIo,
    /// Hocuspocus: at once, then 1 s doubled to 30 s, with jitter.
    Hocuspocus,
    /// Centrifugo's client: 0.5 s to 20 s with full jitter.
    Centrifugo,
    /// An XMPP client: at random within a minute, then ever later (RFC 6120, 3.3).
    Xmpp,
    /// A new connection every second for ever, whatever became of the last; takes no advice.
    Hammer,
    /// @xmpp/client 0.14: every second, for ever, no jitter.
    XmppJs,
    /// Converse.js 14: at once, then every 3 s.
    Converse,
    /// The same by BOSH (XEP-0124): strophe.js says its requests again after 0.03, 8, 27 and 64 s; when
    /// the session is lost, a new one after 3 s by WebSocket, and so on in turn.
    #[serde(rename = "converse-bosh")]
    ConverseBosh,
    /// slixmpp: at once, then 1, 3, 7 … 300 s while no connection opens.
    Slixmpp,
    /// Gajim 1.7: every 3 s.
    Gajim,
    /// Dino 0.4: every 10 s.
    Dino,
    /// Profanity 0.13: every 30 s.
    Profanity,
    /// Conversations 2.12: 2 to 11 s, then 25 s, a third more each time, to 5 minutes; gives up after
    /// 90 s.
    Conversations,
    /// Monal: 0.5 s, half a second more each time, to 2 s. It gives up a step after 7 s, which is taken
    /// for the whole here.
    Monal,
    /// tokio-xmpp 6: at once, then 1 s doubled to 30 s.
    TokioXmpp,
    /// As RFC 6120, 3.3, wants it: as [`Species::Xmpp`].
    Rfc6120,
}

/// What an XMPP client speaks over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// A stream of its own.
    Tcp,
    /// A WebSocket, as web clients do.
    WebSocket,
    /// Requests of HTTP, as web clients do.
    Bosh,
}

impl Species {
    /// Every kind that speaks Leeward's protocol, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Leeward,
        Self::Naive,
        Self::Phoenix,
        Self::Mattermost,
        Self::RocketChat,
        Self::Tldraw,
        Self::SocketIo,
        Self::Hocuspocus,
        Self::Centrifugo,
        Self::Xmpp,
        Self::Hammer,
    ];

    /// Every kind that speaks XMPP.
    pub const XMPP: [Self; 11] = [
        Self::XmppJs,
        Self::Converse,
        Self::ConverseBosh,
        Self::Slixmpp,
        Self::Gajim,
        Self::Dino,
        Self::Profanity,
        Self::Conversations,
        Self::Monal,
        Self::TokioXmpp,
        Self::Rfc6120,
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leeward => "leeward",
            Self::Naive => "naive",
            Self::Phoenix => "phoenix",
            Self::Mattermost => "mattermost",
            Self::RocketChat => "rocketchat",
            Self::Tldraw => "tldraw",
            Self::SocketIo => "socketio",
            Self::Hocuspocus => "hocuspocus",
            Self::Centrifugo => "centrifugo",
            Self::Xmpp => "xmpp",
            Self::Hammer => "hammer",
            Self::XmppJs => "xmppjs",
            Self::Converse => "converse",
            Self::ConverseBosh => "converse-bosh",
            Self::Slixmpp => "slixmpp",
            Self::Gajim => "gajim",
            Self::Dino => "dino",
            Self::Profanity => "profanity",
            Self::Conversations => "conversations",
            Self::Monal => "monal",
            Self::TokioXmpp => "tokioxmpp",
            Self::Rfc6120 => "rfc6120",
        }
    }

    /// Whether it comes back when it is told to.
    pub fn obeys(self) -> bool {
        self == Self::Leeward
    }

    /// Whether it speaks XMPP to the server.
    pub fn speaks_xmpp(self) -> bool {
        Self::XMPP.contains(&self)
    }

    /// Whether it speaks XMPP over a stream: there it has to sign in before it may resume (XEP-0198).
    pub fn signs_in_to_resume(self) -> bool {
        self.speaks_xmpp() && self.transport() != Transport::Bosh
    }

    /// Whether it is a program of its own that speaks XMPP, and no page in a browser.
    pub fn is_native(self) -> bool {
        self.speaks_xmpp() && self.transport() == Transport::Tcp
    }

    /// How long it waits before it begins a session where one is lost that it would have gone on with,
    /// in milliseconds; none if it makes no difference.
    pub fn begins_after_ms(self) -> Option<u64> {
        (self == Self::ConverseBosh).then_some(3_000)
    }

    /// What it speaks XMPP over.
    pub fn transport(self) -> Transport {
        match self {
            Self::XmppJs | Self::Converse => Transport::WebSocket,
            Self::ConverseBosh => Transport::Bosh,
            Self::Leeward
            | Self::Naive
            | Self::Phoenix
            | Self::Mattermost
            | Self::RocketChat
            | Self::Tldraw
            | Self::SocketIo
            | Self::Hocuspocus
            | Self::Centrifugo
            | Self::Xmpp
            | Self::Hammer
            | Self::Slixmpp
            | Self::Gajim
            | Self::Dino
            | Self::Profanity
            | Self::Conversations
            | Self::Monal
            | Self::TokioXmpp
            | Self::Rfc6120 => Transport::Tcp,
        }
    }

    /// Whether it takes a connection that opens for a success, whatever comes of it.
    pub fn trusts_a_connection(self) -> bool {
        self == Self::Slixmpp
    }

    /// Whether it has thrown away who it was: it shows its sign-in token only, has its account read
    /// again, and fetches its room.
    pub fn forgets(self) -> bool {
        matches!(self, Self::Naive | Self::Hammer)
    }

    /// How long it waits for an attempt to succeed, in milliseconds, if it gives up at all.
    pub fn patience_ms(self) -> Option<u64> {
        match self {
            Self::Naive | Self::Phoenix => Some(10_000),
            Self::SocketIo => Some(20_000),
            Self::Hammer => Some(1_000),
            Self::Conversations => Some(90_000),
            Self::Monal => Some(7_000),
            Self::Leeward
            | Self::Mattermost
            | Self::RocketChat
            | Self::Tldraw
            | Self::Hocuspocus
            | Self::Centrifugo
            | Self::Xmpp
            | Self::XmppJs
            | Self::Converse
            | Self::ConverseBosh
            | Self::Slixmpp
            | Self::Gajim
            | Self::Dino
            | Self::Profanity
            | Self::TokioXmpp
            | Self::Rfc6120 => None,
        }
    }

    /// How long it waits before the next attempt, in milliseconds, after so many that have failed
    /// since it was last in; `random` is of 2³². Not asked of [`Self::Leeward`].
    pub fn delay_ms(self, failed: u32, random: u32) -> u64 {
        /// phoenix.js, in milliseconds; 5 s from there on.
        const PHOENIX: [u64; 9] = [10, 50, 100, 150, 200, 250, 500, 1_000, 2_000];
        /// strophe.js, in milliseconds, then Converse.js.
        const STROPHE: [u64; 4] = [30, 8_000, 27_000, 64_000];
        let n = u64::from(failed);
        let doubled = |first: u64, most: u64| (first << n.min(20)).min(most);
        match self {
            Self::Leeward => of(random, 5_000),
            // Nobody is cut off at the same instant as everybody else.
            Self::Naive | Self::Hammer if n == 0 => of(random, 100),
            Self::Naive | Self::Hammer => 1_000,
            Self::Phoenix => PHOENIX.get(failed as usize).copied().unwrap_or(5_000),
            Self::Mattermost if n < 7 => 3_000,
            Self::Mattermost => (3_000 * n * n).min(300_000) + of(random, 2_000),
            Self::RocketChat => 5_000,
            Self::Tldraw => {
                (0..failed.min(4)).fold(500.0, |ms: f64, _| (ms * 1.5).min(2_000.0)) as u64
            }
            Self::SocketIo => {
                let ms = doubled(1_000, 1 << 40);
                (ms / 2 + of(random, ms)).min(5_000)
            }
            Self::Hocuspocus if n == 0 => 0,
            Self::Hocuspocus => 1_000 + of(random, doubled(500, 30_000).saturating_sub(999)),
            Self::Centrifugo => (500 + of(random, doubled(500, 20_000))).min(20_000),
            Self::Xmpp | Self::Rfc6120 => of(random, doubled(60_000, 3_600_000)),
            Self::XmppJs => 1_000,
            Self::Converse | Self::TokioXmpp if n == 0 => 0,
            Self::Converse | Self::Gajim => 3_000,
            Self::ConverseBosh => STROPHE.get(failed as usize).copied().unwrap_or(3_000),
            Self::Slixmpp => (doubled(1_000, 1 << 40) - 1_000).min(300_000),
            Self::Dino => 10_000,
            Self::Profanity => 30_000,
            Self::Conversations if n == 0 => 2_000 + of(random, 9_001),
            Self::Conversations => {
                (1..failed.min(20)).fold(25_000.0, |ms: f64, _| (ms * 1.3).min(300_000.0)) as u64
            }
            Self::Monal => (500 * (n + 1)).min(2_000),
            Self::TokioXmpp => (doubled(500, 1 << 40)).min(30_000),
        }
    }
}

/// Evenly distributed below `window_ms`.
fn of(random: u32, window_ms: u64) -> u64 {
    ((u128::from(window_ms) * u128::from(random)) >> 32) as u64
}

impl Display for Species {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Species {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut known = Self::ALL.into_iter().chain(Self::XMPP);
        known.find(|s| s.as_str() == text).ok_or_else(|| {
            let [leeward, xmpp] = Self::names();
            let words = "and the mixes `mixed` and `xmpp-mixed`";
            format!("there is no species `{text}`; there are {leeward}, {xmpp}, {words}")
        })
    }
}

impl Species {
    /// The names of those that speak Leeward's protocol, and of those that speak XMPP.
    pub fn names() -> [String; 2] {
        [&Self::ALL[..], &Self::XMPP]
            .map(|all| all.iter().copied().map(Self::as_str).collect::<Vec<_>>().join(", "))
    }
}

/// Who takes part, in shares: `leeward:50,naive:50`, `mixed` for half obedient and half all others of
/// Leeward's protocol, `xmpp-mixed` for all that speak XMPP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Mix(Vec<(Species, u32)>);

impl Mix {
    /// Nobody but this kind.
    pub fn only(species: Species) -> Self {
        Self(vec![(species, 1)])
    }

    /// Every tenth a different kind, and the obedient half.
    fn mixed() -> Self {
        let others = Species::ALL.into_iter().skip(1).map(|species| (species, 1));
        Self([(Species::Leeward, 10)].into_iter().chain(others).collect())
    }

    /// Which kind the `n`th client is, so that any row of clients holds them in their shares.
    pub fn nth(&self, n: usize) -> Species {
        let total: u32 = self.0.iter().map(|(_, share)| share).sum();
        // Steps of the golden ratio leave no kind together and no room without its share.
        let total = u64::from(total.max(1));
        let at = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let mut at = (at * total) >> 32;
        for (species, share) in &self.0 {
            if at < u64::from(*share) {
                return *species;
            }
            at -= u64::from(*share);
        }
        Species::Leeward
    }

    /// Those kinds of it that are wanted, in the same shares; none if there are none.
    pub fn only_those(&self, wanted: impl Fn(Species) -> bool) -> Option<Self> {
        let shares = self.0.iter().copied().filter(|(species, _)| wanted(*species));
        Some(Self(shares.collect())).filter(|mix| !mix.0.is_empty())
    }

    /// The kinds in it.
    pub fn species(&self) -> impl Iterator<Item = Species> {
        self.0.iter().map(|(species, _)| *species)
    }
}

impl Display for Mix {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(s, share)| format!("{s}:{share}")).collect();
        match parts.as_slice() {
            [_] => f.write_str(self.0[0].0.as_str()),
            _ => f.write_str(&parts.join(",")),
        }
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "mixed" {
            return Ok(Self::mixed());
        }
        if text == "xmpp-mixed" {
            return Ok(Self(Species::XMPP.map(|species| (species, 1)).to_vec()));
        }
        let mut mix: Vec<(Species, u32)> = Vec::new();
        for part in text.split(',') {
            let (name, share) = part.split_once(':').unwrap_or((part, "1"));
            let share = share.trim().parse().ok().filter(|share| (1..=10_000).contains(share));
            let share = share.ok_or_else(|| format!("`{part}`: a share is 1 to 10000"))?;
            let species = name.trim().parse()?;
            if mix.iter().any(|(known, _)| *known == species) {
                return Err(format!("`{species}` is named twice"));
            }
            mix.push((species, share));
        }
        Ok(Self(mix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = u32::MAX;

    fn delays(species: Species, random: u32) -> Vec<u64> {
        (0..12).map(|failed| species.delay_ms(failed, random)).collect()
    }

    #[test]
    fn those_without_jitter_wait_as_published() {
        let phoenix = [10, 50, 100, 150, 200, 250, 500, 1_000, 2_000, 5_000, 5_000, 5_000];
        assert_eq!(delays(Species::Phoenix, 7), phoenix);
        assert_eq!(delays(Species::Tldraw, 7)[..6], [500, 750, 1_125, 1_687, 2_000, 2_000]);
        assert_eq!(delays(Species::RocketChat, 7), [5_000; 12]);
        let mattermost = delays(Species::Mattermost, 0);
        assert_eq!(
            mattermost[..9],
            [3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 147_000, 192_000]
        );
        assert_eq!(Species::Mattermost.delay_ms(40, MOST), 301_999);
    }

    #[test]
    fn those_with_jitter_stay_within_their_bounds() {
        let bounds = |species: Species, failed| {
            (species.delay_ms(failed, 0), species.delay_ms(failed, MOST))
        };
        assert_eq!(bounds(Species::SocketIo, 0), (500, 1_499));
        assert_eq!(bounds(Species::SocketIo, 3), (4_000, 5_000));
        assert_eq!(bounds(Species::SocketIo, 9), (5_000, 5_000));
        assert_eq!(bounds(Species::Hocuspocus, 0), (0, 0));
        assert_eq!(bounds(Species::Hocuspocus, 3), (1_000, 4_000));
        assert_eq!(bounds(Species::Hocuspocus, 11), (1_000, 30_000));
        assert_eq!(bounds(Species::Centrifugo, 0), (500, 999));
        assert_eq!(bounds(Species::Centrifugo, 11), (500, 20_000));
        assert_eq!(bounds(Species::Xmpp, 0), (0, 59_999));
        assert_eq!(bounds(Species::Xmpp, 1), (0, 119_999));
        assert_eq!(bounds(Species::Naive, 0), (0, 99));
        assert_eq!(delays(Species::Hammer, 5)[1..], [1_000; 11]);
    }

    #[test]
    fn those_that_speak_xmpp_wait_as_measured() {
        assert_eq!(delays(Species::XmppJs, 7), [1_000; 12]);
        assert_eq!(delays(Species::Converse, 7)[..3], [0, 3_000, 3_000]);
        let bosh = [30, 8_000, 27_000, 64_000, 3_000];
        assert_eq!(delays(Species::ConverseBosh, 7)[..5], bosh);
        assert_eq!(delays(Species::Slixmpp, 7)[..4], [0, 1_000, 3_000, 7_000]);
        assert_eq!(delays(Species::Slixmpp, 7)[11], 300_000);
        assert_eq!(delays(Species::Monal, 7)[..5], [500, 1_000, 1_500, 2_000, 2_000]);
        assert_eq!(
            delays(Species::TokioXmpp, 7)[..7],
            [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
        );
        assert_eq!(delays(Species::Conversations, MOST)[..3], [11_000, 25_000, 32_500]);
        assert_eq!(Species::Conversations.delay_ms(40, 0), 300_000);
        assert_eq!(Species::Conversations.delay_ms(0, 0), 2_000);
    }

    #[test]
    fn a_mix_is_read_and_deals_its_shares_out_evenly() {
        let mix: Mix = "leeward:50, naive:50".parse().expect("a mix");
        let naive = |from| (from..from + 50).filter(|n| mix.nth(*n) == Species::Naive).count();
        for room in 0..300 {
            assert!((22..=28).contains(&naive(room * 50)), "{}", naive(room * 50));
        }
        let mixed: Mix = "mixed".parse().expect("a mix");
        let obedient = (0..15_000).filter(|n| mixed.nth(*n).obeys()).count();
        assert!((7_400..=7_600).contains(&obedient), "{obedient}");
        let hammers = (0..15_000).filter(|n| mixed.nth(*n) == Species::Hammer).count();
        assert!((700..=800).contains(&hammers), "{hammers}");
    }

    #[test]
    fn a_part_of_a_mix_keeps_its_shares() {
        let mix: Mix = "leeward:4,converse-bosh:2,gajim:1,dino:1".parse().expect("a mix");
        let natives = mix.only_those(Species::is_native).expect("two");
        assert_eq!(natives.to_string(), "gajim:1,dino:1");
        let web = mix.only_those(|species| !species.is_native()).expect("two");
        assert_eq!(web.to_string(), "leeward:4,converse-bosh:2");
        assert_eq!(natives.only_those(Species::obeys), None);
    }

    #[test]
    fn a_mix_that_is_none_is_refused_in_words() {
        for (text, word) in [
            ("", "no species ``"),
            ("elephant", "no species `elephant`"),
            ("naive:0", "a share"),
            ("naive:many", "a share"),
            ("naive,naive", "twice"),
        ] {
            let why = text.parse::<Mix>().expect_err(text);
            assert!(why.contains(word), "{text}: {why}");
        }
    }
}
