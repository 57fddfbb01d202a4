//! Reading JSON so that a fault is told with its file and line.

use anyhow::{Context as _, Result, anyhow};
use serde::de::DeserializeOwned;
use std::path::Path;

/// A whole JSON file.
pub(super) fn file<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| anyhow!("{}:{}: {}", path.display(), e.line(), plain(&e)))
}

/// One line of a file of lines.
pub(super) fn line<T: DeserializeOwned>(path: &Path, number: usize, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| anyhow!("{}:{number}: {}", path.display(), plain(&e)))
}

/// What is wrong, without the place that serde_json puts at its end: it counts from the wrong start.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(what, _)| what.to_owned())
}
