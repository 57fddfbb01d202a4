//! The shell around [`leeward_xmpp`]: where its clients come in, what their streams and stations want
//! done, and what is kept of those who will be back.
//!
//! In reading order: `line` is what a connection needs that speaks XMPP, `steps` does what its stream
//! wants, `login` finds out who it is, `stage` does what the station of its shard wants, `answers`
//! finds its questions out. `sleepers` keeps what can be taken up again, `web` is WebSocket, `bosh` what
//! comes by single requests, `aside` what goes on of that after a stop.

mod answers;
mod aside;
mod bosh;
mod directory;
mod known;
mod line;
mod login;
mod outside;
mod sleepers;
mod stage;
mod steps;
mod web;

pub(crate) use known::Known;
pub(crate) use line::{Arrival, Line};
pub(crate) use sleepers::Sleepers;
pub(crate) use stage::Stage;

use crate::config::NodeConfig;
use crate::http::Throttle;
use crate::node::Node;
use crate::tls::Tls;
pub(crate) use bosh::attend;
use leeward_core::id::{AccountId, SessionId};
use leeward_store::{Note, Store, StoreError};
use leeward_xmpp::station::{Domain, Workspace};
use leeward_xmpp::stream::Setting;
use leeward_xmpp::xml;
pub(crate) use login::scram_bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
pub(crate) use web::{BOSH_PATH, SOCKET_PATH, judge};

/// So many clients of one account may begin SCRAM at once from one network, all of which come in unless
/// they guess; beyond, one in two seconds.
const PROOFS_MAX: u64 = 100;

/// What an element may be before its sender is known: a sign-in, and nothing longer.
const STRANGERS: xml::Limits =
    xml::Limits { bytes_max: 10_000, elements_max: 64, depth_max: 16, attributes_max: 32 };
/// What an element may be afterwards: the longest message with all of it escaped, or an avatar.
const CLIENTS: xml::Limits =
    xml::Limits { bytes_max: 256 * 1024, elements_max: 2_048, depth_max: 64, attributes_max: 64 };

/// What a node has for XMPP.
pub(crate) struct Xmpp {
    pub(crate) domain: Arc<Domain>,
    /// For connections over which no password may go in the clear, and for those over which one may.
    settings: [Arc<Setting>; 2],
    /// Passwords that were right a moment ago.
    pub(crate) known: Known,
    /// What can be taken up again.
    pub(crate) sleepers: Sleepers,
    /// Wrong passwords, by name and network: one try in 6 s after the first ten.
    guesses: Throttle,
    /// Beginnings of SCRAM for a name and a network that have not come to a sign-in.
    proofs: Throttle,
    /// What tokens of devices are made with.
    tokens: [u8; 32],
    /// The sign-ins of devices, by account and by what the device calls itself.
    devices: Mutex<BTreeMap<(AccountId, String), SessionId>>,
    tls: OnceLock<Option<Arc<Tls>>>,
    /// Where its clients connect by TCP: with TLS once they ask, and from the first byte.
    pub(crate) at: OnceLock<[Option<SocketAddr>; 2]>,
    /// Those who come by requests of HTTP.
    pub(crate) bosh: bosh::Sessions,
}

impl Xmpp {
    /// Reads what is kept.
    pub(crate) async fn open(config: &NodeConfig, store: &Store) -> Result<Self, StoreError> {
        let secret = match store.note(Note::Xmpp).await?.and_then(|kept| kept.try_into().ok()) {
            Some(kept) => kept,
            None => {
                let made = crate::node::secret();
                store.keep_note(Note::Xmpp, made.to_vec()).await?;
                made
            }
        };
        let derive = |purpose| blake3::derive_key(purpose, &secret);
        let name = config.xmpp.domain.clone();
        let domain = Domain {
            workspace: Workspace::new(store.workspace().await?),
            software: ("Leeward", env!("CARGO_PKG_VERSION")),
            files_url: config.origins.first().unwrap_or(&config.xmpp.web).clone(),
            file_bytes_max: config.file_bytes_max,
            secret: derive("leeward 2026-11 what occupants of a room are called"),
            name: name.clone(),
        };
        let setting = |clear_allowed| {
            Arc::new(Setting {
                domain: name.clone(),
                tls: config.tls.is_some(),
                clear_allowed,
                secret: derive("leeward 2026-11 the salt of names that nobody has"),
                limits: (STRANGERS, CLIENTS),
                features: leeward_xmpp::features::stream_features(&domain),
            })
        };
        let settings = [setting(false), setting(true)];
        Ok(Self {
            domain: Arc::new(domain),
            settings,
            known: Known::new(crate::node::secret()),
            sleepers: Sleepers::open(store).await?,
            guesses: Throttle::new(10, 6_000),
            proofs: Throttle::new(PROOFS_MAX, 2_000),
            tokens: derive("leeward 2026-11 tokens of devices"),
            devices: Mutex::new(store.devices().await?.into_iter().collect()),
            tls: OnceLock::new(),
            at: OnceLock::new(),
            bosh: bosh::Sessions::open(store, config.shards.max(1)).await?,
        })
    }

    pub(crate) fn setting(&self, clear_allowed: bool) -> Arc<Setting> {
        Arc::clone(&self.settings[usize::from(clear_allowed)])
    }

    /// Keeps those for the next start whose connections the node has ended by stopping.
    pub(crate) async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        self.sleepers.keep(store).await?;
        self.bosh.keep(store).await
    }

    /// The sign-in of a device.
    fn device(&self, account: AccountId, agent: &str) -> Option<SessionId> {
        let devices = self.devices.lock().expect("nothing panics while it holds this lock");
        devices.get(&(account, agent.to_owned())).copied()
    }

    fn keep_device(&self, account: AccountId, agent: String, session: SessionId) {
        let mut devices = self.devices.lock().expect("nothing panics while it holds this lock");
        devices.insert((account, agent), session);
    }
}

impl Node {
    /// A password was changed: what was known of it is worth nothing, and connections that were let in by
    /// it end.
    pub(crate) fn password_changed(&self, account: AccountId) {
        self.xmpp.known.forget(account);
        self.xmpp.sleepers.forget(account);
        self.xmpp.bosh.forget(account);
        self.end_passwords(account);
    }

    /// Takes the certificate for XMPP, which is that of the web.
    pub(crate) fn set_xmpp_tls(&self, tls: Option<Arc<Tls>>) {
        // A node is served once.
        let _ = self.xmpp.tls.set(tls);
    }

    /// What the next handshake of an XMPP client is done with, where there is a certificate.
    pub(crate) fn xmpp_tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.xmpp.tls.get()?.as_ref().map(|tls| tls.xmpp_config())
    }
}
