//! What a stream offers (RFC 6120, 4.3.2).

use super::{Output, Stream, Transport};
use crate::ns;
use crate::sasl::{Binding, Hash};
use crate::xml::Element;

/// A mechanism to sign in by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mechanism {
    Plain,
    Scram(Hash, bool),
}

/// All of them, best first.
const ALL: [(Mechanism, &str); 5] = [
    (Mechanism::Scram(Hash::Sha256, true), "SCRAM-SHA-256-PLUS"),
    (Mechanism::Scram(Hash::Sha1, true), "SCRAM-SHA-1-PLUS"),
    (Mechanism::Scram(Hash::Sha256, false), "SCRAM-SHA-256"),
    (Mechanism::Scram(Hash::Sha1, false), "SCRAM-SHA-1"),
    (Mechanism::Plain, "PLAIN"),
];

impl Stream {
    /// Whether anybody may sign in on it as it is.
    pub(super) fn may_sign_in(&self) -> bool {
        self.secure || self.setting.clear_allowed
    }

    pub(super) fn binding(&self) -> Option<&Binding> {
        self.opening.as_ref().and_then(|opening| opening.binding.as_ref())
    }

    /// The mechanism of that name, if it is offered.
    pub(super) fn mechanism(&self, name: &str) -> Option<Mechanism> {
        self.mechanisms().find(|(_, offered)| *offered == name).map(|(mechanism, _)| mechanism)
    }

    fn mechanisms(&self) -> impl Iterator<Item = (Mechanism, &'static str)> {
        let (open, bound) = (self.may_sign_in(), self.binding().is_some());
        ALL.into_iter().filter(move |(mechanism, _)| match mechanism {
            Mechanism::Scram(_, true) => open && bound,
            Mechanism::Scram(_, false) | Mechanism::Plain => open,
        })
    }

    /// The mechanisms of tokens that can be used on this connection.
    pub(super) fn token_mechanisms(&self) -> Vec<&'static str> {
        let bound = self.binding().is_some();
        crate::sasl::TOKENS.into_iter().filter(|name| bound || name.ends_with("-NONE")).collect()
    }

    /// What is offered before sign-in.
    pub(super) fn offer_sign_in(&self, out: &mut Vec<Output>) {
        let mut features = Element::new("features", ns::STREAM);
        if self.offers_tls() {
            let tls = Element::new("starttls", ns::TLS);
            let required = (!self.setting.clear_allowed).then(|| Element::new("required", ns::TLS));
            features = features.child(tls.children(required));
        }
        if self.may_sign_in() {
            let list = |name, ns| {
                let mechanism =
                    |(_, name): (Mechanism, &str)| Element::new("mechanism", ns).text(name);
                Element::new(name, ns).children(self.mechanisms().map(mechanism))
            };
            features = features.child(list("mechanisms", ns::SASL));
            features = features.child(list("authentication", ns::SASL2).child(self.inline()));
            if let Some(binding) = self.binding() {
                let offered = Element::new("channel-binding", ns::CHANNEL_BINDING)
                    .with("type", binding.name());
                features = features.child(
                    Element::new("sasl-channel-binding", ns::CHANNEL_BINDING).child(offered),
                );
            }
        }
        features = features.child(self.limits(self.setting.limits.0.bytes_max));
        self.write(&features, out);
    }

    /// What may be asked for together with signing in (XEP-0388, XEP-0386, XEP-0484).
    fn inline(&self) -> Element {
        let feature = |var: &'static str| Element::new("feature", ns::BIND2).with("var", var);
        let bind = Element::new("bind", ns::BIND2).child(
            Element::new("inline", ns::BIND2)
                .child(feature(ns::CARBONS))
                .child(feature(ns::CSI))
                .children((self.transport != Transport::Bosh).then(|| feature(ns::SM))),
        );
        let token = |name| Element::new("mechanism", ns::FAST).text(name);
        let fast =
            Element::new("fast", ns::FAST).children(self.token_mechanisms().into_iter().map(token));
        let inline = Element::new("inline", ns::SASL2).child(bind).child(fast);
        inline.children((self.transport != Transport::Bosh).then(|| Element::new("sm", ns::SM)))
    }

    /// What is offered after sign-in: to manage the stream only if that is not done yet, for some
    /// clients ask for whatever they are offered.
    pub(super) fn offer_binding(&self, bound: bool, managed: bool, out: &mut Vec<Output>) {
        let mut features = Element::new("features", ns::STREAM);
        if !bound {
            let session =
                Element::new("session", ns::SESSION).child(Element::new("optional", ns::SESSION));
            features = features.child(Element::new("bind", ns::BIND)).child(session);
        }
        // A client that comes by requests has its session in those (XEP-0124).
        if self.transport != Transport::Bosh && !managed {
            features = features.child(Element::new("sm", ns::SM));
        }
        features = features
            .child(Element::new("ver", ns::ROSTER_VERSIONING))
            .child(Element::new("csi", ns::CSI))
            .children(self.setting.features.iter().cloned())
            .child(self.limits(self.setting.limits.1.bytes_max));
        self.write(&features, out);
    }

    fn limits(&self, bytes_max: usize) -> Element {
        let bytes_max = match self.transport {
            Transport::WebSocket => bytes_max.min(leeward_core::limits::FRAME_BYTES_MAX),
            Transport::Tcp | Transport::DirectTls | Transport::Bosh => bytes_max,
        };
        let bytes = Element::new("max-bytes", ns::LIMITS).text(bytes_max.to_string());
        let limits = Element::new("limits", ns::LIMITS).child(bytes);
        let idle = Element::new("idle-seconds", ns::LIMITS).text(super::IDLE_S.to_string());
        limits.child(idle)
    }

    pub(super) fn offers_tls(&self) -> bool {
        self.transport == Transport::Tcp && self.setting.tls && !self.secure
    }
}
