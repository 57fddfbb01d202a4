//! Ryver's outage: the house is full, people come and go, more stand at the door, and the limiter is
//! jammed in every way the fault hook knows. It has to notice and mend itself, and to let in no more
//! than the node may carry.

use super::Held;
use super::house::{Cast, House};
use super::progress::Progress;
use super::report::Promise;
use super::stage::Stage;
use super::storm::{self, CALM};
use anyhow::Result;
use leeward_client::drill::{Order, Part};
use leeward_client::histogram::Histogram;
use leeward_client::http::Http;
use leeward_server::core::id::RoomId;
use leeward_server::core::storm::StormLimits;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(super) const STORY: &str = "The house is full and more people stand at the door; a twentieth of those inside leave \
     and come back every second. Then the limiter is jammed: permits leak, its cursor freezes, its \
     count goes negative, its clock runs ahead. Each time it has to notice by itself.";

/// The first is let in so long after a wedge, and all that come so long after it.
const FIRST_S: f64 = 2.5;
const FULL_S: f64 = 10.0;
/// How long each wedge is watched at most, and how long it is quiet between two.
const WATCH: Duration = Duration::from_secs(12);
const BETWEEN: Duration = Duration::from_secs(3);
/// Over so long a rate is taken.
const WINDOW: Duration = Duration::from_secs(1);
/// A rate is full again at this share of what it was.
const FULL: f64 = 0.8;
/// Posts by the HTTP API a second, and how long one may take.
const POSTS_PER_S: u64 = 10;
const POST_MS: f64 = 1_000.0;

/// The house is full with exactly those who are brought in, but for what is kept for operators.
pub(super) fn limit_keys(clients: usize) -> Vec<(&'static str, String)> {
    let kept = StormLimits::default().operator_reserve;
    vec![("limits.connections_max", (clients + kept).to_string())]
}

fn faults(clients: usize) -> [(&'static str, Value); 4] {
    [
        ("permits leak", json!({"kind": "leak_permits", "count": clients / 2})),
        ("the cursor freezes", json!({"kind": "freeze_cursor"})),
        ("the count goes negative", json!({"kind": "negative_count"})),
        ("the clock runs ahead", json!({"kind": "clock_ahead", "ms": 3_600_000})),
    ]
}

/// What came of one wedge.
struct Wedge {
    words: &'static str,
    first_s: Option<f64>,
    full_s: Option<f64>,
    /// Times that the limiter was rebuilt or went static meanwhile.
    mended: u64,
}

pub(super) async fn hold(stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    let (limit, species) = (cast.clients, cast.mix.to_string());
    show.begins(&format!("{limit} clients come in: as many as there is room for"));
    let mut house = House::fill(stage, cast, show).await?;
    let mu = house.measure_mu(1).await?;
    let strangers = house.crowd_the_door().await?;
    let per_s = (limit as f64 / 20.0).max(10.0);
    house.crowd.tell(&Order::Churn { part: Part::Returner, per_second: per_s }).await?;
    house.calm(CALM).await?;
    house.begin_outage()?;
    let posts = Posts::begin(stage, house.rooms.clone())?;
    let (mut wedges, mut most) = (Vec::new(), 0);
    for (words, fault) in faults(limit) {
        let wedge = wedge(stage, &mut house, (words, &fault), &mut most).await?;
        wedges.push(wedge);
    }
    let posts = posts.end();
    house.crowd.tell(&Order::Churn { part: Part::Returner, per_second: 0.0 }).await?;
    house.crowd.tell(&Order::Dismiss { part: Part::Stranger }).await?;
    let full = |view: &super::house::View| view.crowd.present + view.circle.present >= limit;
    let (view, everybody) =
        house.watch("everybody comes back", Duration::from_secs(60), full).await?;
    let mut run = house.recovered(&view, WATCH).await?;
    house.settle(&mut run).await?;
    (run.species, run.mu, run.steered) = (species, mu, true);
    run.missing = (limit - (view.crowd.present + view.circle.present).min(limit)) as u64;
    run.figures = figures(&wedges, strangers);

    run.tiles = tiles(&wedges, most);
    let mut promises = Vec::new();
    for wedge in &wedges {
        promises.extend(wedge.promises());
    }
    let words = "connections, at most, whoever comes";
    promises.push(Promise::count("limit", words, most as u64, limit as u64));
    let (failed, took) = posts;
    promises.push(Promise::count("posts_failed", "posts by HTTP that failed", failed, 0));
    let words = "posts by HTTP go on (p99)";
    promises.push(Promise::milliseconds("posts_p99", words, took.quantiles().p99_ms, POST_MS));
    let words = "everybody is in again when the door is quiet";
    promises.push(Promise::fact("everybody", words, everybody, format!("{} missing", run.missing)));
    promises.extend(storm::kept(&run).into_iter().filter(|promise| promise.name != "cut"));
    Ok((run, promises))
}

/// Jams the limiter and watches it until all is as before.
async fn wedge(
    stage: &mut Stage,
    house: &mut House,
    (words, fault): (&'static str, &Value),
    most: &mut usize,
) -> Result<Wedge> {
    let view = house.rest("people come and go", BETWEEN).await?;
    *most = (*most).max(view.crowd.present_max + view.circle.present);
    let before = admissions(house, WINDOW * 2).await?;
    let mended = guarded(stage).await?;
    house.mark(words);
    house.show.begins(words);
    house.crowd.tell(&Order::Mark).await?;
    stage.operator.command(&json!({"command": "fault", "fault": fault})).await?;
    let (start, mut recent) = (Instant::now(), VecDeque::new());
    let (mut full_s, mut most_now) = (None, 0);
    let (view, _) = house
        .watch(words, WATCH, |view| {
            most_now = most_now.max(view.crowd.present_max + view.circle.present);
            let (at, admitted) = (start.elapsed(), view.crowd.admitted());
            recent.push_back((at, admitted));
            while recent.front().is_some_and(|(then, _)| *then + WINDOW < at) {
                recent.pop_front();
            }
            let rate = recent.front().map_or(0.0, |(then, count)| {
                (admitted - count) as f64
                    / (at - *then).as_secs_f64().max(WINDOW.as_secs_f64() * 0.8)
            });
            if full_s.is_none() && at > WINDOW && rate >= FULL * before {
                full_s = Some(at.as_secs_f64());
            }
            // What jams late is seen as well.
            full_s.is_some_and(|s| at.as_secs_f64() > s + 2.0)
        })
        .await?;
    *most = (*most).max(most_now);
    let first_s = view.crowd.first_in_us.map(|us| us as f64 / 1e6);
    let mended = guarded(stage).await?.saturating_sub(mended);
    Ok(Wedge { words, first_s, full_s, mended })
}

/// Admissions per second over so long.
async fn admissions(house: &mut House, time: Duration) -> Result<f64> {
    house.crowd.tell(&Order::Mark).await?;
    let start = Instant::now();
    let view = house.rest("people come and go", time).await?;
    Ok(view.crowd.admitted() as f64 / start.elapsed().as_secs_f64())
}

/// How often the guard has stepped in so far.
async fn guarded(stage: &mut Stage) -> Result<u64> {
    let status = stage.operator.see("/api/storm").await?;
    let count = |field: &str| status["guard"][field].as_u64().unwrap_or_default();
    Ok(count("rebuilds") + count("fallbacks"))
}

impl Wedge {
    fn promises(&self) -> [Promise; 2] {
        let words = format!("{}: the first is let in", self.words);
        let first = Promise::seconds("first_in", &words, self.first_s, FIRST_S);
        let words = format!("{}: all that come are let in", self.words);
        [first, Promise::seconds("full_rate", &words, self.full_s, FULL_S)]
    }
}

fn figures(wedges: &[Wedge], strangers: usize) -> Vec<(String, String)> {
    let mended = wedges.iter().map(|wedge| {
        (format!("{}: times the guard stepped in", wedge.words), wedge.mended.to_string())
    });
    let strangers = ("people at the door of the full house".to_owned(), strangers.to_string());
    mended.chain([strangers]).collect()
}

fn tiles(wedges: &[Wedge], most: usize) -> Vec<[String; 3]> {
    let firsts: Vec<f64> = wedges.iter().filter_map(|wedge| wedge.first_s).collect();
    let first = if firsts.len() < wedges.len() {
        "never".to_owned()
    } else {
        format!("{:.2} s", firsts.into_iter().fold(0.0, f64::max))
    };
    let note = format!("the longest of {} kinds of jam", wedges.len());
    vec![
        ["jammed, it lets the first in after".to_owned(), first, note],
        ["connections at most".to_owned(), most.to_string(), "as many as there may be".to_owned()],
    ]
}

/// Somebody who posts by the HTTP API all the while.
struct Posts {
    seen: Arc<Mutex<(u64, Histogram)>>,
    task: tokio::task::JoinHandle<()>,
}

impl Posts {
    fn begin(stage: &Stage, rooms: Vec<RoomId>) -> Result<Self> {
        let (seen, mut api): (Arc<Mutex<(u64, Histogram)>>, Http) = (Arc::default(), stage.api()?);
        let (counts, run) = (Arc::clone(&seen), crate::operator::secret()?);
        let task = tokio::spawn(async move {
            let mut clock = tokio::time::interval(Duration::from_millis(1_000 / POSTS_PER_S));
            for (n, room) in rooms.iter().cycle().enumerate() {
                clock.tick().await;
                let draft = json!({"kind": "message", "text": "by HTTP, during the drill"});
                let post = json!({"nonce": format!("{run}-{n}"), "draft": draft});
                let path = format!("/api/v1/rooms/{room}/events");
                let start = Instant::now();
                let posted: Result<Value, _> = api.call("POST", &path, Some(&post)).await;
                let us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
                let mut counts = counts.lock().expect("nothing panics while it holds this lock");
                counts.0 += u64::from(posted.is_err());
                counts.1.add(us);
            }
        });
        Ok(Self { seen, task })
    }

    /// How many failed, and how long they took.
    fn end(self) -> (u64, Histogram) {
        self.task.abort();
        self.seen.lock().expect("nothing panics while it holds this lock").clone()
    }
}
