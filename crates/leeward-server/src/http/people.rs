//! People: who they are, and what those may do who manage accounts.

use super::answer::{Answer, Id, Json, Params, Path, Problem, stored};
use super::auth::{Admin, Who};
use super::changed::through;
use super::text::Title;
use super::{App, Http};
use crate::node::Actor;
use axum::extract::State;
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::AccountId;
use leeward_core::rules;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most people in one answer.
const PEOPLE_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(people)).routes(routes!(person, edit_person))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PeopleQuery {
    /// Ids, separated by commas; at most 200.
    #[param(pattern = "^[0-9]{1,15}(,[0-9]{1,15}){0,199}$", max_length = 3200, example = "1,2")]
    ids: Option<String>,
    /// The beginning of a name, or of a word of what is shown.
    #[param(max_length = 64)]
    q: Option<String>,
}

/// People by id, or by the beginning of their names; all when nothing is asked
#[utoipa::path(get, path = "/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = Vec<Person>)))]
async fn people(
    State(app): State<App>,
    Who(actor): Who,
    Params(query): Params<PeopleQuery>,
) -> Answer<Vec<Person>> {
    let visible = app.visible_people(&actor).await?;
    let seen = |id: AccountId| visible.as_ref().is_none_or(|v| v.contains(&id));
    let prefix = query.q.unwrap_or_default();
    if prefix.chars().count() > 64 {
        return Err(Problem::bad("q: at most 64 characters"));
    }
    if let Some(ids) = query.ids {
        let ids = parse_ids(&ids)?;
        let ids: Vec<_> = ids.into_iter().filter(|id| seen(*id)).collect();
        return Ok(Json(app.node.accounts.people(&ids)));
    }
    Ok(Json(app.node.accounts.find(&prefix, PEOPLE_MAX, seen)))
}

fn parse_ids(text: &str) -> Result<Vec<AccountId>, Problem> {
    let id = |part: &str| {
        let digits = (1..=15).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits)
    };
    let ids: Option<Vec<AccountId>> = text.split(',').map(id).collect();
    ids.filter(|ids| ids.len() <= PEOPLE_MAX)
        .ok_or_else(|| Problem::bad("ids: at most 200 numbers, separated by commas"))
}

impl Http {
    /// The people a guest may see: those of its rooms. `None` for everybody else: all.
    pub(super) async fn visible_people(
        &self,
        actor: &Actor,
    ) -> Result<Option<BTreeSet<AccountId>>, Problem> {
        if actor.role >= Role::Member {
            return Ok(None);
        }
        let state = stored(self.node.store.account_state(actor.account).await)?;
        let mut visible = BTreeSet::from([actor.account]);
        for room in state.ok_or(Code::NotFound)?.rooms {
            let members = stored(self.node.store.members(room.id).await)?;
            visible.extend(members.iter().map(|m| m.account));
        }
        Ok(Some(visible))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct PersonPath {
    /// Which account.
    account: Id,
}

/// One person
#[utoipa::path(get, path = "/people/{account}", tag = "people", params(PersonPath),
    responses((status = 200, body = Person)))]
async fn person(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<PersonPath>,
) -> Answer<Person> {
    let id = path.account.into();
    let visible = app.visible_people(&actor).await?;
    if visible.is_some_and(|v| !v.contains(&id)) {
        return Err(Code::NotFound.into());
    }
    app.person(id).map(Json)
}

/// What is to be different about an account; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditPerson {
    /// What it may do.
    #[serde(default)]
    role: Option<Role>,
    /// May not sign in.
    #[serde(default)]
    disabled: Option<bool>,
    /// What is shown.
    #[serde(default)]
    display: Option<Title>,
}

/// Change what somebody may do
#[utoipa::path(patch, path = "/people/{account}", tag = "people", params(PersonPath),
    request_body = EditPerson, responses((status = 200, body = Person)))]
async fn edit_person(
    State(app): State<App>,
    Admin(actor): Admin,
    Path(path): Path<PersonPath>,
    Json(edit): Json<EditPerson>,
) -> Answer<Person> {
    let id = path.account.into();
    let before = app.person(id)?;
    rules::may_set_role(actor.role, before.role, edit.role.unwrap_or(before.role))?;
    if id == actor.account && (edit.role.is_some() || edit.disabled.is_some()) {
        let words = "ask another to change your own role or to disable your account";
        return Err(Refusal::because(Code::Forbidden, words).into());
    }
    through(async move {
        app.apply(&actor, &before, edit).await?;
        let person = app.person(id)?;
        app.node.push_person(person.clone());
        Ok(Json(person))
    })
    .await
}

impl Http {
    async fn apply(&self, by: &Actor, before: &Person, edit: EditPerson) -> Result<(), Problem> {
        let (id, store) = (before.id, &self.node.store);
        let subject = format!("account:{id}");
        if let Some(display) = edit.display {
            let detail = format!("display name: {}", display.as_ref());
            let entry = stored(store.edit_person(id, Some(display.into()), None).await)?;
            self.node.accounts.put(entry);
            self.audit(by, "account.rename", &*subject, detail).await;
        }
        if let Some(role) = edit.role.filter(|role| *role != before.role) {
            self.node.accounts.put(stored(store.set_role(id, role).await)?);
            let detail = format!("{:?} to {role:?}", before.role).to_lowercase();
            self.audit(by, "account.role", &*subject, detail).await;
        }
        if let Some(disabled) = edit.disabled.filter(|d| *d != before.disabled) {
            let (entry, ended) = stored(store.set_disabled(id, disabled).await)?;
            self.node.accounts.put(entry);
            if disabled {
                self.node.end_account(id, Code::Banned);
            }
            for session in ended {
                self.node.end_session(id, session);
            }
            let action = if disabled { "account.disable" } else { "account.enable" };
            self.audit(by, action, &*subject, before.name.clone()).await;
        }
        Ok(())
    }
}
