//! Little plays: what a client says, and exactly what the stream makes of it.
