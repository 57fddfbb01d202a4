//! What the workers of a drill are told, and what they answer.

use super::ledger::{Acknowledged, Log};
use super::species::Species;
use crate::crew::{Tally, Told, Work};
use crate::histogram::Histogram;
use crate::xmpp::numbers::Amiss;
use leeward_core::id::RoomId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use tokio::sync::mpsc;

/// One order. A worker answers each with what it has [`Seen`] so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Where the server is, and which build it serves; the first order.
    Server {
        /// Its URL.
        url: String,
        /// The certificates to believe, if not the system's.
        roots: Option<String>,
        /// What its web app calls itself.
        build: String,
    },
    /// Where the same server speaks XMPP.
    Xmpp(XmppServer),
    /// Bring these people in, so many at a time.
    Bring {
        /// They.
        people: Vec<Person>,
        /// How many may be on their way in.
        at_once: usize,
    },
    /// Forget what was counted: times are counted from here on.
    Mark,
    /// Look.
    Look,
    /// Each of these leaves and comes back at once, so many at a time: as fast as they can be let in.
    Cycle {
        /// Which.
        part: Part,
        /// How many may be on their way in; 0 lets those who have begun be the last.
        in_flight: usize,
    },
    /// All of these lose their connection at once, by a reset; times are counted from here on.
    Drop(Loss),
    /// The survivors chat, so many messages a second in all; 0 for none.
    Chat {
        /// Messages per second, by all survivors of this worker.
        per_second: f64,
    },
    /// So many of these a second lose their connection, one after the other; 0 for none.
    Churn {
        /// Which.
        part: Part,
        /// Losses per second.
        per_second: f64,
    },
    /// All of these leave for good; what they heard does not count.
    Dismiss {
        /// Which.
        part: Part,
    },
    /// Break a promise on purpose, to see that it is found.
    Break(Breakage),
    /// Hand over the logs.
    Logs,
    /// Everybody leaves.
    Leave,
}

/// Who a synthetic person is in a drill.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Stays connected and chats.
    Survivor,
    /// Stays connected and listens.
    Bystander,
    /// Loses the connection and comes back.
    Returner,
    /// Finds the house full.
    Stranger,
}

/// A synthetic person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// What it signs in by.
    pub token: String,
    /// The room it shares with others.
    pub room: RoomId,
    /// A survivor's second room, among survivors.
    pub club: Option<RoomId>,
    /// The address it connects from.
    pub from: Option<IpAddr>,
    /// How it comes back.
    pub species: Species,
    /// Who it is in the drill.
    pub part: Part,
    /// Its page is in the background: long leases, rare pings.
    pub hidden: bool,
    /// It speaks XMPP, and these are its names there.
    pub xmpp: Option<XmppNames>,
}

/// What a person and its rooms are called where XMPP is spoken, without their domains.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct XmppNames {
    /// The account. Its password stands where others have their token.
    pub name: String,
    /// The room it shares with others.
    pub room: String,
    /// A survivor's second room.
    pub club: Option<String>,
}

/// Where a server speaks XMPP. One URL is enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct XmppServer {
    /// `xmpp://host:port` or `xmpps://host:port`.
    pub tcp: Option<String>,
    /// `ws://host:port/path`.
    pub websocket: Option<String>,
    /// `http://host:port/path`.
    pub bosh: Option<String>,
    /// The domain of its accounts.
    pub domain: String,
    /// The domain of its rooms.
    pub rooms: String,
    /// The certificates to believe, if not the system's.
    pub roots: Option<String>,
    /// Sessions are resumed (XEP-0198) by those who have not lost them.
    pub resumes: bool,
    /// Sign-ins are by SCRAM-SHA-256, as most clients do it; otherwise by PLAIN.
    pub scram: bool,
    /// What a room calls a message (XEP-0359) is its place in the room's log: logs are kept.
    pub places: bool,
}

/// How connections are lost.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Loss {
    /// Of a hundred who lose it, so many have lost their session as well and sign in anew. If there
    /// are any, whoever speaks XMPP over a stream counts as one: it has to sign in before it resumes.
    pub sign_in_percent: u32,
    /// Of a hundred, so many come back with a build that is no longer served.
    pub stale_percent: u32,
    /// In each room one of them has a post on its way when it happens.
    pub posting: bool,
}

/// A promise to break on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakage {
    /// Now and then a client does not hear a message.
    Lost,
    /// Now and then a client hears a message twice.
    Duplicated,
    /// Now and then a client hears a message after the next one.
    Reordered,
}

/// What a worker has counted since its last mark, unless it says otherwise.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// People who are in and caught up; as it is.
    pub present: usize,
    /// The most of them at any moment.
    pub present_max: usize,
    /// Posts without an answer; as it is.
    pub unanswered: usize,
    /// Events heard since the beginning, by all.
    pub heard: u64,
    /// Messages of the past that those heard by XMPP who were on their way in.
    pub history: u64,
    /// What went wrong with messages by XMPP since the beginning, for those who have left.
    pub amiss: Amiss,
    /// Time since the mark, in microseconds.
    pub at_us: u64,
    /// What each kind did.
    pub kinds: BTreeMap<Species, Kind>,
    /// The same of those who signed in anew.
    pub sign_ins: Kind,
    /// The same of those among them who speak XMPP: nobody can tell them why they wait.
    pub sign_ins_xmpp: Kind,
    /// The same of those with a build that is no longer served.
    pub stale: Kind,
    /// The first who was let in since the mark, in microseconds.
    pub first_in_us: Option<u64>,
    /// Survivors' messages, from sending to seeing by each survivor.
    pub delivered: Histogram,
    /// Sign-ins by XMPP that the server said had failed: most clients take that for the end.
    pub signed_out: u64,
    /// Connections refused or ended by the server, by code.
    pub refusals: BTreeMap<String, u64>,
    /// Words of an operator that people were shown, and how often.
    pub messages: BTreeMap<String, u64>,
    /// Times that somebody was parked.
    pub parked: u64,
    /// People who were told that their build is no longer served.
    pub told_stale: u64,
    /// Connections that ended without the drill ending them.
    pub unasked: u64,
    /// The same, of survivors and bystanders.
    pub unasked_stay: u64,
    /// Bytes of the frames that those heard who were on their way in.
    pub bytes_in: u64,
    /// Events that came again on the wire, and holes found in what came.
    pub wire_repeats: u64,
    /// The same for holes.
    pub wire_holes: u64,
    /// By [`Order::Logs`]: every log, and every post acknowledged since the beginning.
    pub logs: Vec<Log>,
    /// The same for posts.
    pub posts: Vec<Acknowledged>,
}

/// What the clients of one kind did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Kind {
    /// Who of them is to come back.
    pub lost: u64,
    /// Attempts to connect, of all.
    pub knocks: u64,
    /// From the mark to being in and caught up.
    pub came: Histogram,
    /// From the first attempt to being in.
    pub waited: Histogram,
    /// Attempts of each who is in; counted, not timed.
    pub knocks_each: Histogram,
}

impl Tally for Kind {
    fn merge(&mut self, other: &Self) {
        self.lost += other.lost;
        self.knocks += other.knocks;
        self.came.merge(&other.came);
        self.waited.merge(&other.waited);
        self.knocks_each.merge(&other.knocks_each);
    }
}

impl Seen {
    /// What all of some kinds did.
    pub fn of(&self, wanted: impl Fn(Species) -> bool) -> Kind {
        let mut all = Kind::default();
        for kind in self.kinds.iter().filter(|(species, _)| wanted(**species)).map(|(_, k)| k) {
            all.merge(kind);
        }
        all
    }

    /// How many were let in.
    pub fn admitted(&self) -> u64 {
        self.kinds.values().map(|kind| kind.came.count()).sum()
    }

    /// How many attempts to connect were made.
    pub fn knocks(&self) -> u64 {
        self.kinds.values().map(|kind| kind.knocks).sum()
    }
}

impl Work for Order {
    type Seen = Seen;

    async fn work(orders: mpsc::Receiver<Told<Self>>) {
        super::worker::work(orders).await;
    }
}

impl Tally for Seen {
    fn merge(&mut self, other: &Self) {
        self.present += other.present;
        self.present_max += other.present_max;
        self.unanswered += other.unanswered;
        self.heard += other.heard;
        self.history += other.history;
        self.amiss.merge(&other.amiss);
        self.at_us = self.at_us.max(other.at_us);
        for (species, kind) in &other.kinds {
            self.kinds.entry(*species).or_default().merge(kind);
        }
        self.sign_ins.merge(&other.sign_ins);
        self.sign_ins_xmpp.merge(&other.sign_ins_xmpp);
        self.stale.merge(&other.stale);
        self.first_in_us = self.first_in_us.into_iter().chain(other.first_in_us).min();
        self.delivered.merge(&other.delivered);
        self.signed_out += other.signed_out;
        for (mine, theirs) in
            [(&mut self.refusals, &other.refusals), (&mut self.messages, &other.messages)]
        {
            for (key, count) in theirs {
                *mine.entry(key.clone()).or_default() += count;
            }
        }
        self.parked += other.parked;
        self.told_stale += other.told_stale;
        self.unasked += other.unasked;
        self.unasked_stay += other.unasked_stay;
        self.bytes_in += other.bytes_in;
        self.wire_repeats += other.wire_repeats;
        self.wire_holes += other.wire_holes;
        self.logs.extend(other.logs.iter().cloned());
        self.posts.extend(&other.posts);
    }
}
