//! Workers of a load test or a drill: threads of this process, or processes of their own where one may
//! not hold as many connections. Either way an order goes to all and their answers come back as one.
//! Never knows what is ordered.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};

/// What workers are told.
pub(crate) trait Work: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// What they answer.
    type Seen: Tally;

    /// Carries out orders until there are no more, on a `LocalSet` of one thread.
    fn work(orders: mpsc::Receiver<Told<Self>>) -> impl Future<Output = ()>;
}

/// What several workers say, as one.
pub(crate) trait Tally: Serialize + DeserializeOwned + Default + Send + 'static {
    /// Adds what another says.
    fn merge(&mut self, other: &Self);
}

/// An order and where the answer goes.
pub(crate) type Told<O> = (O, oneshot::Sender<io::Result<<O as Work>::Seen>>);

/// All the workers.
pub(crate) struct Crew<O: Work> {
    hands: Vec<Hand<O>>,
}

enum Hand<O: Work> {
    Thread(mpsc::Sender<Told<O>>),
    Process(Box<Pipes>),
}

/// The ends of a process; it is killed when they are dropped.
struct Pipes {
    _child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl<O: Work> Crew<O> {
    /// One worker in a thread of this process.
    pub(crate) fn in_thread() -> io::Result<Self> {
        Ok(Self { hands: vec![Hand::Thread(thread::<O>()?)] })
    }

    /// So many workers, each started as `command`, which is to call [`serve`].
    pub(crate) fn in_processes(command: &[String], count: usize) -> io::Result<Self> {
        let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut hands = Vec::new();
        for _ in 0..count {
            let mut child = Command::new(program)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()?;
            let pipe = || io::Error::other("a worker has no pipes");
            let orders = child.stdin.take().ok_or_else(pipe)?;
            let answers = BufReader::new(child.stdout.take().ok_or_else(pipe)?).lines();
            hands.push(Hand::Process(Box::new(Pipes { _child: child, orders, answers })));
        }
        Ok(Self { hands })
    }

    /// Gives all the same order.
    pub(crate) async fn all(&mut self, order: &O) -> io::Result<O::Seen> {
        let mut seen = O::Seen::default();
        for hand in &mut self.hands {
            seen.merge(&hand.give(order.clone()).await?);
        }
        Ok(seen)
    }

    /// Gives each its own order, made for its number of so many.
    pub(crate) async fn each(&mut self, order: impl Fn(usize, usize) -> O) -> io::Result<O::Seen> {
        let mut seen = O::Seen::default();
        let hands = self.hands.len();
        for (n, hand) in self.hands.iter_mut().enumerate() {
            seen.merge(&hand.give(order(n, hands)).await?);
        }
        Ok(seen)
    }

    /// Gives one worker an order that is for one.
    pub(crate) async fn one(&mut self, order: O) -> io::Result<O::Seen> {
        let first = self.hands.first_mut().ok_or(io::ErrorKind::NotFound)?;
        first.give(order).await
    }
}

impl<O: Work> Hand<O> {
    async fn give(&mut self, order: O) -> io::Result<O::Seen> {
        let gone = || io::Error::other("a worker has ended");
        match self {
            Self::Thread(orders) => {
                let (sender, answer) = oneshot::channel();
                orders.send((order, sender)).await.map_err(|_| gone())?;
                answer.await.map_err(|_| gone())?
            }
            Self::Process(pipes) => {
                let Pipes { orders, answers, .. } = &mut **pipes;
                let mut line = serde_json::to_vec(&order)?;
                line.push(b'\n');
                orders.write_all(&line).await?;
                let answer = answers.next_line().await?.ok_or_else(gone)?;
                let answer: Result<O::Seen, String> = serde_json::from_str(&answer)?;
                answer.map_err(io::Error::other)
            }
        }
    }
}

fn thread<O: Work>() -> io::Result<mpsc::Sender<Told<O>>> {
    let (sender, orders) = mpsc::channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("clients".to_owned()).spawn(move || {
        tokio::task::LocalSet::new().block_on(&runtime, O::work(orders));
    })?;
    Ok(sender)
}

/// Reads orders from standard input and writes answers to standard output until the input ends.
///
/// # Errors
/// The pipes are broken.
pub(crate) async fn serve<O: Work>() -> io::Result<()> {
    let orders = thread::<O>()?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Some(line) = lines.next_line().await? {
        let (sender, answer) = oneshot::channel();
        let order: O = serde_json::from_str(&line)?;
        let gone = || io::Error::other("the worker has ended");
        orders.send((order, sender)).await.map_err(|_| gone())?;
        let answer = answer.await.map_err(|_| gone())?.map_err(|e| e.to_string());
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        out.write_all(&line).await?;
        out.flush().await?;
    }
    Ok(())
}
