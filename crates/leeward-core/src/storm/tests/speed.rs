//! The rate finds what the node can do, soon, and keeps it busy.

use super::rig::Rig;
use super::support::*;
use crate::storm::*;

/// All knock within 300 ms; how long until all are in, and how long it had to take.
fn everybody_back(clients: u64, ours_percent: u64, start: Start) -> (u64, u64) {
    let limits = StormLimits { connections_max: 100_000, ..StormLimits::default() };
    let mut rig = Rig::new(Storm::new(limits, start), 80);
    rig.ours_percent = ours_percent;
    let mut next = 0;
    while (rig.admitted_ms.len() as u64) < clients && rig.ms() < 60_000 {
        for _ in 0..clients.div_ceil(300).min(clients - next) {
            rig.tell(knock(next, Class::ResumeHere));
            next += 1;
        }
        rig.step();
    }
    let least = clients * 80 / (2_000 * ours_percent / 100);
    (rig.ms(), least)
}

#[test]
fn everybody_is_back_soon_after_the_processor_could_have_had_them_back() {
    for (ours, start) in [(100, start()), (50, start()), (20, start())] {
        let (took, least) = everybody_back(15_000, ours, start);
        println!("{took} of {least} ms");
        assert!(took * 100 <= least * 125, "{took} of {least} ms with {ours} % of the processor");
    }
}

#[test]
fn the_living_are_felt_at_once_and_the_rate_comes_back_when_they_are_well() {
    let limits = StormLimits { connections_max: 100_000, ..StormLimits::default() };
    let mut rig = Rig::new(Storm::new(limits, start()), 80);
    for conn in 0..50_000 {
        rig.tell(knock(conn, Class::ResumeHere));
    }
    rig.run(800);
    let before = rig.storm.figures(rig.now()).window;
    rig.lag_us = 120_000;
    rig.run(300);
    let during = rig.storm.figures(rig.now());
    assert!(during.window * 3 <= before * 2, "{} of {before}", during.window);
    assert_eq!(during.limited_by, LimitedBy::Delay);
    rig.lag_us = 2_000;
    rig.run(500);
    let after = rig.storm.figures(rig.now()).window;
    assert!(after * 4 >= before * 3, "{after} of {before}");
}

#[test]
fn after_a_crash_the_rate_climbs_from_a_quarter() {
    let start = Start { mu_per_s: Some(8_000), ..start() };
    let storm = Storm::new(StormLimits::default(), start);
    let limit = |ms: u64| storm.figures(at(ms)).limit_per_s;
    assert_eq!([limit(0), limit(100), limit(200), limit(300)], [2_000, 3_000, 4_500, 6_750]);
    assert_eq!(limit(400), 8_000, "as fast as it was");
}

/// How long until 15,000 are in who could be in after 600 ms.
fn all_in(change: fn(&mut Rig)) -> u64 {
    let limits = StormLimits { connections_max: 100_000, ..StormLimits::default() };
    let mut rig = Rig::new(Storm::new(limits, start()), 80);
    change(&mut rig);
    for conn in 0..15_000 {
        rig.tell(knock(conn, Class::ResumeHere));
    }
    while rig.admitted_ms.len() < 15_000 && rig.ms() < 60_000 {
        rig.step();
    }
    rig.ms()
}

#[test]
fn a_node_that_cannot_measure_itself_finds_its_rate_by_trying() {
    let took = all_in(|rig| rig.blind = true);
    assert!(took <= 1_600, "{took} ms, where a guess of 1,000 a second would take 15 s");
}

#[test]
fn what_waits_for_the_database_keeps_nobody_else_waiting() {
    let took = all_in(|rig| rig.latency_us = 10_000);
    assert!(took <= 1_600, "{took} ms, where 20 at a time would take 7.5 s");
}

#[test]
fn a_machine_that_others_keep_busy_is_no_reason_to_do_less() {
    let limits = StormLimits { connections_max: 100_000, ..StormLimits::default() };
    let mut rig = Rig::new(Storm::new(limits, start()), 80);
    for conn in 0..50_000 {
        rig.tell(knock(conn, Class::ResumeHere));
    }
    rig.run(600);
    // Nine tenths go to others, and everything is late by it.
    (rig.ours_percent, rig.latency_us, rig.lag_us) = (10, 60_000, 120_000);
    rig.run(1_000);
    let before = rig.admitted_ms.len();
    rig.run(1_000);
    let came = rig.admitted_ms.len() - before;
    assert!(came > 2_250, "{came} of the 2,500 for whom there is time");
}

#[test]
fn a_delay_that_no_window_can_shorten_does_not_starve_the_node() {
    let limits = StormLimits { connections_max: 100_000, ..StormLimits::default() };
    let mut rig = Rig::new(Storm::new(limits, start()), 80);
    for conn in 0..60_000 {
        rig.tell(knock(conn, Class::ResumeHere));
    }
    rig.run(800);
    (rig.latency_us, rig.blind) = (60_000, true);
    rig.run(1_000);
    let before = rig.admitted_ms.len();
    rig.run(1_000);
    let came = rig.admitted_ms.len() - before;
    assert!(came > 2_500, "{came}, where 16 at a time would make 260");
}
