//! Little plays outside of rooms.
