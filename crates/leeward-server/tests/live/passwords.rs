//! Sign-ins by password, by the hundred, delay neither those who are in nor those who resume.

use crate::support::{Line, World};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_flood_of_sign_ins_is_refused_with_a_time_and_felt_by_nobody_else() {
    // Behind a proxy, so that each comes from another address.
    let world = World::with(|config| config.behind_proxy = true).await;
    let member = world.account("member").await;
    let away = Line::sign_in(&world, &member).await;
    let (ticket, version) = (away.ticket(), away.version());
    drop(away);
    let mut inside = Line::sign_in(&world, &member).await;
    let address = world.address;
    let asks: Vec<_> = (0..300u32)
        .map(|n| {
            tokio::spawn(async move {
                let body = format!(r#"{{"name":"somebody{n}","password":"not the right one"}}"#);
                let from = format!("10.{}.{}.1", n / 256, n % 256);
                let request = format!(
                    "POST /api/v1/sign-in HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {from}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let mut stream = TcpStream::connect(address).await.expect("it listens");
                stream.write_all(request.as_bytes()).await.expect("it is sent");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.expect("it is answered");
                answer
            })
        })
        .collect();
    world.until("the queue is full", async |w| w.node.passwords.asked() >= 40).await;
    let mut took = Vec::new();
    for n in 0..20 {
        let began = Instant::now();
        inside.say(&json!({"t": "ping", "n": n})).await;
        inside.until("pong").await;
        took.push(began.elapsed());
    }
    let began = Instant::now();
    let mut back = Line::resume(&world, &ticket, version, &[]).await;
    took.push(began.elapsed());
    back.quiet().await;
    let worst = took.iter().max().expect("some were measured");
    // The queue alone is half a second of both cores.
    assert!(*worst < Duration::from_millis(400), "{took:?}");
    let mut refused = 0;
    for ask in asks {
        let answer = ask.await.expect("it is answered");
        match answer.split(' ').nth(1) {
            Some("401") => {}
            Some("429") => {
                refused += 1;
                assert!(answer.contains("\"after_ms\":3000"), "{answer}");
            }
            _ => panic!("{answer}"),
        }
    }
    assert!(refused >= 200, "{refused} of 300 were refused at once");
}
