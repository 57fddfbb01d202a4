//! What is read out of `/proc` and `/sys` of machines that a test makes up.

use super::*;
use crate::config::TlsFiles;
use crate::doctor::example::plan;

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("it is below the root")).expect("made");
    std::fs::write(path, text).expect("written");
}

fn looked(root: &Path) -> Machine {
    let mut plan = plan();
    plan.tls = None;
    plan.data = root.join("data");
    Eyes::below(root, true).look(&plan, Inside::default()).machine
}

#[test]
fn the_kernels_queues_are_read_and_what_is_missing_is_left_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path();
    let kernel = looked(root).kernel;
    assert_eq!((kernel.somaxconn, kernel.syncookies, kernel.tracked_max), (None, None, None));
    put(root, "proc/sys/net/core/somaxconn", "128\n");
    put(root, "proc/sys/net/ipv4/tcp_max_syn_backlog", "512\n");
    put(root, "proc/sys/net/ipv4/tcp_syncookies", "0\n");
    put(root, "proc/sys/net/netfilter/nf_conntrack_max", "65536\n");
    put(root, "proc/sys/net/netfilter/nf_conntrack_count", "77\n");
    let kernel = looked(root).kernel;
    assert_eq!((kernel.somaxconn, kernel.syn_backlog), (Some(128), Some(512)));
    assert_eq!(kernel.syncookies, Some(false));
    assert_eq!((kernel.tracked_max, kernel.tracked), (Some(65_536), Some(77)));
}

#[test]
fn connections_that_found_a_full_queue_are_counted_from_look_to_look() {
    let dir = tempfile::tempdir().expect("a directory");
    let table = |drops: u64| {
        format!(
            "TcpExt: A ListenOverflows ListenDrops B\nTcpExt: 1 2 {drops} 4\nIpExt: C\nIpExt: 5\n"
        )
    };
    let mut eyes = Eyes::below(dir.path(), true);
    let mut seen = |drops| {
        put(dir.path(), "proc/net/netstat", &table(drops));
        eyes.kernel().overflows_lately
    };
    assert_eq!(seen(40), 0, "what was before the first look is nobody's fault");
    assert_eq!(seen(47), 7);
    assert_eq!(seen(47), 0);
    assert_eq!(overflows("TcpExt: A\nTcpExt: 1\n"), None);
}

#[test]
fn the_narrowest_group_counts_and_what_it_could_give_back_does_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path();
    put(root, "proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    2048 kB\n");
    put(root, "proc/self/cgroup", "0::/system.slice/leeward.service\n");
    assert_eq!(looked(root).memory.group_max, None);
    put(root, "sys/fs/cgroup/system.slice/memory.max", "1000000\n");
    put(root, "sys/fs/cgroup/system.slice/memory.current", "700\n");
    put(
        root,
        "sys/fs/cgroup/system.slice/memory.stat",
        "anon 9\nactive_file 100\ninactive_file 50\n",
    );
    put(root, "sys/fs/cgroup/system.slice/leeward.service/memory.max", "max\n");
    let memory = looked(root).memory;
    assert_eq!(memory.available, Some(2048 << 10));
    assert_eq!((memory.group_max, memory.group_used), (Some(1_000_000), Some(550)));
    put(root, "sys/fs/cgroup/system.slice/leeward.service/memory.max", "5000\n");
    assert_eq!(looked(root).memory.group_max, Some(5_000));
}

#[test]
fn groups_of_the_first_version_are_read_as_well() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path();
    put(root, "proc/self/cgroup", "4:cpu:/x\n3:cpuset,memory:/docker/one\n");
    put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put(root, "sys/fs/cgroup/memory/docker/one/memory.limit_in_bytes", "8000\n");
    put(root, "sys/fs/cgroup/memory/docker/one/memory.usage_in_bytes", "6000\n");
    put(root, "sys/fs/cgroup/memory/docker/one/memory.stat", "total_inactive_file 1000\n");
    let memory = looked(root).memory;
    assert_eq!((memory.group_max, memory.group_used), (Some(8_000), Some(5_000)));
}

#[test]
fn this_machine_can_be_looked_at() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut eyes = Eyes::new(true);
    let mut plan = plan();
    plan.data = dir.path().to_owned();
    plan.tls = None;
    eyes.probe(&plan);
    let machine = eyes.look(&plan, Inside { live: 3, log_dropped: 2 }).machine;
    assert!(machine.memory.resident > 0 && machine.memory.available.is_some());
    assert!(machine.files.machine_max.is_some() && machine.kernel.somaxconn.is_some());
    assert!(machine.disk.fsync.is_some() && machine.disk.refused.is_none());
    assert_eq!((machine.log.dropped, machine.log.dropped_lately), (2, 2));
    assert_eq!(eyes.look(&plan, Inside { live: 3, log_dropped: 2 }).machine.log.dropped_lately, 0);
}

/// The certificates of the live tests: self-signed, for `localhost`.
fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/tls").join(name)
}

#[test]
fn a_certificate_is_read_with_its_dates_and_its_names() {
    let files = TlsFiles { cert: beside("first.pem"), key: beside("first.key") };
    let hosts = ["localhost", "chat.example.org", "127.0.0.9"].map(str::to_owned);
    let seen = certificate::look(&files, &hosts).expect("it is good");
    assert_eq!(seen.strangers, ["chat.example.org", "127.0.0.9"]);
    assert!(seen.not_before_s > 1_700_000_000 && seen.not_after_s > seen.not_before_s, "{seen:?}");
    assert!(seen.self_signed && !seen.rsa, "{seen:?}");
}

#[test]
fn what_is_wrong_with_the_files_is_said_with_the_file() {
    let wrong = |cert: PathBuf, key: PathBuf| {
        certificate::look(&TlsFiles { cert, key }, &[]).expect_err("it is wrong")
    };
    let said = wrong(beside("first.pem"), beside("second.key"));
    assert!(said.contains("second.key: the key does not belong to "), "{said}");
    assert!(wrong(beside("first.pem"), beside("none.key")).contains("none.key: "));
    assert!(wrong(beside("none.pem"), beside("first.key")).contains("none.pem: "));
    assert!(wrong(beside("first.key"), beside("first.key")).contains("there is no certificate"));
}
