//! Elements of XML: read from bytes within limits, built and written.

mod element;
mod escape;
mod reader;

pub use element::{Element, Node};
pub use escape::{escape_attribute, escape_text};
pub use reader::{Limits, Reader, Token, XmlError, parse};
