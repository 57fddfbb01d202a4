//! `leeward serve`.

use crate::config::Config;
use anyhow::Result;

/// Serves.
pub(crate) fn run(_config: &Config) -> Result<()> {
    anyhow::bail!("x")
}
