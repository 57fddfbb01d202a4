//! A drill against a server that runs already: whether it may be held there at all, and how its people
//! are taken away afterwards. Never begins before it is sure.

use super::Drill;
use super::stage::Stage;
use crate::config::Config;
use anyhow::{Context as _, Result, bail};
use leeward_client::http::HttpError;
use serde_json::{Value, json};
use std::path::Path;

/// Real people in a workspace that nobody uses yet: whoever founded it.
const FOUNDERS: usize = 1;

/// Finds the server, and refuses it if it is not one to be drilled.
pub(super) async fn admit(config: &Config, drill: &Drill, url: &str) -> Result<Stage> {
    let file = drill.token_file.as_deref().context("`--token-file` is missing")?;
    let owner = token(file)?;
    let door =
        drill.operator_file.clone().unwrap_or_else(|| config.data_dir().join("operator.json"));
    let mut stage = Stage::named(url, drill.roots.clone(), &door, owner).await?;
    is_leeward(&stage).await?;
    if !drills_allowed(&mut stage).await? {
        bail!(
            "this server does not allow drills: they break it on purpose. \
             Start one that nobody uses with `leeward serve --allow-drills`"
        );
    }
    let people = real_people(&mut stage).await?;
    if people > FOUNDERS && !drill.force {
        bail!(
            "there are {people} real people on this server: a drill is an outage for them too. \
             Hold it on another one, or say --force"
        );
    }
    room_for(&mut stage, drill.clients).await?;
    Ok(stage)
}

fn token(file: &Path) -> Result<String> {
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())?
    } else {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
    };
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Whether what is at the public address speaks Leeward's API, to this owner.
async fn is_leeward(stage: &Stage) -> Result<()> {
    let me: Result<Value, HttpError> = stage.api()?.call("GET", "/api/v1/me", None::<&()>).await;
    match me {
        Ok(me) if me["role"] == "owner" || me["me"]["role"] == "owner" => Ok(()),
        Ok(_) => bail!("the token in `--token-file` is not that of an owner"),
        Err(HttpError::Refused(refusal)) => {
            bail!("{} does not take the token in `--token-file`: {refusal}", stage.url)
        }
        Err(HttpError::Io(error)) => bail!("no server answers at {}: {error}", stage.url),
        Err(HttpError::Form(_)) => bail!("what answers at {} is not a Leeward server", stage.url),
    }
}

async fn drills_allowed(stage: &mut Stage) -> Result<bool> {
    let status = stage.operator.see("/status").await?;
    Ok(status["drills"] == true)
}

/// Accounts of people who can sign in.
async fn real_people(stage: &mut Stage) -> Result<usize> {
    let listed = stage.operator.command(&json!({"do": "list_accounts"})).await?;
    let accounts = listed["accounts"].as_array().context("the server lists no accounts")?;
    let real = |person: &&Value| person["bot"] != true && person["disabled"] != true;
    Ok(accounts.iter().filter(real).count())
}

/// The drill stays below what the server may carry.
async fn room_for(stage: &mut Stage, clients: usize) -> Result<()> {
    let status = stage.operator.see("/api/storm").await?;
    let count = |field: &str| status["connections"][field].as_u64();
    if let (Some(max), Some(live)) = (count("max"), count("live")) {
        let room = max.saturating_sub(live);
        if clients as u64 > room {
            bail!("there is room for {room} more connections on this server, not for {clients}");
        }
    }
    Ok(())
}

/// Takes the synthetic people and their rooms away.
pub(super) async fn remove(stage: &Stage) -> Result<()> {
    let _: Value = stage.api()?.call("DELETE", "/api/v1/load", None::<&()>).await?;
    Ok(())
}
