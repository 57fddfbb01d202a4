//! How far each room has been seen. Finds what came twice and what is missing; never reads events.

use leeward_core::id::{Epoch, Position, RoomId, Seq};

/// The last event seen, per room.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    /// Sorted by room.
    rooms: Vec<(RoomId, Position)>,
}

/// What an event is to what has been seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// The next one; it counts as seen from here on.
    Next,
    /// Seen before.
    Again,
    /// Something before it is missing.
    Hole,
}

impl Positions {
    /// Judges an event. The first of an unknown room is where its watching begins.
    pub(crate) fn step(&mut self, room: RoomId, seq: Seq) -> Step {
        match self.find(room) {
            Err(at) => {
                self.insert(at, room, Position { epoch: Epoch::default(), seq });
                Step::Next
            }
            Ok(at) => {
                let position = &mut self.rooms[at].1;
                if seq <= position.seq {
                    Step::Again
                } else if seq == position.seq.next() {
                    position.seq = seq;
                    Step::Next
                } else {
                    Step::Hole
                }
            }
        }
    }

    /// A room's head, as its summary has it: where watching begins, unless it has begun.
    pub(crate) fn begin(&mut self, room: RoomId, head: Position) {
        match self.find(room) {
            Ok(at) => {
                let known = &mut self.rooms[at].1;
                if known.epoch == Epoch::default() {
                    known.epoch = head.epoch;
                }
            }
            Err(at) => self.insert(at, room, head),
        }
    }

    /// All before `at` is seen, or given up: events go on from there.
    pub(crate) fn jump(&mut self, room: RoomId, to: Position) {
        match self.find(room) {
            Ok(at) => self.rooms[at].1 = to,
            Err(at) => self.insert(at, room, to),
        }
    }

    /// The history that the room's positions belong to.
    pub(crate) fn set_epoch(&mut self, room: RoomId, epoch: Epoch) {
        if let Ok(at) = self.find(room) {
            self.rooms[at].1.epoch = epoch;
        }
    }

    /// The room is out of sight.
    pub(crate) fn forget(&mut self, room: RoomId) {
        if let Ok(at) = self.find(room) {
            self.rooms.remove(at);
        }
    }

    /// The rooms that are not wanted are out of sight.
    pub(crate) fn keep(&mut self, wanted: impl Fn(RoomId) -> bool) {
        self.rooms.retain(|(room, _)| wanted(*room));
    }

    /// Where the room has been seen up to.
    pub(crate) fn of(&self, room: RoomId) -> Option<Position> {
        self.find(room).ok().map(|at| self.rooms[at].1)
    }

    /// As `hello` wants them. A room whose history is unknown is left out.
    pub(crate) fn for_hello(&self) -> Vec<(RoomId, Epoch, Seq)> {
        let known = self.rooms.iter().filter(|(_, p)| p.epoch != Epoch::default());
        known.map(|(room, p)| (*room, p.epoch, p.seq)).collect()
    }

    fn find(&self, room: RoomId) -> Result<usize, usize> {
        self.rooms.binary_search_by_key(&room, |(room, _)| *room)
    }

    fn insert(&mut self, at: usize, room: RoomId, position: Position) {
        self.rooms.reserve_exact(1);
        self.rooms.insert(at, (room, position));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId(5);

    fn at(epoch: u64, seq: u64) -> Position {
        Position { epoch: Epoch(epoch), seq: Seq(seq) }
    }

    #[test]
    fn events_in_order_pass_once() {
        let mut positions = Positions::default();
        positions.begin(ROOM, at(1, 9));
        assert_eq!(positions.step(ROOM, Seq(9)), Step::Again);
        assert_eq!(positions.step(ROOM, Seq(10)), Step::Next);
        assert_eq!(positions.step(ROOM, Seq(10)), Step::Again);
        assert_eq!(positions.of(ROOM), Some(at(1, 10)));
    }

    #[test]
    fn a_hole_is_found_and_not_stepped_over() {
        let mut positions = Positions::default();
        positions.begin(ROOM, at(1, 9));
        assert_eq!(positions.step(ROOM, Seq(11)), Step::Hole);
        assert_eq!(positions.step(ROOM, Seq(10)), Step::Next);
    }

    #[test]
    fn a_gap_moves_the_position_to_where_events_go_on() {
        let mut positions = Positions::default();
        positions.begin(ROOM, at(1, 9));
        positions.jump(ROOM, at(2, 500));
        assert_eq!(positions.step(ROOM, Seq(501)), Step::Next);
        assert_eq!(positions.for_hello(), [(ROOM, Epoch(2), Seq(501))]);
    }

    #[test]
    fn a_room_known_by_an_event_alone_is_not_resumed_before_its_epoch_is_known() {
        let mut positions = Positions::default();
        assert_eq!(positions.step(ROOM, Seq(3)), Step::Next);
        assert_eq!(positions.for_hello(), []);
        positions.begin(ROOM, at(1, 4));
        assert_eq!(positions.for_hello(), [(ROOM, Epoch(1), Seq(3))]);
    }

    #[test]
    fn a_room_out_of_sight_is_forgotten() {
        let mut positions = Positions::default();
        positions.begin(ROOM, at(1, 9));
        positions.forget(ROOM);
        assert_eq!(positions.of(ROOM), None);
    }
}
