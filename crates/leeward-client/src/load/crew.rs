//! The workers: threads of this process, or processes of their own where one may not hold as many
//! connections. Either way an order goes to all and their answers come back as one.

use super::order::{Order, Person, Seen};
use super::worker::{self, Told};
use std::io;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};

/// All the workers.
pub(super) struct Crew {
    hands: Vec<Hand>,
}

enum Hand {
    Thread(mpsc::Sender<Told>),
    Process(Box<Pipes>),
}

/// The ends of a process; it is killed when they are dropped.
struct Pipes {
    _child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Crew {
    /// One worker in a thread of this process.
    pub(super) fn in_thread() -> io::Result<Self> {
        Ok(Self { hands: vec![Hand::Thread(thread()?)] })
    }

    /// So many workers, each started as `command`, which is to call [`super::serve_worker`].
    pub(super) fn in_processes(command: &[String], count: usize) -> io::Result<Self> {
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
    pub(super) async fn all(&mut self, order: &Order) -> io::Result<Seen> {
        let mut seen = Seen::default();
        for hand in &mut self.hands {
            seen.merge(&hand.give(order.clone()).await?);
        }
        Ok(seen)
    }

    /// Brings people in, dealt out evenly.
    pub(super) async fn bring(&mut self, people: &[Person], at_once: usize) -> io::Result<()> {
        let hands = self.hands.len();
        for (n, hand) in self.hands.iter_mut().enumerate() {
            let people = people.iter().skip(n).step_by(hands).cloned().collect();
            hand.give(Order::Bring { people, at_once: at_once.div_ceil(hands) }).await?;
        }
        Ok(())
    }

    /// Gives one worker an order that is for one.
    pub(super) async fn one(&mut self, order: Order) -> io::Result<Seen> {
        let first = self.hands.first_mut().ok_or(io::ErrorKind::NotFound)?;
        first.give(order).await
    }
}

impl Hand {
    async fn give(&mut self, order: Order) -> io::Result<Seen> {
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
                let answer: Result<Seen, String> = serde_json::from_str(&answer)?;
                answer.map_err(io::Error::other)
            }
        }
    }
}

fn thread() -> io::Result<mpsc::Sender<Told>> {
    let (sender, orders) = mpsc::channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("load".to_owned()).spawn(move || {
        tokio::task::LocalSet::new().block_on(&runtime, worker::work(orders));
    })?;
    Ok(sender)
}

/// Reads orders from standard input and writes answers to standard output until the input ends.
///
/// # Errors
/// The pipes are broken.
pub(super) async fn serve() -> io::Result<()> {
    let orders = thread()?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut out = tokio::io::stdout();
    while let Some(line) = lines.next_line().await? {
        let (sender, answer) = oneshot::channel();
        let order = serde_json::from_str(&line)?;
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
