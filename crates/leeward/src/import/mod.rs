//! Taking over the history of another program: read whole, checked whole, then brought into the store.
//!
//! An export is read twice. The first time nothing is stored: a line that cannot be read stops the
//! import with its file and line. Each thing keeps the other program's id in the store, so that
//! repeating an import, or importing a later export of the same workspace, doubles nothing.

mod json;
mod mattermost;
mod slack;
mod slack_text;
mod unpack;

use crate::cli::Source;
use anyhow::Result;
use leeward_server::core::limits::TEXT_BYTES_MAX;
use leeward_server::store::{Import, Imported, Store};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Things brought in one transaction: small enough that the database is never busy for long.
const BATCH: usize = 500;
/// Reasons for which single things were left out that are named in the summary.
const REASONS_MAX: usize = 20;

/// The final names of imported accounts, by the other program's id: what mentions are written with.
type Names = BTreeMap<String, String>;

/// An export that can be read as often as needed.
trait Export {
    /// What names the other workspace: the same for each export of it.
    fn source(&self) -> String;
    /// Everybody in it.
    fn accounts(&self) -> Vec<Import>;
    /// Every room in it.
    fn rooms(&self) -> Vec<Import>;
    /// Hands over every message, within each room in the order in which they were sent.
    fn messages(&mut self, names: &Names, take: &mut dyn FnMut(Import) -> Result<()>)
    -> Result<()>;
    /// What was left out so far while reading, and how often.
    fn left_out(&self) -> BTreeMap<String, u64>;
}

/// What an import did.
#[derive(Serialize, Default, Debug)]
pub(crate) struct Summary {
    accounts: Counts,
    rooms: Counts,
    messages: Counts,
    /// Why things were left out, and how many for each reason.
    skipped: BTreeMap<String, u64>,
}

/// What became of the things of one kind.
#[derive(Serialize, Default, Debug, PartialEq, Eq)]
struct Counts {
    stored: u64,
    known: u64,
    skipped: u64,
}

/// Imports an export into the store. `tell` gets one line about progress from time to time.
///
/// # Errors
/// When the export cannot be read, with file and line, before anything is stored; when the store
/// fails, after which a repetition goes on where it stopped.
pub(crate) fn run(
    store: &Stored<'_>,
    from: Source,
    path: &Path,
    scratch: &Path,
    tell: &mut dyn FnMut(&str),
) -> Result<Summary> {
    let unpacked = unpack::open(path, scratch)?;
    let mut export: Box<dyn Export> = match from {
        Source::Slack => Box::new(slack::Slack::open(unpacked.path())?),
        Source::Mattermost => Box::new(mattermost::Mattermost::open(unpacked.path())?),
    };
    let total = check(export.as_mut(), tell)?;
    bring(store, export.as_mut(), total, tell)
}

/// The store and what waits for it.
pub(crate) struct Stored<'a> {
    /// Where things go.
    pub(crate) store: &'a Store,
    /// The runtime of the command.
    pub(crate) runtime: &'a tokio::runtime::Runtime,
}

/// Reads everything once and stores nothing. Returns how many messages there are.
fn check(export: &mut dyn Export, tell: &mut dyn FnMut(&str)) -> Result<u64> {
    let mut total = 0;
    export.messages(&Names::new(), &mut |_| {
        total += 1;
        if total % 100_000 == 0 {
            tell(&format!("checked {total} messages"));
        }
        Ok(())
    })?;
    let (accounts, rooms) = (export.accounts().len(), export.rooms().len());
    tell(&format!("the export is sound: {accounts} accounts, {rooms} rooms, {total} messages"));
    Ok(total)
}

fn bring(
    stored: &Stored<'_>,
    export: &mut dyn Export,
    total: u64,
    tell: &mut dyn FnMut(&str),
) -> Result<Summary> {
    let source = export.source();
    let mut summary = Summary::default();
    let store = |things| -> Result<Vec<Imported>> {
        Ok(stored.runtime.block_on(stored.store.import(source.clone(), things))?)
    };

    let accounts = export.accounts();
    let mut ids = BTreeMap::new();
    for batch in accounts.chunks(BATCH) {
        let done = store(batch.to_vec())?;
        note(&mut summary.accounts, &mut summary.skipped, &done);
        for (thing, done) in batch.iter().zip(&done) {
            if let (Import::Account { external, .. }, Imported::Stored(id) | Imported::Known(id)) =
                (thing, done)
            {
                ids.insert(external.clone(), *id);
            }
        }
    }
    let names = final_names(stored, ids)?;
    for batch in export.rooms().chunks(BATCH) {
        note(&mut summary.rooms, &mut summary.skipped, &store(batch.to_vec())?);
    }

    let (mut batch, mut done) = (Vec::with_capacity(BATCH), 0);
    let mut flush = |batch: &mut Vec<Import>| {
        done += batch.len() as u64;
        let answers = store(std::mem::take(batch))?;
        note(&mut summary.messages, &mut summary.skipped, &answers);
        tell(&format!("{done} of {total} messages"));
        anyhow::Ok(())
    };
    export.messages(&names, &mut |message| {
        batch.extend(fitting(message));
        if batch.len() >= BATCH { flush(&mut batch) } else { Ok(()) }
    })?;
    flush(&mut batch)?;
    for (reason, count) in export.left_out() {
        *summary.skipped.entry(reason).or_default() += count;
    }
    Ok(summary)
}

/// The names that imported accounts have in the workspace, which may differ from those they had.
fn final_names(stored: &Stored<'_>, ids: BTreeMap<String, u64>) -> Result<Names> {
    let index = stored.runtime.block_on(stored.store.index())?;
    let by_id: BTreeMap<u64, String> =
        index.into_iter().map(|e| (e.person.id.0, e.person.name)).collect();
    Ok(ids
        .into_iter()
        .filter_map(|(external, id)| Some((external, by_id.get(&id)?.clone())))
        .collect())
}

fn note(counts: &mut Counts, skipped: &mut BTreeMap<String, u64>, answers: &[Imported]) {
    for answer in answers {
        match answer {
            Imported::Stored(_) => counts.stored += 1,
            Imported::Known(_) => counts.known += 1,
            Imported::Skipped(reason) => {
                counts.skipped += 1;
                let named = skipped.len() < REASONS_MAX || skipped.contains_key(reason);
                let reason = if named { reason.as_str() } else { "other reasons" };
                *skipped.entry(reason.to_owned()).or_default() += 1;
            }
        }
    }
}

/// A message as one or more that keep the limit of length; the first keeps files and reactions.
fn fitting(message: Import) -> Vec<Import> {
    let Import::Message { text, external, .. } = &message else { return vec![message] };
    if text.len() <= TEXT_BYTES_MAX {
        return vec![message];
    }
    let (texts, first) = (pieces(text), external.clone());
    let mut out = Vec::with_capacity(texts.len());
    for (i, piece) in texts.into_iter().enumerate() {
        let mut part = message.clone();
        if let Import::Message { external, text, files, reactions, pinned, .. } = &mut part {
            *text = piece;
            if i > 0 {
                *external = format!("{first}#{}", i + 1);
                (*files, *reactions, *pinned) = (Vec::new(), Vec::new(), false);
            }
        }
        out.push(part);
    }
    out
}

/// A long text in pieces that each keep the limit, cut after a line where there is one.
fn pieces(text: &str) -> Vec<String> {
    let (mut out, mut rest) = (Vec::new(), text);
    while rest.len() > TEXT_BYTES_MAX {
        let mut end = TEXT_BYTES_MAX;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let end = rest[..end].rfind('\n').filter(|at| *at > 0).map_or(end, |at| at + 1);
        out.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
    out.push(rest.to_owned());
    out
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds =
            [("accounts", &self.accounts), ("rooms", &self.rooms), ("messages", &self.messages)];
        for (kind, n) in kinds {
            writeln!(f, "{kind}: {} stored, {} known, {} skipped", n.stored, n.known, n.skipped)?;
        }
        for (reason, count) in &self.skipped {
            writeln!(f, "skipped {count}: {reason}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
