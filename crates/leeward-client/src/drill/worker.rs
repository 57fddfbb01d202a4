//! A worker of a drill: one thread that is thousands of people. Each is a [`Body`] in a task of its
//! own, with a desk on which the worker lays what is to be done. Never measures the server.

use super::body::{Addresses, Body};
use super::ears::{Away, Ears, Scene};
use super::order::{Loss, Order, Part, Person, Seen};
use super::species::Species;
use crate::crew::Told;
use crate::server::{Roots, Server};
use leeward_core::id::RoomId;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// What a client calls itself that has an old page.
const STALE_BUILD: &str = "web/0.0.0+stale";
/// Of a survivor's messages one in so many goes to the room it shares with others.
const SHARED_EVERY: usize = 4;

/// Carries out orders until there are no more. Runs on a `LocalSet`.
pub(super) async fn work(mut orders: mpsc::Receiver<Told<Order>>) {
    let mut worker = Worker::default();
    while let Some((order, answer)) = orders.recv().await {
        let done = worker.carry_out(order).await;
        // Whoever asked may have lost interest.
        let _ = answer.send(done);
    }
}

#[derive(Default)]
struct Worker {
    addresses: Addresses,
    scene: Rc<Scene>,
    people: Vec<Present>,
    chat: Option<JoinHandle<()>>,
    churn: Option<JoinHandle<()>>,
    cycle: Option<JoinHandle<()>>,
}

/// A person's task, and the worker's end of their desk.
struct Present {
    desk: Rc<Desk>,
    task: JoinHandle<()>,
}

/// What a person is to do.
struct Desk {
    species: Species,
    part: Part,
    room: RoomId,
    club: Option<RoomId>,
    todo: RefCell<VecDeque<Todo>>,
    ring: Notify,
    build: Rc<str>,
    /// It is to hand over its logs, and leave.
    leaving: Cell<bool>,
}

enum Todo {
    /// Lose the connection and come back in one's own way.
    Lose { away: Away, forgets: bool, posting: bool },
    /// Lose it and come back at once; the permit is given back when that is done.
    Cycle(OwnedSemaphorePermit),
    /// Say something, with the time in it, in one's room or in one's club.
    Say(RoomId, bool),
}

impl Desk {
    fn lay(&self, todo: Todo) {
        self.todo.borrow_mut().push_back(todo);
        self.ring.notify_one();
    }
}

impl Worker {
    async fn carry_out(&mut self, order: Order) -> io::Result<Seen> {
        match order {
            Order::Server { url, roots, build } => {
                let roots = roots.map_or(Roots::System, |path| Roots::File(path.into()));
                self.addresses.server = Some(Server::parse(&url, &roots)?);
                self.addresses.build = build;
            }
            Order::Xmpp(server) => self.addresses.xmpp(server)?,
            Order::Bring { people, at_once } => self.bring(people, at_once)?,
            Order::Mark => self.scene.mark(),
            Order::Look => {}
            Order::Cycle { part, in_flight } => self.cycle(part, in_flight),
            Order::Drop(loss) => self.drop_all(loss),
            Order::Chat { per_second } => self.chat(per_second),
            Order::Churn { part, per_second } => self.churn(part, per_second),
            Order::Dismiss { part } => self.dismiss(part).await,
            Order::Break(breakage) => self.scene.breakage.set(Some(breakage)),
            Order::Logs => return Ok(self.logs().await),
            Order::Leave => self.leave(),
        }
        Ok(self.scene.look())
    }

    fn bring(&mut self, people: Vec<Person>, at_once: usize) -> io::Result<()> {
        let door = Rc::new(Semaphore::new(at_once));
        let build: Rc<str> = Rc::from(self.addresses.build.as_str());
        for person in people {
            let desk = Rc::new(Desk {
                species: person.species,
                part: person.part,
                room: person.room,
                club: person.club,
                todo: RefCell::default(),
                ring: Notify::new(),
                build: Rc::clone(&build),
                leaving: Cell::new(false),
            });
            let mut ears = Ears::new(Rc::clone(&self.scene), person.species, person.part);
            ears.named = Body::named(&person, &self.addresses);
            let body = Body::of(person, &self.addresses)?;
            let door = Rc::clone(&door);
            let task = tokio::task::spawn_local(live(body, Rc::clone(&desk), ears, door));
            self.people.push(Present { desk, task });
        }
        Ok(())
    }

    fn desks(&self, part: Part) -> impl Iterator<Item = &Rc<Desk>> {
        self.people.iter().map(|p| &p.desk).filter(move |desk| desk.part == part)
    }

    /// Each leaves and comes back at once, in turn, so many at a time.
    fn cycle(&mut self, part: Part, in_flight: usize) {
        self.cycle.take().inspect(JoinHandle::abort);
        if in_flight == 0 {
            return;
        }
        let desks: Vec<_> = self.desks(part).cloned().collect();
        self.scene.mark();
        let door = Arc::new(Semaphore::new(in_flight));
        self.cycle = Some(tokio::task::spawn_local(async move {
            for desk in desks {
                let Ok(permit) = Arc::clone(&door).acquire_owned().await else { return };
                desk.lay(Todo::Cycle(permit));
            }
        }));
    }

    fn drop_all(&mut self, loss: Loss) {
        self.scene.mark();
        let mut posting = BTreeSet::new();
        for (n, desk) in self.desks(Part::Returner).enumerate() {
            // Spread over all kinds and rooms, whichever order they are in.
            let at = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            let at = (at * 100) >> 32;
            let forgets = at < u64::from(loss.sign_in_percent);
            let (xmpp, stream) = (desk.species.speaks_xmpp(), desk.species.signs_in_to_resume());
            let away = if forgets || loss.sign_in_percent > 0 && stream {
                Away::SignIn
            } else if 99 - at < u64::from(loss.stale_percent) && !xmpp {
                Away::Stale
            } else {
                Away::Plain
            };
            let posting = loss.posting && posting.insert(desk.room);
            desk.lay(Todo::Lose { away, forgets, posting });
        }
    }

    /// The survivors speak in turn, evenly spread over the second.
    fn chat(&mut self, per_second: f64) {
        self.chat.take().inspect(JoinHandle::abort);
        let desks: Vec<_> = self.desks(Part::Survivor).cloned().collect();
        if desks.is_empty() || per_second <= 0.0 {
            return;
        }
        self.chat = Some(tokio::task::spawn_local(async move {
            let mut clock = clock(per_second);
            let mut turns: usize = 0;
            for desk in desks.iter().cycle() {
                clock.tick().await;
                turns += 1;
                // The number of survivors and this one have no common divisor for long.
                let shared = (turns + turns / desks.len()).is_multiple_of(SHARED_EVERY);
                let club = desk.club.filter(|_| !shared);
                desk.lay(Todo::Say(club.unwrap_or(desk.room), club.is_some()));
            }
        }));
    }

    fn churn(&mut self, part: Part, per_second: f64) {
        self.churn.take().inspect(JoinHandle::abort);
        let desks: Vec<_> = self.desks(part).cloned().collect();
        if desks.is_empty() || per_second <= 0.0 {
            return;
        }
        self.churn = Some(tokio::task::spawn_local(async move {
            let mut clock = clock(per_second);
            for desk in desks.iter().cycle() {
                clock.tick().await;
                desk.lay(Todo::Lose { away: Away::Plain, forgets: false, posting: false });
            }
        }));
    }

    /// Ends these, and forgets what they heard.
    async fn dismiss(&mut self, part: Part) {
        let (gone, stay) = self.people.drain(..).partition(|p| p.desk.part == part);
        self.people = stay;
        let kept = std::mem::take(&mut *self.scene.logs.borrow_mut());
        self.end(gone).await;
        *self.scene.logs.borrow_mut() = kept;
    }

    /// Waits until these have ended by themselves.
    async fn end(&self, people: Vec<Present>) {
        for person in people {
            person.desk.leaving.set(true);
            person.desk.ring.notify_one();
            // It ends by itself, or was ended.
            let _ = person.task.await;
        }
    }

    /// Ends everybody, and gathers what they heard.
    async fn logs(&mut self) -> Seen {
        let people = std::mem::take(&mut self.people);
        self.end(people).await;
        let mut seen = self.scene.look();
        seen.logs = std::mem::take(&mut self.scene.logs.borrow_mut());
        seen.posts = std::mem::take(&mut self.scene.posts.borrow_mut());
        self.leave();
        seen
    }

    fn leave(&mut self) {
        for task in [&mut self.chat, &mut self.churn, &mut self.cycle] {
            task.take().inspect(JoinHandle::abort);
        }
        self.people.drain(..).for_each(|person| person.task.abort());
        self.scene.empty();
    }
}

fn clock(per_second: f64) -> tokio::time::Interval {
    let mut clock = tokio::time::interval(Duration::from_secs_f64(1.0 / per_second));
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    clock
}

/// One person, until they are to leave.
async fn live(mut body: Body, desk: Rc<Desk>, mut ears: Ears, door: Rc<Semaphore>) {
    if let Ok(_permit) = door.acquire().await {
        while !ears.present && !desk.leaving.get() {
            tokio::select! {
                biased;
                () = desk.ring.notified() => {}
                () = body.listen(&mut ears) => {}
            }
            body.upkeep((desk.room, desk.club), &desk.build, &mut ears);
        }
    }
    drop(door);
    while !desk.leaving.get() {
        if let Some(todo) = next(&desk) {
            act(&mut body, &desk, &mut ears, todo).await;
            continue;
        }
        tokio::select! {
            biased;
            () = desk.ring.notified() => {}
            () = body.listen(&mut ears) => {}
        }
        body.upkeep((desk.room, desk.club), &desk.build, &mut ears);
    }
    body.leave().await;
    ears.leaves();
    let (repeats, holes) = body.amiss();
    let mut seen = ears.scene.seen.borrow_mut();
    seen.wire_repeats += u64::from(repeats);
    seen.wire_holes += u64::from(holes);
    ears.scene.logs.borrow_mut().append(&mut ears.logs);
}

/// What lies on the desk, and more room there if nothing does.
fn next(desk: &Desk) -> Option<Todo> {
    let mut todo = desk.todo.borrow_mut();
    let next = todo.pop_front();
    if todo.is_empty() {
        *todo = VecDeque::new();
    }
    next
}

async fn act(body: &mut Body, desk: &Desk, ears: &mut Ears, todo: Todo) {
    match todo {
        Todo::Say(room, is_club) => body.say_time(room, is_club, ears),
        Todo::Cycle(permit) => {
            ears.gone(true);
            ears.permit = Some(permit);
            if desk.species.forgets() {
                body.forget_session();
            }
            body.reset(true);
        }
        Todo::Lose { away, forgets, posting } => {
            if posting {
                body.say(desk.room, false, "said as the connection was lost ", ears);
                // Out it goes; whether it arrives, and whether the answer does, nobody knows.
                std::future::poll_fn(|cx| {
                    let _ = body.poll(cx, ears);
                    Poll::Ready(())
                })
                .await;
            }
            ears.gone(true);
            ears.goes_away(away);
            if away == Away::Stale {
                body.set_build(STALE_BUILD);
            }
            if forgets || desk.species.forgets() {
                body.forget_session();
            }
            body.reset(false);
        }
    }
}
