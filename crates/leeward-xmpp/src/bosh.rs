//! BOSH (XEP-0124, XEP-0206): a stream over requests of HTTP that the server answers when it has
//! something to say.

/// What a request brings to the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// The stream opens, or opens again after sign-in.
    Open,
    /// An element.
    Element(crate::xml::Element),
}
