//! A worker: one thread that is thousands of people. Each is a [`Client`] in a task of its own, with
//! a desk on which the worker lays what is to be done. Never measures the server.

use super::order::{Order, Person, Seen};
use crate::client::now;
use crate::crew::Told;
use crate::server::{Roots, Server};
use crate::{Client, Heard, Listener, Options};
use leeward_core::event::Draft;
use leeward_core::id::{Instant, RoomId, Seq};
use leeward_core::reconnect::Bar;
use leeward_core::wire::ServerFrame;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// What stands before the time in a synthetic message.
const MARK: &str = "load ";
/// The digits of the time: microseconds since 1970 need 16.
const TIME_DIGITS: usize = 16;

/// People in a room who post in turn.
const SPEAKERS: usize = 16;

/// Carries out orders until there are no more. Runs on a `LocalSet`.
pub(super) async fn work(mut orders: mpsc::Receiver<Told<Order>>) {
    let mut worker = Worker { server: None, scene: Rc::default(), people: Vec::new(), talk: None };
    while let Some((order, answer)) = orders.recv().await {
        let done = worker.carry_out(order);
        let seen = done.map(|()| worker.scene.look());
        // Whoever asked may have lost interest.
        let _ = answer.send(seen);
    }
}

struct Worker {
    server: Option<Server>,
    scene: Rc<Scene>,
    people: Vec<Present>,
    talk: Option<JoinHandle<()>>,
}

/// A person's task, and the worker's end of their desk.
struct Present {
    desk: Rc<Desk>,
    task: JoinHandle<()>,
}

/// What is counted, by all the people of the worker.
#[derive(Default)]
struct Scene {
    seen: RefCell<Seen>,
    present: Cell<usize>,
    unanswered: Cell<usize>,
}

/// What a person is to do.
struct Desk {
    room: RoomId,
    lose: Cell<Option<u32>>,
    /// Posts to be made.
    posts: Cell<u32>,
    /// Post again whenever a post is acknowledged.
    writes: Cell<bool>,
    text_bytes: Cell<usize>,
    ring: Notify,
}

impl Scene {
    fn look(&self) -> Seen {
        let (present, unanswered) = (self.present.get(), self.unanswered.get());
        Seen { present, unanswered, ..self.seen.borrow().clone() }
    }
}

impl Worker {
    fn carry_out(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Server { url, roots } => {
                let roots = roots.map_or(Roots::System, |path| Roots::File(path.into()));
                self.server = Some(Server::parse(&url, &roots)?);
            }
            Order::Bring { people, at_once } => self.bring(people, at_once)?,
            Order::Reset => *self.scene.seen.borrow_mut() = Seen::default(),
            Order::Look => {}
            Order::Lose { within_ms } => {
                for person in &self.people {
                    person.desk.lose.set(Some(within_ms));
                    person.desk.ring.notify_one();
                }
            }
            Order::Talk { rooms, per_second, text_bytes } => {
                self.talk(&rooms, per_second, text_bytes);
            }
            Order::Write { rooms, each, text_bytes } => self.write(&rooms, each, text_bytes),
            Order::Hush => {
                self.talk.take().inspect(JoinHandle::abort);
                self.people.iter().for_each(|p| p.desk.writes.set(false));
            }
            Order::Leave => {
                self.talk.take().inspect(JoinHandle::abort);
                self.people.drain(..).for_each(|p| p.task.abort());
                self.scene.present.set(0);
                self.scene.unanswered.set(0);
            }
        }
        Ok(())
    }

    fn write(&self, rooms: &[RoomId], each: usize, text_bytes: usize) {
        let mut left: BTreeMap<RoomId, usize> = rooms.iter().map(|room| (*room, each)).collect();
        for Present { desk, .. } in &self.people {
            if let Some(left) = left.get_mut(&desk.room).filter(|left| **left > 0) {
                *left -= 1;
                desk.text_bytes.set(text_bytes);
                desk.writes.set(true);
                desk.posts.set(1);
                desk.ring.notify_one();
            }
        }
    }

    fn bring(&mut self, people: Vec<Person>, at_once: usize) -> io::Result<()> {
        let server = self.server.clone().ok_or(io::ErrorKind::InvalidInput)?;
        let door = Rc::new(Semaphore::new(at_once));
        for person in people {
            let desk = Rc::new(Desk {
                room: person.room,
                lose: Cell::new(None),
                posts: Cell::new(0),
                writes: Cell::new(false),
                text_bytes: Cell::new(0),
                ring: Notify::new(),
            });
            let options = Options {
                from: person.from,
                hidden: true,
                ..Options::new(server.clone(), person.token)
            };
            let (scene, door) = (Rc::clone(&self.scene), Rc::clone(&door));
            let task = tokio::task::spawn_local(live(options, Rc::clone(&desk), scene, door));
            self.people.push(Present { desk, task });
        }
        Ok(())
    }

    /// Has somebody in each room post in turn, evenly spread over the second.
    fn talk(&mut self, rooms: &[RoomId], per_second: f64, text_bytes: usize) {
        // One person has one post on its way at a time; several in each room do not wait for answers.
        let mut turns: Vec<(usize, Rc<Desk>)> = Vec::new();
        for room in rooms {
            let desks = self.people.iter().filter(|p| p.desk.room == *room).take(SPEAKERS);
            turns.extend(desks.enumerate().map(|(n, p)| (n, Rc::clone(&p.desk))));
        }
        turns.sort_by_key(|(n, _)| *n);
        if turns.is_empty() {
            return;
        }
        let every = Duration::from_secs_f64(1.0 / (per_second * rooms.len() as f64));
        self.talk = Some(tokio::task::spawn_local(async move {
            let mut clock = tokio::time::interval(every);
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
            for (_, desk) in turns.iter().cycle() {
                clock.tick().await;
                desk.text_bytes.set(text_bytes);
                desk.posts.set(desk.posts.get() + 1);
                desk.ring.notify_one();
            }
        }));
    }
}

/// One person, for as long as they are there.
async fn live(options: Options, desk: Rc<Desk>, scene: Rc<Scene>, door: Rc<Semaphore>) {
    let mut client = Client::new(options);
    let mut ears = Ears { scene, since: now(), present: false, posted: VecDeque::new() };
    {
        let Ok(_permit) = door.acquire().await else { return };
        ears.since = now();
        while !ears.present {
            client.listen(&mut ears).await;
        }
    }
    drop(door);
    let mut attempts = 0;
    loop {
        let count = client.attempts();
        ears.scene.seen.borrow_mut().attempts += u64::from(count - attempts);
        attempts = count;
        tokio::select! {
            biased;
            () = desk.ring.notified() => act(&mut client, &desk, &mut ears),
            () = client.listen(&mut ears) => {}
        }
        // The bar lags behind the connection, which alone says whether the person is there.
        if ears.present && !client.is_welcome() {
            ears.gone();
            ears.since = now();
        }
        if desk.writes.get() && ears.posted.is_empty() {
            post(&mut client, &desk, &mut ears);
        }
    }
}

fn act(client: &mut Client, desk: &Desk, ears: &mut Ears) {
    if let Some(within_ms) = desk.lose.take() {
        ears.gone();
        ears.since = now();
        // The machine would spread the return over the come-back window it was given.
        let window = client.spread_ms().max(1);
        let share = (f64::from(within_ms) / f64::from(window)).min(1.0);
        let random = getrandom::u32().unwrap_or_default();
        client.lose((f64::from(random) * share) as u32);
    }
    for _ in 0..desk.posts.take() {
        post(client, desk, ears);
    }
}

fn post(client: &mut Client, desk: &Desk, ears: &mut Ears) {
    let mut text = format!("{MARK}{:0TIME_DIGITS$} ", wall_us());
    let rest = desk.text_bytes.get().saturating_sub(text.len());
    text.extend(std::iter::repeat_n('x', rest));
    let draft = Draft::Message { text, thread: None, also_room: false, files: vec![], quote: None };
    client.post(desk.room, draft);
    ears.posted.push_back(now());
    ears.scene.unanswered.set(ears.scene.unanswered.get() + 1);
}

/// The wall clock in microseconds, the same in all processes of a machine.
fn wall_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Counts what a person hears.
struct Ears {
    scene: Rc<Scene>,
    since: Instant,
    present: bool,
    /// When each post without an answer was made.
    posted: VecDeque<Instant>,
}

impl Ears {
    fn gone(&mut self) {
        if std::mem::take(&mut self.present) {
            self.scene.present.set(self.scene.present.get() - 1);
        }
    }

    fn on_frame(&mut self, frame: &ServerFrame) {
        if matches!(frame, ServerFrame::Gap { .. }) {
            self.scene.seen.borrow_mut().gaps += 1;
        }
        if matches!(frame, ServerFrame::CaughtUp { .. }) && !self.present {
            self.present = true;
            self.scene.present.set(self.scene.present.get() + 1);
            self.scene.seen.borrow_mut().came.add(now().0 - self.since.0);
        }
    }

    fn on_bar(&mut self, bar: Bar) {
        match bar {
            Bar::Live
            | Bar::ReadOnly
            | Bar::Partial
            | Bar::Back { .. }
            | Bar::Blip
            | Bar::Reconnecting { .. }
            | Bar::Waiting { .. }
            | Bar::Offline { .. } => {}
            Bar::SignIn { .. } | Bar::Reload { .. } => {
                self.gone();
                self.scene.seen.borrow_mut().refused += 1;
            }
        }
    }

    fn answered(&mut self) -> Option<Instant> {
        let at = self.posted.pop_front()?;
        if self.posted.is_empty() {
            self.posted = VecDeque::new();
        }
        self.scene.unanswered.set(self.scene.unanswered.get() - 1);
        Some(at)
    }
}

impl Listener for Ears {
    fn event(&mut self, _: RoomId, _: Seq, json: &str) {
        let Some(said) = json.find(MARK).and_then(|at| json.get(at + MARK.len()..)) else { return };
        let Some(Ok(said_us)) = said.get(..TIME_DIGITS).map(str::parse::<u64>) else { return };
        self.scene.seen.borrow_mut().delivered.add(wall_us().saturating_sub(said_us));
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Posted { .. } => {
                if let Some(at) = self.answered() {
                    self.scene.seen.borrow_mut().posted.add(now().0 - at.0);
                }
            }
            Heard::Refused { .. } => {
                self.answered();
                self.scene.seen.borrow_mut().refused += 1;
            }
            Heard::Frame(frame) => self.on_frame(&frame),
            Heard::Bar(bar) => self.on_bar(bar),
            Heard::Event { .. } => {}
        }
    }
}
