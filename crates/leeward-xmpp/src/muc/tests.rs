//! Little plays in rooms.
