//! One stream and whoever drives it: what a client says, and exactly what the stream makes of it.

use crate::jid::Jid;
use crate::ns;
use crate::stream::{Input, Login, Output, Setting, Stream, Transport};
use crate::xml::{Element, Limits};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, SessionId};
use std::sync::Arc;

pub(crate) const LIMITS: Limits =
    Limits { bytes_max: 4_000, elements_max: 64, depth_max: 16, attributes_max: 32 };
pub(crate) const HEADER: &str = "<?xml version='1.0'?><stream:stream to='x' version='1.0' \
     xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

pub(crate) fn setting(clear_allowed: bool) -> Arc<Setting> {
    Arc::new(Setting {
        domain: "x".into(),
        tls: true,
        clear_allowed,
        secret: [1; 32],
        limits: (LIMITS, LIMITS),
        features: vec![Element::new("c", ns::CAPS)],
    })
}

pub(crate) fn login() -> Login {
    let (account, session) = (AccountId(7), SessionId(0));
    Login { account, name: "member".into(), role: Role::Member, session }
}

pub(crate) struct Talk {
    pub(crate) stream: Stream,
}

impl Talk {
    pub(crate) fn over(transport: Transport, clear_allowed: bool) -> Self {
        let (id, nonce) = ("id".into(), "nonce".into());
        Self { stream: Stream::new(setting(clear_allowed), transport, id, nonce) }
    }

    /// On TCP without TLS, with the features before sign-in.
    pub(crate) fn offered() -> Self {
        let mut play = Self::over(Transport::Tcp, true);
        assert!(matches!(&play.says(HEADER)[..], [Output::Write(_), Output::Hello]));
        play.give(Input::Admitted);
        play
    }

    /// Signed in by a password, with the stream opened anew.
    pub(crate) fn signed() -> Self {
        let mut play = Self::offered();
        play.plain("member", "secret");
        play.give(Input::Admitted);
        play.give(Input::Judged(Ok(login())));
        play.says(HEADER);
        play
    }

    pub(crate) fn live() -> Self {
        let mut play = Self::signed();
        play.says("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        play.bound();
        assert!(play.stream.is_live());
        play
    }

    pub(crate) fn give(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        self.stream.handle(input, &mut out);
        out
    }

    pub(crate) fn says(&mut self, text: &str) -> Vec<Output> {
        self.give(Input::Bytes(text.as_bytes()))
    }

    pub(crate) fn plain(&mut self, name: &str, password: &str) -> Vec<Output> {
        let said = STANDARD.encode(format!("\0{name}\0{password}"));
        let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
        self.says(&format!("<auth xmlns='{sasl}' mechanism='PLAIN'>{said}</auth>"))
    }

    pub(crate) fn bound(&mut self) -> Vec<Output> {
        let jid = Jid::of("member", "x").with("phone");
        self.give(Input::Bound { jid, sm: None, token: None })
    }
}

/// What is written, as one text.
pub(crate) fn written(outputs: &[Output]) -> String {
    let text = |output: &Output| match output {
        Output::Write(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Output::StartTls
        | Output::Hello
        | Output::Knock { .. }
        | Output::Scram(_)
        | Output::Password(..)
        | Output::Tokens(..)
        | Output::Authenticated(..)
        | Output::Bind(_)
        | Output::Resume { .. }
        | Output::Element(_)
        | Output::Closed
        | Output::End => None,
    };
    outputs.iter().filter_map(text).collect()
}

pub(crate) fn ends_with(outputs: &[Output], condition: &str) {
    let text = written(outputs);
    assert!(text.contains(&format!("<{condition} xmlns")), "{text}");
    assert!(matches!(outputs.last(), Some(Output::End)), "{outputs:?}");
}
