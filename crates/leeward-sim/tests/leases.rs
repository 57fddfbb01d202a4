//! Random interleavings of a connection's life with changes of terms. Nobody is ended who kept to
//! what they were granted; with time-outs that the parties share, many are.

use leeward_sim::models::lease::{Judge, LeaseModel};
use leeward_sim::walk;

const WALKS: u64 = 20_000;

fn falsely_expired(model: &LeaseModel) -> usize {
    (1..=WALKS).filter(|seed| walk::falsely_expires(model, *seed)).count()
}

#[test]
fn no_interleaving_expires_a_client_that_keeps_to_its_grant() {
    let model = LeaseModel { end_s: 40, ..LeaseModel::default() };
    assert_eq!(falsely_expired(&model), 0);
}

#[test]
fn shared_time_outs_expire_many() {
    let model = LeaseModel { judge: Judge::OwnTerms, ..LeaseModel::default() };
    assert!(falsely_expired(&model) > 0);
}

#[test]
fn a_lease_shorter_than_an_interval_and_two_ways_of_a_frame_expires_some() {
    let model = LeaseModel { times: 2, ..LeaseModel::default() };
    assert!(falsely_expired(&model) > 0);
}
