//! Who an XMPP client is: by what SCRAM keeps of a password, by the password itself, or by a token of
//! the device; then which resource it has, or which session it takes up.
//!
//! A password costs a hash when it has not been seen for a day of work, and a MAC when it has. A pool that
//! is full is waited for: overload is never told as a sign-in that failed.

use super::line::Standing;
use crate::conn::Conn;
use crate::http::network;
use crate::node::Node;
use crate::shard::Shard;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::seal::{Grant, Purpose};
use leeward_store::{Credentials, NewSession, StoreError};
use leeward_xmpp::jid::Jid;
use leeward_xmpp::sasl::{self, Scram};
use leeward_xmpp::station::{self, Bound};
use leeward_xmpp::stream::{BindRequest, Denied, Input, Login, UserAgent};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Between two attempts to get into the line of the pool that hashes.
const POOL_RETRY: Duration = Duration::from_millis(100);
/// Clients of one account on one shard.
pub(crate) const RESOURCES_MAX: usize = 200;
/// How long a session that is being taken up may still seem to have a connection.
const GHOST_MAX: Duration = Duration::from_secs(3);
/// How long a device's sign-in lasts, in milliseconds, as a browser's does.
const DEVICE_MS: u64 = 90 * 24 * 3_600_000;
/// How long a token opens, in milliseconds; the one before opens as long again.
const TOKEN_MS: u64 = 14 * 24 * 3_600_000;
/// How long an id of stream management may be sealed for, in milliseconds.
const SM_MS: u64 = 7 * 24 * 3_600_000;

impl Shard {
    /// Does something for a connection that takes time, and tells its stream.
    fn find<F>(self: &Rc<Self>, conn: &Rc<Conn>, work: impl FnOnce(Arc<Node>) -> F + 'static)
    where
        F: Future<Output = Input<'static>> + 'static,
    {
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            let answer = work(Arc::clone(&shard.node)).await;
            if conn.is_open() {
                shard.stream(&conn, answer);
            }
        });
    }

    pub(super) fn find_scram(self: &Rc<Self>, conn: &Rc<Conn>, name: String) {
        let from = (name.as_str(), conn.peer.get().map(network));
        let known = self.node.accounts.by_name(&name).is_some();
        if known && self.node.xmpp.proofs.admit(from, self.node.now()).is_err() {
            // It goes as it would with a password that is wrong.
            return self.stream(conn, Input::Scram(None));
        }
        self.find(conn, |node| async move {
            match node.store.credentials(name).await {
                Ok(found) => Input::Scram(found.and_then(|found| scram_of(&found))),
                Err(_) => Input::End("internal-server-error"),
            }
        });
    }

    pub(super) fn judge_password(self: &Rc<Self>, conn: &Rc<Conn>, name: String, password: String) {
        let now = self.now();
        if let Some(account) = self.node.accounts.by_name(&name)
            && self.node.xmpp.known.is(account, &password, now)
        {
            return self.stream(conn, Input::Judged(self.node.login(account)));
        }
        let source = conn.peer.get().map(network);
        self.find(conn, move |node| async move {
            // Wrong passwords are counted for a name and a network together: nobody can lock somebody
            // else out.
            let key = (name.clone(), source);
            if node.xmpp.guesses.admit(&key, node.now()).is_err() {
                return Input::Judged(Err(Denied::NotAuthorized));
            }
            let judged = judge(&node, name, password).await;
            if judged.is_ok() {
                node.xmpp.guesses.forgive(&key);
            }
            Input::Judged(judged)
        });
    }

    pub(super) fn find_tokens(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        name: &str,
        agent: &UserAgent,
        mechanism: &str,
    ) {
        let found = self.node.accounts.by_name(name).and_then(|account| {
            let session = self.node.xmpp.device(account, agent.id.as_deref()?)?;
            let login = self.node.login_as(account, session).ok()?;
            let now = self.node.now().0 / TOKEN_MS;
            let token = |period| self.node.token(account, session, mechanism, period);
            Some((login, vec![token(now), token(now.saturating_sub(1))]))
        });
        self.stream(conn, Input::Tokens(found));
    }

    /// Binds a resource.
    pub(super) fn bind(self: &Rc<Self>, conn: &Rc<Conn>, request: BindRequest) {
        let Some((login, agent)) = conn.login() else { return };
        if self.stage.station.borrow().resources_of(login.account) >= RESOURCES_MAX {
            return self.stream(conn, Input::End("resource-constraint"));
        }
        let token = request.token.clone();
        if token.is_none() {
            return self.bind_as(conn, login, request, None);
        }
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            let (login, token) = shard.node.device_token(login, &agent, token).await;
            if conn.is_open() {
                shard.bind_as(&conn, login, request, token);
            }
        });
    }

    fn bind_as(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        login: Login,
        request: BindRequest,
        token: Option<(String, String)>,
    ) {
        let BindRequest { resource, tag, carbons, inactive, sm, .. } = request;
        let own = conn.number.raw();
        let resource = match (tag, resource) {
            (Some(tag), _) => format!("{tag}.{}", self.node.resource(own)),
            // Whoever has that resource on another connection keeps it: this one gets another.
            (None, Some(asked)) if !self.resource_taken(login.account, &asked) => asked,
            (None, Some(asked)) => format!("{asked}.{}", self.node.resource(own)),
            (None, None) => self.node.resource(own),
        };
        let jid = Jid::of(&login.name, &self.node.xmpp.domain.name).with(&resource);
        let sm = sm.map(|again| again.then(|| self.node.sm_id(&login, own)));
        let id = sm.clone().flatten();
        self.stream(conn, Input::Bound { jid: jid.clone(), sm: id.clone(), token });
        self.node.metrics.welcomed(false);
        self.goes_live(conn, &login, id.as_deref());
        let (account, role, session) = (login.account, login.role, login.session);
        let framing = Self::framing(conn);
        let began = self.now();
        let bound = Bound { account, role, session, jid, framing, carbons, inactive, began, sm };
        self.tell_station(station::Input::Bound(conn.id, Box::new(bound)));
    }

    /// Turns stream management on after a resource has been bound.
    pub(super) fn enable_sm(self: &Rc<Self>, conn: &Rc<Conn>, again: bool) -> Option<String> {
        let who = conn.who.get()?;
        let login = self.node.login_as(who.account, who.session).ok()?;
        let id = again.then(|| self.node.sm_id(&login, conn.number.raw()));
        if let Some(id) = &id {
            self.node.xmpp.sleepers.woke(id, who);
            if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                line.sm = Some(id.clone());
            }
        }
        id
    }

    /// Takes up what sleeps under an id.
    pub(super) fn take_up(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        previd: String,
        h: u32,
        token: Option<String>,
    ) {
        let Some((login, agent)) = conn.login() else { return };
        let (shard, conn) = (Rc::clone(self), Rc::clone(conn));
        self.tasks.spawn_local(async move {
            let asleep = if shard.node.opens_sm_of(&previd, login.account) {
                shard.wait_for_sleeper(&previd).await
            } else {
                None
            };
            let asleep = asleep.filter(|a| a.bound.account == login.account && a.fits(h));
            let (login, token) = shard.node.device_token(login, &agent, token).await;
            if !conn.is_open() {
                // Nobody has taken it up: it sleeps on.
                if let Some(asleep) = asleep {
                    shard.node.xmpp.sleepers.lie_down(asleep, shard.now());
                }
                return;
            }
            let Some(asleep) = asleep else { return shard.stream(&conn, Input::NotResumed(None)) };
            let handled = asleep.handled;
            shard.together(|| {
                shard.stream(&conn, Input::Resumed { h: handled, token });
                shard.node.metrics.welcomed(true);
                shard.goes_live(&conn, &login, Some(&previd));
                let framing = Self::framing(&conn);
                let woken = station::Input::Woken(conn.id, framing, asleep, h);
                shard.tell_station(woken);
            });
        });
    }

    /// Whether another connection of the account has this resource.
    fn resource_taken(&self, account: AccountId, resource: &str) -> bool {
        self.stage.station.borrow().has_resource(account, resource)
    }

    async fn wait_for_sleeper(&self, id: &str) -> Option<Box<station::Asleep>> {
        let sleepers = &self.node.xmpp.sleepers;
        let patience = tokio::time::sleep(GHOST_MAX);
        let mut patience = std::pin::pin!(patience);
        loop {
            let change = sleepers.change();
            let mut change = std::pin::pin!(change);
            change.as_mut().enable();
            if let Some(asleep) = sleepers.take(id, self.now()) {
                return Some(asleep);
            }
            let who = sleepers.awake(id)?;
            self.node.fence(who.account, who.epoch);
            tokio::select! {
                biased;
                () = change => {}
                () = &mut patience => return None,
            }
        }
    }
}

impl Conn {
    /// Who has signed in on it and is not live yet.
    fn login(&self) -> Option<(Login, UserAgent)> {
        let state = self.state.borrow();
        let line = state.xmpp.as_ref().filter(|line| line.stage != Standing::Live)?;
        line.login.as_deref().cloned()
    }
}

async fn judge(node: &Arc<Node>, name: String, password: String) -> Result<Login, Denied> {
    let found = node.store.credentials(name).await.map_err(|_| Denied::Failed)?;
    let kept = found.as_ref().and_then(|found| found.password_hash.clone());
    let right = loop {
        match node.passwords.verify(password.clone(), kept.clone()).await {
            Ok(right) => break right,
            Err(refusal) if refusal.code == Code::RateLimited => {
                tokio::time::sleep(POOL_RETRY).await;
            }
            Err(_) => return Err(Denied::Failed),
        }
    };
    let Some(found) = found.filter(|_| right) else { return Err(Denied::NotAuthorized) };
    let login = node.login(found.person.id)?;
    node.xmpp.known.note(found.person.id, &password, node.instant());
    if let Some(hash) = found.password_hash.filter(|_| found.scram.is_none()) {
        node.keep_scram(found.person.id, hash, password);
    }
    Ok(login)
}

/// What is kept for SCRAM of an account that may sign in.
fn scram_of(found: &Credentials) -> Option<(Login, Scram)> {
    if found.person.disabled {
        return None;
    }
    let scram = Scram::read(found.scram.as_deref()?)?;
    let person = &found.person;
    let (name, session) = (person.name.clone(), SessionId(0));
    Some((Login { account: person.id, name, role: person.role, session }, scram))
}

impl Node {
    fn login(&self, account: AccountId) -> Result<Login, Denied> {
        self.login_as(account, SessionId(0))
    }

    pub(super) fn login_as(&self, account: AccountId, session: SessionId) -> Result<Login, Denied> {
        let signed = (session.0 != 0).then_some(session);
        let actor = self.actor(account, signed).map_err(|refusal| {
            let disabled = refusal.code == Code::Banned;
            if disabled { Denied::Disabled } else { Denied::NotAuthorized }
        })?;
        let person = self.accounts.person(account).ok_or(Denied::NotAuthorized)?;
        Ok(Login { account, name: person.name, role: actor.role, session })
    }

    /// Has what SCRAM needs made of a password that was right, behind those who wait for a hash.
    pub(crate) fn keep_scram(self: &Arc<Self>, account: AccountId, hash: String, password: String) {
        let node = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(scram) = node.passwords.scram(password).await else { return };
            if let Err(e) = node.store.keep_scram(account, hash, scram).await {
                tracing::debug!(error = %e, "what SCRAM needs is made again at the next sign-in");
            }
        });
    }

    /// A token for the next time, and the sign-in of the device that it stands for.
    async fn device_token(
        &self,
        login: Login,
        agent: &UserAgent,
        mechanism: Option<String>,
    ) -> (Login, Option<(String, String)>) {
        let Some((mechanism, id)) = mechanism.zip(agent.id.clone()) else { return (login, None) };
        let session = match self.xmpp.device(login.account, &id) {
            Some(session) if self.login_as(login.account, session).is_ok() => session,
            Some(_) | None => match self.new_device(login.account, agent, id).await {
                Ok(session) => session,
                Err(_) => return (login, None),
            },
        };
        let period = self.now().0 / TOKEN_MS;
        let token = self.token(login.account, session, &mechanism, period);
        let until = Millis((period + 2) * TOKEN_MS);
        (Login { session, ..login }, Some((token, leeward_xmpp::time::date_time(until))))
    }

    async fn new_device(
        &self,
        account: AccountId,
        agent: &UserAgent,
        id: String,
    ) -> Result<SessionId, StoreError> {
        let device = match (&agent.software, &agent.device) {
            (Some(software), Some(device)) => format!("{software} on {device}"),
            (Some(name), None) | (None, Some(name)) => name.clone(),
            (None, None) => "XMPP".to_owned(),
        };
        let at = self.now();
        let expires_at = Millis(at.0 + DEVICE_MS);
        let new = NewSession { account, device, at, expires_at };
        let session = self.store.create_session(new).await?.id;
        self.store.keep_device(account, id.clone(), session).await?;
        self.xmpp.keep_device(account, id, session);
        Ok(session)
    }

    /// The token of a device in a period of time: nothing of it has to be kept.
    fn token(
        &self,
        account: AccountId,
        session: SessionId,
        mechanism: &str,
        period: u64,
    ) -> String {
        let mut mac = blake3::Hasher::new_keyed(&self.xmpp.tokens);
        for number in [account.0, session.0, period] {
            mac.update(&number.to_be_bytes());
        }
        mac.update(mechanism.as_bytes());
        let mut text = String::from("lw");
        text.push_str(&mac.finalize().to_hex());
        text
    }

    /// An id under which a session may be taken up: sealed, so that a forged one costs a MAC.
    fn sm_id(&self, login: &Login, number: u64) -> String {
        let at = self.now();
        let grant = Grant {
            account: login.account,
            session: SessionId(number),
            session_epoch: self.next_epoch(),
            role: login.role,
            issued: at,
            expires: Millis(at.0 + SM_MS),
            lease_ms: 0,
        };
        self.keys().seal(Purpose::Xmpp, &grant)
    }

    /// Whether this is an id that was given to somebody.
    pub(super) fn opens_sm(&self, id: &str) -> bool {
        self.keys().open(Purpose::Xmpp, id, self.now()).is_ok()
    }

    fn opens_sm_of(&self, id: &str, account: AccountId) -> bool {
        self.keys().open(Purpose::Xmpp, id, self.now()).is_ok_and(|g| g.account == account)
    }

    /// A resource that no other connection has.
    fn resource(&self, number: u64) -> String {
        let mut mac = blake3::Hasher::new_keyed(&self.xmpp.tokens);
        mac.update(b"resource").update(&number.to_be_bytes());
        mac.finalize().to_hex()[..12].to_owned()
    }
}

/// Rounds of PBKDF2 and the bytes that it gives, in the form in which they are kept.
pub(crate) fn scram_bytes(password: &str, salt: [u8; 16]) -> Vec<u8> {
    Scram::of(password, salt, sasl::ITERATIONS).to_bytes()
}
