//! Whoever dawdles before being let in is sent away.

use crate::support::{Line, World};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn world() -> World {
    World::with(|config| config.bounds.hello_max = Duration::from_millis(700)).await
}

#[tokio::test]
async fn a_request_head_that_never_ends_is_closed() {
    let world = world().await;
    for head in ["", "GET /api/v1/live HTTP/1.1\r\nhost: x\r\nx-slow: "] {
        let mut stream = TcpStream::connect(world.address).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        let mut answer = Vec::new();
        let closed = stream.read_to_end(&mut answer);
        // An error is an end as well.
        let _ = tokio::time::timeout(crate::support::PATIENCE, closed).await.expect("it is closed");
    }
}

#[tokio::test]
async fn who_never_says_hello_is_told_so() {
    let world = world().await;
    let mut silent = Line::open(world.address, &[]).await;
    let end = silent.end().await;
    assert_eq!((end.code, &end.said["code"]), (4015, &json!("hello_timeout")));
    assert_eq!((&end.said["t"], &end.said["then"]), (&json!("refuse"), &json!("retry")));
}

#[tokio::test]
async fn a_hello_that_dribbles_in_gains_no_time() {
    let world = world().await;
    let tcp = TcpStream::connect(world.address).await.expect("it listens");
    let std = tcp.into_std().expect("a socket");
    let mut raw = TcpStream::from_std(std.try_clone().expect("a second handle")).expect("a socket");
    let mut line = Line::over(TcpStream::from_std(std).expect("a socket"), "x", &[]).await;
    // The head of a masked text frame of 100 bytes, then a byte at a time.
    raw.write_all(&[0x81, 0x80 | 100, 0, 0, 0, 0]).await.expect("it is sent");
    let dribble = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if raw.write_all(b" ").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let end = tokio::select! {
        end = line.end() => end,
        () = dribble => unreachable!("it never ends"),
    };
    assert_eq!(end.code, 4015);
}
