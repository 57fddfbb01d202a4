//! Makes accounts by in-band registration (XEP-0077), for servers that allow it. Never signs in.

use super::link::Link;
use super::scan::{Flow, Piece, attribute, child, name};
use super::talk::say;
use super::{Place, Seat, words};
use crate::socket::SocketError;
use std::io;
use std::rc::Rc;

/// Requests that are on their way at the same time.
const AT_ONCE: usize = 64;

/// Makes an account of each name, all with this password. Those that exist are left as they are.
///
/// # Errors
/// The connection is lost, or the server does not make accounts; in its own words.
pub async fn register(
    place: Rc<Place>,
    names: &[String],
    password: &str,
) -> Result<(), SocketError> {
    let seat = Seat { place, name: "".into(), password: "".into(), rooms: vec![], from: None };
    let seat = Rc::new(seat);
    let mut link = Link::open(Rc::clone(&seat)).await?;
    let mut out = String::new();
    say(&mut out, |out| words::header(&seat, out));
    let (mut asked, mut made) = (0, 0);
    let mut refused = None;
    while made < names.len() {
        link.say(&std::mem::take(&mut out));
        let (mut greeted, before) = (0, made);
        let mut hear = |piece: Piece<'_>| {
            let Piece::Element(element) = piece else { return Flow::On };
            match (name(element), attribute(element, b"type")) {
                (b"features", _) => greeted = AT_ONCE,
                (b"iq", Some("result")) => made += 1,
                (b"iq", _) if child(element, b"conflict").is_some() => made += 1,
                _ => refused = Some(String::from_utf8_lossy(element).into_owned()),
            }
            Flow::On
        };
        std::future::poll_fn(|cx| link.poll_hear(cx, &mut hear)).await?;
        if let Some(refused) = refused {
            return Err(io::Error::other(refused).into());
        }
        for name in names.iter().skip(asked).take(greeted + made - before) {
            asked += 1;
            say(&mut out, |out| words::register(name, password, out));
        }
    }
    Ok(())
}
