//! The detector, told what happens on a node by and by.

use super::*;

/// A world of one node that is looked at every 250 ms.
#[derive(Default)]
struct World {
    detector: Detector,
    seen: Seen,
    turns: Vec<Turn>,
}

impl World {
    fn with(live: u64) -> Self {
        let mut world = Self::default();
        (world.seen.live, world.seen.admitted) = (live, live);
        world.pass(3_000);
        world
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 250 {
            self.seen.at_ms += 250;
            self.turns.extend(self.detector.look(self.seen));
        }
    }

    fn lose(&mut self, count: u64) {
        self.seen.live -= count;
        self.seen.ended += count;
    }

    fn admit(&mut self, count: u64) {
        self.seen.live += count;
        self.seen.admitted += count;
    }

    fn storm(&self) -> &Storm {
        self.detector.storm().expect("there is a storm")
    }
}

#[test]
fn a_loss_that_takes_a_second_is_told_once_and_whole() {
    let mut world = World::with(10_000);
    for lost in [3_000, 4_000, 2_800] {
        world.lose(lost);
        world.pass(250);
    }
    assert_eq!((world.storm().of, world.turns.len()), (9_800, 0), "it is under way, not yet told");
    world.pass(1_000);
    let [Turn::Began(storm)] = &world.turns[..] else { panic!("{:?}", world.turns) };
    assert_eq!((storm.before, storm.of, storm.back), (10_000, 9_800, 0));
    assert_eq!(storm.within_ms, 750);
}

#[test]
fn those_who_are_back_are_counted_until_all_are() {
    let mut world = World::with(10_000);
    world.lose(9_800);
    world.seen.coming = 9_800;
    world.pass(1_000);
    for _ in 0..10 {
        world.admit(980);
        world.seen.coming -= 980;
        world.pass(1_000);
    }
    world.pass(2_000);
    let Some(Turn::Over(storm, took_ms)) = world.turns.last() else { panic!("{:?}", world.turns) };
    assert_eq!((storm.back, storm.of), (9_800, 9_800));
    assert!((9_000..=11_000).contains(took_ms), "{took_ms}");
    assert_eq!(world.detector.storm(), None);
    assert_eq!(world.turns.len(), 2);
}

#[test]
fn those_who_never_come_back_do_not_hold_it_open() {
    let mut world = World::with(1_000);
    world.lose(500);
    world.pass(1_000);
    world.admit(300);
    world.pass(5_000);
    assert_eq!((world.storm().back, world.storm().out()), (300, 200));
    world.pass(SILENT_MS + WELL_MS);
    let Some(Turn::Over(storm, took_ms)) = world.turns.last() else { panic!("{:?}", world.turns) };
    assert_eq!(storm.out(), 200);
    assert!(*took_ms <= 2_000, "the wait for them is not part of it: {took_ms}");
}

#[test]
fn those_who_hold_a_promise_do() {
    let mut world = World::with(1_000);
    world.lose(500);
    world.seen.promised = 400;
    world.pass(2 * SILENT_MS);
    assert!(world.detector.storm().is_some());
}

#[test]
fn a_loss_that_is_made_good_at_once_is_a_storm_of_its_size() {
    let mut world = World::with(1_000);
    world.lose(900);
    world.admit(800);
    world.pass(250);
    assert_eq!((world.storm().of, world.storm().back), (900, 800));
}

#[test]
fn a_crowd_after_a_restart_is_a_storm_of_all_who_came() {
    let mut world = World::with(0);
    world.seen.coming = 300;
    world.pass(500);
    world.admit(100);
    world.seen.coming = 700;
    world.pass(250);
    assert_eq!((world.storm().kind, world.storm().back, world.storm().of), (Kind::Crowd, 100, 800));
    world.admit(300);
    world.seen.coming = 400;
    world.pass(250);
    assert_eq!((world.storm().back, world.storm().of), (400, 800));
    world.admit(400);
    world.seen.coming = 0;
    world.pass(3_000);
    let Some(Turn::Over(storm, _)) = world.turns.last() else { panic!("{:?}", world.turns) };
    assert_eq!((storm.back, storm.of), (800, 800));
}

#[test]
fn everyday_coming_and_going_is_none() {
    let mut world = World::with(1_000);
    for _ in 0..100 {
        world.lose(9);
        world.admit(9);
        world.seen.coming = 15;
        world.pass(250);
    }
    world.lose(10);
    world.pass(2_000);
    assert_eq!(world.turns, []);
    let mut small = World::with(19);
    small.lose(19);
    small.pass(4_000);
    assert_eq!((small.turns, small.detector.storm()), (Vec::new(), None));
}

#[test]
fn a_drain_is_none() {
    let mut world = World::with(1_000);
    world.seen.draining = true;
    world.pass(500);
    world.lose(1_000);
    world.pass(4_000);
    assert_eq!((world.turns.len(), world.detector.storm()), (0, None));
}

#[test]
fn any_counts_are_survived() {
    let mut state = 7u64;
    let mut next = move |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut detector = Detector::default();
    for _ in 0..20_000 {
        let seen = Seen {
            at_ms: next(100_000),
            live: next(5_000),
            coming: next(500),
            promised: next(100),
            admitted: next(10_000),
            ended: next(10_000),
            draining: next(50) == 0,
        };
        detector.look(seen);
        if let Some(storm) = detector.storm() {
            assert!(storm.back <= storm.of, "{storm:?}");
        }
    }
}
