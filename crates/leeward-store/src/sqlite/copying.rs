//! Files on their way into and out of a data directory.

use super::open::unusable;
use crate::error::StoreError;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Makes a directory, or takes one that is there and empty.
pub(super) fn fresh_dir(dir: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(dir).map_err(|e| unusable(dir, &e))?;
    let mut entries = fs::read_dir(dir).map_err(|e| unusable(dir, &e))?;
    if entries.next().is_some() {
        let words = format!("{} is not empty: name a directory that is, or none", dir.display());
        return Err(StoreError::Unusable(words));
    }
    Ok(())
}

/// Puts a file that never changes at another place too: a second name for the same bytes where the
/// disk allows it, a copy elsewhere. False: it is not there.
pub(super) fn put(from: &Path, to: &Path) -> Result<bool, StoreError> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|e| unusable(parent, &e))?;
    }
    if fs::hard_link(from, to).is_ok() {
        return Ok(true);
    }
    copy(from, to)
}

/// Copies a file and sees to it that the copy is on disk. False: it is not there.
pub(super) fn copy(from: &Path, to: &Path) -> Result<bool, StoreError> {
    match fs::copy(from, to) {
        Ok(_) => sync(to).map(|()| true),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(unusable(to, &e)),
    }
}

pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|e| unusable(path, &e))
}

/// BLAKE3 and size of a file. `None`: it is not there.
pub(super) fn sum(path: &Path) -> Result<Option<([u8; 32], u64)>, StoreError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unusable(path, &e)),
    };
    let (mut hasher, mut size) = (blake3::Hasher::new(), 0);
    let mut piece = vec![0; 128 * 1024];
    loop {
        let n = file.read(&mut piece).map_err(|e| unusable(path, &e))?;
        if n == 0 {
            return Ok(Some((*hasher.finalize().as_bytes(), size)));
        }
        hasher.update(&piece[..n]);
        size += n as u64;
    }
}

pub(super) fn hex(sum: [u8; 32]) -> String {
    blake3::Hash::from(sum).to_hex().to_string()
}
