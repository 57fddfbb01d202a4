//! Slack's `mrkdwn` as Markdown: `<url|label>`, `<@U1|name>`, `<#C1|room>`, `<!here>`, `*bold*`,
//! `~struck~`; code is left as it is. Slack escapes `&`, `<` and `>` as entities, and nothing else.

/// Longest `<…>` looked for, in bytes: longer than any address, and no text costs its square.
const REFERENCE_BYTES_MAX: usize = 4_096;

/// The same text as Markdown.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    // The character before `rest`: what decides whether a sign opens or closes.
    let mut before = '\n';
    while let Some(c) = rest.chars().next() {
        let piece = match c {
            '`' => code(rest),
            '<' => reference(rest),
            '*' => pair(rest, '*', "**", before),
            '~' => pair(rest, '~', "~~", before),
            '&' => entity(rest),
            _ => None,
        };
        let (length, piece) = piece.unwrap_or_else(|| (c.len_utf8(), c.to_string()));
        out.push_str(&piece);
        before = rest[..length].chars().next_back().unwrap_or(c);
        rest = &rest[length..];
    }
    out
}

/// A text that is to be read as it stands, without formatting.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in unescaped(text).chars() {
        if "\\`*_~[]<>#|".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An address, for between `<` and `>`.
pub(super) fn address(url: &str) -> String {
    unescaped(url).replace('<', "%3C").replace('>', "%3E").replace([' ', '\n', '\r'], "%20")
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Code, in one backquote or three: everything up to the same number of them, its entities undone.
fn code(rest: &str) -> Option<(usize, String)> {
    let fence = if rest.starts_with("```") { "```" } else { "`" };
    let inner = &rest[fence.len()..];
    let end = inner.find(fence)?;
    let body = unescaped(&inner[..end]);
    let length = fence.len() * 2 + end;
    if fence == "`" {
        let whole = !body.is_empty() && !body.contains('\n');
        return whole.then(|| (length, format!("`{body}`")));
    }
    Some((length, format!("\n```\n{}\n```\n", body.trim_matches('\n'))))
}

/// What stands in angle brackets.
fn reference(rest: &str) -> Option<(usize, String)> {
    let near = rest.bytes().take(REFERENCE_BYTES_MAX);
    let end = near.into_iter().position(|b| b == b'>')?;
    let inner = &rest[1..end];
    if inner.is_empty() || inner.contains(['<', '\n']) {
        return None;
    }
    let (target, label) = match inner.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|l| !l.trim().is_empty())),
        None => (inner, None),
    };
    let text = match target.chars().next()? {
        '@' => format!("@{}", label.unwrap_or(&target[1..]).trim_start_matches('@')),
        '#' => format!("#{}", label.unwrap_or(&target[1..]).trim_start_matches('#')),
        '!' => match target[1..].split('^').next().unwrap_or_default() {
            "here" | "channel" | "everyone" => "@room".to_owned(),
            "date" => label.unwrap_or_default().to_owned(),
            other => label.unwrap_or(other).to_owned(),
        },
        _ => link(target, label)?,
    };
    Some((end + 1, text))
}

fn link(target: &str, label: Option<&str>) -> Option<String> {
    let known = ["https://", "http://", "mailto:", "tel:"].iter().any(|s| target.starts_with(s));
    match (known, label) {
        (true, Some(label)) => Some(format!("[{}](<{}>)", escaped(label), address(target))),
        (true, None) => Some(format!("<{}>", address(target))),
        // Another scheme is shown, never linked.
        (false, Some(label)) => Some(escaped(label)),
        (false, None) => None,
    }
}

/// A pair of signs around a phrase: no space within its ends, no letter outside them.
fn pair(rest: &str, sign: char, markdown_sign: &str, before: char) -> Option<(usize, String)> {
    if before.is_alphanumeric() || before == sign {
        return None;
    }
    let inner = &rest[1..];
    let end = inner.find([sign, '\n']).filter(|at| inner[*at..].starts_with(sign))?;
    let phrase = &inner[..end];
    let after = inner[end + 1..].chars().next();
    let closes = after.is_none_or(|c| !c.is_alphanumeric() && c != sign);
    if phrase.is_empty() || phrase.trim() != phrase || !closes {
        return None;
    }
    Some((end + 2, format!("{markdown_sign}{}{markdown_sign}", markdown(phrase))))
}

/// An entity that Slack makes. `<` comes back as an escaped `\<`, which is no tag in Markdown.
fn entity(rest: &str) -> Option<(usize, String)> {
    [("&lt;", "\\<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .find(|(entity, _)| rest.starts_with(entity))
        .map(|(entity, text)| (entity.len(), (*text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn formatting_is_translated() {
        let cases = [
            ("*bold* and ~struck~ and _slanted_", "**bold** and ~~struck~~ and _slanted_"),
            ("*bold ~both~*", "**bold ~~both~~**"),
            ("2*3*4 and a * b * c", "2*3*4 and a * b * c"),
            ("**already**", "**already**"),
            ("`*code*` stays", "`*code*` stays"),
            ("```a &lt; b\n*c*```", "\n```\na < b\n*c*\n```\n"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 \\< 2 && 3 > 2"),
            ("unclosed *bold", "unclosed *bold"),
            ("a `tick", "a `tick"),
        ];
        for (slack, expected) in cases {
            assert_eq!(markdown(slack), expected, "{slack:?}");
        }
    }

    #[test]
    fn references_are_translated() {
        let cases = [
            ("<https://x.example/a?b=1&amp;c|the page>", "[the page](<https://x.example/a?b=1&c>)"),
            ("<https://x.example>", "<https://x.example>"),
            ("<mailto:a@x.example|write>", "[write](<mailto:a@x.example>)"),
            ("<@U123|member> <@U123>", "@member @U123"),
            ("<#C1|lobby>", "#lobby"),
            ("<!here> <!channel> <!everyone>", "@room @room @room"),
            ("<!subteam^S1|@ops>", "@ops"),
            ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
            ("<javascript:alert(1)|click>", "click"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ];
        for (slack, expected) in cases {
            assert_eq!(markdown(slack), expected, "{slack:?}");
        }
    }

    #[test]
    fn a_label_cannot_break_out_of_its_link() {
        let out = markdown("<https://x.example|a](javascript:alert(1))>");
        assert_eq!(out, "[a\\](javascript:alert(1))](<https://x.example>)");
    }
}
