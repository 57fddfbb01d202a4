//! The shell around [`leeward_xmpp`]: where its clients come in, what their streams and stations want
//! done, and what is kept of those who will be back.
//!
//! In reading order: `line` is what a connection needs that speaks XMPP, `steps` does what its stream
//! wants, `login` finds out who it is, `stage` does what the station of its shard wants, `answers`
//! finds its questions out. `sleepers` keeps what can be taken up again, `web` is WebSocket and BOSH.

mod answers;
mod directory;
mod known;
mod line;
mod login;
mod sleepers;
mod stage;
mod steps;
mod web;

pub(crate) use known::Known;
pub(crate) use line::{Arrival, Line};
pub(crate) use sleepers::Sleepers;
pub(crate) use stage::Stage;

use crate::node::Node;
use leeward_core::id::{AccountId, SessionId};
use leeward_store::StoreError;
use leeward_xmpp::station::Domain;
use leeward_xmpp::stream::Setting;
use leeward_xmpp::xml;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What an element may be before its sender is known: a sign-in, and nothing longer.
const STRANGERS: xml::Limits =
    xml::Limits { bytes_max: 10_000, elements_max: 64, depth_max: 16, attributes_max: 32 };
/// What an element may be afterwards: the longest message with all of it escaped, or an avatar.
const CLIENTS: xml::Limits =
    xml::Limits { bytes_max: 256 * 1024, elements_max: 2_048, depth_max: 64, attributes_max: 64 };

/// What a node has for XMPP.
pub(crate) struct Xmpp {
    pub(crate) domain: Arc<Domain>,
    /// For connections over which a password may go in the clear, and for all others.
    settings: [Arc<Setting>; 2],
    /// Passwords that were right a moment ago.
    pub(crate) known: Known,
    /// What can be taken up again.
    pub(crate) sleepers: Sleepers,
    /// The sign-ins of devices, by account and by what the device calls itself.
    devices: Mutex<BTreeMap<(AccountId, String), SessionId>>,
}

impl Xmpp {
    /// Reads what is kept.
    pub(crate) async fn open(
        config: &crate::config::NodeConfig,
        store: &leeward_store::Store,
        keys: &leeward_core::seal::KeyRing,
    ) -> Result<Self, StoreError> {
        let name = config.xmpp.domain.clone();
        let own = config.origins.first().cloned();
        let domain = Domain {
            workspace: store.workspace().await?,
            software: ("Leeward", env!("CARGO_PKG_VERSION")),
            files_url: own.unwrap_or_else(|| config.xmpp.web.clone()),
            file_bytes_max: config.file_bytes_max,
            secret: keys.derive("leeward 2026-11 what occupants of a room are called"),
            name: name.clone(),
        };
        let setting = |clear_allowed| {
            Arc::new(Setting {
                domain: name.clone(),
                tls: config.tls.is_some(),
                clear_allowed,
                secret: keys.derive("leeward 2026-11 the salt of names that nobody has"),
                limits: (STRANGERS, CLIENTS),
                features: leeward_xmpp::features::stream_features(&domain),
            })
        };
        let settings = [setting(false), setting(true)];
        let devices = store.devices().await?;
        Ok(Self {
            domain: Arc::new(domain),
            settings,
            known: Known::new(crate::node::secret()),
            sleepers: Sleepers::default(),
            devices: Mutex::new(devices.into_iter().collect()),
        })
    }

    pub(crate) fn setting(&self, clear_allowed: bool) -> Arc<Setting> {
        Arc::clone(&self.settings[usize::from(clear_allowed)])
    }
}

impl Node {
    /// A password was changed: what was known of it is worth nothing, and connections that were let in by
    /// it end.
    pub(crate) fn password_changed(&self, account: AccountId) {
        self.xmpp.known.forget(account);
        self.xmpp.sleepers.forget(account);
        self.end_passwords(account);
    }
}
