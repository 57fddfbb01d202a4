//! Those who watch: how many, how far behind, and that nobody waits for them.

use super::*;

fn watch() -> Watch {
    let watch = Watch::new("web/1".to_owned());
    watch.look(gather::blank(), false);
    watch
}

#[test]
fn whoever_begins_to_watch_is_told_how_things_stand() {
    let watch = watch();
    let mut told = watch.watch().expect("nobody else watches");
    let Ok(Told::Status(status)) = told.try_recv() else { panic!("it was told nothing") };
    assert_eq!((status.build.as_str(), status.state), ("web/1", State::Calm));
}

#[test]
fn so_many_may_watch_and_a_place_is_free_again_when_one_goes() {
    let watch = watch();
    let mut all: Vec<_> = (0..WATCHERS_MAX).map(|_| watch.watch().expect("a place")).collect();
    assert!(watch.watch().is_none());
    all.pop();
    assert!(watch.watch().is_some());
}

#[test]
fn one_who_does_not_read_is_cut_off_and_the_others_are_told_all() {
    let watch = watch();
    let mut slow = watch.watch().expect("a place");
    let mut quick = watch.watch().expect("a place");
    let mut heard = 0;
    for n in 0..3 * WAITING_MAX {
        watch.say(Millis(1), format!("Event {n}."));
        watch.look(gather::blank(), false);
        while quick.try_recv().is_ok() {
            heard += 1;
        }
    }
    assert_eq!(heard, 3 * WAITING_MAX + 1);
    let mut got = 0;
    while slow.try_recv().is_ok() {
        got += 1;
    }
    assert_eq!(got, WAITING_MAX, "what waited for it, and no more");
    assert!(slow.is_closed());
    assert_eq!(watch.status().map(|status| status.watchers), Some(1));
}

#[test]
fn documents_come_when_due_and_at_once_when_it_is_not_calm() {
    let watch = watch();
    let mut told = watch.watch().expect("a place");
    let mut sent = |reading, send| {
        watch.look(reading, send);
        std::iter::from_fn(|| told.try_recv().ok())
            .filter(|told| matches!(told, Told::Status(_)))
            .count()
    };
    assert_eq!(sent(gather::blank(), true), 2, "the first it is told, and this one");
    assert_eq!(sent(gather::blank(), false), 0);
    let draining = reading::Reading { draining: true, ..gather::blank() };
    assert_eq!(sent(draining.clone(), false), 1);
    assert_eq!(sent(draining, false), 1);
    assert_eq!(sent(gather::blank(), false), 1, "that it is over");
    assert_eq!(sent(gather::blank(), false), 0);
}

#[test]
fn figures_are_encoded_as_openmetrics() {
    let watch = Arc::new(watch());
    watch.send_to_seen.add(3_000);
    let text = crate::metrics::Metrics::with(Box::new(Figures(watch))).text();
    for line in [
        "leeward_state{state=\"calm\"} 1",
        "leeward_class_knocks_total{class=\"sign_in\"} 0",
        "leeward_gate{class=\"guest\",state=\"open\"} 1",
        "leeward_send_to_seen_seconds_count 1",
        "leeward_send_to_seen_seconds_bucket{le=\"+Inf\"} 1",
        "leeward_leases_expired_total 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in {text}");
    }
    let types = text.lines().filter(|line| line.starts_with("# TYPE "));
    let mut names: Vec<&str> = types.collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "each family is there once");
}
