//! Little plays of one client and its station.

pub(crate) use crate::stage::{DOMAIN, Play, given, questions};

use super::*;

#[test]
fn whoever_speaks_for_another_is_not_listened_to_any_more() {
    let mut play = Play::of(&["owner", "member"]);
    play.bound(1, "member", "phone");
    let forged = Element::new("message", crate::ns::CLIENT)
        .with("from", format!("owner@{DOMAIN}/desk"))
        .with("to", format!("member@{DOMAIN}"));
    let out = play.says(1, forged);
    assert_eq!(given(&play, &out, 1), ["closed: invalid-from"]);
}

#[test]
fn who_asks_twice_to_be_managed_is_told_so_and_stays() {
    let mut play = Play::of(&["member"]);
    play.bound(1, "member", "phone");
    let enable = Element::new("enable", crate::ns::SM);
    assert!(matches!(&play.says(1, enable.clone())[..], [Output::Enable(1, _)]));
    play.give(Input::Enabled(1, None));
    let resume = Element::new("resume", crate::ns::SM).with("h", "0").with("previd", "mine");
    for element in [enable, resume] {
        let out = play.says(1, element);
        let said = given(&play, &out, 1).join("");
        assert!(said.starts_with("<failed ") && said.contains("unexpected-request"), "{said}");
    }
    assert!(play.station.client(1).is_some_and(|client| client.sm().is_some()));
}
