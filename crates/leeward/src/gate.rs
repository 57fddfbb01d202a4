//! `leeward gate` and `leeward rate`: the operator's hand on who is let in, and how fast. Whoever is
//! in stays in.

use crate::answer::Answer;
use crate::cli::Output;
use crate::config::Config;
use crate::document::Document;
use crate::operator;
use crate::units::{count, duration_ms, per_second, span};
use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use leeward_server::core::storm::Class;
use leeward_server::operate::{GateOrder, Order, Ordered};
use std::fmt::Write as _;

/// What can be done with gates.
#[derive(Subcommand, Debug)]
pub(crate) enum Gate {
    /// How each gate stands, and who waits at it
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// Let people in as the node can
    Open {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        output: Output,
    },
    /// Let in so many a second
    Pace {
        /// How many, such as `50/s`
        #[arg(value_name = "N/s", value_parser = per_second)]
        pace: u32,
        /// What those who wait are told
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        message: String,
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        output: Output,
    },
    /// Let nobody in; whoever is in stays in
    Close {
        /// What those who are turned away are told
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        message: String,
        /// When they may ask again, such as `30s`
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration_ms)]
        after: u32,
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        output: Output,
    },
}

/// Whose gate.
#[derive(Args, Debug)]
pub(crate) struct Whose {
    /// Only this class, such as `sign-in`; without it, all but the operator's
    #[arg(long, value_parser = class)]
    class: Option<Class>,
}

/// A fixed rate, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rate {
    Fixed(u32),
    Auto,
}

fn class(name: &str) -> Result<Class, String> {
    Class::parse(name).ok_or_else(|| {
        let known: Vec<String> = Class::ALL.into_iter().map(|c| hyphened(c.as_str())).collect();
        format!("there is no class `{name}`: it is one of {}", known.join(", "))
    })
}

/// Reads `200/s` or `auto`.
pub(crate) fn rate(text: &str) -> Result<Rate, String> {
    if text == "auto" {
        return Ok(Rate::Auto);
    }
    per_second(text).map(Rate::Fixed).map_err(|e| format!("{e}, or `auto` to have it measured"))
}

/// Moves a gate, or shows them.
pub(crate) fn run(config: &Config, gate: &Gate) -> Result<Answer> {
    let (order, output) = match gate {
        Gate::Status { output } => return status(config, *output),
        Gate::Open { whose, output } => (ordered(whose, GateOrder::Open {}), output),
        Gate::Pace { pace, message, whose, output } => {
            (ordered(whose, GateOrder::Paced { per_s: *pace, message: message.clone() }), output)
        }
        Gate::Close { message, after, whose, output } => {
            let closed = GateOrder::Closed { after_ms: *after, message: message.clone() };
            (ordered(whose, closed), output)
        }
    };
    show(&operator::order(config, &order)?, *output)
}

fn ordered(whose: &Whose, gate: GateOrder) -> Order {
    Order::Gate { class: whose.class.map(|class| class.as_str().to_owned()), gate }
}

/// Fixes the rate of admission, or has it measured again.
pub(crate) fn fix(config: &Config, rate: Rate, output: Output) -> Result<Answer> {
    let per_s = match rate {
        Rate::Fixed(per_s) => Some(per_s),
        Rate::Auto => None,
    };
    show(&operator::order(config, &Order::Rate { per_s })?, output)
}

/// How things stand after an order.
pub(crate) fn show(ordered: &Ordered, output: Output) -> Result<Answer> {
    if output.json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(ordered)?).into());
    }
    let mut out = String::new();
    for gate in &ordered.gates {
        line(&mut out, format_args!("{}: {}", hyphened(&gate.class), words(&gate.gate)));
    }
    match ordered.gates.len() {
        0 => line(&mut out, format_args!("all gates are open")),
        n if n < Class::ALL.len() => line(&mut out, format_args!("all other gates are open")),
        _ => {}
    }
    if let Some(per_s) = ordered.per_s {
        line(&mut out, format_args!("rate: fixed at {}/s", count(per_s.into())));
    }
    if ordered.draining {
        line(
            &mut out,
            format_args!("everybody is being sent away; `leeward drain --end` ends that"),
        );
    }
    Ok(out.into())
}

fn words(gate: &GateOrder) -> String {
    let (words, message) = match gate {
        GateOrder::Open {} => return "open".to_owned(),
        GateOrder::Paced { per_s, message } => (format!("{}/s", count((*per_s).into())), message),
        GateOrder::Closed { after_ms, message } => {
            (format!("closed, ask again after {}", span((*after_ms).into())), message)
        }
    };
    if message.is_empty() { words } else { format!("{words}: {message}") }
}

fn status(config: &Config, output: Output) -> Result<Answer> {
    let body = operator::get(config, "/api/storm")?;
    if output.json {
        let document: serde_json::Value =
            serde_json::from_slice(&body).context("the server's answer is unknown")?;
        return Ok(format!("{:#}\n", document["classes"]).into());
    }
    let document: Document =
        serde_json::from_slice(&body).context("the server's answer is unknown")?;
    Ok(table(&document).into())
}

/// One line for each class.
fn table(document: &Document) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("{:16} {:>8} {:>8}  gate", "class", "waiting", "wait"));
    for class in &document.classes {
        let wait = if class.waiting == 0 { "-".to_owned() } else { span(class.wait_ms) };
        let (name, gate) = (hyphened(&class.class), class.gate.words());
        line(&mut out, format_args!("{name:16} {:>8} {wait:>8}  {gate}", count(class.waiting)));
    }
    out
}

/// A class as it is typed.
pub(crate) fn hyphened(class: &str) -> String {
    class.replace('_', "-")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a String takes it");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{ClassNow, GateNow};
    use leeward_server::core::wire::Lease;
    use leeward_server::operate::ClassGate;

    fn said(gates: Vec<ClassGate>, per_s: Option<u32>, draining: bool) -> String {
        let lease = Lease { ping_ms: 5_000, lease_ms: 15_000, spread_ms: 5_000 };
        let ordered = Ordered { gates, per_s, draining, visible: lease, hidden: lease };
        show(&ordered, Output { json: false }).expect("it is shown").text
    }

    #[test]
    fn what_stands_after_an_order_is_said_in_a_line_each() {
        assert_eq!(said(Vec::new(), None, false), "all gates are open\n");
        let closed = GateOrder::Closed { after_ms: 30_000, message: "Back at nine.".to_owned() };
        let gate = |class: &str, gate| ClassGate { class: class.to_owned(), gate };
        let paced = GateOrder::Paced { per_s: 1_200, message: String::new() };
        let gates = vec![gate("sign_in", closed), gate("guest", paced)];
        assert_eq!(
            said(gates, Some(200), true),
            "sign-in: closed, ask again after 30 s: Back at nine.\nguest: 1,200/s\n\
             all other gates are open\nrate: fixed at 200/s\n\
             everybody is being sent away; `leeward drain --end` ends that\n"
        );
    }

    #[test]
    fn a_class_that_is_not_known_is_answered_with_those_that_are() {
        assert_eq!(class("sign-in"), Ok(Class::SignIn));
        assert_eq!(class("sign_in"), Ok(Class::SignIn));
        let said = class("signin").expect_err("it is none");
        assert!(said.contains("`signin`") && said.contains("sign-in, guest, "), "{said}");
        assert!(rate("slow").is_err_and(|e| e.contains("`50/s`") && e.contains("`auto`")));
        assert!(matches!(rate("auto"), Ok(Rate::Auto)));
        assert!(matches!(rate("9/s"), Ok(Rate::Fixed(9))));
    }

    #[test]
    fn the_table_shows_who_waits_where() {
        let class = |class: &str, waiting, gate| ClassNow {
            class: class.to_owned(),
            waiting,
            wait_ms: 12_000,
            gate,
            ..ClassNow::default()
        };
        let document = Document {
            classes: vec![
                class("resume_here", 0, GateNow::Open),
                class("sign_in", 1_203, GateNow::Paced { per_s: 5, message: String::new() }),
            ],
            ..Document::default()
        };
        assert_eq!(
            table(&document),
            "class             waiting     wait  gate\n\
             resume-here             0        -  open\n\
             sign-in             1,203     12 s  5/s\n"
        );
    }
}
