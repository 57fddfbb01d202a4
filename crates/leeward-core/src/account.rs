//! Accounts: people, guests and bots, as others see them and as they see themselves.

use crate::id::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an account may do in the whole workspace, least first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema,
)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Only the rooms it was invited to, and the people in them.
    Guest,
    /// Finds and creates rooms.
    Member,
    /// Also moderates every room that is not private or direct.
    Moderator,
    /// Also manages accounts, invites, bots and webhooks.
    Admin,
    /// Also names other owners; there is always one.
    Owner,
}

/// An account as others see it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Person {
    /// Which account.
    pub id: AccountId,
    /// What is typed after `@`: unique, 1 to 32 of `a–z 0–9 . _ -`, beginning and ending with a letter
    /// or digit.
    pub name: String,
    /// What is shown; never empty.
    pub display: String,
    /// What they may do.
    pub role: Role,
    /// A program.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub bot: bool,
    /// May not sign in any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub disabled: bool,
    /// What they say they are doing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub status: String,
}
