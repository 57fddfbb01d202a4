//! Replays a fuzz target on the corpus of its crate, the same each time. Included by its path wherever
//! there are targets.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;

/// The corpus, damaged copies of it, and noise.
pub(crate) fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let files = std::fs::read_dir(&folder).expect("a corpus folder for every target");
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    for file in files {
        corpus.push(std::fs::read(file.expect("listed").path()).expect("readable"));
    }
    corpus.sort();
    assert!(corpus.len() >= 3, "{name}: a corpus of {}", corpus.len());
    corpus.iter().for_each(|bytes| target(bytes));
    let damage = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    let seeds = (any::<prop::sample::Index>(), proptest::collection::vec(damage, 1..6));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 5_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&seeds, |(seed, damage)| {
            let mut bytes = seed.get(&corpus).clone();
            for (at, to, byte, kind) in damage {
                mutate(&mut bytes, at, to, byte, kind);
            }
            target(&bytes);
            Ok(())
        })
        .expect("no damage breaks a promise");
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    runner
        .run(&noise, |bytes| {
            target(&bytes);
            Ok(())
        })
        .expect("no noise breaks a promise");
}

fn mutate(
    bytes: &mut Vec<u8>,
    at: prop::sample::Index,
    to: prop::sample::Index,
    byte: u8,
    kind: u8,
) {
    let (at, to) = (at.index(bytes.len() + 1), to.index(bytes.len() + 1));
    match kind {
        0 if at < bytes.len() => bytes[at] = byte,
        1 => bytes.insert(at, byte),
        2 => bytes.truncate(at),
        _ => {
            let piece = bytes[at.min(to)..at.max(to)].to_vec();
            bytes.splice(to..to, piece);
        }
    }
}
