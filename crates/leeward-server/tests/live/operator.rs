//! The operator's listener answers about health, figures and state, and takes commands from whoever
//! has the secret.

use crate::support::{Line, Raw, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn the_pages_tell_what_the_node_does() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    line.post(room, "hello").await;
    line.until("event").await;
    for address in [world.address, world.operator] {
        assert_eq!(Raw::status(address, "/healthz").await, 200);
        assert_eq!(Raw::status(address, "/readyz").await, 200);
    }
    let public = Raw::get(world.address, "/metrics").await;
    assert!(!public.contains("leeward_"), "figures are not for everybody: {public}");
    let metrics = world.page("/metrics").await;
    assert!(metrics.contains("leeward_deliveries_total 1\n"), "{metrics}");
    assert!(metrics.contains("leeward_connections 1\n"));
    assert!(metrics.contains("leeward_welcomes_total{kind=\"begun\"} 1\n"));
    assert!(metrics.ends_with("# EOF\n"));
    let status: Value = serde_json::from_str(&world.page("/status").await).expect("JSON");
    assert_eq!((&status["ready"], &status["admissions"]), (&json!(true), &json!(1)), "{status}");
}

#[tokio::test]
async fn commands_need_the_secret() {
    let world = World::start().await;
    for (secret, status) in [(None, "401"), (Some("wrong"), "401"), (Some("secret"), "400")] {
        let header = secret.map(|s| format!("authorization: Bearer {s}\r\n")).unwrap_or_default();
        let request = format!(
            "POST /command HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n{header}\r\n{{}}"
        );
        let mut stream = TcpStream::connect(world.operator).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is answered");
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
    }
}
