//! What a shard reads for its hub, each by a task of its own whose answer is an input like any other.

use crate::shard::Shard;
use leeward_core::event::Event;
use leeward_core::hub::{self, Load, Shed};
use leeward_core::id::{RoomId, Seq};
use leeward_core::wire::{self, ServerFrame};
use leeward_core::ws;
use std::rc::Rc;
use std::time::Duration;

/// Events read at once to fill a hole.
const CATCH_UP_EVENTS: usize = 500;
/// How often a snapshot that is shed waits for [`RETRY`].
const SNAPSHOT_WAITS_MAX: u32 = 10;
/// Between two attempts to read what the hub cannot do without.
const RETRY: Duration = Duration::from_millis(500);

impl Shard {
    pub(crate) fn load(self: &Rc<Self>, room: RoomId) {
        let shard = Rc::clone(self);
        self.tasks.spawn_local(async move {
            let tail_bytes = shard.node.config.bounds.ring_bytes_max;
            let loaded = loop {
                shard.node.metrics.store_reads.inc();
                match shard.node.store.load_room(room, tail_bytes).await {
                    Ok(loaded) => break loaded,
                    Err(e) if shard.node.gives_up(&e) => break None,
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            };
            let load = loaded.map(|loaded| Load {
                at: loaded.position,
                members: loaded.members.iter().map(|m| m.account).collect(),
                tail: loaded.tail,
            });
            shard.together(|| shard.tell_hub(hub::Input::Loaded(room, load)));
        });
    }

    pub(crate) fn catch_up(self: &Rc<Self>, room: RoomId, after: Seq) {
        let shard = Rc::clone(self);
        self.tasks.spawn_local(async move {
            let events = shard.events_after(room, after).await;
            shard.node.metrics.caught_up.inc();
            shard.together(|| shard.tell_hub(hub::Input::CaughtUp(room, events)));
        });
    }

    /// Some of what came after a place, asked for until it is answered.
    pub(crate) async fn events_after(&self, room: RoomId, after: Seq) -> Vec<Event> {
        loop {
            self.node.metrics.store_reads.inc();
            match self.node.store.events_after(room, after, CATCH_UP_EVENTS).await {
                Ok(events) => return events,
                Err(e) if self.node.gives_up(&e) => return Vec::new(),
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    pub(crate) fn read_snapshot(self: &Rc<Self>, room: RoomId) {
        let shard = Rc::clone(self);
        self.tasks.spawn_local(async move {
            // Whoever comes back comes first; but nobody looks at an empty room for ever.
            for _ in 0..SNAPSHOT_WAITS_MAX {
                if shard.node.shed() < Shed::Snapshots {
                    break;
                }
                tokio::time::sleep(RETRY).await;
            }
            let snapshot = shard.node.snapshot(room).await.ok().flatten();
            let encode = |s: wire::Snapshot| {
                let at = s.at;
                (at, ws::encode::text(&wire::encode(&ServerFrame::Snapshot(Box::new(s)))))
            };
            shard.together(|| {
                shard.tell_hub(hub::Input::Snapshot(room, snapshot.map(encode)));
            });
        });
    }
}
