//! Exact accounts of what was heard: every client's log of every room, compared with what the room's
//! log holds in the end. A client's account takes 40 bytes until something is wrong with it.
//!
//! Each event has a mark, made of its place and its author's nonce. A client that heard each event
//! of a range once, in order, has the sum of their marks. Never asks the server.

use leeward_core::id::{RoomId, Seq};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What one client heard in one room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Log {
    room: RoomId,
    /// The first that it is to hear.
    begin: u64,
    /// The next that it is to hear.
    next: u64,
    sum: u64,
    /// It heard messages and nothing else.
    messages: bool,
    /// Nothing after the last that it heard was for it.
    ended: bool,
    faults: Option<Box<Faults>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct Faults {
    repeated: u64,
    late: u64,
    /// Passed over, and not heard since: from and to, both included.
    holes: Vec<(u64, u64)>,
    /// The server said that it would not send them.
    skipped: Vec<(u64, u64)>,
}

/// A post that the server acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Where.
    pub room: RoomId,
    /// Its place, as the server said.
    pub seq: Seq,
    /// Of its nonce; see [`name`].
    pub name: u64,
}

/// What went wrong, in events and in posts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Verdict {
    /// Logs compared.
    pub logs: u64,
    /// Events that those logs had to hold.
    pub events: u64,
    /// Posts acknowledged, each of which had to be in its room's log.
    pub posts: u64,
    /// Events that somebody did not hear, and acknowledged posts that are in no log.
    pub lost: u64,
    /// Events that somebody heard twice, and posts that are in a log twice.
    pub duplicated: u64,
    /// Events that somebody heard after a later one, or elsewhere than where they are.
    pub reordered: u64,
    /// Events that the server said it would not send: a client has to fetch them itself.
    pub skipped: u64,
}

/// A nonce, in 64 bits (FNV-1a).
pub fn name(nonce: &str) -> u64 {
    nonce.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A place and a name, in 64 bits that can be summed up without one hiding another.
fn mark(seq: u64, name: u64) -> u64 {
    let mut x = name ^ seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Log {
    /// An empty log of a room that has been seen up to `seen`.
    pub fn new(room: RoomId, seen: Seq) -> Self {
        let (begin, sum, faults) = (seen.0 + 1, 0, None);
        Self { room, begin, next: begin, sum, messages: false, ended: false, faults }
    }

    /// The same of a client that hears messages only: what is said in a room, not who comes there.
    pub fn of_messages(room: RoomId, seen: Seq) -> Self {
        Self { messages: true, ..Self::new(room, seen) }
    }

    /// Which room it is of.
    pub fn room(&self) -> RoomId {
        self.room
    }

    /// An event is heard.
    pub fn hear(&mut self, seq: Seq, name: u64) {
        let seq = seq.0;
        if seq > self.next {
            let hole = (self.next, seq - 1);
            self.faults().holes.push(hole);
        } else if seq < self.next {
            let faults = self.faults();
            if !fill(&mut faults.holes, seq) {
                faults.repeated += 1;
                return;
            }
            faults.late += 1;
        }
        self.next = self.next.max(seq + 1);
        self.sum = self.sum.wrapping_add(mark(seq, name));
    }

    /// The next that it is to hear.
    pub fn next(&self) -> Seq {
        Seq(self.next)
    }

    /// What is said from here on was not for this client, or is in another log.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The server says that it sends nothing up to `head`.
    pub fn skip(&mut self, head: Seq) {
        if head.0 >= self.next {
            let skipped = (self.next, head.0);
            self.faults().skipped.push(skipped);
            self.next = head.0 + 1;
        }
    }

    fn faults(&mut self) -> &mut Faults {
        self.faults.get_or_insert_default()
    }
}

/// Takes a place out of the holes; whether it was in one.
fn fill(holes: &mut Vec<(u64, u64)>, seq: u64) -> bool {
    let Some(at) = holes.iter().position(|(from, to)| (*from..=*to).contains(&seq)) else {
        return false;
    };
    let (from, to) = holes.remove(at);
    holes.extend([(from, seq.wrapping_sub(1)), (seq + 1, to)].into_iter().filter(|(a, b)| a <= b));
    true
}

/// What the rooms' logs hold.
#[derive(Debug, Default)]
pub struct Truth {
    /// The name at each place, from 1; and the sum of the marks up to there.
    rooms: BTreeMap<RoomId, Vec<(u64, u64)>>,
}

impl Truth {
    /// The next event of a room's log, as the server has stored it; in order, from the first.
    pub fn push(&mut self, room: RoomId, name: u64) {
        let log = self.rooms.entry(room).or_default();
        let before = log.last().map_or(0, |(_, sum)| *sum);
        let seq = log.len() as u64 + 1;
        log.push((name, before.wrapping_add(mark(seq, name))));
    }

    /// The last place of a room.
    pub fn head(&self, room: RoomId) -> Seq {
        Seq(self.rooms.get(&room).map_or(0, |log| log.len() as u64))
    }

    fn sum(&self, room: RoomId, (from, to): (u64, u64)) -> u64 {
        let upto = |seq: u64| {
            let log = self.rooms.get(&room).map_or(&[][..], Vec::as_slice);
            let at = usize::try_from(seq).unwrap_or(usize::MAX).min(log.len());
            at.checked_sub(1).map_or(0, |at| log[at].1)
        };
        upto(to).wrapping_sub(upto(from.saturating_sub(1)))
    }

    /// Compares everything.
    pub fn judge(&self, logs: &[Log], posts: &[Acknowledged]) -> Verdict {
        let mut verdict =
            Verdict { logs: logs.len() as u64, posts: posts.len() as u64, ..Verdict::default() };
        for log in logs {
            self.judge_log(log, &mut verdict);
        }
        for post in posts {
            self.judge_post(post, &mut verdict);
        }
        verdict.duplicated += self.stored_twice();
        verdict
    }

    /// How many events of a range a client had to hear.
    fn due(&self, log: &Log, (from, to): (u64, u64)) -> u64 {
        let whole = (to + 1).saturating_sub(from);
        if !log.messages {
            return whole;
        }
        let all = self.rooms.get(&log.room).map_or(&[][..], Vec::as_slice);
        let at = |seq: u64| usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
        let range = all.iter().skip(at(from)).take(usize::try_from(whole).unwrap_or(usize::MAX));
        range.filter(|(named, _)| *named != name("")).count() as u64
    }

    fn judge_log(&self, log: &Log, verdict: &mut Verdict) {
        let head = match log.ended {
            true => log.next - 1,
            false => self.head(log.room).0.max(log.begin - 1),
        };
        let whole = (log.begin, head);
        let lengths = |ranges: &[(u64, u64)]| ranges.iter().map(|(a, b)| b - a + 1).sum::<u64>();
        let none = Faults::default();
        let faults = log.faults.as_deref().unwrap_or(&none);
        let skipped = lengths(&faults.skipped);
        verdict.events += self.due(log, whole);
        verdict.lost += self.due(log, (log.next, head));
        verdict.lost += faults.holes.iter().map(|hole| self.due(log, *hole)).sum::<u64>();
        verdict.duplicated += faults.repeated;
        verdict.reordered += faults.late + log.next.saturating_sub(head + 1);
        verdict.skipped += skipped;
        let mut expected = self.sum(log.room, (whole.0, whole.1.min(log.next - 1)));
        for range in faults.holes.iter().chain(&faults.skipped) {
            expected = expected.wrapping_sub(self.sum(log.room, *range));
        }
        if log.next <= head + 1 && expected != log.sum {
            verdict.reordered += 1;
        }
    }

    fn judge_post(&self, post: &Acknowledged, verdict: &mut Verdict) {
        let log = self.rooms.get(&post.room).map_or(&[][..], Vec::as_slice);
        let at = usize::try_from(post.seq.0).ok().and_then(|seq| log.get(seq.checked_sub(1)?));
        if at.is_some_and(|(name, _)| *name == post.name) {
            return;
        }
        match log.iter().any(|(name, _)| *name == post.name) {
            true => verdict.reordered += 1,
            false => verdict.lost += 1,
        }
    }

    fn stored_twice(&self) -> u64 {
        let mut twice = 0;
        for log in self.rooms.values() {
            let mut seen = BTreeSet::new();
            // Events without a nonce, such as somebody's coming in, have the name of an empty one.
            let named = log.iter().filter(|(named, _)| *named != name(""));
            twice += named.filter(|(name, _)| !seen.insert(*name)).count() as u64;
        }
        twice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOM: RoomId = RoomId(7);

    fn truth(names: &[u64]) -> Truth {
        let mut truth = Truth::default();
        names.iter().for_each(|name| truth.push(ROOM, *name));
        truth
    }

    fn heard(seen: u64, events: &[(u64, u64)]) -> Log {
        let mut log = Log::new(ROOM, Seq(seen));
        events.iter().for_each(|(seq, name)| log.hear(Seq(*seq), *name));
        log
    }

    fn faults(truth: &Truth, log: &Log) -> (u64, u64, u64) {
        let verdict = truth.judge(std::slice::from_ref(log), &[]);
        (verdict.lost, verdict.duplicated, verdict.reordered)
    }

    #[test]
    fn a_log_that_heard_all_in_order_has_no_fault() {
        let truth = truth(&[11, 12, 13, 14]);
        let log = heard(1, &[(2, 12), (3, 13), (4, 14)]);
        let verdict = truth.judge(&[log], &[]);
        assert_eq!(verdict, Verdict { logs: 1, events: 3, ..Verdict::default() });
    }

    #[test]
    fn what_is_missing_is_lost_at_the_end_and_in_the_middle() {
        let truth = truth(&[11, 12, 13, 14]);
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (2, 12)])), (2, 0, 0));
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (4, 14)])), (2, 0, 0));
        assert_eq!(faults(&truth, &heard(0, &[])), (4, 0, 0));
    }

    #[test]
    fn what_comes_twice_is_duplicated() {
        let truth = truth(&[11, 12]);
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (1, 11), (2, 12)])), (0, 1, 0));
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (2, 12), (1, 11)])), (0, 1, 0));
        assert_eq!(faults(&truth, &heard(1, &[(1, 11), (2, 12)])), (0, 1, 0));
    }

    #[test]
    fn what_comes_late_is_reordered_and_not_lost() {
        let truth = truth(&[11, 12, 13]);
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (3, 13), (2, 12)])), (0, 0, 1));
    }

    #[test]
    fn another_message_in_the_same_place_is_found() {
        let truth = truth(&[11, 12, 13]);
        assert_eq!(faults(&truth, &heard(0, &[(1, 11), (2, 99), (3, 13)])), (0, 0, 1));
        assert_eq!(faults(&truth, &heard(0, &[(1, 12), (2, 11), (3, 13)])), (0, 0, 1));
    }

    #[test]
    fn what_the_server_says_it_skips_is_counted_apart() {
        let truth = truth(&[11, 12, 13, 14]);
        let mut log = heard(0, &[(1, 11)]);
        log.skip(Seq(3));
        log.hear(Seq(4), 14);
        let verdict = truth.judge(&[log], &[]);
        assert_eq!((verdict.lost, verdict.reordered, verdict.skipped), (0, 0, 2));
    }

    #[test]
    fn who_hears_messages_only_misses_nothing_else() {
        let truth = truth(&[name(""), 12, name(""), 14, 15]);
        let mut log = Log::of_messages(ROOM, Seq(0));
        log.hear(Seq(2), 12);
        assert_eq!(faults(&truth, &log), (2, 0, 0));
        log.hear(Seq(5), 15);
        assert_eq!(faults(&truth, &log), (1, 0, 0));
        log.hear(Seq(4), 14);
        assert_eq!(faults(&truth, &log), (0, 0, 1));
        let verdict = truth.judge(&[Log::of_messages(ROOM, Seq(4))], &[]);
        assert_eq!((verdict.events, verdict.lost), (1, 1));
    }

    #[test]
    fn what_is_said_after_the_end_of_a_log_is_not_missed() {
        let truth = truth(&[11, 12, 13, 14]);
        let mut log = heard(0, &[(1, 11), (3, 13)]);
        log.end();
        let verdict = truth.judge(&[log], &[]);
        assert_eq!((verdict.events, verdict.lost), (3, 1));
    }

    #[test]
    fn an_acknowledged_post_has_to_be_where_it_was_said_to_be() {
        let truth = truth(&[11, 12]);
        let post = |seq, name| Acknowledged { room: ROOM, seq: Seq(seq), name };
        let judge = |post| {
            let verdict = truth.judge(&[], &[post]);
            (verdict.lost, verdict.reordered)
        };
        assert_eq!(judge(post(2, 12)), (0, 0));
        assert_eq!(judge(post(1, 12)), (0, 1));
        assert_eq!(judge(post(3, 13)), (1, 0));
    }

    #[test]
    fn a_post_stored_twice_is_duplicated_and_an_event_without_a_nonce_is_not() {
        assert_eq!(truth(&[11, 12, 11]).judge(&[], &[]).duplicated, 1);
        assert_eq!(truth(&[name(""), name("")]).judge(&[], &[]).duplicated, 0);
    }

    proptest! {
        /// Whatever one event too few, too many or in another place: it is never without a fault.
        #[test]
        fn no_single_fault_goes_unseen(len in 2usize..40, at in 0usize..40, kind in 0u8..3) {
            let names: Vec<u64> = (0..len as u64).map(|n| name(&n.to_string())).collect();
            let truth = truth(&names);
            let mut events: Vec<(u64, u64)> =
                names.iter().enumerate().map(|(i, name)| (i as u64 + 1, *name)).collect();
            let at = at % (len - 1);
            match kind {
                0 => drop(events.remove(at)),
                1 => events.insert(at, events[at]),
                _ => events.swap(at, at + 1),
            }
            let found = faults(&truth, &heard(0, &events));
            let expected = [(1, 0, 0), (0, 1, 0), (0, 0, 1)][usize::from(kind)];
            prop_assert_eq!(found, expected);
        }
    }
}
