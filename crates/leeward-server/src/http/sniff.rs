//! What a file is, by its first bytes: the name it came with and what its sender says are not asked.
//!
//! Only types a browser shows without running anything are shown in place; all others are saved.

/// How many bytes from the start are looked at.
pub(crate) const HEAD_BYTES: usize = 4_096;

/// For what is of no known form.
pub(crate) const UNKNOWN: &str = "application/octet-stream";
/// For what reads as text.
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// (offset, bytes, media type), the first that fits.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (257, b"ustar", "application/x-tar"),
    (0, b"OggS", "application/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (8, b"WAVE", "audio/wav"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"BM", "image/bmp"),
];

/// The media type of a file that starts with `head`; `whole` when that is all of it.
pub fn media_type(head: &[u8], whole: bool) -> &'static str {
    let fits = |(at, bytes, _): &&(usize, &[u8], &str)| {
        head.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
    };
    match SIGNATURES.iter().find(fits) {
        Some((_, _, mime)) => mime,
        None if reads_as_text(head, whole) => TEXT,
        None => UNKNOWN,
    }
}

/// UTF-8 without control characters, but for a character cut off at the end of what was looked at.
fn reads_as_text(head: &[u8], whole: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if !whole && e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.contains(|c: char| c.is_control() && !"\n\r\t\x0c\x1b".contains(c))
}

/// Whether a browser may show it in place: pictures, plain text, PDF. Never HTML or SVG, which are
/// text here and nothing else.
pub(crate) fn shown_in_place(mime: &str) -> bool {
    matches!(
        mime,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" | "application/pdf"
    ) || mime == TEXT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n....", true), "image/png");
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBPVP8 ", true), "image/webp");
        assert_eq!(media_type(b"\0\0\0\x1cftypavif", true), "image/avif");
        assert_eq!(media_type(b"hello\n", true), TEXT);
        assert_eq!(media_type(b"\x00\x01\x02", true), UNKNOWN);
        assert_eq!(media_type(b"", true), UNKNOWN);
    }

    #[test]
    fn script_and_markup_are_plain_text() {
        for text in ["<!doctype html><script>", "<svg onload=alert(1)>", "<?xml version='1.0'?>"] {
            assert_eq!(media_type(text.as_bytes(), true), TEXT);
        }
    }

    #[test]
    fn text_cut_off_within_a_character_is_text_still() {
        let text = "ä".repeat(3_000);
        assert_eq!(media_type(&text.as_bytes()[..HEAD_BYTES - 1], false), TEXT);
        assert_eq!(media_type(&text.as_bytes()[..HEAD_BYTES - 1], true), UNKNOWN);
    }

    #[test]
    fn only_harmless_types_are_shown_in_place() {
        assert!(shown_in_place(TEXT) && shown_in_place("image/png"));
        assert!(!shown_in_place("text/html") && !shown_in_place("image/svg+xml"));
        assert!(!shown_in_place(UNKNOWN) && !shown_in_place("application/zip"));
    }
}
