//! What an operator orders a serving node: gates, the rate, a drain, the terms of leases; and, where
//! drills are allowed, what is to break.
//!
//! Never touches who is connected, but for the drain, which is for that.

use crate::node::Node;
use leeward_core::code::{Code, Refusal};
use leeward_core::lease::Terms;
use leeward_core::rules::check_line;
use leeward_core::storm::{Class, Fault, Gate, Input};
use leeward_core::wire::Lease;
use leeward_store::NewAudit;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Move a gate.
    Gate {
        /// Whose, such as `sign_in`; left out: everybody's but the operator's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        /// To what.
        gate: GateOrder,
    },
    /// Fix the rate of admission, or let it be measured again.
    Rate {
        /// Admissions a second.
        per_s: Option<u32>,
    },
    /// Send everybody away, each at a time of their own.
    Drain {
        /// Over how long, in milliseconds.
        over_ms: u32,
    },
    /// Let people in again.
    EndDrain {},
    /// Grant leases on these terms from here on.
    Lease {
        /// To clients that are looked at.
        visible: Lease,
        /// To pages in the background.
        hidden: Lease,
    },
    /// Break the limiter. For drills alone.
    Fault {
        /// How.
        fault: FaultOrder,
    },
}

/// How a gate is to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum GateOrder {
    /// Let in as the node can.
    Open {},
    /// So many a second.
    Paced {
        /// Admissions a second.
        per_s: u32,
        /// What those who wait are told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// Nobody.
    Closed {
        /// When to ask again, in milliseconds.
        #[serde(default = "closed_ms")]
        after_ms: u32,
        /// What those who wait are told.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
}

/// What is to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultOrder {
    /// Permits of connections that do not exist.
    LeakPermits {
        /// How many.
        count: u32,
    },
    /// Nobody's turn comes any more.
    FreezeCursor {},
    /// What is counted goes below nothing.
    NegativeCount {},
    /// The limiter believes that it is later.
    ClockAhead {
        /// By so many milliseconds.
        ms: u32,
    },
    /// Its lock is held.
    HoldLock {
        /// For so many milliseconds.
        ms: u32,
    },
    /// A thread panics while it holds the lock.
    Poison {},
}

/// How things stand after an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Every gate that is not open.
    pub gates: Vec<ClassGate>,
    /// The fixed rate, if there is one.
    pub per_s: Option<u32>,
    /// Everybody is being sent away.
    pub draining: bool,
    /// The terms of leases, for clients that are looked at.
    pub visible: Lease,
    /// And for pages in the background.
    pub hidden: Lease,
}

/// The gate of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassGate {
    /// Whose.
    pub class: String,
    /// How it stands.
    pub gate: GateOrder,
}

/// When to ask again at a closed gate, unless the operator says otherwise: 30 s.
fn closed_ms() -> u32 {
    30_000
}

/// The fastest pace of a gate, in admissions a second: beyond, it is open.
const PER_S_MAX: u32 = 1_000_000;
/// The longest time that somebody is sent away for, in milliseconds: a day.
const AWAY_MS_MAX: u32 = 24 * 3_600_000;
/// A lease lasts at least so many pings: one may be lost.
const PINGS_MIN: u32 = 2;
/// Bounds of a lease, in milliseconds.
const PING_MS: std::ops::RangeInclusive<u32> = 500..=600_000;
const LEASE_MS_MAX: u32 = 3_600_000;

/// Does it.
///
/// # Errors
/// What is wrong with the order.
pub async fn carry_out(node: &Node, order: Order) -> Result<Ordered, Refusal> {
    let now = node.instant();
    let (subject, detail) = (about(&order), format!("{order:?}"));
    match order {
        Order::Gate { class, gate } => {
            let (class, gate) = (class.as_deref().map(named).transpose()?, gate.checked()?);
            node.admission.wish(now, Input::Gate { class, gate });
        }
        Order::Rate { per_s } => {
            let per_s = per_s.map(|per_s| within("per_s", per_s, 1, PER_S_MAX)).transpose()?;
            node.admission.wish(now, Input::Static { per_s });
        }
        Order::Drain { over_ms } => {
            let over_ms = within("over_ms", over_ms, 0, AWAY_MS_MAX)?;
            node.admission.wish(now, Input::Drain { over_ms });
        }
        Order::EndDrain {} => node.admission.wish(now, Input::EndDrain),
        Order::Lease { visible, hidden } => {
            node.set_terms(Terms { visible: lease(visible)?, hidden: lease(hidden)? });
        }
        Order::Fault { fault } => break_limiter(node, fault)?,
    }
    tracing::info!(subject, detail, "the operator's order");
    let (at, action) = (node.now(), format!("order.{subject}"));
    node.store.audit(NewAudit { at, by: None, action, subject: "node".into(), detail }).await?;
    Ok(stands(node))
}

/// How things stand.
fn stands(node: &Node) -> Ordered {
    let (gates, per_s, draining) = node.admission.wishes();
    let gates = gates
        .into_iter()
        .map(|(class, gate)| ClassGate { class: class.as_str().to_owned(), gate: gate.into() });
    let Terms { visible, hidden } = node.terms();
    Ordered { gates: gates.collect(), per_s, draining, visible, hidden }
}

fn about(order: &Order) -> &'static str {
    match order {
        Order::Gate { .. } => "gate",
        Order::Rate { .. } => "rate",
        Order::Drain { .. } | Order::EndDrain {} => "drain",
        Order::Lease { .. } => "lease",
        Order::Fault { .. } => "fault",
    }
}

fn named(name: &str) -> Result<Class, Refusal> {
    Class::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Class::ALL.into_iter().map(Class::as_str).collect();
        bad(format!("there is no class {name:?}: it is one of {}", known.join(", ")))
    })
}

impl GateOrder {
    fn checked(self) -> Result<Gate, Refusal> {
        match self {
            Self::Open {} => Ok(Gate::Open),
            Self::Paced { per_s, message } => {
                check_line("message", &message, false)?;
                Ok(Gate::Paced { per_s: within("per_s", per_s, 1, PER_S_MAX)?, message })
            }
            Self::Closed { after_ms, message } => {
                check_line("message", &message, false)?;
                Ok(Gate::Closed {
                    after_ms: within("after_ms", after_ms, 0, AWAY_MS_MAX)?,
                    message,
                })
            }
        }
    }
}

impl From<Gate> for GateOrder {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Open => Self::Open {},
            Gate::Paced { per_s, message } => Self::Paced { per_s, message },
            Gate::Closed { after_ms, message } => Self::Closed { after_ms, message },
        }
    }
}

fn lease(lease: Lease) -> Result<Lease, Refusal> {
    let ping = within("ping_ms", lease.ping_ms, *PING_MS.start(), *PING_MS.end())?;
    within("lease_ms", lease.lease_ms, ping * PINGS_MIN, LEASE_MS_MAX)?;
    within("spread_ms", lease.spread_ms, 0, *PING_MS.end())?;
    Ok(lease)
}

fn break_limiter(node: &Node, fault: FaultOrder) -> Result<(), Refusal> {
    if !node.config.allow_drills {
        let why = "this server does not allow drills: start it with `leeward serve --allow-drills`";
        return Err(Refusal::because(Code::Forbidden, why));
    }
    let fault = match fault {
        FaultOrder::LeakPermits { count } => Fault::LeakPermits(count),
        FaultOrder::FreezeCursor {} => Fault::FreezeCursor,
        FaultOrder::NegativeCount {} => Fault::NegativeCount,
        FaultOrder::ClockAhead { ms } => Fault::ClockAhead(ms),
        FaultOrder::HoldLock { ms } => {
            let time = Duration::from_millis(within("ms", ms, 1, AWAY_MS_MAX)?.into());
            node.admission.break_lock(Some(time));
            return Ok(());
        }
        FaultOrder::Poison {} => {
            node.admission.break_lock(None);
            return Ok(());
        }
    };
    node.admission.wish(node.instant(), Input::Fault(fault));
    Ok(())
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<u32, Refusal> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(bad(format!("{field} is {value}; it is {least} to {most}")))
}

fn bad(why: String) -> Refusal {
    Refusal::because(Code::BadRequest, why)
}
