//! Who is who, for a station: from memory, without waiting for anybody.

use crate::node::Node;
use leeward_core::account::Person;
use leeward_core::event::FileRef;
use leeward_core::hub::Hub;
use leeward_core::id::{AccountId, Millis};
use leeward_core::wire::Presence;
use leeward_xmpp::station::Directory;
use std::cell::RefCell;

/// What a shard knows of people.
pub(crate) struct Around<'a> {
    pub(crate) node: &'a Node,
    pub(crate) hub: &'a RefCell<Hub>,
}

impl Directory for Around<'_> {
    fn person(&self, account: AccountId) -> Option<Person> {
        self.node.accounts.person(account)
    }

    fn by_name(&self, name: &str) -> Option<AccountId> {
        self.node.accounts.by_name(name)
    }

    fn count(&self) -> usize {
        self.node.accounts.len()
    }

    fn everybody(&self) -> Vec<Person> {
        self.node.accounts.all()
    }

    fn presence(&self, account: AccountId) -> Presence {
        self.hub.borrow().presence(account)
    }

    fn version(&self, account: AccountId) -> u64 {
        self.node.accounts.version(account)
    }

    fn file_url(&self, file: &FileRef) -> String {
        self.node.file_url(file)
    }

    fn wall(&self) -> Millis {
        self.node.now()
    }
}
