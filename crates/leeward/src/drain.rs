//! `leeward drain`: sends everybody away, each at a time of their own, and shows how far that is.

use crate::answer::Answer;
use crate::cli::Output;
use crate::config::Config;
use crate::document::Document;
use crate::gate::show;
use crate::operator;
use crate::units::{count, duration_ms, span};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use leeward_server::operate::Order;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often is looked how far the drain is.
const LOOK: Duration = Duration::from_millis(250);
/// How long after its time a drain may last before that is an error.
const SLACK: Duration = Duration::from_secs(30);

/// Flags of `drain`.
#[derive(Args, Debug)]
pub(crate) struct Drain {
    /// Over how long, such as `2m`
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration_ms, conflicts_with = "end")]
    over: u32,
    /// End the drain: let people in again
    #[arg(long, conflicts_with = "wait")]
    end: bool,
    /// Wait until nobody is connected, and show how many still are
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    output: Output,
}

/// Begins a drain, or ends it.
pub(crate) fn run(config: &Config, drain: &Drain) -> Result<Answer> {
    if drain.end {
        return show(&operator::order(config, &Order::EndDrain {})?, drain.output);
    }
    let ordered = operator::order(config, &Order::Drain { over_ms: drain.over })?;
    if !drain.wait {
        return show(&ordered, drain.output);
    }
    operator::runtime()?.block_on(wait(config, drain))
}

async fn wait(config: &Config, drain: &Drain) -> Result<Answer> {
    let address = operator::place(config);
    let began = Instant::now();
    let mut progress = Progress { most: 0, shown: std::io::stderr().is_terminal() };
    loop {
        let Some(body) = operator::fetch(address, "/api/storm").await? else {
            bail!(
                "the server at {address} went away before everybody had been told when to come back"
            );
        };
        let document: Document =
            serde_json::from_slice(&body).context("the server's answer is unknown")?;
        let left = document.connections.live + document.connections.admitting;
        progress.show(left);
        if left == 0 {
            progress.clear();
            let most = progress.most;
            let took = span(u64::try_from(began.elapsed().as_millis())?);
            let json =
                format!("{{\"sent_away\":{most},\"took_ms\":{}}}\n", began.elapsed().as_millis());
            let text = format!("nobody is connected: {} were sent away in {took}\n", count(most));
            return Ok(if drain.output.json { json } else { text }.into());
        }
        if document.state != "drain" && began.elapsed() > 4 * LOOK {
            progress.clear();
            bail!("the drain was ended; {} are connected", count(left));
        }
        if began.elapsed() > Duration::from_millis(drain.over.into()) + SLACK {
            progress.clear();
            bail!("{} are still connected long after the drain should be over", count(left));
        }
        sleep(LOOK).await;
    }
}

/// One line that the next covers, for people alone.
struct Progress {
    most: u64,
    shown: bool,
}

impl Progress {
    fn show(&mut self, left: u64) {
        self.most = self.most.max(left);
        if self.shown {
            let (left, most) = (count(left), count(self.most));
            // Progress that cannot be shown does no harm.
            let _ = write!(std::io::stderr(), "\r\x1b[K{left} of {most} are still connected");
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
