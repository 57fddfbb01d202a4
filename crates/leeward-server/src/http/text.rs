//! The texts people send, parsed at the edge: whoever holds one of these types need not look again.
//!
//! Control characters and bidirectional overrides are refused everywhere but in message text, where
//! line breaks and tabs are allowed too: the first break terminals and logs, the others lie about
//! what is written.

use super::answer::{Problem, TOO_LONG};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{Millis, RoomId, Seq};
use leeward_core::rules::{check_account_name, check_line, check_room_name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Shortest password, in characters (NIST SP 800-63B, 3.1.1.2, with a second factor in reach).
pub(crate) const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in characters: long enough for any sentence, short enough to hash.
pub(crate) const PASSWORD_CHARS_MAX: usize = 256;
/// Longest query of a search, in characters.
const QUERY_CHARS_MAX: usize = 500;
/// Longest value of a setting, in characters: a list of a few hundred rooms.
const VALUE_CHARS_MAX: usize = 4_096;

impl AccountName {
    /// The name, where an account may be made under it.
    pub(crate) fn unreserved(self) -> Result<String, Problem> {
        check_account_name(&self.0)?;
        Ok(self.0)
    }
}

impl RoomName {
    /// The name, where it keeps to the rules for which JSON Schema has no words.
    pub(crate) fn checked(self) -> Result<String, Problem> {
        check_room_name(&self.0).map_err(Problem::by_rule)?;
        Ok(self.0)
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr, { $($schema:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, $($schema)*)]
        pub(crate) struct $name(String);

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

text!(
    /// The name of an account.
    AccountName, |t| match check_account_name(t) {
        // Of the right form, and nobody's.
        Err(refusal) if refusal.code == Code::Conflict => Ok(()),
        checked => said(checked),
    },
    { pattern = "^[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?$", max_length = 32, min_length = 1,
        example = "member" }
);
text!(
    /// The name of a room, without `#`: lower-case letters of any script, digits and `. _ -`.
    RoomName, |t| bounded(t, 32), { max_length = 32, example = "lobby" }
);
text!(
    /// One line that is not empty: a display name, the name of a workspace, of a device, of a hook.
    Title, |t| line(t, true),
    { pattern = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069][^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$",
        min_length = 1, max_length = 250, example = "A title" }
);
text!(
    /// One line, which may be empty: a topic, a status.
    Line, |t| line(t, false), { pattern = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$",
        max_length = 250, example = "What this is about" }
);
text!(
    /// A password somebody chooses.
    Password, password, { min_length = 8, max_length = 256, format = Password,
        pattern = r"^[^\u0000]*$", example = "correct horse battery" }
);
text!(
    /// A password somebody signs in with: of any length that can have been chosen.
    Secret, secret, { max_length = 256, format = Password, pattern = r"^[^\u0000]*$" }
);
text!(
    /// A query of the search.
    Query, |t| bounded(t, QUERY_CHARS_MAX).and_then(|()| no_nul(t)),
    { max_length = 500, pattern = r"^[^\u0000]*$" }
);
text!(
    /// A place among the mentions: when, in which room, which message.
    Cursor, |t| cursor(t).map(|_| ()).ok_or_else(|| "before is the `next` of an answer".into()),
    { pattern = r"^[0-9]{1,15}\.[0-9]{1,10}\.[0-9]{1,10}$", example = "1700000000000.1.5" }
);

fn url(text: &str) -> Result<(), String> {
    let wrong = "url: an address such as https://example.org/path, at most 1000 characters";
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.filter(|_| text.len() <= 1_000).ok_or(wrong)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let after_host = authority.find(']').map_or(0, |end| end + 1);
    let (host, port) = match authority[after_host..].find(':') {
        Some(colon) => (&authority[..after_host + colon], &authority[after_host + colon + 1..]),
        None => (authority, "443"),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric();
    let ends = host.bytes().next().is_some_and(plain) && host.bytes().last().is_some_and(plain);
    let name = ends && host.bytes().all(|b| plain(b) || b".-".contains(&b));
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = name || v6.is_some_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok());
    let digits = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
    let numbered = digits && port.parse::<u16>().is_ok();
    let clean = path.bytes().all(|b| plain(b) || b"/._~%=&?+,:;@!$'()*-".contains(&b));
    if named && numbered && clean { Ok(()) } else { Err(wrong.into()) }
}

/// The three numbers of a cursor.
fn cursor(text: &str) -> Option<[u64; 3]> {
    let numbers: Option<Vec<u64>> = text
        .split('.')
        .zip([15, 10, 10])
        .map(|(part, most)| {
            let fits = part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| fits)
        })
        .collect();
    let whole = text.split('.').count() == 3;
    numbers.filter(|_| whole)?.try_into().ok()
}

impl Cursor {
    pub(crate) fn after(at: Millis, room: RoomId, seq: Seq) -> Self {
        Self(format!("{at}.{room}.{seq}", at = at.0, room = room.0, seq = seq.0))
    }

    pub(crate) fn place(&self) -> (Millis, RoomId, Seq) {
        let [at, room, seq] = cursor(&self.0).expect("checked when it was made");
        (Millis(at), RoomId(room), Seq(seq))
    }
}

text!(
    /// The value of a setting.
    SettingText, |t| bounded(t, VALUE_CHARS_MAX).and_then(|()| visible_or_break(t)),
    { max_length = 4096,
      pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$" }
);
text!(
    /// The key of a setting.
    Key, |t| if (1..=64).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        Ok(())
    } else {
        Err("a key is 1 to 64 letters, digits, dots, dashes and underscores".into())
    },
    { pattern = "^[A-Za-z0-9._-]{1,64}$", min_length = 1, max_length = 64 }
);
text!(
    /// An address on the web, without a name and password in it.
    Url, url, { pattern = r"^https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[A-Za-z0-9/._~%=&?+,:;@!$'()*-]*)?$",
        max_length = 1000, example = "https://example.org/commands/weather" }
);
text!(
    /// A token: of an invite, of a hook, of the set-up link.
    Token, |t| if (16..=128).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) {
        Ok(())
    } else {
        Err("a token is 16 to 128 letters, digits, dashes and underscores".into())
    },
    { pattern = "^[A-Za-z0-9_-]{16,128}$", min_length = 16, max_length = 128 }
);

fn said(checked: Result<(), Refusal>) -> Result<(), String> {
    checked.map_err(|refusal| {
        let long = refusal.code == Code::TooLong;
        if long { format!("{TOO_LONG}: {}", refusal.message) } else { refusal.message }
    })
}

fn line(text: &str, required: bool) -> Result<(), String> {
    visible(text)?;
    said(check_line("it", text, required))
}

fn password(text: &str) -> Result<(), String> {
    if text.chars().count() < PASSWORD_CHARS_MIN {
        return Err(format!("a password has at least {PASSWORD_CHARS_MIN} characters"));
    }
    secret(text)
}

fn secret(text: &str) -> Result<(), String> {
    bounded(text, PASSWORD_CHARS_MAX)?;
    no_nul(text)
}

fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("it contains a NUL character".into()) } else { Ok(()) }
}

fn bounded(text: &str, chars_max: usize) -> Result<(), String> {
    if text.chars().count() > chars_max {
        return Err(format!("{TOO_LONG} of {chars_max} characters"));
    }
    Ok(())
}

fn visible(text: &str) -> Result<(), String> {
    match text.chars().find(|c| deceives(*c)) {
        None => Ok(()),
        Some(c) => Err(format!("it contains the control character U+{:04X}", u32::from(c))),
    }
}

fn visible_or_break(text: &str) -> Result<(), String> {
    match text.chars().find(|c| deceives(*c) && !matches!(c, '\n' | '\t')) {
        None => Ok(()),
        Some(c) => Err(format!("it contains the control character U+{:04X}", u32::from(c))),
    }
}

/// Whether a character does something else than show: controls, line and paragraph separators,
/// bidirectional embeddings, overrides and isolates.
pub(crate) fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A file's name as it may be stored and shown: the last part of any path, without characters that
/// deceive or that a file system treats as its own, at most 200 bytes, its ending kept.
pub(crate) fn file_name(raw: &str) -> String {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .map(|c| if deceives(c) || r#"<>:"|?*"#.contains(c) { '_' } else { c })
        .collect();
    let clean = clean.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
    let clean = match clean {
        "" => "file",
        // Under these names the API has something else at the file's address.
        "thumbnail" => "thumbnail_",
        "upload" => "upload_",
        clean => clean,
    };
    shortened(clean, FILE_NAME_BYTES_MAX)
}

/// Longest stored file name, in bytes: below the 255 of common file systems, with room for a suffix.
const FILE_NAME_BYTES_MAX: usize = 200;
/// Longest ending kept when a name is shortened, in bytes with its dot.
const ENDING_BYTES_MAX: usize = 16;

fn shortened(name: &str, bytes_max: usize) -> String {
    if name.len() <= bytes_max {
        return name.to_owned();
    }
    let ending = name.rfind('.').map(|at| &name[at..]).filter(|e| e.len() <= ENDING_BYTES_MAX);
    let ending = ending.unwrap_or_default();
    let mut end = bytes_max - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_ascii() {
        assert!(AccountName::try_from("member-2.a_b".to_owned()).is_ok());
        for bad in ["", "Member", "a b", "a/b", "é", "a\0", &"a".repeat(33)] {
            assert!(AccountName::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_address_on_the_web_names_a_host_and_nobody() {
        for good in [
            "https://example.org",
            "http://127.0.0.1:65535/a?b=c",
            "http://[::1]:9/",
            "http://3/Rw*",
            "https://example.org/a/~b;c=(d)",
        ] {
            assert!(Url::try_from(good.to_owned()).is_ok(), "{good}");
        }
        let long = format!("https://example.org/{}", "a".repeat(1_000));
        for bad in [
            "",
            "ftp://example.org",
            "https://",
            "https:///path",
            "https://owner:secret@example.org",
            "http://example.org:0/",
            "http://example.org:65536/",
            "http://example.org:/",
            "http://-example.org/",
            "http://[::g]/",
            "http://[::1]x/",
            "http://example.org/a b",
            "http://example.org/#part",
            &long,
        ] {
            assert!(Url::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_line_holds_no_control_characters_or_overrides() {
        assert!(Line::try_from("Ünïcödé and 日本 and 🎉 and <b>".to_owned()).is_ok());
        for bad in ["a\nb", "a\0", "\u{202e}abc", "\u{2066}x", "\u{85}", "\u{2028}"] {
            assert!(Line::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Title::try_from("  ".to_owned()).is_err());
    }

    #[test]
    fn a_file_name_loses_its_path_and_its_tricks() {
        let cases = [
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system.ini", "system.ini"),
            ("..", "file"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("a\0b\r\nc.txt", "a_b__c.txt"),
            ("evil\u{202e}gpj.exe", "evil_gpj.exe"),
            ("x<script>.html", "x_script_.html"),
            ("sommerfest – 日本.png", "sommerfest – 日本.png"),
            ("dir/", "file"),
            ("name. . ", "name"),
            ("x/thumbnail", "thumbnail_"),
        ];
        for (raw, clean) in cases {
            assert_eq!(file_name(raw), clean, "{raw:?}");
        }
    }

    #[test]
    fn a_long_file_name_keeps_its_ending() {
        let name = file_name(&format!("{}.jpeg", "ä".repeat(400)));
        assert!(name.len() <= FILE_NAME_BYTES_MAX && name.ends_with(".jpeg"), "{name}");
    }
}
