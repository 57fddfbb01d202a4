//! Signing in on a stream: SASL as RFC 6120 has it, and as XEP-0388 does, with what may be asked for
//! together with it.

use super::features::Mechanism;
use super::{BindRequest, Claim, Denied, Login, Output, State, Stream, TRIES_MAX, UserAgent};
use crate::ns;
use crate::sasl::{Exchange, Fast, Scram, check_token, parse_plain};
use crate::xml::Element;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How somebody signs in.
pub(super) struct Attempt {
    /// By XEP-0388 instead of RFC 6120.
    sasl2: bool,
    step: Step,
}

enum Step {
    /// The mechanism is known, the first message is not.
    First(Mechanism),
    Plain(String, String),
    Scram(Box<Exchange>, Option<Login>),
    Fast(Fast, String),
    /// It has gone well: what the server says last is left to be said.
    Done(Login, Option<String>),
}

/// What was asked for together with the sign-in.
#[derive(Default)]
pub(super) struct Inline {
    pub(super) bind: Option<BindRequest>,
    pub(super) resume: Option<(String, u32)>,
    pub(super) token: Option<String>,
    /// It could not be resumed, having handled so many stanzas if that is known.
    pub(super) failed: Option<Option<u32>>,
}

impl Stream {
    /// An element of RFC 6120, section 6.
    pub(super) fn sasl(&mut self, element: &Element, out: &mut Vec<Output>) {
        match element.name() {
            "auth" => {
                let name = element.attribute("mechanism").unwrap_or_default();
                let Some(mechanism) = self.mechanism(name) else {
                    return self.refuse_sign_in(false, "invalid-mechanism", out);
                };
                let content = element.content();
                // An equals sign alone is a message that is empty (RFC 6120, 6.4.2).
                let empty = if content == "=" { String::new() } else { content.clone() };
                let first = (!content.is_empty()).then_some(empty);
                self.begin(false, mechanism, first, out);
            }
            "response" => self.respond(false, &element.content(), out),
            _ => self.refuse_sign_in(false, "aborted", out),
        }
    }

    /// An element of XEP-0388.
    pub(super) fn sasl2(&mut self, element: &Element, out: &mut Vec<Output>) {
        match element.name() {
            "authenticate" => self.authenticate(element, out),
            "response" => self.respond(true, &element.content(), out),
            _ => self.refuse_sign_in(true, "aborted", out),
        }
    }

    fn authenticate(&mut self, element: &Element, out: &mut Vec<Output>) {
        let name = element.attribute("mechanism").unwrap_or_default().to_owned();
        let first = element.find("initial-response", ns::SASL2).map(Element::content);
        let inline = inline(element);
        let Some(opening) = &mut self.opening else { return };
        opening.agent = agent(element);
        opening.inline = Some(inline);
        if element.find("fast", ns::FAST).is_some() {
            let offered = self.may_sign_in() && self.token_mechanisms().contains(&name.as_str());
            let said = first.and_then(|first| STANDARD.decode(first).ok());
            let fast = said.filter(|_| offered).and_then(|said| Fast::parse(&said));
            return match fast {
                Some(fast) => self.knock(true, Step::Fast(fast, name), out),
                None => self.refuse_sign_in(true, "not-authorized", out),
            };
        }
        match self.mechanism(&name) {
            Some(mechanism) => self.begin(true, mechanism, first, out),
            None => self.refuse_sign_in(true, "invalid-mechanism", out),
        }
    }

    fn begin(
        &mut self,
        sasl2: bool,
        mechanism: Mechanism,
        first: Option<String>,
        out: &mut Vec<Output>,
    ) {
        if self.take_attempt().is_some() {
            // One exchange at a time; one that is given up has failed.
            return self.refuse_sign_in(sasl2, "malformed-request", out);
        }
        match first {
            Some(first) => self.first(sasl2, mechanism, &first, out),
            None => {
                self.set_attempt(Some(Attempt { sasl2, step: Step::First(mechanism) }));
                self.challenge(sasl2, "", out);
            }
        }
    }

    /// The client's first message, in Base64.
    fn first(&mut self, sasl2: bool, mechanism: Mechanism, text: &str, out: &mut Vec<Output>) {
        let Ok(message) = STANDARD.decode(text) else {
            return self.refuse_sign_in(sasl2, "incorrect-encoding", out);
        };
        match mechanism {
            Mechanism::Plain => match parse_plain(&message) {
                Some(plain) => {
                    if !plain.authzid.is_empty() && !self.is_own(&plain.authzid, &plain.name) {
                        return self.refuse_sign_in(sasl2, "invalid-authzid", out);
                    }
                    self.knock(sasl2, Step::Plain(plain.name, plain.password), out);
                }
                None => self.refuse_sign_in(sasl2, "malformed-request", out),
            },
            Mechanism::Scram(hash, plus) => {
                match Exchange::begin(hash, plus, self.binding(), &message, &self.nonce()) {
                    Ok(exchange) => self.knock(sasl2, Step::Scram(Box::new(exchange), None), out),
                    Err(_) => self.refuse_sign_in(sasl2, "malformed-request", out),
                }
            }
        }
    }

    /// Whether that is how somebody of this name may be called.
    fn is_own(&self, authzid: &str, name: &str) -> bool {
        let (authzid, name) = (folded(authzid), folded(name));
        authzid == name || authzid == format!("{name}@{}", self.setting.domain)
    }

    /// The server's part of a nonce: another for each exchange (RFC 5802, section 5.1).
    fn nonce(&self) -> String {
        match self.opening.as_ref() {
            Some(opening) if opening.tries == 0 => opening.server_nonce.clone(),
            Some(opening) => format!("{}.{}", opening.server_nonce, opening.tries),
            None => String::new(),
        }
    }

    /// Asks to be let in, before anything is looked up.
    fn knock(&mut self, sasl2: bool, step: Step, out: &mut Vec<Output>) {
        let resume = self.opening.as_ref().and_then(|o| o.inline.as_ref()?.resume.as_ref());
        let previd = resume.filter(|_| sasl2).map(|(previd, _)| previd.clone());
        let (claim, name) = match &step {
            Step::Plain(name, _) => (Claim::Plain, Some(name.clone())),
            Step::Scram(exchange, _) => (Claim::Scram, Some(exchange.name.clone())),
            Step::Fast(fast, _) => (Claim::Fast, Some(fast.name.clone())),
            Step::First(_) | Step::Done(..) => (Claim::Plain, None),
        };
        let claim = if previd.is_some() { Claim::Resume } else { claim };
        self.set_attempt(Some(Attempt { sasl2, step }));
        self.state = State::Asking;
        out.push(Output::Knock { claim, previd, name });
    }

    /// Goes on with a sign-in that has been let in.
    pub(super) fn attempt(&mut self, out: &mut Vec<Output>) {
        let agent = self.opening.as_ref().map(|o| o.agent.clone()).unwrap_or_default();
        match self.opening.as_ref().and_then(|o| o.attempt.as_ref()).map(|a| &a.step) {
            Some(Step::Plain(name, password)) => {
                out.push(Output::Password(folded(name), password.clone()));
            }
            Some(Step::Scram(exchange, _)) => out.push(Output::Scram(folded(&exchange.name))),
            Some(Step::Fast(fast, mechanism)) => {
                out.push(Output::Tokens(folded(&fast.name), agent, mechanism.clone()));
            }
            Some(Step::First(_) | Step::Done(..)) | None => {}
        }
    }

    pub(super) fn scram(&mut self, found: Option<(Login, Scram)>, out: &mut Vec<Output>) {
        let secret = self.setting.secret;
        let Some(Attempt { sasl2, step: Step::Scram(exchange, login), .. }) =
            self.opening.as_mut().and_then(|o| o.attempt.as_mut())
        else {
            return;
        };
        let scram = match found {
            Some((found, scram)) => {
                *login = Some(found);
                scram
            }
            None => Scram::of_nobody(&secret, &exchange.name),
        };
        let (sasl2, challenge) = (*sasl2, exchange.challenge(scram));
        self.state = State::Offered;
        self.challenge(sasl2, &STANDARD.encode(challenge), out);
    }

    pub(super) fn judged(&mut self, judged: Result<Login, Denied>, out: &mut Vec<Output>) {
        let Some(attempt) = self.take_attempt() else { return };
        match judged {
            Ok(login) => self.succeed(attempt.sasl2, login, None, out),
            Err(Denied::NotAuthorized) => {
                self.refuse_sign_in(attempt.sasl2, "not-authorized", out);
            }
            Err(Denied::Disabled) => self.refuse_sign_in(attempt.sasl2, "account-disabled", out),
            Err(Denied::Failed) => self.fail("internal-server-error", out),
        }
    }

    pub(super) fn tokens(&mut self, found: Option<(Login, Vec<String>)>, out: &mut Vec<Output>) {
        let Some(Attempt { step: Step::Fast(fast, mechanism), .. }) = self.take_attempt() else {
            return;
        };
        let (login, tokens) = match found {
            Some((login, tokens)) => (Some(login), tokens),
            None => (None, Vec::new()),
        };
        match (login, check_token(&fast, &mechanism, self.binding(), &tokens)) {
            (Some(login), Some(answer)) => self.succeed(true, login, Some(answer), out),
            (Some(_) | None, _) => self.refuse_sign_in(true, "not-authorized", out),
        }
    }

    fn respond(&mut self, sasl2: bool, text: &str, out: &mut Vec<Output>) {
        let Some(attempt) = self.take_attempt().filter(|attempt| attempt.sasl2 == sasl2) else {
            return self.refuse_sign_in(sasl2, "malformed-request", out);
        };
        match attempt.step {
            Step::First(mechanism) => self.first(sasl2, mechanism, text, out),
            Step::Scram(exchange, login) => {
                let proved = STANDARD.decode(text).ok().and_then(|m| exchange.finish(&m).ok());
                match (login, proved) {
                    (Some(login), Some(last)) => {
                        self.succeed(sasl2, login, Some(STANDARD.encode(last)), out);
                    }
                    (Some(_) | None, _) => self.refuse_sign_in(sasl2, "not-authorized", out),
                }
            }
            Step::Plain(..) | Step::Fast(..) | Step::Done(..) => {
                self.refuse_sign_in(sasl2, "malformed-request", out);
            }
        }
    }

    /// Somebody has shown who they are.
    fn succeed(&mut self, sasl2: bool, login: Login, last: Option<String>, out: &mut Vec<Output>) {
        let agent = self.opening.as_ref().map(|o| o.agent.clone()).unwrap_or_default();
        out.push(Output::Authenticated(login.clone(), agent));
        if !sasl2 {
            let mut success = Element::new("success", ns::SASL);
            if let Some(last) = last {
                success = success.text(last);
            }
            self.write(&success, out);
            self.state = State::Signed;
            self.reader = crate::xml::Reader::new(self.setting.limits.0);
            return;
        }
        let step = Step::Done(login, last);
        self.set_attempt(Some(Attempt { sasl2, step }));
        self.state = State::Asking;
        let inline = self.opening.as_ref().and_then(|o| o.inline.as_ref());
        let (resume, bind, token) = match inline {
            Some(inline) => (inline.resume.clone(), inline.bind.clone(), inline.token.clone()),
            None => (None, None, None),
        };
        match (resume, bind) {
            (Some((previd, h)), _) => out.push(Output::Resume { previd, h, token }),
            (None, Some(bind)) => out.push(Output::Bind(BindRequest { token, ..bind })),
            (None, None) => self.finish_sasl2(None, &[], None, out),
        }
    }

    /// The last word of XEP-0388: who it is, and what came of what was asked for.
    pub(super) fn finish_sasl2(
        &mut self,
        resource: Option<&str>,
        done: &[Element],
        token: Option<(String, String)>,
        out: &mut Vec<Output>,
    ) {
        let Some(Attempt { step: Step::Done(login, last), .. }) = self.take_attempt() else {
            return;
        };
        let domain = &self.setting.domain;
        let bare = format!("{}@{domain}", login.name);
        let full = resource.filter(|resource| !resource.is_empty());
        let jid = full.map_or_else(|| bare.clone(), |resource| format!("{bare}/{resource}"));
        let mut success = Element::new("success", ns::SASL2);
        if let Some(last) = last {
            success = success.child(Element::new("additional-data", ns::SASL2).text(last));
        }
        success = success
            .child(Element::new("authorization-identifier", ns::SASL2).text(jid))
            .children(done.iter().cloned());
        if let Some((token, expiry)) = token {
            let token = Element::new("token", ns::FAST).with("token", token).with("expiry", expiry);
            success = success.child(token);
        }
        self.write(&success, out);
        let bound = resource.is_some();
        self.state = if bound { State::Live } else { State::Binding };
        self.reader.set_limits(self.setting.limits.1);
        let managed = done
            .iter()
            .any(|done| done.is("resumed", ns::SM) || done.find("enabled", ns::SM).is_some());
        self.offer_binding(bound, managed, out);
    }

    /// Whether the client signs in by XEP-0388 and waits for its last word.
    pub(super) fn finishes_sasl2(&self) -> bool {
        let attempt = self.opening.as_ref().and_then(|o| o.attempt.as_ref());
        attempt.is_some_and(|attempt| matches!(attempt.step, Step::Done(..)))
    }

    fn challenge(&self, sasl2: bool, text: &str, out: &mut Vec<Output>) {
        let ns = if sasl2 { ns::SASL2 } else { ns::SASL };
        let challenge = Element::new("challenge", ns);
        self.write(&if text.is_empty() { challenge } else { challenge.text(text) }, out);
    }

    /// Somebody has not shown who they are. Never said because of load.
    fn refuse_sign_in(&mut self, sasl2: bool, why: &'static str, out: &mut Vec<Output>) {
        let failure = if sasl2 {
            // XEP-0388 has the conditions of RFC 6120.
            Element::new("failure", ns::SASL2).child(Element::new(why, ns::SASL))
        } else {
            Element::new("failure", ns::SASL).child(Element::new(why, ns::SASL))
        };
        self.write(&failure, out);
        self.state = State::Offered;
        self.set_attempt(None);
        let Some(opening) = &mut self.opening else { return };
        opening.tries += 1;
        if opening.tries >= TRIES_MAX {
            self.fail("policy-violation", out);
        }
    }

    fn set_attempt(&mut self, attempt: Option<Attempt>) {
        if let Some(opening) = &mut self.opening {
            opening.attempt = attempt;
        }
    }

    fn take_attempt(&mut self) -> Option<Attempt> {
        self.opening.as_mut()?.attempt.take()
    }
}

/// Names of accounts are in lower case.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn agent(element: &Element) -> UserAgent {
    let Some(agent) = element.find("user-agent", ns::SASL2) else { return UserAgent::default() };
    let text = |name| {
        let content = agent.find(name, ns::SASL2).map(Element::content);
        content.map(|text| text.chars().filter(|c| !c.is_control()).take(60).collect::<String>())
    };
    let id = agent.attribute("id").filter(|id| (8..=64).contains(&id.len()));
    UserAgent { id: id.map(str::to_owned), software: text("software"), device: text("device") }
}

fn inline(element: &Element) -> Inline {
    let resume = element.find("resume", ns::SM).and_then(|resume| {
        let h = resume.attribute("h")?.parse().ok()?;
        Some((resume.attribute("previd")?.to_owned(), h))
    });
    let token = element.find("request-token", ns::FAST);
    // Whoever comes by a token is given the next one (XEP-0484, section 3.4).
    let again = element.find("fast", ns::FAST).and(element.attribute("mechanism"));
    let bind = element.find("bind", ns::BIND2).map(|bind| BindRequest {
        tag: bind.find("tag", ns::BIND2).map(Element::content).map(|tag| {
            tag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect()
        }),
        carbons: bind.find("enable", ns::CARBONS).is_some(),
        inactive: bind.find("inactive", ns::CSI).is_some(),
        sm: bind
            .find("enable", ns::SM)
            .map(|enable| matches!(enable.attribute("resume"), Some("true" | "1"))),
        ..BindRequest::default()
    });
    Inline {
        bind,
        resume,
        token: token.and_then(|t| t.attribute("mechanism")).or(again).map(str::to_owned),
        failed: None,
    }
}
