//! How fast they can come back at all, and how fast they do when all are dropped at once.

use crate::load::{Failure, LOOK, Load, tell};
use crate::report::{Mu, Round, Storm};
use leeward_client::drill::{Loss, Order, Part};
use leeward_client::histogram::Quantiles;
use std::time::{Duration, Instant};

/// How many are on their way in while it is measured how fast they can be let in.
const IN_FLIGHT: [usize; 3] = [64, 256, 1_024];
/// How long the survivors are watched before anything happens.
const BEFORE: Duration = Duration::from_secs(5);
/// How often it is told how far it is.
const TELL: Duration = Duration::from_secs(5);
/// How long the last of a round may take.
const ROUND_ENDS: Duration = Duration::from_secs(60);

/// Measures mu, then holds the storm, with the survivors chatting all the while.
pub(crate) async fn hold(
    load: &mut Load,
    everybody: usize,
    limit: Duration,
) -> Result<(Option<Mu>, Option<Storm>), Failure> {
    let per_second = load.options.chat_per_s;
    load.crowd.tell(&Order::Chat { per_second }).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    load.crowd.tell(&Order::Mark).await?;
    tokio::time::sleep(BEFORE).await;
    let before = load.crowd.tell(&Order::Look).await?.delivered.quantiles();
    let mut mu = Mu::default();
    if !load.options.mu.is_zero() {
        for in_flight in IN_FLIGHT {
            if in_flight < everybody {
                mu.rounds.push(round(load, everybody, in_flight).await?);
            }
        }
    }
    let storm = storm(load, everybody, limit, before).await?;
    // Whoever comes back faster than any loop has shown how fast it can be done.
    let storm_per_s = storm.all_back_s.map_or(0.0, |seconds| storm.clients as f64 / seconds);
    mu.per_s = mu.rounds.iter().map(|round| round.per_s).fold(storm_per_s, f64::max);
    let t_star_s = (mu.per_s > 0.0).then(|| storm.clients as f64 / mu.per_s);
    let of_t_star = storm.all_back_s.zip(t_star_s).map(|(back, least)| back / least);
    Ok((Some(mu), Some(Storm { t_star_s, of_t_star, ..storm })))
}

/// Each breaks off and comes back at once, so many at a time, until all have or the time is over.
async fn round(load: &mut Load, everybody: usize, in_flight: usize) -> Result<Round, Failure> {
    let returners = (everybody - load.options.survivors) as u64;
    let part = Part::Returner;
    load.crowd.cycle(part, in_flight).await?;
    let limit = load.options.mu;
    let seen = load.look_until(limit, |seen| seen.admitted() >= returners).await?;
    let (came, kind) = (seen.admitted(), seen.of(|_| true));
    let seconds = match came >= returners {
        true => kind.came.quantiles().max_ms / 1_000.0,
        false => seen.at_us as f64 / 1e6,
    };
    let round = Round { in_flight, came, seconds, per_s: came as f64 / seconds.max(1e-6) };
    tell(&format!("{in_flight} in flight: {:.0}/s", round.per_s));
    load.crowd.cycle(part, 0).await?;
    let last = load.look_until(ROUND_ENDS, |seen| seen.present == everybody).await?;
    if last.present < everybody {
        tell(&format!("only {} of {everybody} came back from it", last.present));
    }
    Ok(round)
}

async fn storm(
    load: &mut Load,
    everybody: usize,
    limit: Duration,
    before: Quantiles,
) -> Result<Storm, Failure> {
    let clients = everybody - load.options.survivors;
    let (cost, start) = (load.cost()?, Instant::now());
    load.crowd.tell(&Order::Drop(Loss::default())).await?;
    let mut rss_bytes_max = cost.map(|cost| cost.rss_bytes);
    let mut told = Instant::now();
    let seen = loop {
        let seen = load.crowd.tell(&Order::Look).await?;
        rss_bytes_max = rss_bytes_max.max(load.cost()?.map(|cost| cost.rss_bytes));
        // Whoever has not yet felt the reset seems to be there.
        let all_lost = seen.of(|_| true).lost >= clients as u64;
        if (all_lost && seen.present >= everybody) || start.elapsed() >= limit {
            break seen;
        }
        if told.elapsed() > TELL {
            told = Instant::now();
            let after_s = start.elapsed().as_secs_f64();
            tell(&format!("{} of {everybody} are in after {after_s:.0} s", seen.present));
        }
        tokio::time::sleep(LOOK).await;
    };
    let ended_s = start.elapsed().as_secs_f64();
    let kind = seen.of(|_| true);
    let all = seen.present >= everybody;
    let server_cpu_us_each = load.cpu_us_each(cost, kind.came.count())?;
    let last = load.quiet().await?;
    let all_back_s = all.then(|| kind.came.quantiles().max_ms / 1_000.0);
    tell(&format!("{} of {everybody} are in after {ended_s:.1} s", seen.present));
    Ok(Storm {
        clients,
        back: clients.min(usize::try_from(kind.came.count())?),
        all_back_s,
        ended_s,
        t_star_s: None,
        of_t_star: None,
        attempts_each: kind.knocks as f64 / clients as f64,
        server_cpu_us_each,
        rss_bytes_max,
        before,
        during: last.delivered.quantiles(),
        unseen: last.unanswered,
        survivors_lost: seen.unasked_stay,
        refusals: seen.refusals,
    })
}
