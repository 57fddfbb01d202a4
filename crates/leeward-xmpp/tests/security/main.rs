//! What is refused to those who would have it otherwise, one file for each place. Much more of it stands
//! beside what refuses it; `docs/xmpp.md` says where.

mod archives;
mod exhaustion;
mod identity;
mod markup;
mod requests;
mod signing;
#[path = "../stage/mod.rs"]
mod stage;

use leeward_xmpp::{bosh, jid, ns, sasl, stanza, station, stream, xml};
