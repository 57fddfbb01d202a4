//! Every course of the small models, and the controls that must fail. `examples/models.rs` goes farther.

use leeward_sim::models::lease::{Judge, LeaseModel};
use leeward_sim::models::permit::PermitModel;
use leeward_sim::models::ticket::TicketModel;
use stateright::{Checker, Model};

#[test]
fn no_change_of_terms_in_any_order_expires_a_client_that_keeps_to_its_grant() {
    let checker = LeaseModel { end_s: 9, ..LeaseModel::default() }.checker().spawn_bfs().join();
    checker.assert_properties();
    assert!(checker.unique_state_count() > 10_000, "{}", checker.unique_state_count());
}

#[test]
fn time_outs_that_parties_share_expire_a_client_that_keeps_to_its_grant() {
    let model = LeaseModel { judge: Judge::OwnTerms, ..LeaseModel::default() };
    let checker = model.checker().spawn_bfs().join();
    checker.assert_any_discovery("no false expiry");
}

#[test]
fn a_ticket_counts_once_for_its_owner_whatever_happens() {
    let checker = TicketModel { clients: 2, events_max: 5 }.checker().spawn_dfs().join();
    checker.assert_properties();
}

#[test]
fn a_broken_machine_comes_to_itself_whatever_happened_before() {
    let model = PermitModel { events_max: 3, faults_max: 2, watched: true };
    model.checker().spawn_dfs().join().assert_properties();
}

#[test]
fn leaked_permits_stay_without_a_watchdog() {
    let model = PermitModel { events_max: 2, faults_max: 1, watched: false };
    let checker = model.checker().spawn_dfs().join();
    checker.assert_any_discovery("everything is well in the end");
}
