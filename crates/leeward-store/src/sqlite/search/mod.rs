//! Full-text search: a thread that keeps the index up with the logs, and threads that look things up.
//!
//! A question waits, for a moment at most, until the index has what was stored before it was asked.

mod index;
mod query;
mod tokens;

use super::queue::{Queue, Served};
use super::{Sqlite, open, readers};
use crate::error::StoreError;
use crate::records::Hit;
use index::Index;
use leeward_core::id::AccountId;
use leeward_core::search_query::SearchQuery;
use query::Question;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Threads that look things up.
const SEARCHERS: usize = 2;
/// Questions that may wait: more are answered busy.
const WAITING_MAX: usize = 512;
/// Shortest time from one pass of the index to the next while nobody asks: many commits, one pass.
const REST: Duration = Duration::from_millis(250);
/// Longest time a question waits for the index.
const CATCH_UP_MAX: Duration = Duration::from_millis(200);

/// Most of the index that is mapped, in bytes: that of some five million messages.
const MAPPED_BYTES_MAX: u64 = 1 << 30;

type Ask = Box<dyn FnOnce(&mut Searcher) + Send>;

/// The way to the search threads.
#[derive(Clone)]
pub(super) struct Search(Arc<Line>);

struct Line {
    dir: PathBuf,
    asks: Arc<Queue<Ask>>,
    news: Mutex<News>,
    changed: Condvar,
    behind: AtomicU64,
}

#[derive(Default)]
struct News {
    /// Counts commits; the index has seen all up to `seen`.
    commits: u64,
    seen: u64,
    /// Somebody waits for the index.
    wanted: bool,
    /// The index turned out to be damaged, so many times.
    rebuilds: u64,
    closed: bool,
}

impl Search {
    pub(super) fn open(dir: &Path, threads: &mut Vec<JoinHandle<()>>) -> Result<Self, StoreError> {
        let line = Line {
            dir: dir.to_owned(),
            asks: Arc::new(Queue::new(WAITING_MAX, usize::MAX)),
            news: Mutex::new(News { commits: 1, ..News::default() }),
            changed: Condvar::new(),
            behind: AtomicU64::new(0),
        };
        let search = Self(Arc::new(line));
        let index = Index::open(dir)?;
        search.0.behind.store(index.behind()?, Ordering::Relaxed);
        let keeper = search.clone();
        let keep_up = move || {
            step_back();
            keeper.keep_up(index);
        };
        threads.push(open::thread("store-index", keep_up)?);
        for _ in 0..SEARCHERS {
            let mut searcher = Searcher::open(&search)?;
            threads.push(open::thread("store-search", move || searcher.run())?);
        }
        Ok(search)
    }

    /// Something was stored.
    pub(super) fn poke(&self) {
        let mut news = self.news();
        news.commits += 1;
        // The index wakes by itself after its rest; only the first commit after a quiet time wakes it.
        let first = news.commits == news.seen + 1;
        drop(news);
        if first {
            self.0.changed.notify_all();
        }
    }

    pub(super) fn close(&self) {
        self.0.asks.close();
        self.news().closed = true;
        self.0.changed.notify_all();
    }

    /// Events that the index has not taken in.
    pub(super) fn behind(&self) -> u64 {
        self.0.behind.load(Ordering::Relaxed)
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.0.news.lock().expect("nobody panics while holding it")
    }

    fn keep_up(&self, mut index: Index) {
        let mut rebuilds = 0;
        while let Some((commits, wanted)) = self.wait_for_news() {
            if wanted > rebuilds {
                rebuilds = wanted;
                index = match Index::open(&self.0.dir) {
                    Ok(index) => index,
                    Err(e) => {
                        return tracing::error!(error = %e, "the search index cannot be made again");
                    }
                };
            }
            match index.pass() {
                Ok(left) => {
                    self.0.behind.store(left, Ordering::Relaxed);
                    let mut news = self.news();
                    if left == 0 {
                        news.seen = commits;
                        news.wanted = false;
                    }
                    drop(news);
                    self.0.changed.notify_all();
                }
                Err(e) => {
                    tracing::warn!(error = %e, "the search index could not be brought up to date");
                    if matches!(e, StoreError::Corrupt(_)) && !index.is_whole() {
                        self.make_again();
                    }
                    self.rest();
                }
            }
        }
    }

    /// Waits until there is something to take in. `None`: closed.
    fn wait_for_news(&self) -> Option<(u64, u64)> {
        let mut news = self.news();
        loop {
            if news.closed {
                return None;
            }
            if news.commits > news.seen {
                break;
            }
            news = self.0.changed.wait(news).expect("nobody panics while holding it");
        }
        let behind = self.behind() > 0;
        drop(news);
        if !behind {
            self.rest();
        }
        let news = self.news();
        (!news.closed).then_some((news.commits, news.rebuilds))
    }

    /// Lets some commits come together, unless somebody waits for them.
    fn rest(&self) {
        let until = Instant::now() + REST;
        let mut news = self.news();
        while !news.wanted && !news.closed {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return };
            let waited = self.0.changed.wait_timeout(news, left);
            news = waited.expect("nobody panics while holding it").0;
        }
    }

    /// Waits until the index has all that has been stored by this moment, or for as long as is decent.
    fn catch_up(&self) {
        let until = Instant::now() + CATCH_UP_MAX;
        let mut news = self.news();
        let commits = news.commits;
        while news.seen < commits && !news.closed {
            let Some(left) = until.checked_duration_since(Instant::now()) else { return };
            if !news.wanted {
                news.wanted = true;
                self.0.changed.notify_all();
            }
            let waited = self.0.changed.wait_timeout(news, left);
            news = waited.expect("nobody panics while holding it").0;
        }
    }

    /// The index cannot be read: it is to be made again.
    fn make_again(&self) {
        tracing::warn!("the search index is damaged and is made again");
        // What is missing is made; whoever has it open keeps what was there until then.
        let _ = std::fs::remove_file(self.0.dir.join(open::SEARCH));
        let mut news = self.news();
        news.rebuilds += 1;
        news.commits += 1;
        drop(news);
        self.0.changed.notify_all();
    }
}

/// Whether the file of the index is undamaged. The log may be damaged where the index is not: making
/// the index again would then lose the last of what can be found.
fn is_whole(index: &Connection) -> bool {
    let said = index.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    said.is_ok_and(|said| said == "ok")
}

/// One thread that looks things up.
struct Searcher {
    search: Search,
    log: Connection,
    index: Connection,
    rebuilds: u64,
}

impl Searcher {
    fn open(search: &Search) -> Result<Self, StoreError> {
        let dir = &search.0.dir;
        let log = open::reading(&dir.join(open::DATABASE))?;
        let index = looking(&dir.join(open::SEARCH))?;
        Ok(Self { search: search.clone(), log, index, rebuilds: 0 })
    }

    fn run(&mut self) {
        let served = Served(self.search.0.asks.clone());
        while let Some(ask) = served.0.take() {
            ask(self);
        }
    }

    fn answer(&mut self, question: &Question) -> Result<Vec<Hit>, StoreError> {
        self.search.catch_up();
        let rebuilds = self.search.news().rebuilds;
        if rebuilds != self.rebuilds {
            // Until the index is there again, nothing can be found.
            self.index =
                looking(&self.search.0.dir.join(open::SEARCH)).map_err(|_| StoreError::Busy)?;
            self.rebuilds = rebuilds;
        }
        let Self { log, index, .. } = self;
        let hits = readers::at_one_state(log, |log| {
            readers::at_one_state(index, |index| query::search(log, index, question))
        });
        if matches!(hits, Err(StoreError::Corrupt(_))) && !is_whole(index) {
            self.search.make_again();
            return Err(StoreError::Busy);
        }
        hits
    }
}

/// Lets the other threads go first: what is said is stored and seen before it can be found. Of a
/// processor that is wanted by both, the index still gets a tenth.
fn step_back() {
    // On Linux a thread has a niceness of its own. A system that does not allow it loses nothing.
    let _ = rustix::process::setpriority_process(None, 10);
}

/// A connection to the index for those who look things up. It maps the file: a common word has its
/// matches on thousands of pages, which are read where they are.
fn looking(path: &Path) -> Result<Connection, StoreError> {
    let conn = open::reading(path)?;
    conn.pragma_update(None, "mmap_size", MAPPED_BYTES_MAX)?;
    Ok(conn)
}

impl Sqlite {
    pub(crate) async fn search(
        &self,
        account: AccountId,
        query: SearchQuery,
        limit: usize,
        before: Option<u64>,
    ) -> Result<Vec<Hit>, StoreError> {
        let question = Question { account, query, limit, before };
        let (reply, answer) = oneshot::channel();
        let ask = move |searcher: &mut Searcher| {
            if !reply.is_closed() {
                let _ = reply.send(searcher.answer(&question));
            }
        };
        self.inner.search.0.asks.push(Box::new(ask), 0)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}
