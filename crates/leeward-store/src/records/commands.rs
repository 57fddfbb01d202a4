//! Slash commands that are answered elsewhere.

use leeward_core::account::Role;
use leeward_core::id::{AccountId, Millis};

/// A command to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCommand {
    /// What is typed after `/`.
    pub name: String,
    /// Where it is answered.
    pub url: String,
    /// What may follow the name.
    pub usage: String,
    /// What it does.
    pub about: String,
    /// The role that one needs to use it.
    pub least: Role,
    /// What requests are signed with. Kept as it is, because both ends need it.
    pub secret: String,
    /// Who made it.
    pub by: AccountId,
    /// When.
    pub at: Millis,
}

impl std::fmt::Debug for NewCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewCommand(/{} at {})", self.name, self.url)
    }
}

/// A command, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Which.
    pub id: u64,
    /// What is typed after `/`.
    pub name: String,
    /// Where it is answered.
    pub url: String,
    /// What may follow the name.
    pub usage: String,
    /// What it does.
    pub about: String,
    /// The role that one needs to use it.
    pub least: Role,
    /// Who made it.
    pub by: AccountId,
    /// When it was made.
    pub created_at: Millis,
}
