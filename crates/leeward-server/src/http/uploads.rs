//! The bytes of uploads on disk: received in pieces, looked at once complete, removed when nobody
//! wants them. Never holds a file in memory.

use super::answer::{Problem, drain, stored};
use super::sniff;
use super::{App, Http};
use axum::extract::Request;
use bytes::Bytes;
use http_body_util::BodyExt;
use leeward_core::code::{Code, Refusal};
use leeward_core::event::FileRef;
use leeward_core::id::{FileId, Millis};
use leeward_store::{FinishedUpload, StoredFile};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncSeekExt, AsyncWriteExt, BufWriter};

/// Largest piece, in bytes: what a slow uplink of 1 Mbit/s sends in about a minute.
pub(super) const CHUNK_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How long an upload may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a file that no message carries is kept, in milliseconds: a day.
const STRAY_MS: u64 = 24 * 3_600 * 1_000;
/// How often strays are looked for, in milliseconds: an hour.
const SWEEP_MS: u64 = 3_600 * 1_000;
/// Strays removed at a time.
const SWEEP_FILES: usize = 200;

/// Which files are being written to, and when strays were last looked for.
#[derive(Default)]
pub(crate) struct Uploads {
    writing: Arc<Mutex<BTreeSet<FileId>>>,
    swept: AtomicU64,
}

/// The right to write to one file.
pub(super) struct Writing {
    file: FileId,
    writing: Arc<Mutex<BTreeSet<FileId>>>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.writing.lock().expect("nothing panics while it holds this lock").remove(&self.file);
    }
}

impl Uploads {
    /// The right to write to this file, which one request has at a time.
    pub(super) fn lock(&self, file: FileId) -> Result<Writing, Problem> {
        let mut writing = self.writing.lock().expect("nothing panics while it holds this lock");
        if !writing.insert(file) {
            let words = "another piece of this file is on its way";
            return Err(Refusal::because(Code::Conflict, words).into());
        }
        Ok(Writing { file, writing: Arc::clone(&self.writing) })
    }
}

fn io(e: std::io::Error) -> Problem {
    if matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Code::StoreFull.into();
    }
    tracing::error!("an uploaded file cannot be written or read: {e}");
    Code::Internal.into()
}

/// How many bytes of a file have arrived. The disk is asked: it knows of a piece that was cut off.
pub(super) async fn on_disk(app: &App, file: &StoredFile) -> Result<u64, Problem> {
    if file.finished {
        return Ok(file.file.size);
    }
    match tokio::fs::metadata(app.node.store.file_path(file.file.id)).await {
        Ok(meta) => Ok(meta.len().min(file.file.size)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
        Err(e) => Err(io(e)),
    }
}

/// Writes the piece in `request` to the file from `offset` on; returns where it ends. What has arrived
/// of a piece that breaks off is kept.
pub(super) async fn receive(
    app: &App,
    file: &StoredFile,
    offset: u64,
    request: Request,
) -> Result<u64, Problem> {
    let path = app.node.store.file_path(file.file.id);
    if let Some(dir) = path.parent() {
        tokio::fs::create_dir_all(dir).await.map_err(io)?;
    }
    let mut open = OpenOptions::new();
    let mut out = open.create(true).truncate(false).write(true).open(path).await.map_err(io)?;
    out.seek(std::io::SeekFrom::Start(offset)).await.map_err(io)?;
    let mut out = BufWriter::with_capacity(64 * 1024, out);
    let (mut at, mut body) = (offset, request.into_body());
    let ended = loop {
        let frame = match tokio::time::timeout(SILENCE_MAX, body.frame()).await {
            Err(_) => break Err(Problem::bad("the upload fell silent")),
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => break Err(Problem::bad("the upload broke off")),
            Ok(Some(Ok(frame))) => frame,
        };
        let bytes = frame.into_data().unwrap_or_default();
        if let Err(problem) = fits(&bytes, at, offset, file.file.size) {
            break Err(problem);
        }
        out.write_all(&bytes).await.map_err(io)?;
        at += bytes.len() as u64;
    };
    if ended.is_err() {
        drain(body).await;
    }
    out.flush().await.map_err(io)?;
    let progress = app.node.store.progress(file.file.id, at).await;
    ended?;
    stored(progress)?;
    Ok(at)
}

fn fits(bytes: &Bytes, at: u64, offset: u64, size: u64) -> Result<(), Problem> {
    let end = at + bytes.len() as u64;
    if end > size {
        let words = format!("the file was announced with {size} bytes");
        return Err(Refusal::because(Code::TooLong, words).into());
    }
    if end - offset > CHUNK_BYTES_MAX {
        let words = format!("a piece is at most {CHUNK_BYTES_MAX} bytes");
        return Err(Refusal::because(Code::TooLong, words).into());
    }
    Ok(())
}

/// Looks at a complete file and notes what it is.
pub(super) async fn finish(app: &App, file: &StoredFile) -> Result<FileRef, Problem> {
    let path = app.node.store.file_path(file.file.id);
    if file.file.size == 0 {
        File::create(&path).await.map_err(io)?;
    }
    let read = path.clone();
    let looked = tokio::task::spawn_blocking(move || look(&read)).await;
    let Looked { sum, size, mime } = looked.map_err(|_| Code::Internal)?.map_err(io)?;
    let pixels = app.pictures.thumbnail(mime, path.clone(), thumbnail_path(&path)).await;
    let upload = FinishedUpload {
        sum,
        size,
        mime: mime.to_owned(),
        pixels: pixels.map(|p| (p.width, p.height)),
    };
    Ok(stored(app.node.store.finish_upload(file.file.id, upload).await)?.file)
}

struct Looked {
    sum: [u8; 32],
    size: u64,
    mime: &'static str,
}

/// Sums a file, sniffs it, and has its bytes on the disk before anybody is told that they are there.
fn look(path: &Path) -> std::io::Result<Looked> {
    let mut file = std::fs::File::open(path)?;
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0u8; 64 * 1024]);
    let (mut head, mut size) = (Vec::new(), 0u64);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        let wanted = sniff::HEAD_BYTES.saturating_sub(head.len()).min(n);
        head.extend_from_slice(&buffer[..wanted]);
        size += n as u64;
    }
    file.sync_all()?;
    let mime = sniff::media_type(&head, size <= head.len() as u64);
    Ok(Looked { sum: *hasher.finalize().as_bytes(), size, mime })
}

/// Where the thumbnail of a file is.
pub(super) fn thumbnail_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".thumbnail");
    PathBuf::from(name)
}

/// Removes a file that no message carries. False: one carries it.
pub(super) async fn delete(app: &Http, file: FileId) -> Result<bool, Problem> {
    if !stored(app.node.store.delete_file(file).await)? {
        return Ok(false);
    }
    let path = app.node.store.file_path(file);
    for path in [thumbnail_path(&path), path] {
        match tokio::fs::remove_file(&path).await {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => tracing::warn!("{} stays behind: {e}", path.display()),
        }
    }
    Ok(true)
}

/// Now and then, removes files that were uploaded and never sent, and uploads that were given up.
pub(super) fn sweep(app: &App) {
    let now = app.node.now().0;
    let last = app.uploads.swept.load(Ordering::Relaxed);
    let ours = now > last + SWEEP_MS
        && app
            .uploads
            .swept
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok();
    if !ours {
        return;
    }
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if let Err(e) = remove_strays(&app, Millis(now.saturating_sub(STRAY_MS))).await {
            tracing::warn!("files that nobody sent stay behind: {e:?}");
        }
    });
}

async fn remove_strays(app: &App, before: Millis) -> Result<(), Problem> {
    let strays = stored(app.node.store.stray_files(before, SWEEP_FILES).await)?;
    for file in strays {
        let Ok(_lock) = app.uploads.lock(file) else { continue };
        delete(app, file).await?;
    }
    Ok(())
}
