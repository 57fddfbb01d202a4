//! `leeward account`: the command line's side of adding people, their passwords and their tokens.

use crate::cli::{Account, Output, RoleName};
use crate::config::Config;
use crate::operator::carry_out;
use anyhow::{Context as _, Result, bail};
use leeward_server::core::account::{Person, Role};
use leeward_server::operate::{AccountLine, Added, Command, Outcome};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// Characters of a password that is made up: 16 of 32 signs are 80 bits.
const MADE_CHARS: usize = 16;
/// Signs that cannot be taken for one another.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Accounts handed over at once: what is hashed before the answer comes.
const BATCH: usize = 200;

/// Does what was asked. Returns what to print.
pub(crate) fn run(config: &Config, account: &Account) -> Result<String> {
    match account {
        Account::Add { name, display, role, password_stdin, output } => {
            let (password, made) = password(*password_stdin)?;
            let line = AccountLine {
                name: name.clone(),
                display: display.clone(),
                role: Some((*role).into()),
                password: Some(password.clone()),
            };
            line.check()?;
            let added = add(config, vec![line], false)?;
            let Some(added) = added.first().filter(|a| !a.existed) else {
                bail!(
                    "there is an account named {name} already: `leeward account passwd {name}` sets its password"
                );
            };
            Ok(said(added, made.then_some(&password), *output))
        }
        Account::Import { file, tokens, output } => import(config, file, *tokens, *output),
        Account::Passwd { name, password_stdin, output } => {
            let (password, made) = password(*password_stdin)?;
            let command = Command::SetPassword { name: name.clone(), password: password.clone() };
            let Outcome::PasswordSet(person) = carry_out(config, &command)? else {
                bail!("the server answered something else");
            };
            let added = Added { person, existed: true, token: None };
            Ok(said(&added, made.then_some(&password), *output))
        }
        Account::Token { name, output } => {
            let Outcome::Token(added) =
                carry_out(config, &Command::AddToken { name: name.clone() })?
            else {
                bail!("the server answered something else");
            };
            Ok(said(&added, None, *output))
        }
        Account::List { output } => {
            let Outcome::Accounts(people) = carry_out(config, &Command::ListAccounts)? else {
                bail!("the server answered something else");
            };
            Ok(if output.json { format!("{:#}\n", json!(people)) } else { listed(&people) })
        }
    }
}

fn add(config: &Config, accounts: Vec<AccountLine>, tokens: bool) -> Result<Vec<Added>> {
    match carry_out(config, &Command::AddAccounts { accounts, tokens })? {
        Outcome::Added(added) => Ok(added),
        Outcome::PasswordSet(_)
        | Outcome::Token(_)
        | Outcome::Accounts(_)
        | Outcome::Backup(_)
        | Outcome::Export(_) => bail!("the server answered something else"),
    }
}

/// Reads the whole file and checks every line before the first account is added.
fn import(config: &Config, file: &Path, tokens: bool, output: Output) -> Result<String> {
    let (text, shown) = if file == Path::new("-") {
        (
            std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?,
            "-".to_owned(),
        )
    } else {
        let shown = file.display().to_string();
        (std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?, shown)
    };
    let mut lines: Vec<AccountLine> = Vec::new();
    for (i, text) in text.lines().enumerate().filter(|(_, t)| !t.trim().is_empty()) {
        let place = || format!("{shown}:{}", i + 1);
        let line: AccountLine = serde_json::from_str(text).with_context(place)?;
        line.check().with_context(place)?;
        if let Some(first) = lines.iter().position(|l| l.name == line.name) {
            bail!(
                "{}: the name {} stands there already, as number {}",
                place(),
                line.name,
                first + 1
            );
        }
        lines.push(line);
    }
    let mut all = Vec::new();
    for batch in lines.chunks(BATCH) {
        all.extend(add(config, batch.to_vec(), tokens)?);
    }
    let existed = all.iter().filter(|a| a.existed).count();
    if output.json {
        return Ok(format!("{:#}\n", json!(all)));
    }
    let mut out = String::new();
    for added in all.iter().filter(|a| a.token.is_some()) {
        writeln!(out, "{} {}", added.person.name, added.token.as_deref().unwrap_or_default())?;
    }
    writeln!(out, "{} added, {existed} existed and were left as they are", all.len() - existed)?;
    Ok(out)
}

/// The password from standard input, or one made up; whether it was.
fn password(stdin: bool) -> Result<(String, bool)> {
    if stdin {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        let password = text.lines().next().unwrap_or_default().to_owned();
        if password.is_empty() {
            bail!("standard input holds no password: give it one line");
        }
        return Ok((password, false));
    }
    let mut bytes = [0u8; MADE_CHARS];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    let signs = bytes.iter().map(|b| char::from(SIGNS[usize::from(b % 32)]));
    Ok((signs.collect(), true))
}

fn said(added: &Added, password: Option<&String>, output: Output) -> String {
    let Added { person, existed, token } = added;
    if output.json {
        let mut answer = json!({ "person": person, "existed": existed });
        if let Some(password) = password {
            answer["password"] = json!(password);
        }
        if let Some(token) = token {
            answer["token"] = json!(token);
        }
        return format!("{answer:#}\n");
    }
    match (password, token) {
        (Some(password), _) => format!("{}: the password is {password}\n", person.name),
        (None, Some(token)) => format!("{token}\n"),
        (None, None) => format!("{}: done\n", person.name),
    }
}

fn listed(people: &[Person]) -> String {
    let width = people.iter().map(|p| p.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for p in people {
        let kind = if p.bot { "bot".to_owned() } else { format!("{:?}", p.role).to_lowercase() };
        let disabled = if p.disabled { " (disabled)" } else { "" };
        out.push_str(&format!("{:>6} {:width$} {kind:9} {}{disabled}\n", p.id, p.name, p.display));
    }
    out
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Guest => Self::Guest,
            RoleName::Member => Self::Member,
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
            RoleName::Owner => Self::Owner,
        }
    }
}
