//! The log: lines on standard error through a bounded queue and one thread of their own.
//!
//! Whoever logs never waits. When standard error is not read, lines are dropped and counted, and the
//! first line written after that says how many.

use anyhow::{Context as _, Result};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait: with [`LINE_BYTES_MAX`] at most 8 MiB.
const LINES_MAX: usize = 1024;
/// Longest line kept whole.
const LINE_BYTES_MAX: usize = 8 * 1024;
/// How long the end of the process waits for the last lines to be written.
const LAST_LINES_MS: u64 = 500;

/// Keeps the log going; dropping it writes what is waiting, unless nobody reads.
#[derive(Debug)]
pub(crate) struct Log {
    queue: Option<Queue>,
    lost: Arc<AtomicU64>,
    done: Receiver<()>,
}

/// Starts the log on standard error for the whole process.
///
/// # Errors
/// When the filter is not of the documented form.
pub(crate) fn start(format: &str, filter: &str) -> Result<Log> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .with_context(|| format!("`log.filter` is not a filter: `{filter}`"))?;
    let (log, queue) = Log::to(Box::new(std::io::stderr()));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(queue);
    match format {
        "json" => builder.json().flatten_event(true).init(),
        _ => builder.with_ansi(false).with_target(false).init(),
    }
    Ok(log)
}

impl Log {
    /// Counts all lines that nobody read in time.
    pub(crate) fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }

    fn to(sink: Box<dyn Write + Send>) -> (Self, Queue) {
        let (lines, waiting) = sync_channel(LINES_MAX);
        let (finished, done) = sync_channel(1);
        let queue = Queue { lines, dropped: Arc::default(), lost: Arc::default() };
        let dropped = Arc::clone(&queue.dropped);
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || {
                write_lines(sink, &waiting, &dropped);
                let _ = finished.try_send(());
            })
            .expect("a process that cannot start its first thread cannot run");
        (Self { lost: Arc::clone(&queue.lost), queue: Some(queue.clone()), done }, queue)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            let _ = queue.lines.try_send(Line::Last);
        }
        let _ = self.done.recv_timeout(Duration::from_millis(LAST_LINES_MS));
    }
}

fn write_lines(mut sink: Box<dyn Write + Send>, waiting: &Receiver<Line>, dropped: &AtomicU64) {
    while let Ok(Line::Text(line)) = waiting.recv() {
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ =
                writeln!(sink, "{lost} lines of the log were dropped: nobody read them in time");
        }
        let _ = sink.write_all(&line);
    }
    let _ = sink.flush();
}

enum Line {
    Text(Vec<u8>),
    /// The process ends; other holders of the queue may live on.
    Last,
}

/// Where a line goes: into the queue, or nowhere when that is full.
#[derive(Clone, Debug)]
struct Queue {
    lines: SyncSender<Line>,
    /// Dropped since the log last told of it.
    dropped: Arc<AtomicU64>,
    /// Dropped at all.
    lost: Arc<AtomicU64>,
}

impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let mut kept = line[..line.len().min(LINE_BYTES_MAX)].to_vec();
        if kept.len() < line.len() {
            kept.extend_from_slice(b"...\n");
        }
        match self.lines.try_send(Line::Text(kept)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};

    #[test]
    fn a_reader_that_never_reads_stops_nobody_and_the_loss_is_told_later() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let (log, mut queue) = Log::to(Box::new(writer));
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let written = LINES_MAX * 4;
        for _ in 0..written {
            queue.write_all(&line).expect("writing to the queue never fails");
        }
        assert!(queue.dropped.load(Ordering::Relaxed) > 0, "a full queue drops");

        let counting = std::thread::spawn(move || {
            let (mut whole, mut lost) = (0, 0);
            for line in BufReader::new(reader).lines() {
                let line = line.expect("the pipe is text");
                match line.split_once(" lines of the log were dropped") {
                    Some((n, _)) => lost += n.parse::<usize>().expect("a number"),
                    None => whole += 1,
                }
            }
            (whole, lost)
        });
        // Dropping the log waits until the reader has had what was queued.
        let total = log.lost();
        drop(log);
        drop(queue);
        let (whole, lost) = counting.join().expect("the reader ends with the pipe");
        assert_eq!(whole + lost, written, "every line is written or counted");
        assert_eq!(total.load(Ordering::Relaxed), lost as u64);
    }

    #[test]
    fn the_end_of_the_process_does_not_wait_for_a_reader() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let (log, mut queue) = Log::to(Box::new(writer));
        for _ in 0..LINES_MAX * 2 {
            queue.write_all(&[b'x'; 512]).expect("writing to the queue never fails");
        }
        let started = std::time::Instant::now();
        drop(log);
        assert!(started.elapsed() < Duration::from_secs(5));
        drop(reader);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let (log, mut queue) = Log::to(Box::new(writer));
        queue.write_all(&vec![b'x'; LINE_BYTES_MAX * 3]).expect("never fails");
        drop(log);
        drop(queue);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut reader, &mut text).expect("the pipe is text");
        assert_eq!(text.len(), LINE_BYTES_MAX + 4);
    }
}
