//! Puts an XMPP server under load and prints what it cost, as JSON: sign-ins with a room and its
//! history, idle connections, a storm with survivors who chat all the while, a large room. The same
//! work against any server; `scripts/xmpp-compare.sh` runs it against three. Never starts a server.
//!
//! ```text
//! cargo run --release -p leeward-client --example xmpp_load -- --url xmpp://127.0.0.1:5222 \
//!     --domain localhost --rooms rooms.localhost --pid 1234 --register yes --fill 20 \
//!     --clients 2000 --storm 60
//! ```
//!
//! [`options`] lists the flags.

mod load;
mod options;
mod people;
mod report;
mod storm;

use leeward_client::drill;
use options::Options;
use std::error::Error;
use std::io::{self, Write};

/// The argument that makes a process a worker of another.
const WORKER: &str = "worker";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == WORKER) {
        return Ok(drill::serve_worker().await?);
    }
    let options = Options::parse(&arguments)?;
    let report = load::run(options).await?;
    writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}
