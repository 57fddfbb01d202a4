//! Every account in memory: who they are, whether they may still sign in, which bot a token belongs
//! to. Loaded at start, kept right by the routes that change accounts. Never touches the database.

use leeward_core::account::{Person, Role};
use leeward_core::id::AccountId;
use leeward_store::{BotToken, IndexEntry};
use std::collections::{BTreeMap, HashMap};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What is kept of a bot token: its BLAKE3 hash.
pub type TokenHash = [u8; 32];

/// All accounts, by id and by name.
#[derive(Default)]
pub struct AccountIndex {
    inner: RwLock<Inner>,
}

/// What an account is and may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// What it may do in the workspace.
    pub role: Role,
    /// A program.
    pub bot: bool,
    /// It may not sign in.
    pub disabled: bool,
}

#[derive(Default)]
struct Inner {
    by_id: BTreeMap<AccountId, IndexEntry>,
    by_name: HashMap<String, AccountId>,
    by_token: HashMap<TokenHash, Token>,
}

#[derive(Clone, Copy)]
struct Token {
    id: u64,
    account: AccountId,
}

impl AccountIndex {
    /// An index of these accounts and of these bot tokens.
    pub fn of(
        accounts: impl IntoIterator<Item = IndexEntry>,
        tokens: impl IntoIterator<Item = BotToken>,
    ) -> Self {
        let index = Self::default();
        accounts.into_iter().for_each(|entry| index.put(entry));
        tokens.into_iter().for_each(|token| index.put_token(&token));
        index
    }

    /// The account as others see it.
    pub fn person(&self, id: AccountId) -> Option<Person> {
        self.read().by_id.get(&id).map(|e| e.person.clone())
    }

    /// The accounts of `ids` that exist, in the order given.
    pub fn people(&self, ids: &[AccountId]) -> Vec<Person> {
        let inner = self.read();
        ids.iter().filter_map(|id| inner.by_id.get(id)).map(|e| e.person.clone()).collect()
    }

    /// What decides about every request of the account, without its texts.
    pub fn standing(&self, id: AccountId) -> Option<Standing> {
        let inner = self.read();
        let person = &inner.by_id.get(&id)?.person;
        Some(Standing { role: person.role, bot: person.bot, disabled: person.disabled })
    }

    /// The account with this name, whether or not it is disabled.
    pub fn by_name(&self, name: &str) -> Option<AccountId> {
        self.read().by_name.get(name).copied()
    }

    /// Everybody, by id.
    pub fn all(&self) -> Vec<Person> {
        self.read().by_id.values().map(|e| e.person.clone()).collect()
    }

    /// Up to `limit` people who may sign in, `allowed`, and whose name or a word of whose display
    /// name starts with `prefix`, whatever its case.
    pub fn find(
        &self,
        prefix: &str,
        limit: usize,
        allowed: impl Fn(AccountId) -> bool,
    ) -> Vec<Person> {
        let prefix = prefix.to_lowercase();
        let matches = |p: &Person| {
            p.name.starts_with(&prefix)
                || p.display.to_lowercase().split_whitespace().any(|w| w.starts_with(&prefix))
        };
        self.read()
            .by_id
            .values()
            .map(|e| &e.person)
            .filter(|p| !p.disabled && allowed(p.id) && matches(p))
            .take(limit)
            .cloned()
            .collect()
    }

    /// The version of the account's room list; 0 for an account that does not exist.
    pub fn version(&self, id: AccountId) -> u64 {
        self.read().by_id.get(&id).map_or(0, |e| e.version)
    }

    /// Notes a version of the account's room list. Versions only grow.
    pub fn bump(&self, id: AccountId, version: u64) {
        if let Some(entry) = self.write().by_id.get_mut(&id) {
            entry.version = entry.version.max(version);
        }
    }

    /// Whether the account may not sign in; true for an account that does not exist.
    pub fn disabled(&self, id: AccountId) -> bool {
        self.read().by_id.get(&id).is_none_or(|e| e.person.disabled)
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.read().by_id.len()
    }

    /// Whether there is no account: the workspace waits to be set up.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an account or puts what it has become in its place.
    pub fn put(&self, mut entry: IndexEntry) {
        let mut inner = self.write();
        if let Some(before) = inner.by_id.get(&entry.person.id) {
            entry.version = entry.version.max(before.version);
            let name = before.person.name.clone();
            if name != entry.person.name {
                inner.by_name.remove(&name);
            }
        }
        inner.by_name.insert(entry.person.name.clone(), entry.person.id);
        inner.by_id.insert(entry.person.id, entry);
    }

    /// Whose bot token has this hash.
    pub fn bot(&self, hash: &TokenHash) -> Option<AccountId> {
        self.read().by_token.get(hash).map(|t| t.account)
    }

    /// Adds a bot token.
    pub fn put_token(&self, token: &BotToken) {
        let kept = Token { id: token.id, account: token.account };
        self.write().by_token.insert(token.token_hash, kept);
    }

    /// Takes a bot token away: it signs nobody in from here on.
    pub fn drop_token(&self, id: u64) {
        self.write().by_token.retain(|_, t| t.id != id);
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().expect("nothing panics while it holds this lock")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().expect("nothing panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64, name: &str, display: &str) -> IndexEntry {
        let person = Person {
            id: AccountId(id),
            name: name.into(),
            display: display.into(),
            role: Role::Member,
            bot: false,
            disabled: false,
            status: String::new(),
        };
        IndexEntry { person, version: 3 }
    }

    fn index(entries: &[IndexEntry]) -> AccountIndex {
        AccountIndex::of(entries.to_vec(), [])
    }

    #[test]
    fn a_renamed_account_is_found_by_its_name_only() {
        let index = index(&[entry(1, "member", "Member")]);
        index.put(IndexEntry { version: 0, ..entry(1, "member.two", "Member") });
        assert_eq!(index.by_name("member"), None);
        assert_eq!(index.by_name("member.two"), Some(AccountId(1)));
        assert_eq!(index.version(AccountId(1)), 3, "a change of name keeps the list's version");
    }

    #[test]
    fn versions_never_go_down() {
        let index = index(&[entry(1, "member", "Member")]);
        index.bump(AccountId(1), 2);
        assert_eq!(index.version(AccountId(1)), 3);
        index.bump(AccountId(1), 7);
        assert_eq!(index.version(AccountId(1)), 7);
    }

    #[test]
    fn people_are_found_by_any_word_of_their_names() {
        let index = index(&[entry(1, "owner", "The Owner"), entry(2, "member", "A Member")]);
        let found =
            |q: &str| index.find(q, 10, |_| true).iter().map(|p| p.id.0).collect::<Vec<_>>();
        assert_eq!(found("OWN"), [1]);
        assert_eq!(found("mem"), [2]);
        assert_eq!(found(""), [1, 2]);
        assert_eq!(found("wner"), Vec::<u64>::new());
        assert!(index.find("", 10, |id| id.0 == 2).iter().all(|p| p.id.0 == 2));
    }

    #[test]
    fn somebody_unknown_counts_as_disabled() {
        assert!(AccountIndex::default().disabled(AccountId(9)));
    }

    #[test]
    fn a_bot_token_signs_in_until_it_is_dropped() {
        let index = index(&[entry(1, "bot", "Bot")]);
        index.put_token(&BotToken {
            id: 5,
            account: AccountId(1),
            token_hash: [7; 32],
            note: String::new(),
            created_at: leeward_core::id::Millis(0),
        });
        assert_eq!(index.bot(&[7; 32]), Some(AccountId(1)));
        index.drop_token(5);
        assert_eq!(index.bot(&[7; 32]), None);
    }
}
