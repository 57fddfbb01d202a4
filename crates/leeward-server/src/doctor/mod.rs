//! What will go wrong, said before it does: the machine's limits held against what the configuration
//! will ask of it, at the start and every few minutes after.
//!
//! In reading order: [`facts`] what is looked at, the checks (`files` to `limits`) what follows from
//! it, `gather` how it is found out, [`attend()`] the thread that looks again and again. The checks are
//! pure: facts in, findings out. Nothing here changes anything; each finding names the line to change.

mod attend;
mod backlog;
mod certificate;
mod clock;
mod disk;
pub mod facts;
mod files;
pub mod finding;
mod gather;
mod limits;
mod log;
mod memory;

pub use attend::{Doctor, attend};
pub use facts::{Facts, Plan};
pub use files::FILES_KEPT;
pub use finding::{Change, Finding, Report, Severity};
pub use gather::{Eyes, Inside};

/// All findings, the worst first, and among equals in the order of the checks.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let checks = [
        files::examine,
        backlog::examine,
        memory::examine,
        disk::examine,
        clock::examine,
        log::examine,
        certificate::examine,
        limits::examine,
    ];
    let mut findings: Vec<Finding> = checks.iter().flat_map(|check| check(facts)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

#[cfg(test)]
pub(crate) mod example;
