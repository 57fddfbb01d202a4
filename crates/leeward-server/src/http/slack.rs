//! What Slack calls a message, as Markdown: the payload of an incoming webhook, its attachments and
//! blocks, and the little language `mrkdwn`. Pure: nothing here is looked up or sent.

use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

mod mrkdwn;

pub use mrkdwn::markdown;

/// The payload of an incoming webhook. Fields it does not know are let pass, as Slack does.
#[derive(Deserialize, Debug, Default)]
pub struct Payload {
    #[serde(default)]
    text: Option<String>,
    /// The name to show for this message.
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    attachments: Option<Vec<Attachment>>,
    #[serde(default)]
    blocks: Option<Vec<Value>>,
    /// Slack turns formatting off with `mrkdwn: false`.
    #[serde(default)]
    mrkdwn: Option<bool>,
    /// Of the answer to a command: for whom it is.
    #[serde(default)]
    pub(crate) response_type: Option<String>,
}

/// The same, for the description of the API.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its form is used")]
pub(crate) struct PayloadForm {
    /// The message in `mrkdwn`.
    #[schema(example = "Build *passed*")]
    text: String,
    /// The name to show for this message.
    username: Option<String>,
    /// As in Slack.
    attachments: Option<Vec<std::collections::BTreeMap<String, Value>>>,
    /// As in Slack.
    blocks: Option<Vec<std::collections::BTreeMap<String, Value>>>,
}

#[derive(Deserialize, Debug, Default)]
struct Attachment {
    #[serde(default)]
    fallback: Option<String>,
    #[serde(default)]
    pretext: Option<String>,
    #[serde(default)]
    author_name: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    title_link: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    fields: Option<Vec<Field>>,
    #[serde(default)]
    footer: Option<String>,
    #[serde(default)]
    image_url: Option<String>,
    #[serde(default)]
    blocks: Option<Vec<Value>>,
}

#[derive(Deserialize, Debug, Default)]
struct Field {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    value: Option<Value>,
}

impl Payload {
    /// One that has only a text.
    pub(crate) fn of_text(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }

    /// The message as Markdown; empty when the payload says nothing.
    pub fn markdown(&self) -> String {
        let mut parts = Vec::new();
        let blocks = self.blocks.iter().flatten().filter_map(block).collect::<Vec<_>>();
        // Blocks take the place of the text, which is then what a notification shows.
        if blocks.is_empty() {
            parts.extend(self.text.as_deref().map(|t| self.formatted(t)));
        } else {
            parts.extend(blocks);
        }
        parts.extend(self.attachments.iter().flatten().map(Attachment::markdown));
        parts.retain(|part| !part.trim().is_empty());
        parts.join("\n\n")
    }

    fn formatted(&self, text: &str) -> String {
        if self.mrkdwn == Some(false) { mrkdwn::escaped(text) } else { markdown(text) }
    }
}

impl Attachment {
    fn markdown(&self) -> String {
        let mut quoted = Vec::new();
        quoted.extend(self.author_name.as_deref().map(mrkdwn::escaped));
        quoted.extend(self.title.as_deref().map(|title| {
            let title = format!("**{}**", mrkdwn::escaped(title.trim()));
            match self.title_link.as_deref().filter(|url| is_web(url)) {
                Some(url) => format!("[{title}](<{}>)", mrkdwn::address(url)),
                None => title,
            }
        }));
        quoted.extend(self.text.as_deref().map(markdown));
        quoted.extend(self.fields.iter().flatten().map(Field::markdown));
        quoted.extend(self.blocks.iter().flatten().filter_map(block));
        quoted.extend(self.image_url.as_deref().filter(|url| is_web(url)).map(str::to_owned));
        quoted.extend(self.footer.as_deref().map(mrkdwn::escaped));
        quoted.retain(|line| !line.trim().is_empty());
        if quoted.is_empty() {
            quoted.extend(self.fallback.as_deref().map(mrkdwn::escaped));
        }
        let quoted = quote(&quoted.join("\n\n"));
        match self.pretext.as_deref() {
            Some(pretext) => format!("{}\n\n{quoted}", markdown(pretext)),
            None => quoted,
        }
    }
}

impl Field {
    fn markdown(&self) -> String {
        let value = match &self.value {
            Some(Value::String(text)) => markdown(text),
            Some(Value::Null) | None => String::new(),
            Some(other) => mrkdwn::escaped(&other.to_string()),
        };
        match self.title.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
            Some(title) => format!("**{}:** {value}", mrkdwn::escaped(title)),
            None => value,
        }
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn quote(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 16);
    for line in markdown.lines() {
        let _ = writeln!(out, "{}", format!("> {line}").trim_end());
    }
    out.trim_end().to_owned()
}

/// One block of Block Kit. Kinds that only mean something in Slack say nothing here.
fn block(block: &Value) -> Option<String> {
    match block.get("type")?.as_str()? {
        "header" => Some(format!("### {}", text_of(block.get("text")?)?.replace('\n', " "))),
        "section" => {
            let fields = block.get("fields").and_then(Value::as_array).into_iter().flatten();
            let parts: Vec<_> = block.get("text").into_iter().chain(fields).collect();
            let texts: Vec<_> = parts.into_iter().filter_map(text_of).collect();
            Some(texts.join("\n\n"))
        }
        "context" => {
            let elements = block.get("elements")?.as_array()?;
            let texts: Vec<_> = elements.iter().filter_map(text_of).collect();
            Some(texts.join(" · "))
        }
        "divider" => Some("---".to_owned()),
        "image" => {
            let url = block.get("image_url")?.as_str().filter(|url| is_web(url))?;
            let alt = block.get("alt_text").and_then(Value::as_str).unwrap_or("image");
            Some(format!("[{}](<{}>)", mrkdwn::escaped(alt), mrkdwn::address(url)))
        }
        "markdown" => block.get("text")?.as_str().map(str::to_owned),
        _ => None,
    }
}

/// A text object of Block Kit: `mrkdwn` or `plain_text`, or a bare string.
fn text_of(object: &Value) -> Option<String> {
    if let Some(text) = object.as_str() {
        return Some(markdown(text));
    }
    let text = object.get("text")?.as_str()?;
    match object.get("type").and_then(Value::as_str) {
        Some("plain_text") => Some(mrkdwn::escaped(text)),
        _ => Some(markdown(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(json: &str) -> String {
        serde_json::from_str::<Payload>(json).expect("a payload").markdown()
    }

    #[test]
    fn a_plain_text_is_a_message() {
        assert_eq!(rendered(r#"{"text":"Deploy *done*"}"#), "Deploy **done**");
        assert_eq!(rendered("{}"), "");
    }

    #[test]
    fn an_attachment_becomes_a_quote_with_its_title_and_fields() {
        let json = r##"{"text":"Build","attachments":[{"fallback":"f","pretext":"pre","title":"#42",
            "title_link":"https://ci.example/42","text":"broke on <https://x.example|main>",
            "fields":[{"title":"Branch","value":"main"},{"title":"Took","value":12}]}]}"##;
        assert_eq!(
            rendered(json),
            "Build\n\npre\n\n> [**\\#42**](<https://ci.example/42>)\n>\n> broke on \
             [main](<https://x.example>)\n>\n> **Branch:** main\n>\n> **Took:** 12"
        );
    }

    #[test]
    fn an_attachment_that_says_nothing_else_shows_its_fallback() {
        assert_eq!(rendered(r#"{"attachments":[{"fallback":"plain"}]}"#), "> plain");
    }

    #[test]
    fn blocks_take_the_place_of_the_text() {
        let json = r#"{"text":"for the notification","blocks":[
            {"type":"header","text":{"type":"plain_text","text":"Release"}},
            {"type":"section","text":{"type":"mrkdwn","text":"*1.2* is out"},
             "fields":[{"type":"mrkdwn","text":"~old~"}]},
            {"type":"divider"},
            {"type":"context","elements":[{"type":"mrkdwn","text":"by ci"},{"type":"image"}]},
            {"type":"actions","elements":[]}]}"#;
        assert_eq!(rendered(json), "### Release\n\n**1.2** is out\n\n~~old~~\n\n---\n\nby ci");
    }

    #[test]
    fn a_section_needs_no_fields() {
        let json = r#"{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]}"#;
        assert_eq!(rendered(json), "x");
    }

    #[test]
    fn a_title_does_not_link_to_a_script() {
        let json = r#"{"attachments":[{"title":"t","title_link":"javascript:alert(1)"}]}"#;
        assert_eq!(rendered(json), "> **t**");
    }

    #[test]
    fn blocks_of_any_shape_do_no_harm() {
        for json in [
            r#"{"blocks":[1,null,[],{"type":7},{"type":"section"},{"type":"header","text":3}]}"#,
            r#"{"blocks":[{"type":"context","elements":"x"}],"text":"kept"}"#,
        ] {
            rendered(json);
        }
    }
}
