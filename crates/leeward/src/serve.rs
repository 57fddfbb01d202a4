//! `leeward serve`: from the configuration to a running node, and from a signal to its end.

use crate::config::Config;
use crate::doctor::{plan, terms};
use crate::operator::{Door, runtime};
use crate::{log, nofile};
use anyhow::{Context as _, Result};
use leeward_server::Node;
use leeward_server::config::{
    Bucket, DoorConfig, NodeConfig, Prefix, Statsd, StormConfig, TlsFiles, XmppConfig,
};
use leeward_server::doctor::{FILES_KEPT, attend};
use leeward_server::run::{Listeners, listen, serve};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(config: &Config) -> Result<()> {
    let log = log::start(config.text("log.format"), config.text("log.filter"))?;
    let files = nofile::raise();
    let listeners = Listeners {
        public: bind(config, "listen")?,
        operator: Some(bind(config, "operator_listen")?),
        xmpp: bind_xmpp(config, "xmpp.listen", 5_222)?,
        xmpp_tls: match has_certificate(config) {
            true => bind_xmpp(config, "xmpp.listen_tls", 5_223)?,
            false => None,
        },
    };
    let xmpp = listeners.xmpp.as_ref().map(TcpListener::local_addr).transpose()?;
    let public = listeners.public.local_addr()?;
    let operator = listeners.operator.as_ref().map(TcpListener::local_addr).transpose()?;
    let door = Door::at(operator.unwrap_or(public))?;
    let setup = crate::operator::secret()?;
    let mut node_config = node_config(config, files)?;
    node_config.setup_token = Some(setup.clone());
    node_config.operator_secret = Some(door.secret.clone());
    let (plan, dropped) = (plan(config)?, log.lost());

    let served = runtime()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
        let node = Node::open(node_config).await?;
        door.leave_in(&config.data_dir())?;
        let doctor = attend(&node, plan, dropped).context("the system gives no threads")?;
        let setup = node.accounts.is_empty().then_some(setup.as_str());
        greet(config, ([public, door.address], xmpp), &doctor.summary(), setup);
        let shutdown = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        let served = serve(node, listeners, shutdown).await;
        Door::close_in(&config.data_dir());
        anyhow::Ok(served?)
    });
    drop(log);
    served
}

/// The same for XMPP: the usual port of this machine is taken if it is free, unless another is asked for.
fn bind_xmpp(config: &Config, key: &str, port: u16) -> Result<Option<TcpListener>> {
    match config.text(key) {
        "" => Ok(None),
        "auto" => Ok(listen((std::net::Ipv4Addr::LOCALHOST, port).into()).ok()),
        _ => bind(config, key).map(Some),
    }
}

fn has_certificate(config: &Config) -> bool {
    config.path("tls.cert_file").is_some()
}

fn bind(config: &Config, key: &str) -> Result<TcpListener> {
    let address = config.address(key);
    listen(address).with_context(|| {
        format!("cannot listen on {address} (`{key}`): stop what does, or choose another address")
    })
}

/// What the node is told.
fn node_config(config: &Config, files: Option<u64>) -> Result<NodeConfig> {
    let milliseconds = |key: &str| Duration::from_millis(config.number(key));
    let mut node = NodeConfig::new(config.data_dir());
    node.origins = config.origins();
    node.behind_proxy = config.is("behind_proxy");
    // A drill brings synthetic people of its own.
    node.allow_load = config.is("allow_load") || config.is("drills.allowed");
    node.command_targets = config.prefixes("commands.private_targets");
    node.tls = match (config.path("tls.cert_file"), config.path("tls.key_file")) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (_, _) => None,
    };
    for (key, value) in [("shards", &mut node.shards), ("readers", &mut node.readers)] {
        if config.count(key) > 0 {
            *value = config.count(key);
        }
    }
    node.connections_max = u32::try_from(config.number("limits.connections_max"))?;
    if let Some(room) =
        files.map(|f| f.saturating_sub(FILES_KEPT)).filter(|f| *f < node.connections_max.into())
    {
        // The doctor says so.
        node.connections_max = u32::try_from(room)?.max(1);
    }
    node.file_bytes_max = config.number("limits.file_bytes_max");
    node.lease = terms(config)?;
    node.door = door(config)?;
    node.storm = StormConfig {
        control: config.is("storm.control"),
        guard: config.is("storm.guard"),
        parked_bytes_max: config.number("storm.parked_bytes_max"),
    };
    node.allow_drills = config.is("drills.allowed");
    node.statsd =
        Some(config.text("metrics.statsd")).filter(|address| !address.is_empty()).map(|address| {
            Statsd {
                address: address.to_owned(),
                prefix: config.text("metrics.statsd_prefix").to_owned(),
                every: milliseconds("metrics.statsd_every_ms"),
            }
        });
    let port = config.address("listen").port();
    let scheme = if has_certificate(config) { "https" } else { "http" };
    node.xmpp = XmppConfig {
        domain: config.text("xmpp.domain").to_owned(),
        plain: config.is("xmpp.plain"),
        web: format!("{scheme}://{}:{port}", config.text("xmpp.domain")),
    };
    node.bounds.queue_bytes_max = config.count("limits.queue_bytes_max");
    node.bounds.ring_bytes_max = config.count("limits.room_bytes_max");
    node.bounds.drain_spread = milliseconds("drain.spread_ms");
    node.bounds.drain_max = milliseconds("drain.ms_max");
    Ok(node)
}

/// What is checked before anything is read of a socket.
fn door(config: &Config) -> Result<DoorConfig> {
    let bucket = |per_s: &str, burst: &str| {
        anyhow::Ok(Bucket {
            per_s: u32::try_from(config.number(per_s))?,
            burst: u32::try_from(config.number(burst))?,
        })
    };
    let mut trusted = Vec::from(Prefix::loopback());
    trusted.extend(config.prefixes("door.trusted"));
    Ok(DoorConfig {
        backlog_max: u32::try_from(config.number("door.backlog_max"))?,
        porch_max: config.count("door.porch_max"),
        openings_max: config.count("door.openings_max"),
        address: bucket("door.address_per_s", "door.address_burst")?,
        network: bucket("door.network_per_s", "door.network_burst")?,
        trusted,
    })
}

/// Says where everything is. With the log this stays within ten lines.
fn greet(
    config: &Config,
    ([public, operator], xmpp): ([SocketAddr; 2], Option<SocketAddr>),
    doctor: &str,
    setup: Option<&str>,
) {
    let scheme = if config.path("tls.cert_file").is_some() { "https" } else { "http" };
    let url = config.origins().into_iter().next();
    let url = url.unwrap_or_else(|| format!("{scheme}://{}", reachable(public)));
    let mut text = format!(
        "Leeward {} serves {url}\n  data      {}\n  doctor    {doctor}\n  operator  http://{operator}\n",
        env!("CARGO_PKG_VERSION"),
        config.data_dir().display()
    );
    match xmpp {
        Some(at) => {
            let domain = config.text("xmpp.domain");
            text.push_str(&format!("  xmpp      {at}, as NAME@{domain}\n"));
        }
        None if config.text("xmpp.listen") == "auto" => {
            text.push_str("  xmpp      not served: port 5222 is taken (`xmpp.listen`)\n");
        }
        None => {}
    }
    if let Some(token) = setup {
        text.push_str(&format!(
            "Open this link once to set the workspace up:\n  {url}/setup#{token}\n"
        ));
    }
    // Whoever closed standard output does not want to know.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// An address that a browser on this machine can open.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}
