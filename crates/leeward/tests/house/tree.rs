//! The files of the repository, as its rules see them.

use std::path::{Path, PathBuf};

/// Directories that hold nothing written by hand.
const SKIPPED: [&str; 6] = ["target", "node_modules", "dist", ".git", "leeward-data", ".venv"];

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the tests run where they were built")
}

/// Every file below `under` with one of these extensions: its path from the top, and its text.
pub(crate) fn files(under: &str, extensions: &[&str]) -> Vec<(String, String)> {
    let mut out = Vec::new();
    walk(&root().join(under), extensions, &mut out);
    out.sort();
    out
}

fn walk(dir: &Path, extensions: &[&str], out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).expect("a directory of the repository") {
        let path = entry.expect("an entry of it").path();
        let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(&path, extensions, out);
            }
        } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
            let text = std::fs::read_to_string(&path).expect("sources are text");
            let shown = path.strip_prefix(root()).expect("found below the top");
            out.push((shown.to_string_lossy().into_owned(), text));
        }
    }
}
