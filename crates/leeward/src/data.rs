//! `leeward backup`, `restore`, `export` and `import`: the whole workspace out of a data directory and
//! into one.

use crate::cli::{Output, Source};
use crate::config::Config;
use crate::import;
use crate::operator::{absolute, carry_out, open, runtime};
use anyhow::{Context as _, Result, bail};
use leeward_server::operate::{Command, Copied, Outcome};
use leeward_server::store::{Store, VerifyReport};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;

/// Copies everything into a fresh directory.
pub(crate) fn backup(config: &Config, dir: &Path, output: Output) -> Result<String> {
    let dir = absolute(dir)?;
    let Outcome::Backup(copied) = carry_out(config, &Command::Backup { dir: dir.clone() })? else {
        bail!("the server answered something else");
    };
    Ok(wrote("backup", "events", &dir, copied, output))
}

/// Writes everything as JSON lines and files into a fresh directory.
pub(crate) fn export(config: &Config, dir: &Path, output: Output) -> Result<String> {
    let dir = absolute(dir)?;
    let Outcome::Export(copied) = carry_out(config, &Command::Export { dir: dir.clone() })? else {
        bail!("the server answered something else");
    };
    Ok(wrote("export", "lines", &dir, copied, output))
}

fn wrote(what: &str, entries: &str, dir: &Path, copied: Copied, output: Output) -> String {
    if output.json {
        return format!(
            "{:#}\n",
            json!({ "dir": dir, entries: copied.entries, "files": copied.files })
        );
    }
    format!("{what} in {}: {} {entries}, {} files\n", dir.display(), copied.entries, copied.files)
}

/// Puts a backup in the place of a data directory that does not exist; or only proves that it could.
pub(crate) fn restore(
    config: &Config,
    from: &Path,
    verify: bool,
    output: Output,
) -> Result<String> {
    let target = config.data_dir();
    let report = if verify {
        // A restored copy is what is checked: a backup that only looks right does not pass.
        let scratch = tempfile::Builder::new()
            .prefix("leeward-restore-")
            .tempdir_in(
                from.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            )
            .with_context(|| format!("cannot write beside {}", from.display()))?;
        Store::restore(from, &scratch.path().join("data"))?
    } else {
        Store::restore(from, &target)?
    };
    if let Some(fault) = report.faults.first() {
        let more = report.faults.len() - 1;
        let and = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        bail!("{} is damaged: {fault}{and}", from.display());
    }
    let place = (!verify).then_some(target.as_path());
    Ok(restored(from, place, &report, output))
}

fn restored(from: &Path, to: Option<&Path>, report: &VerifyReport, output: Output) -> String {
    let VerifyReport { epoch, accounts, rooms, events, files, .. } = report;
    let VerifyReport { bot_tokens, hooks, invites, .. } = report;
    if output.json {
        let value = json!({ "from": from, "to": to, "epoch": epoch, "accounts": accounts,
            "rooms": rooms, "events": events, "files": files, "bot_tokens": bot_tokens,
            "hooks": hooks, "invites": invites });
        return format!("{value:#}\n");
    }
    let holds = format!("{accounts} accounts, {rooms} rooms, {events} events, {files} files");
    match to {
        Some(to) => format!(
            "restored into {}: {holds}\n\
             everybody signs in again; these work as when the backup was made, whatever was ended \
             since: {bot_tokens} bot tokens, {hooks} webhooks, {invites} invites\n",
            to.display()
        ),
        None => format!("{} can be restored: {holds}\n", from.display()),
    }
}

/// Takes over another program's history, into a data directory that nobody serves.
pub(crate) fn import(config: &Config, from: Source, path: &Path, output: Output) -> Result<String> {
    let dir = config.data_dir();
    let store = open(&dir)?;
    let runtime = runtime()?;
    let mut tell = |line: &str| {
        // Progress is for people; whoever closed standard error does not want it.
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let stored = import::Stored { store: &store, runtime: &runtime };
    let summary = import::run(&stored, from, path, &dir, &mut tell)?;
    Ok(if output.json { format!("{:#}\n", json!(summary)) } else { summary.to_string() })
}
