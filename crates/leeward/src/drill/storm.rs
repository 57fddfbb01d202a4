//! The storm: everybody but the survivors loses the connection at the same instant and comes back as
//! their kind does. Also the control, and the promises that every outage shares.

use super::Held;
use super::Outage;
use super::house::{Cast, House};
use super::progress::Progress;
use super::report::{Promise, Run};
use super::stage::Stage;
use anyhow::Result;
use leeward_client::drill::{Loss, Mix, Species};
use std::time::Duration;

pub(super) const STORY: &str = "All connections but the survivors' are reset at the same instant, while \
     one in each room has a message on its way. Everybody comes back as their kind does.";

/// How long all is well before an outage.
pub(super) const CALM: Duration = Duration::from_secs(4);
/// Rounds in which it is measured how fast clients can be let in.
const ROUNDS: usize = 3;
/// The least time that a recovery is given, in seconds: with few clients it is all in fixed costs.
const FLOOR_S: f64 = 1.0;
/// How long a control is waited for: its clients may never come back.
const CONTROL_MAX: Duration = Duration::from_secs(60);

/// What is promised about time; the rest is the same for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Those who obey are back within so many T*.
    pub(super) obedient: f64,
    /// Nobody waits longer than so many T* from their own first attempt.
    pub(super) everyone: f64,
}

impl Bounds {
    /// By who takes part.
    pub(super) fn of(mix: &Mix) -> Self {
        let obedient = if mix.species().all(Species::obeys) { 1.25 } else { 1.5 };
        Self { obedient, everyone: 2.5 }
    }
}

pub(super) async fn hold(stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    let (mix, bounds) = (cast.mix.clone(), Bounds::of(&cast.mix));
    let loss = Loss { posting: true, ..Loss::default() };
    let run = outage(stage, cast, loss, show, None).await?;
    let promises = promises(&run, &mix, bounds);
    Ok((run, promises))
}

/// The outage itself, from an empty server to the last check.
pub(super) async fn outage(
    stage: &mut Stage,
    cast: Cast,
    loss: Loss,
    show: Progress,
    most: Option<Duration>,
) -> Result<Run> {
    let (mix, species) = (cast.mix.clone(), cast.mix.to_string());
    show.begins(&format!("{} clients come in", cast.clients));
    let mut house = House::fill(stage, cast, show).await?;
    let mu = house.measure_mu(ROUNDS).await?;
    let t_star_s = house.returners as f64 / mu.per_s.max(1e-3);
    let patience = most.unwrap_or_else(|| patience(&mix, t_star_s));
    house.calm(CALM).await?;
    let reads = stage.operator.metric("leeward_store_reads_total").await?;
    house.lose(loss).await?;
    let view = house.all_back(patience).await?;
    house.mark("everybody is back");
    let after = stage.operator.metric("leeward_store_reads_total").await?;
    let mut run = house.recovered(&view, patience).await?;
    let admitted = view.crowd.admitted().max(1) as f64;
    run.store_reads_each = reads.zip(after).map(|(before, after)| (after - before) / admitted);
    house.settle(&mut run).await?;
    run.species = species;
    run.measure_by(mu);
    Ok(run)
}

/// How long to wait for everybody: some kinds wait long before their first attempt.
pub(super) fn patience(mix: &Mix, t_star_s: f64) -> Duration {
    let first_ms = mix.species().map(|species| species.delay_ms(0, u32::MAX)).max();
    let first = Duration::from_millis(first_ms.unwrap_or_default());
    first + Duration::from_secs_f64((20.0 * t_star_s).max(30.0))
}

/// The same outage without storm control, with clients that take no advice.
pub(super) async fn control(
    stage: &mut Stage,
    cast: Cast,
    which: Outage,
    show: Progress,
) -> Result<Run> {
    let sign_in_percent = if which == Outage::Hipchat { 100 } else { 0 };
    let loss = Loss { posting: true, sign_in_percent, ..Loss::default() };
    outage(stage, cast, loss, show, Some(CONTROL_MAX)).await
}

/// The promises that hold in every outage.
pub(super) fn promises(run: &Run, mix: &Mix, bounds: Bounds) -> Vec<Promise> {
    let mut all = Vec::new();
    if mix.species().any(Species::obeys) {
        let words =
            format!("those who obey are back within {} T*, or {FLOOR_S} s", bounds.obedient);
        let most = (bounds.obedient * run.t_star_s).max(FLOOR_S);
        all.push(Promise::seconds("obedient_back", &words, run.obedient_s, most));
    }
    let most = 2.0 * FLOOR_S;
    let words = format!(
        "nobody waits longer than {} T* from their first attempt, or {most} s",
        bounds.everyone
    );
    let wait = (run.missing == 0).then_some(run.longest_wait_s);
    let most = (bounds.everyone * run.t_star_s).max(most);
    all.push(Promise::seconds("everyone_in", &words, wait, most));
    all.push(Promise::count("missing", "clients that never came back", run.missing, 0));
    if let Some(row) = run.kinds.iter().find(|row| row.species == Species::Leeward.as_str()) {
        let words = "attempts of a client that obeys, at most";
        all.push(Promise::count("knocks", words, row.knocks_max, 2));
    }
    all.extend(kept(run));
    all
}

/// The promises about those who stay, and about messages.
pub(super) fn kept(run: &Run) -> Vec<Promise> {
    let (verdict, (repeats, holes)) = (run.verdict, run.wire);
    let count = Promise::count;
    vec![
        Promise::milliseconds(
            "survivors_p99",
            "survivors see messages during the outage (p99)",
            run.survivors.during.p99_ms,
            100.0,
        ),
        count("signed_out", "sign-ins told over XMPP that they had failed", run.signed_out, 0),
        count("survivors_cut", "survivors who lost their connection", run.survivors_cut, 0),
        count("cut", "clients cut off again once they were back", run.cut, 0),
        count("unanswered", "posts without an answer", run.unanswered as u64, 0),
        count("lost", "messages lost", verdict.lost, 0),
        count("duplicated", "messages duplicated", verdict.duplicated + repeats, 0),
        count("reordered", "messages reordered", verdict.reordered + holes, 0),
        count("skipped", "messages that a client would have to fetch itself", verdict.skipped, 0),
    ]
}

/// The control has to be worse, or the drill shows nothing.
pub(super) fn worse(run: &Run, control: &Run) -> Promise {
    let unbearable = control.missing > 0 || control.verdict.lost > 0 || control.survivors_cut > 0;
    let slower =
        control.recovery_s.unwrap_or(f64::INFINITY) > run.recovery_s.unwrap_or(f64::INFINITY);
    let later = control.survivors.during.p99_ms > run.survivors.during.p99_ms;
    let took = |run: &Run| run.recovery_s.map_or("never".to_owned(), |s| format!("{s:.1} s"));
    let measured = format!(
        "back after {} against {}, survivors' p99 {:.0} ms against {:.0} ms",
        took(control),
        took(run),
        control.survivors.during.p99_ms,
        run.survivors.during.p99_ms
    );
    let words = "without storm control it is worse";
    Promise {
        timed: true,
        ..Promise::fact("control", words, unbearable || slower || later, measured)
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::KindRow;
    use super::*;
    use leeward_client::drill::Kind;
    use leeward_client::drill::ledger::Verdict;
    use leeward_client::histogram::Quantiles;

    fn good() -> Run {
        let leeward =
            KindRow { knocks_max: 1, ..KindRow::new("leeward".to_owned(), &Kind::default()) };
        Run {
            t_star_s: 2.0,
            recovery_s: Some(2.4),
            obedient_s: Some(2.4),
            longest_wait_s: 1.0,
            kinds: vec![leeward],
            ..Run::default()
        }
    }

    fn broken(change: impl Fn(&mut Run)) -> Vec<&'static str> {
        let mut run = good();
        change(&mut run);
        let mix = Mix::only(Species::Leeward);
        let promises = promises(&run, &mix, Bounds::of(&mix));
        promises.into_iter().filter(|p| !p.held).map(|p| p.name).collect()
    }

    #[test]
    fn a_good_run_breaks_no_promise() {
        assert_eq!(broken(|_| {}), [""; 0]);
    }

    #[test]
    fn each_promise_is_broken_by_its_own_figure_and_by_no_other() {
        type Change = (&'static str, fn(&mut Run));
        let changes: [Change; 16] = [
            ("signed_out", |run| run.signed_out = 1),
            ("obedient_back", |run| run.obedient_s = Some(2.51)),
            ("obedient_back", |run| run.obedient_s = None),
            ("everyone_in", |run| run.longest_wait_s = 5.01),
            ("knocks", |run| run.kinds[0].knocks_max = 3),
            ("survivors_p99", |run| {
                run.survivors.during = Quantiles { p99_ms: 100.1, ..Quantiles::default() };
            }),
            ("survivors_cut", |run| run.survivors_cut = 1),
            ("cut", |run| run.cut = 1),
            ("unanswered", |run| run.unanswered = 1),
            ("lost", |run| run.verdict = Verdict { lost: 1, ..Verdict::default() }),
            ("duplicated", |run| run.verdict = Verdict { duplicated: 1, ..Verdict::default() }),
            ("duplicated", |run| run.wire = (1, 0)),
            ("reordered", |run| run.verdict = Verdict { reordered: 1, ..Verdict::default() }),
            ("reordered", |run| run.wire = (0, 1)),
            ("skipped", |run| run.verdict = Verdict { skipped: 1, ..Verdict::default() }),
            ("obedient_back", |run| run.t_star_s = 1.9),
        ];
        for (name, change) in changes {
            assert_eq!(broken(change), [name]);
        }
        assert_eq!(broken(|run| run.missing = 1), ["everyone_in", "missing"]);
    }

    #[test]
    fn an_outage_faster_than_the_best_round_is_measured_by_itself() {
        let mu = || super::super::report::Mu { per_s: 1_000.0, rounds: Vec::new() };
        let mut run = Run { dropped: 4_000, recovery_s: Some(2.0), ..Run::default() };
        run.measure_by(mu());
        assert_eq!((run.mu.per_s, run.t_star_s), (2_000.0, 2.0));
        let mut run = Run { dropped: 4_000, recovery_s: Some(5.0), ..Run::default() };
        run.measure_by(mu());
        assert_eq!((run.mu.per_s, run.t_star_s), (1_000.0, 4.0));
    }

    #[test]
    fn a_control_that_is_no_worse_breaks_the_drill() {
        assert!(!worse(&good(), &good()).held);
        let never = Run { missing: 5, recovery_s: None, ..good() };
        assert!(worse(&good(), &never).held);
        let slower = Run { recovery_s: Some(2.5), ..good() };
        assert!(worse(&good(), &slower).held);
    }
}
