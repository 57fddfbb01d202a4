//! What an operator has done at the command line: on a data directory that nobody serves, or through
//! the operator's listener on one that is being served. The deed is the same; a node is told of it
//! afterwards.

mod orders;

use crate::node::Node;
use crate::passwords::Passwords;
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::rules::{check_account_name, check_line};
use leeward_core::seal::{Grant, KeyRing, Purpose};
use leeward_core::wire::ServerFrame;
use leeward_store::{
    Author, BackupReport, BotToken, ExportReport, IndexEntry, NewAccount, NewAudit, NewSession,
    RoomChange, Store,
};
pub use orders::{ClassGate, FaultOrder, GateOrder, Order, Ordered, carry_out};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The room that every account but a guest comes into, if there is one of that name.
const LOBBY: &str = "lobby";
/// What a workspace is called that was founded at the command line, until its owner renames it.
const WORKSPACE: &str = "Leeward";
/// How long a sign-in token lives that was asked for at the command line: 30 days.
const TOKEN_MS: u64 = 30 * 24 * 3_600_000;

/// Something to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Add accounts. One that exists already is left as it is.
    AddAccounts {
        /// Them.
        accounts: Vec<AccountLine>,
        /// Sign each in and return its token.
        tokens: bool,
    },
    /// Set a password and end every session of the account.
    SetPassword {
        /// Whose.
        name: String,
        /// What.
        password: String,
    },
    /// Make a token for a bot, which is added if there is none of that name.
    AddToken {
        /// The bot's.
        name: String,
    },
    /// List all accounts.
    ListAccounts,
    /// Copy everything into a fresh directory.
    Backup {
        /// Where; absolute.
        dir: PathBuf,
    },
    /// Write everything as JSON lines and files into a fresh directory.
    Export {
        /// Where; absolute.
        dir: PathBuf,
    },
}

/// An account to be added, as a line of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountLine {
    /// What is typed after `@`.
    pub name: String,
    /// What is shown; the name if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// What it may do; a member's rights if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Without one it cannot sign in by password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// What came of a [`Command`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Of [`Command::AddAccounts`], in their order.
    Added(Vec<Added>),
    /// Of [`Command::SetPassword`].
    PasswordSet(Person),
    /// Of [`Command::AddToken`]: it is shown this once.
    Token(Added),
    /// Of [`Command::ListAccounts`].
    Accounts(Vec<Person>),
    /// Of [`Command::Backup`].
    Backup(Copied),
    /// Of [`Command::Export`].
    Export(Copied),
}

/// An account after [`Command::AddAccounts`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Added {
    /// It.
    pub person: Person,
    /// It existed already and was left as it is.
    pub existed: bool,
    /// The token that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// What was written into a directory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Copied {
    /// Events of a backup, lines of an export.
    pub entries: u64,
    /// Uploaded files.
    pub files: u64,
    /// Bytes of the backup; 0 for an export.
    pub bytes: u64,
}

impl From<BackupReport> for Copied {
    fn from(r: BackupReport) -> Self {
        Self { entries: r.events, files: r.files, bytes: r.database_bytes + r.files_bytes }
    }
}

impl From<ExportReport> for Copied {
    fn from(r: ExportReport) -> Self {
        Self { entries: r.lines, files: r.files, bytes: 0 }
    }
}

impl AccountLine {
    /// Whether it is well formed.
    ///
    /// # Errors
    /// What is wrong with which field.
    pub fn check(&self) -> Result<(), Refusal> {
        check_account_name(&self.name)?;
        if let Some(display) = &self.display {
            check_line("display", display, true)?;
        }
        match &self.password {
            Some(password) => check_password(password),
            None => Ok(()),
        }
    }
}

/// Whether a password is long enough to be one and short enough to be hashed.
///
/// # Errors
/// Which bound it does not keep.
pub fn check_password(password: &str) -> Result<(), Refusal> {
    use crate::http::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
    if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&password.chars().count()) {
        return Ok(());
    }
    let words =
        format!("a password is {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters long");
    Err(Refusal::because(Code::BadRequest, words))
}

/// What a node has to be told of.
#[derive(Default)]
struct Effects {
    entries: Vec<IndexEntry>,
    changes: Vec<RoomChange>,
    tokens: Vec<BotToken>,
    /// Sessions that have ended.
    ended: Vec<(AccountId, SessionId)>,
    /// Accounts whose password was changed.
    passwords: Vec<AccountId>,
}

/// Does it on a data directory that nobody serves.
///
/// # Errors
/// What the rules or the database refuse.
pub async fn on_store(
    store: &Store,
    passwords: &Passwords,
    command: Command,
    at: Millis,
) -> Result<Outcome, Refusal> {
    let mut work = Work { store, passwords, at, effects: Effects::default() };
    work.carry_out(command).await
}

/// Does it on a node that serves.
///
/// # Errors
/// What the rules or the database refuse.
pub async fn on_node(node: &Node, command: Command) -> Result<Outcome, Refusal> {
    let (store, passwords, at) = (&node.store, &node.passwords, node.now());
    let mut work = Work { store, passwords, at, effects: Effects::default() };
    let outcome = work.carry_out(command).await;
    // What was done before something failed is done.
    let effects = work.effects;
    for entry in effects.entries {
        let person = entry.person.clone();
        node.accounts.put(entry);
        node.push_person(person);
    }
    for token in &effects.tokens {
        node.accounts.put_token(token);
    }
    for account in effects.passwords {
        node.password_changed(account);
    }
    for (account, session) in effects.ended {
        node.end_session(account, session);
    }
    for change in effects.changes {
        tell(node, &change).await;
    }
    outcome
}

async fn tell(node: &Node, change: &RoomChange) {
    node.publish(change.room, change.epoch, &change.events);
    for (account, version) in &change.versions {
        node.accounts.bump(*account, *version);
    }
    for (account, _) in &change.versions {
        // Whoever is not told learns of the room when they resume.
        if let Ok(Some(found)) = node.store.room_summary(*account, change.room).await {
            let (version, room) = (found.version, Box::new(found.value));
            node.push_account(*account, &ServerFrame::AccountRoom { version, room });
        }
    }
}

struct Work<'a> {
    store: &'a Store,
    passwords: &'a Passwords,
    at: Millis,
    effects: Effects,
}

impl Work<'_> {
    async fn carry_out(&mut self, command: Command) -> Result<Outcome, Refusal> {
        match command {
            Command::AddAccounts { accounts, tokens } => {
                self.add_accounts(accounts, tokens).await.map(Outcome::Added)
            }
            Command::SetPassword { name, password } => {
                self.set_password(&name, password).await.map(Outcome::PasswordSet)
            }
            Command::AddToken { name } => self.add_token(name).await.map(Outcome::Token),
            Command::ListAccounts => {
                let index = self.store.index().await?;
                Ok(Outcome::Accounts(index.into_iter().map(|e| e.person).collect()))
            }
            Command::Backup { dir } => Ok(Outcome::Backup(self.store.backup(dir).await?.into())),
            Command::Export { dir } => Ok(Outcome::Export(self.store.export(dir).await?.into())),
        }
    }

    async fn add_accounts(
        &mut self,
        lines: Vec<AccountLine>,
        tokens: bool,
    ) -> Result<Vec<Added>, Refusal> {
        for line in &lines {
            line.check().map_err(|e| Refusal::because(e.code, format!("{}: {e}", line.name)))?;
        }
        self.require_an_owner(&lines).await?;
        let mut added = Vec::with_capacity(lines.len());
        for pair in lines.chunks(2) {
            // Two at a time, because two threads hash.
            let hashes = match pair {
                [one, two] => tokio::join!(self.hashed(one), self.hashed(two)),
                [one, ..] => (self.hashed(one).await, Ok(None)),
                [] => (Ok(None), Ok(None)),
            };
            for (line, hash) in pair.iter().zip([hashes.0, hashes.1]) {
                added.push(self.add_account(line, hash?).await?);
            }
        }
        if tokens {
            let keys = self.store.keys().await?;
            let ring = KeyRing::new(keys.current, keys.previous);
            for one in &mut added {
                one.token = Some(self.sign_in(&ring, one.person.id).await?);
            }
        }
        Ok(added)
    }

    /// The first account of a workspace is its owner's.
    async fn require_an_owner(&self, lines: &[AccountLine]) -> Result<(), Refusal> {
        let first = lines.first().and_then(|line| line.role);
        if first == Some(Role::Owner) || !self.store.index().await?.is_empty() {
            return Ok(());
        }
        let words = "the workspace has no owner yet: open the set-up link that `leeward serve` \
            prints, or add the first account with the role owner";
        Err(Refusal::because(Code::Conflict, words))
    }

    async fn hashed(&self, line: &AccountLine) -> Result<Option<String>, Refusal> {
        match &line.password {
            Some(password) => self.passwords.hash(password.clone()).await.map(Some),
            None => Ok(None),
        }
    }

    async fn add_account(
        &mut self,
        line: &AccountLine,
        password_hash: Option<String>,
    ) -> Result<Added, Refusal> {
        let role = line.role.unwrap_or(Role::Member);
        let display = line.display.clone().unwrap_or_else(|| line.name.clone());
        let (name, at) = (line.name.clone(), self.at);
        let kept = password_hash.clone().zip(line.password.clone());
        let account = NewAccount { name, display, role, bot: false, password_hash, at };
        let founding = role == Role::Owner && self.store.index().await?.is_empty();
        let made = if founding {
            self.store.set_up(WORKSPACE.to_owned(), account).await
        } else {
            self.store.create_account(account).await
        };
        match made.map_err(Refusal::from) {
            Ok(entry) => {
                let person = entry.person.clone();
                self.effects.entries.push(entry);
                if let Some((hash, password)) = kept {
                    self.keep_scram(person.id, hash, password).await?;
                }
                if founding {
                    self.open_lobby(&person).await?;
                }
                self.audit("account.add", &person, format!("{role:?}").to_lowercase()).await?;
                self.bring_into_lobby(&person).await?;
                Ok(Added { person, existed: false, token: None })
            }
            Err(refusal) if refusal.code == Code::Conflict => {
                let person = self.find(&line.name).await?.person;
                Ok(Added { person, existed: true, token: None })
            }
            Err(refusal) => Err(refusal),
        }
    }

    async fn open_lobby(&mut self, owner: &Person) -> Result<(), Refusal> {
        let facts = RoomFacts {
            room_kind: RoomKind::Public,
            name: LOBBY.to_owned(),
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let by = Author { account: owner.id, role: owner.role };
        let members = vec![(owner.id, MemberRole::Moderator)];
        let change = self.store.create_room(by, facts, members, self.at).await?;
        self.effects.changes.push(change);
        Ok(())
    }

    async fn bring_into_lobby(&mut self, person: &Person) -> Result<(), Refusal> {
        let lobby = self.store.room_named(LOBBY.to_owned()).await?;
        if let Some(room) = lobby.filter(|_| person.role > Role::Guest) {
            let by = Author { account: person.id, role: person.role };
            let join = self.store.join(by, room, person.id, MemberRole::Member, self.at);
            // An archived lobby takes nobody in: the account is there all the same.
            if let Ok(change) = join.await {
                self.effects.changes.push(change);
            }
        }
        Ok(())
    }

    async fn sign_in(&self, ring: &KeyRing, account: AccountId) -> Result<String, Refusal> {
        let expires = Millis(self.at.0 + TOKEN_MS);
        let device = "command line".to_owned();
        let new = NewSession { account, device, at: self.at, expires_at: expires };
        let session = self.store.create_session(new).await?;
        let grant = Grant {
            account,
            session: session.id,
            session_epoch: 0,
            role: session.role,
            issued: self.at,
            expires,
            lease_ms: 0,
        };
        Ok(ring.seal(Purpose::SignIn, &grant))
    }

    async fn set_password(&mut self, name: &str, password: String) -> Result<Person, Refusal> {
        check_password(&password)?;
        let person = self.find(name).await?.person;
        let hash = self.passwords.hash(password.clone()).await?;
        let kept = Some(hash.clone());
        let ended = self.store.set_password_hash(person.id, kept, None).await?;
        self.keep_scram(person.id, hash, password).await?;
        self.effects.ended.extend(ended.into_iter().map(|session| (person.id, session)));
        self.effects.passwords.push(person.id);
        self.audit("account.password", &person, String::new()).await?;
        Ok(person)
    }

    async fn add_token(&mut self, name: String) -> Result<Added, Refusal> {
        check_account_name(&name)?;
        let (display, role, at) = (name.clone(), Role::Member, self.at);
        let bot = NewAccount { name, display, role, bot: true, password_hash: None, at };
        let wanted = bot.name.clone();
        let (person, existed) = match self.store.create_account(bot).await.map_err(Refusal::from) {
            Ok(entry) => {
                let person = entry.person.clone();
                self.effects.entries.push(entry);
                (person, false)
            }
            Err(refusal) if refusal.code == Code::Conflict => {
                (self.find(&wanted).await?.person, true)
            }
            Err(refusal) => return Err(refusal),
        };
        if !person.bot {
            let words = "only a bot has tokens of its own, and this account is a person's";
            return Err(Refusal::because(Code::Conflict, words));
        }
        self.bring_into_lobby(&person).await?;
        let token = random_token()?;
        let hash = *blake3::hash(token.as_bytes()).as_bytes();
        let note = "command line".to_owned();
        let kept = self.store.create_bot_token(person.id, hash, note, self.at).await?;
        self.effects.tokens.push(kept);
        self.audit("bot.token", &person, String::new()).await?;
        Ok(Added { person, existed, token: Some(token) })
    }

    /// Keeps what XMPP clients need that sign in by a challenge.
    async fn keep_scram(
        &self,
        account: AccountId,
        hash: String,
        password: String,
    ) -> Result<(), Refusal> {
        let scram = self.passwords.scram(password).await?;
        Ok(self.store.keep_scram(account, hash, scram).await?)
    }

    async fn find(&self, name: &str) -> Result<IndexEntry, Refusal> {
        let index = self.store.index().await?;
        index.into_iter().find(|e| e.person.name == name).ok_or_else(|| {
            Refusal::because(Code::NotFound, format!("there is no account named {name}"))
        })
    }

    async fn audit(&self, action: &str, on: &Person, detail: String) -> Result<(), Refusal> {
        let (action, subject) = (action.to_owned(), format!("account:{}", on.id));
        self.store.audit(NewAudit { at: self.at, by: None, action, subject, detail }).await?;
        Ok(())
    }
}

/// 256 random bits as text.
fn random_token() -> Result<String, Refusal> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
