//! An export as a directory: a zip file is unpacked into a scratch directory that ends with the import.

use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Most bytes unpacked: a zip file of a few megabytes can claim any size, and the disk is also the
/// database's.
const UNPACKED_BYTES_MAX: u64 = 200 << 30;

/// An export that can be read as files.
#[derive(Debug)]
pub(super) enum Unpacked {
    /// It lay there unpacked.
    There(PathBuf),
    /// It was a zip file.
    Scratch(TempDir),
}

impl Unpacked {
    /// A directory, or a single file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::There(path) => path,
            Self::Scratch(dir) => dir.path(),
        }
    }
}

/// Finds or unpacks an export. `scratch` is where a zip file is unpacked.
pub(super) fn open(path: &Path, scratch: &Path) -> Result<Unpacked> {
    let is_zip = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"));
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    if !is_zip {
        return Ok(Unpacked::There(path.to_owned()));
    }
    let reading = || format!("cannot unpack {}", path.display());
    let mut zip =
        zip::ZipArchive::new(File::open(path).with_context(reading)?).with_context(reading)?;
    std::fs::create_dir_all(scratch).with_context(reading)?;
    let dir =
        tempfile::Builder::new().prefix("import-").tempdir_in(scratch).with_context(reading)?;
    let mut room = UNPACKED_BYTES_MAX;
    for i in 0..zip.len() {
        let entry = zip.by_index(i).with_context(reading)?;
        if !entry.is_file() {
            continue;
        }
        let Some(name) = entry.enclosed_name() else {
            bail!("{}: the entry `{}` leads out of the archive", path.display(), entry.name());
        };
        let target = dir.path().join(name);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).with_context(reading)?;
        }
        let mut out = File::create(&target).with_context(reading)?;
        let written = std::io::copy(&mut std::io::Read::take(entry, room + 1), &mut out)
            .with_context(reading)?;
        if written > room {
            bail!("{} unpacks to more than {UNPACKED_BYTES_MAX} bytes", path.display());
        }
        room -= written;
    }
    Ok(Unpacked::Scratch(dir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    fn zip_with(dir: &Path, name: &str) -> PathBuf {
        let path = dir.join("export.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).expect("a file"));
        zip.start_file(name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(b"[]").expect("bytes");
        zip.finish().expect("an archive");
        path
    }

    #[test]
    fn a_zip_file_is_unpacked_and_gone_afterwards() {
        let dir = tempfile::tempdir().expect("a directory");
        let zip = zip_with(dir.path(), "lobby/2020-01-01.json");
        let unpacked = open(&zip, &dir.path().join("scratch")).expect("a good archive");
        let inside = unpacked.path().join("lobby/2020-01-01.json");
        assert_eq!(std::fs::read(&inside).expect("unpacked"), b"[]");
        drop(unpacked);
        assert!(!inside.exists());
    }

    #[test]
    fn an_entry_that_leads_out_of_the_archive_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let zip = zip_with(dir.path(), "../../outside.json");
        let said = format!("{:#}", open(&zip, &dir.path().join("s")).expect_err("a path trick"));
        assert!(said.contains("leads out of the archive"), "{said}");
        assert!(!dir.path().join("outside.json").exists());
    }

    #[test]
    fn what_is_no_archive_is_an_error_in_one_line() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("export.zip");
        std::fs::write(&path, "not a zip").expect("a file");
        let said = format!("{:#}", open(&path, dir.path()).expect_err("no archive"));
        assert!(said.starts_with("cannot unpack") && !said.contains('\n'), "{said}");
    }
}
