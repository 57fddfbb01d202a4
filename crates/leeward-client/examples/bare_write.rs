//! What the kernel alone costs: a loop that accepts N loopback connections, and one that `write`s the
//! same bytes to each of them, read by another process. The yardstick for the server's cost per
//! connection and per delivery. Single-threaded; never parses or stores anything.
//!
//! ```text
//! cargo run --release -p leeward-client --example bare_write -- 1000 200 20 5
//! ```
//!
//! Arguments: connections, bytes per write, rounds per second (each round writes to all), seconds for
//! each of the two loops. Prints JSON: processor time of the writing process for each accept and for
//! each write, at that rate and as fast as it goes.

use std::error::Error;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, address, count] = &arguments[..]
        && role == "read"
    {
        return read(address.parse()?, count.parse()?);
    }
    let mut numbers = arguments.iter().map(|a| a.parse::<u32>());
    let mut next = |or| numbers.next().unwrap_or(Ok(or));
    let (count, bytes, per_second, seconds) = (next(1000)?, next(200)?, next(20)?, next(5)?);
    let (sockets, accept_us, mut reader) = accept(count)?;
    let frame = vec![b'x'; usize::try_from(bytes)?];
    let lasts = Duration::from_secs(seconds.into());
    let paced = rounds(&sockets, &frame, Some(Duration::from_secs(1) / per_second), lasts)?;
    let flat_out = rounds(&sockets, &frame, None, lasts)?;
    drop(sockets);
    reader.wait()?;
    let report = serde_json::json!({
        "connections": count,
        "bytes": bytes,
        "accept_cpu_us": accept_us,
        "paced": { "rounds_per_s": per_second, "write_cpu_us": paced.0, "writes_per_s": paced.1 },
        "flat_out": { "write_cpu_us": flat_out.0, "writes_per_s": flat_out.1 },
    });
    writeln!(io::stdout(), "{report:#}")?;
    Ok(())
}

/// Accepts `count` connections of a reader in a process of its own: the sockets, and the processor
/// time for each in microseconds.
fn accept(count: u32) -> Result<(Vec<TcpStream>, f64, Child), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let reader = Command::new(std::env::current_exe()?)
        .args(["read", &address, &count.to_string()])
        .spawn()?;
    let mut sockets = Vec::with_capacity(usize::try_from(count)?);
    sockets.push(listener.accept()?.0);
    let before = cpu_us()?;
    while sockets.len() < usize::try_from(count)? {
        sockets.push(listener.accept()?.0);
    }
    let each = (cpu_us()? - before) / f64::from(count);
    for socket in &sockets {
        socket.set_nodelay(true)?;
    }
    Ok((sockets, each, reader))
}

/// Writes to all again and again: processor time for each write in microseconds, and writes per
/// second.
fn rounds(
    sockets: &[TcpStream],
    frame: &[u8],
    every: Option<Duration>,
    lasts: Duration,
) -> Result<(f64, f64), Failure> {
    let (start, before, mut writes, mut round) = (Instant::now(), cpu_us()?, 0u64, 0u32);
    while start.elapsed() < lasts {
        if let Some(every) = every {
            // Waits for the round's time, which nothing but a clock can tell.
            let due = (every * round).saturating_sub(start.elapsed());
            std::thread::park_timeout(due);
        }
        round += 1;
        for mut socket in sockets {
            socket.write_all(frame)?;
            writes += 1;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(((cpu_us()? - before) / writes as f64, writes as f64 / seconds))
}

/// Processor time of this process so far, in microseconds.
fn cpu_us() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = stat.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1_000.0)
}

/// Connects and reads until the other side closes, as a program with many connections does.
#[tokio::main(flavor = "current_thread")]
async fn read(address: SocketAddr, count: usize) -> Result<(), Failure> {
    let mut tasks = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = tokio::net::TcpStream::connect(address).await?;
        tasks.push(tokio::spawn(async move {
            let mut scratch = vec![0; 4096];
            loop {
                socket.readable().await?;
                match socket.try_read(&mut scratch) {
                    Ok(0) => return io::Result::Ok(()),
                    Ok(_) => {}
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) => return Err(e),
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
