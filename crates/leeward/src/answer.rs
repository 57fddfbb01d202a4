//! What a command prints when it could do what it should, and the exit status that goes with it.

/// The end of a command.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For standard output.
    pub(crate) text: String,
    /// 0 unless what was found is bad. 1 is for what could not be done, 2 for a command line that
    /// nobody understands.
    pub(crate) status: u8,
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self { text, status: 0 }
    }
}
