//! How far a drill is, on standard error: one line that the next covers where a person looks, plain
//! lines of what begins elsewhere. Never writes to standard output.

use std::io::{IsTerminal as _, Write as _};

/// Where progress is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    terminal: bool,
    /// Nothing at all is shown.
    silent: bool,
}

impl Progress {
    pub(super) fn new(silent: bool) -> Self {
        Self { terminal: std::io::stderr().is_terminal(), silent }
    }

    /// Something begins.
    pub(super) fn begins(self, words: &str) {
        if self.silent {
            return;
        }
        let end = if self.terminal { "\r" } else { "\n" };
        put(&format!("{}{words}{end}", self.clear()));
    }

    /// It goes on: shown to people only.
    pub(super) fn goes_on(self, words: &str) {
        if self.terminal && !self.silent {
            put(&format!("{}{words}\r", self.clear()));
        }
    }

    /// The line is free for what follows.
    pub(super) fn ends(self) {
        if self.terminal && !self.silent {
            put(self.clear());
        }
    }

    fn clear(self) -> &'static str {
        if self.terminal { "\r\x1b[K" } else { "" }
    }
}

fn put(text: &str) {
    let mut out = std::io::stderr();
    // Progress that cannot be shown does no harm.
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
