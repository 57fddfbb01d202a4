//! Namespaces, each with where it is defined. [`known`] lends the one copy of each.

macro_rules! namespaces {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $value;)*
        const ALL: &[&str] = &[$($value),*];
    };
}

namespaces! {
    /// RFC 6120: stanzas between client and server.
    CLIENT = "jabber:client";
    /// RFC 6120: the stream itself.
    STREAM = "http://etherx.jabber.org/streams";
    /// RFC 6120: why a stream ends.
    STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams";
    /// RFC 6120: why a stanza is refused.
    STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas";
    /// RFC 6120.
    TLS = "urn:ietf:params:xml:ns:xmpp-tls";
    /// RFC 6120.
    SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
    /// RFC 6120.
    BIND = "urn:ietf:params:xml:ns:xmpp-bind";
    /// RFC 3921; kept for old clients.
    SESSION = "urn:ietf:params:xml:ns:xmpp-session";
    /// RFC 7395.
    FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
    /// RFC 6121.
    ROSTER = "jabber:iq:roster";
    /// RFC 6121.
    ROSTER_VERSIONING = "urn:xmpp:features:rosterver";
    /// XML itself.
    XML = "http://www.w3.org/XML/1998/namespace";
    /// XEP-0124.
    HTTP_BIND = "http://jabber.org/protocol/httpbind";
    /// XEP-0206.
    XBOSH = "urn:xmpp:xbosh";
    /// XEP-0004.
    DATA_FORMS = "jabber:x:data";
    /// XEP-0012.
    LAST = "jabber:iq:last";
    /// XEP-0030.
    DISCO_INFO = "http://jabber.org/protocol/disco#info";
    /// XEP-0030.
    DISCO_ITEMS = "http://jabber.org/protocol/disco#items";
    /// XEP-0045.
    MUC = "http://jabber.org/protocol/muc";
    /// XEP-0045.
    MUC_USER = "http://jabber.org/protocol/muc#user";
    /// XEP-0045.
    MUC_ADMIN = "http://jabber.org/protocol/muc#admin";
    /// XEP-0045.
    MUC_OWNER = "http://jabber.org/protocol/muc#owner";
    /// XEP-0048 in XEP-0049.
    BOOKMARKS_LEGACY = "storage:bookmarks";
    /// XEP-0049.
    PRIVATE = "jabber:iq:private";
    /// XEP-0054.
    VCARD = "vcard-temp";
    /// XEP-0059.
    RSM = "http://jabber.org/protocol/rsm";
    /// XEP-0060.
    PUBSUB = "http://jabber.org/protocol/pubsub";
    /// XEP-0060.
    PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event";
    /// XEP-0060.
    PUBSUB_OWNER = "http://jabber.org/protocol/pubsub#owner";
    /// XEP-0060.
    PUBSUB_ERRORS = "http://jabber.org/protocol/pubsub#errors";
    /// XEP-0066.
    OOB = "jabber:x:oob";
    /// XEP-0084.
    AVATAR_DATA = "urn:xmpp:avatar:data";
    /// XEP-0084.
    AVATAR_METADATA = "urn:xmpp:avatar:metadata";
    /// XEP-0085.
    CHAT_STATES = "http://jabber.org/protocol/chatstates";
    /// XEP-0092.
    VERSION = "jabber:iq:version";
    /// XEP-0115.
    CAPS = "http://jabber.org/protocol/caps";
    /// XEP-0153.
    VCARD_UPDATE = "vcard-temp:x:update";
    /// XEP-0172.
    NICK = "http://jabber.org/protocol/nick";
    /// XEP-0184.
    RECEIPTS = "urn:xmpp:receipts";
    /// XEP-0191.
    BLOCKING = "urn:xmpp:blocking";
    /// XEP-0191, for errors.
    BLOCKING_ERRORS = "urn:xmpp:blocking:errors";
    /// XEP-0198.
    SM = "urn:xmpp:sm:3";
    /// XEP-0199.
    PING = "urn:xmpp:ping";
    /// XEP-0202.
    TIME = "urn:xmpp:time";
    /// XEP-0203.
    DELAY = "urn:xmpp:delay";
    /// XEP-0249.
    CONFERENCE = "jabber:x:conference";
    /// XEP-0280.
    CARBONS = "urn:xmpp:carbons:2";
    /// XEP-0297.
    FORWARD = "urn:xmpp:forward:0";
    /// XEP-0308.
    CORRECT = "urn:xmpp:message-correct:0";
    /// XEP-0313.
    MAM = "urn:xmpp:mam:2";
    /// XEP-0333.
    MARKERS = "urn:xmpp:chat-markers:0";
    /// XEP-0334.
    HINTS = "urn:xmpp:hints";
    /// XEP-0352.
    CSI = "urn:xmpp:csi:0";
    /// XEP-0359.
    STANZA_ID = "urn:xmpp:sid:0";
    /// XEP-0363.
    UPLOAD = "urn:xmpp:http:upload:0";
    /// XEP-0386.
    BIND2 = "urn:xmpp:bind:0";
    /// XEP-0388.
    SASL2 = "urn:xmpp:sasl:2";
    /// XEP-0402.
    BOOKMARKS = "urn:xmpp:bookmarks:1";
    /// XEP-0402.
    BOOKMARKS_COMPAT = "urn:xmpp:bookmarks:1#compat";
    /// XEP-0421.
    OCCUPANT_ID = "urn:xmpp:occupant-id:0";
    /// XEP-0424.
    RETRACT = "urn:xmpp:message-retract:1";
    /// XEP-0425.
    MODERATE = "urn:xmpp:message-moderate:1";
    /// XEP-0428.
    FALLBACK = "urn:xmpp:fallback:0";
    /// XEP-0440.
    CHANNEL_BINDING = "urn:xmpp:sasl-cb:0";
    /// XEP-0444.
    REACTIONS = "urn:xmpp:reactions:0";
    /// XEP-0461.
    REPLY = "urn:xmpp:reply:0";
    /// XEP-0478.
    LIMITS = "urn:xmpp:stream-limits:0";
    /// XEP-0484.
    FAST = "urn:xmpp:fast:0";
    /// XEP-0490.
    DISPLAYED = "urn:xmpp:mds:displayed:0";
    /// XEP-0156, in host-meta.
    ALT_WEBSOCKET = "urn:xmpp:alt-connections:websocket";
    /// XEP-0156, in host-meta.
    ALT_BOSH = "urn:xmpp:alt-connections:xbosh";
}

/// The one copy of a namespace that is listed here.
pub fn known(namespace: &str) -> Option<&'static str> {
    ALL.iter().find(|known| **known == namespace).copied()
}
