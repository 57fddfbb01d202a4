//! Every example in `docs/protocol.md` is what it says it is.

use leeward_core::event::Event;
use leeward_core::wire::{self, ServerFrame};
use serde_json::Value;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");

/// The lines of the blocks whose fence says so.
fn examples(of: fn(&str) -> bool) -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut inside: Option<bool> = None;
    for line in DOCUMENT.lines() {
        match (inside, line.strip_prefix("```")) {
            (None, Some(info)) => inside = Some(of(info)),
            (Some(_), Some(_)) => inside = None,
            (Some(true), None) if !line.starts_with("//") => lines.push(line),
            (Some(_) | None, None) => {}
        }
    }
    assert!(inside.is_none(), "a block without an end");
    lines
}

fn client() -> Vec<&'static str> {
    examples(|info| info.starts_with("json client"))
}

fn server() -> Vec<&'static str> {
    examples(|info| info.starts_with("json server"))
}

fn others() -> Vec<&'static str> {
    examples(|info| info == "json")
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Whether all of one value is in another.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn every_client_example_is_understood_whole() {
    assert!(client().len() > 20);
    for text in client() {
        let frame = wire::decode(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let said = serde_json::to_value(&frame).expect("a frame is JSON");
        assert!(holds(&said, &value(text)), "{text}\nis read as\n{said}");
    }
}

#[test]
fn every_server_example_is_what_a_server_writes() {
    assert!(server().len() > 30);
    for text in server() {
        let frame: ServerFrame =
            serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(serde_json::to_value(&frame).expect("a frame is JSON"), value(text));
    }
}

#[test]
fn every_other_example_is_a_frame_or_an_event() {
    for text in others() {
        let written = if let Ok(frame) = serde_json::from_str::<ServerFrame>(text) {
            serde_json::to_value(frame)
        } else if let Ok(frame) = wire::decode(text) {
            serde_json::to_value(frame)
        } else {
            serde_json::to_value(serde_json::from_str::<Event>(text).expect(text))
        };
        assert!(holds(&written.expect("JSON"), &value(text)), "{text}");
    }
}

/// The values of `t` or `kind` in a declaration of the generated types.
fn declared(declaration: &str, tag: &str) -> BTreeSet<String> {
    let types = include_str!("../../../web/src/wire/types.ts");
    let start = types.find(&format!("export type {declaration} =")).expect("it is declared");
    let text = types[start..].split("\n/**\n").collect::<Vec<_>>().join("\n");
    let end = text[1..].find("\nexport type ").map_or(text.len(), |end| end + 1);
    let mark = format!("\"{tag}\": \"");
    let parts = text[..end].split(&mark).skip(1);
    parts.filter_map(|part| part.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn every_kind_of_frame_and_event_has_an_example() {
    let texts: Vec<&str> = client().into_iter().chain(server()).chain(others()).collect();
    for (declaration, tag, least) in [
        ("ClientFrame", "t", 8),
        ("ServerFrame", "t", 15),
        ("Draft", "kind", 5),
        ("What", "kind", 9),
    ] {
        let declared = declared(declaration, tag);
        assert!(declared.len() >= least, "{declaration}: {declared:?}");
        for kind in declared {
            let mark = format!("\"{tag}\":\"{kind}\"");
            assert!(texts.iter().any(|text| text.contains(&mark)), "{declaration} {kind}");
        }
    }
}

fn refused(value: &Value) -> bool {
    wire::decode(&value.to_string()).is_err()
}

#[test]
fn a_client_frame_with_anything_unknown_in_it_is_refused() {
    for text in client() {
        let mut frame = value(text);
        frame["unknown"] = Value::Bool(true);
        assert!(refused(&frame), "an unknown field: {frame}");
        let mut frame = value(text);
        frame["t"] = "unknown".into();
        assert!(refused(&frame), "an unknown type: {frame}");
        let mut frame = value(text);
        if frame.get("draft").is_some() {
            frame["draft"]["unknown"] = Value::Null;
            assert!(refused(&frame), "an unknown field within: {frame}");
            frame["draft"] = serde_json::json!({"kind": "unknown"});
            assert!(refused(&frame), "an unknown draft: {frame}");
        }
    }
}

#[test]
fn numbers_where_texts_belong_and_the_reverse_are_refused() {
    for text in client() {
        let Value::Object(fields) = value(text) else { panic!("{text}") };
        for (key, field) in &fields {
            let other = match field {
                Value::String(_) => Value::from(7),
                Value::Number(_) => Value::from("7"),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => continue,
            };
            let mut frame = fields.clone();
            frame.insert(key.clone(), other);
            assert!(refused(&Value::Object(frame)), "{key} in {text}");
        }
    }
}

#[test]
fn nesting_is_refused_one_level_above_the_limit() {
    let nested = |levels: usize| {
        let inner = levels - 1;
        format!(r#"{{"t":"ping","n":{}1{}}}"#, "[".repeat(inner), "]".repeat(inner))
    };
    let most = leeward_core::limits::FRAME_DEPTH_MAX;
    assert!(matches!(wire::decode(&nested(most)), Err(wire::BadFrame::Form(_))));
    assert!(matches!(wire::decode(&nested(most + 1)), Err(wire::BadFrame::TooDeep)));
    assert!(matches!(wire::decode(&nested(60_000)), Err(wire::BadFrame::TooDeep)));
    let brackets = "[".repeat(10_000);
    let text = format!(
        r#"{{"t":"post","room":1,"nonce":"a","draft":{{"kind":"message","text":"{brackets}\"]"}}}}"#
    );
    assert!(wire::decode(&text).is_ok(), "brackets in a text are no nesting");
}

#[test]
fn a_frame_is_refused_one_byte_above_the_limit() {
    let most = leeward_core::limits::FRAME_BYTES_MAX;
    let padded = |bytes: usize| format!("{}{}", r#"{"t":"ping"}"#, " ".repeat(bytes - 12));
    assert!(wire::decode(&padded(most)).is_ok());
    assert!(matches!(wire::decode(&padded(most + 1)), Err(wire::BadFrame::TooBig)));
}
