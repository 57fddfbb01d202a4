//! Text as it stands in XML.

/// Writes text so that it reads as itself between tags. What XML 1.0 cannot carry is left out.
pub fn escape_text(text: &str, out: &mut String) {
    escape(text, out, false);
}

/// Writes text so that it reads as itself in an attribute, within single or double quotes.
pub fn escape_attribute(text: &str, out: &mut String) {
    escape(text, out, true);
}

fn escape(text: &str, out: &mut String, attribute: bool) {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let instead = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\'' if attribute => "&apos;",
            '"' if attribute => "&quot;",
            // A reader would make a blank of them, or nothing of a carriage return.
            '\n' if attribute => "&#10;",
            '\t' if attribute => "&#9;",
            '\r' => "&#13;",
            '\t' | '\n' => continue,
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(instead);
        from = at + c.len_utf8();
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_xml_is_written_so_that_it_has_none() {
        let mut out = String::new();
        escape_text("a<b>&\"c\"\u{0}\u{fffe}\n\r", &mut out);
        assert_eq!(out, "a&lt;b&gt;&amp;\"c\"\n&#13;");
        out.clear();
        escape_attribute("'\"\n\t<", &mut out);
        assert_eq!(out, "&apos;&quot;&#10;&#9;&lt;");
    }
}
