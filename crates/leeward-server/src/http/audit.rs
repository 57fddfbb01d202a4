//! The audit log: what those did who may do more than others.

use super::App;
use super::answer::{Answer, Json, Params, stored};
use super::auth::Admin;
use super::lines::bounded;
use axum::extract::State;
use leeward_core::id::{AccountId, Millis};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(audit_log))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Only entries before this one.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    before: Option<super::answer::Id>,
    /// How many; 100 when left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// One act.
#[derive(Serialize, ToSchema)]
struct AuditEntry {
    /// Its place in the log.
    id: u64,
    /// When.
    at: Millis,
    /// Who; absent: the operator at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<AccountId>,
    /// What, such as `account.disable`.
    action: String,
    /// On what, such as `account:7`.
    subject: String,
    /// More about it.
    detail: String,
}

/// The audit log, latest first
#[utoipa::path(get, path = "/audit", tag = "workspace", params(AuditQuery),
    responses((status = 200, body = Vec<AuditEntry>)))]
async fn audit_log(
    State(app): State<App>,
    _: Admin,
    Params(query): Params<AuditQuery>,
) -> Answer<Vec<AuditEntry>> {
    let limit = bounded(query.limit, 100, 500)?;
    let log = stored(app.node.store.audit_log(query.before.map(|id| id.0), limit).await)?;
    let shown = |e: leeward_store::AuditEntry| AuditEntry {
        id: e.id,
        at: e.entry.at,
        by: e.entry.by,
        action: e.entry.action,
        subject: e.entry.subject,
        detail: e.entry.detail,
    };
    Ok(Json(log.into_iter().map(shown).collect()))
}
