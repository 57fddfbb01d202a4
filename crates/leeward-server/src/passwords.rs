//! Passwords: Argon2id on two threads of their own, behind a short queue.
//!
//! Each hash takes 19 MiB and some 30 ms of one core, so that a burst of sign-ins would otherwise
//! take the machine from those who are already in. When the queue is full the answer is
//! `rate_limited`, at once. Never keeps a password longer than its hash takes.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use leeward_core::code::{Code, Refusal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// Memory of one hash, in KiB: OWASP's first choice for Argon2id with two passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Threads: the overload a storm of sign-ins can cause is two cores and 38 MiB.
const THREADS: usize = 2;
/// How much the threads stand back: they get about a tenth of a core that somebody else wants.
const NICE: i32 = 10;
/// Hashes waiting: about half a second of work for the two threads.
const QUEUE_MAX: usize = 32;

/// When to try again at a full queue, in milliseconds: it has been worked off several times by then.
const FULL_MS: u32 = 3_000;

/// The pool. Its threads end when it is dropped.
pub struct Passwords {
    queue: SyncSender<Job>,
    /// What a sign-in under an unknown name is compared with, so that it takes as long as another.
    nobody: Arc<str>,
    asked: AtomicU64,
}

struct Job {
    password: String,
    task: Task,
    answer: oneshot::Sender<Answer>,
}

enum Task {
    Hash,
    /// What SCRAM needs of it.
    Scram,
    Verify(Arc<str>),
}

enum Answer {
    Hashed(String),
    Right(bool),
    Scram(Vec<u8>),
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        for i in 0..THREADS {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new()
                .name(format!("passwords-{i}"))
                .spawn(move || work(&jobs))?;
        }
        Ok(Self { queue, nobody: hash("the password of nobody").into(), asked: AtomicU64::new(0) })
    }

    /// How many hashes have been asked for.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The PHC string to keep for this password.
    ///
    /// # Errors
    /// `rate_limited` when too many are waiting.
    pub async fn hash(&self, password: String) -> Result<String, Refusal> {
        match self.run(password, Task::Hash).await? {
            Answer::Hashed(hash) => Ok(hash),
            Answer::Right(_) | Answer::Scram(_) => Err(Code::Internal.into()),
        }
    }

    /// What SCRAM needs of this password, in the form in which it is kept.
    ///
    /// # Errors
    /// `rate_limited` when too many are waiting.
    pub async fn scram(&self, password: String) -> Result<Vec<u8>, Refusal> {
        match self.run(password, Task::Scram).await? {
            Answer::Scram(bytes) => Ok(bytes),
            Answer::Hashed(_) | Answer::Right(_) => Err(Code::Internal.into()),
        }
    }

    /// Whether `password` is the one that `kept` was made from. With nothing kept the answer is no,
    /// after the same work.
    ///
    /// # Errors
    /// `rate_limited` when too many are waiting.
    pub async fn verify(&self, password: String, kept: Option<String>) -> Result<bool, Refusal> {
        let known = kept.is_some();
        let kept = kept.map_or_else(|| Arc::clone(&self.nobody), Into::into);
        match self.run(password, Task::Verify(kept)).await? {
            Answer::Right(right) => Ok(right && known),
            Answer::Hashed(_) | Answer::Scram(_) => Err(Code::Internal.into()),
        }
    }

    async fn run(&self, password: String, task: Task) -> Result<Answer, Refusal> {
        let (answer, done) = oneshot::channel();
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(Job { password, task, answer }).map_err(|e| match e {
            TrySendError::Full(_) => Refusal::because(
                Code::RateLimited,
                "too many people are signing in at this moment; try again in a few seconds",
            )
            .after(FULL_MS),
            TrySendError::Disconnected(_) => Code::Internal.into(),
        })?;
        done.await.map_err(|_| Code::Internal.into())
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    // Where the system allows it; otherwise hashing has a part of the machine like any other work.
    let _ = rustix::process::nice(NICE);
    loop {
        let job = jobs.lock().expect("receiving does not panic").recv();
        let Ok(Job { password, task, answer }) = job else { return };
        if answer.is_closed() {
            continue;
        }
        // Whoever asked may have gone meanwhile: then nobody wants the answer.
        let _ = answer.send(match task {
            Task::Hash => Answer::Hashed(hash(&password)),
            Task::Scram => {
                let mut salt = [0; 16];
                getrandom::fill(&mut salt).expect("the kernel gives random numbers");
                Answer::Scram(crate::xmpp::scram_bytes(&password, salt))
            }
            Task::Verify(kept) => Answer::Right(verify(&password, &kept)),
        });
    }
}

/// The PHC string to keep for `password`, on the calling thread. For the command line; the server
/// asks its [`Passwords`].
pub fn hash(password: &str) -> String {
    let hash: PasswordHash = argon2()
        .hash_password(password.as_bytes())
        .expect("passwords are far shorter than 4 GiB and the system gives random bytes");
    hash.to_string()
}

fn verify(password: &str, kept: &str) -> bool {
    PasswordHash::new(kept)
        .is_ok_and(|kept| argon2().verify_password(password.as_bytes(), &kept).is_ok())
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    #[test]
    fn the_right_password_is_told_from_a_wrong_one() {
        let pool = Passwords::start().expect("threads");
        block_on(async {
            let kept = pool.hash("correct horse".into()).await.expect("a hash");
            assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
            assert!(pool.verify("correct horse".into(), Some(kept.clone())).await.expect("ran"));
            assert!(!pool.verify("correct house".into(), Some(kept)).await.expect("ran"));
        });
    }

    #[test]
    fn nobody_has_a_password() {
        let pool = Passwords::start().expect("threads");
        block_on(async {
            let right = pool.verify("the password of nobody".into(), None).await.expect("ran");
            assert!(!right);
        });
    }

    #[test]
    fn a_damaged_hash_fits_no_password() {
        assert!(!verify("", "$argon2id$"));
        assert!(!verify("", ""));
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let pool = Passwords::start().expect("threads");
        block_on(async {
            let many = (0..QUEUE_MAX * 3).map(|_| pool.hash("x".into()));
            let answers = join_all(many).await;
            let refused = answers.iter().filter(|a| a.is_err()).count();
            assert!(refused >= QUEUE_MAX, "{refused} were refused");
            let refusal = answers.into_iter().find_map(Result::err).expect("one was refused");
            assert_eq!((refusal.code, refusal.after_ms), (Code::RateLimited, Some(FULL_MS)));
        });
    }

    async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
        let mut pending: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
        std::future::poll_fn(|cx| {
            for (future, output) in &mut pending {
                if output.is_none()
                    && let std::task::Poll::Ready(o) = future.as_mut().poll(cx)
                {
                    *output = Some(o);
                }
            }
            if pending.iter().all(|(_, o)| o.is_some()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        pending.into_iter().map(|(_, o)| o.expect("all are ready")).collect()
    }
}
