//! What the rooms' logs hold in the end, as the server has stored it and the HTTP API tells. Never
//! believes a client.

use anyhow::{Context as _, Result, bail};
use leeward_client::drill::ledger::{Truth, name};
use leeward_client::http::Http;
use leeward_server::core::id::RoomId;
use serde::Deserialize;

/// Events in one answer.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Stored {
    seq: u64,
    #[serde(default)]
    nonce: String,
}

/// Reads all logs, from their beginnings.
pub(super) async fn read(api: &mut Http, rooms: &[RoomId]) -> Result<Truth> {
    let mut truth = Truth::default();
    for room in rooms {
        loop {
            let after = truth.head(*room).0;
            let path = format!("/api/v1/rooms/{room}/events?after={after}&limit={PAGE}");
            let page: Vec<Stored> = api
                .call("GET", &path, None::<&()>)
                .await
                .with_context(|| format!("the log of room {room} cannot be read"))?;
            for (event, seq) in page.iter().zip(after + 1..) {
                if event.seq != seq {
                    bail!("the log of room {room} has {} where {seq} should be", event.seq);
                }
                truth.push(*room, name(&event.nonce));
            }
            if page.len() < PAGE {
                break;
            }
        }
    }
    Ok(truth)
}
