//! The program as an operator meets it: started in a directory of its own, and asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything; it is waited for, not slept through.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a directory of its own, with no variable that could configure it.
pub(crate) fn leeward(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leeward"));
    command.args(arguments).current_dir(dir).env_clear();
    command
}

/// Serve on ports of the system's choice.
pub(crate) const PORTS: [&str; 5] =
    ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"];

pub(crate) fn done(dir: &Path, arguments: &[&str]) -> Output {
    leeward(dir, arguments).output().expect("the program starts")
}

/// What it prints when all goes well.
pub(crate) fn said(dir: &Path, arguments: &[&str]) -> String {
    let out = done(dir, arguments);
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("it prints text")
}

/// The one line it says when it cannot do something.
pub(crate) fn complaint(dir: &Path, arguments: &[&str]) -> String {
    let out = done(dir, arguments);
    assert!(!out.status.success(), "{arguments:?} must fail");
    let text = String::from_utf8(out.stderr).expect("it prints text");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

pub(crate) struct Server {
    pub(crate) child: Child,
    /// What it said until it had said all.
    pub(crate) greeting: Vec<String>,
    pub(crate) public: SocketAddr,
}

impl Server {
    /// A server on ports of the system's choice. Its standard error goes where it is told.
    pub(crate) fn start(dir: &Path, more: &[&str], stderr: Stdio) -> Self {
        Self::of(dir, leeward(dir, &[&PORTS, more].concat()).stderr(stderr))
    }

    /// The same of a command that becomes a server in that directory.
    pub(crate) fn of(dir: &Path, command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        // The set-up link is the last thing it says where there is no owner.
        let last = if dir.join("has-an-owner").exists() { "operator" } else { "/setup#" };
        let mut greeting = Vec::new();
        for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
            greeting.push(line.expect("it prints text"));
            if greeting.last().is_some_and(|line| line.contains(last)) {
                break;
            }
        }
        let first = greeting.first().expect("it says where it serves");
        let public = first.rsplit("//").next().expect("an address").trim();
        let public = public.parse().expect("an address and a port");
        Self { child, greeting, public }
    }

    pub(crate) fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !get(self.public, "/readyz").contains("200 OK") {
            assert!(Instant::now() < deadline, "the server does not become ready");
        }
    }

    pub(crate) fn terminate(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is running");
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    let _ = stream.write_all(request.as_bytes());
    let _ = stream.read_to_string(&mut answer);
    answer
}
