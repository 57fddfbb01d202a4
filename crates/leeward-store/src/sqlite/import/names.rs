//! Names of other systems, made to fit ours.

use leeward_core::limits::NAME_BYTES_MAX;
use leeward_core::rules::{check_account_name, check_room_name};

/// A name that an account may have, as close to the one given as can be.
pub(super) fn account_name(given: &str) -> String {
    let plain: String = given
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .take(NAME_BYTES_MAX)
        .collect();
    let name = plain.trim_matches(['.', '_', '-']).to_owned();
    match check_account_name(&name) {
        Ok(()) => name,
        Err(_) if name.is_empty() => "imported".into(),
        // Reserved.
        Err(_) => numbered(&name, 1),
    }
}

/// A name that a room may have, as close to the one given as can be.
pub(super) fn room_name(given: &str) -> String {
    let mut name = String::new();
    for c in given.to_lowercase().chars() {
        let fits = c.is_alphanumeric() && !c.is_uppercase() || matches!(c, '.' | '_' | '-');
        let c = if fits { c } else { '-' };
        if name.len() + c.len_utf8() > NAME_BYTES_MAX {
            break;
        }
        name.push(c);
    }
    let name = name.trim_matches(['.', '_', '-']).to_owned();
    if check_room_name(&name).is_ok() { name } else { "imported".into() }
}

/// The name with a number at its end, within the limit.
pub(super) fn numbered(name: &str, number: u32) -> String {
    let end = format!("-{number}");
    let mut cut = name.len().min(NAME_BYTES_MAX - end.len());
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{end}", name[..cut].trim_end_matches(['.', '_', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_systems_are_made_to_fit() {
        assert_eq!(account_name("First.Last"), "first.last");
        assert_eq!(account_name("Ünal Öz"), "nal--z");
        assert_eq!(account_name("__"), "imported");
        assert_eq!(account_name("channel"), "channel-1");
        assert_eq!(room_name("Café Zürich!"), "café-zürich");
        assert_eq!(room_name("#"), "imported");
    }

    #[test]
    fn a_number_at_the_end_keeps_the_limit() {
        let long = "é".repeat(20);
        let name = numbered(&long, 12);
        assert!(name.len() <= NAME_BYTES_MAX && name.ends_with("-12"), "{name}");
        assert!(check_room_name(&name).is_ok());
    }
}
