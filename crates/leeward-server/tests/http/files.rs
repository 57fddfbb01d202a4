//! Files: in pieces, across a lost connection, looked at by their bytes, shown to those who may.

use crate::api::Server;
use crate::client::{Answer, Client};
use http::Method;
use leeward_core::id::{AccountId, Millis};
use serde_json::{Value, json};
use std::time::Duration;

async fn announce(who: &Client, name: &str, size: usize) -> u64 {
    let made = who.post("/api/v1/files", json!({ "name": name, "size": size })).await.ok();
    made["id"].as_u64().expect("an id")
}

async fn piece(who: &Client, id: u64, offset: usize, bytes: &[u8]) -> Answer {
    let who = who.with("upload-offset", &offset.to_string());
    who.send(Method::PATCH, &format!("/api/v1/files/{id}"), bytes.to_vec()).await
}

async fn upload(who: &Client, name: &str, bytes: &[u8]) -> Value {
    let id = announce(who, name, bytes.len()).await;
    piece(who, id, 0, bytes).await.ok()["file"].clone()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30]));
    picture.write_to(&mut out, image::ImageFormat::Png).expect("encoded");
    out.into_inner()
}

#[tokio::test]
async fn an_upload_goes_on_after_a_lost_connection() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let bytes: Vec<u8> = (0..2_000_000u32).map(|n| (n % 251) as u8).collect();
    let id = announce(&owner, "large.bin", bytes.len()).await;
    piece(&owner, id, 0, &bytes[..500_000]).await.ok();
    // A connection that announces a million bytes, sends some of them, and is gone.
    let head = format!(
        "PATCH /api/v1/files/{id} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         upload-offset: 500000\r\ncontent-length: 1000000\r\n\r\n",
        server.address,
        server.token("owner")
    );
    let mut broken = head.into_bytes();
    broken.extend_from_slice(&bytes[500_000..700_000]);
    owner.raw_and_gone(&broken).await;

    let state = format!("/api/v1/files/{id}/upload");
    let offset = loop {
        // What arrived of the broken piece is kept, at the latest when the server has noticed.
        let offset = owner.get(&state).await.ok()["offset"].as_u64().expect("an offset");
        let offset = usize::try_from(offset).expect("small");
        assert!((500_000..=700_000).contains(&offset), "{offset}");
        let next = piece(&owner, id, offset, &bytes[offset..offset + 1_000]).await;
        if next.status.is_success() {
            break offset + 1_000;
        }
        assert_eq!(next.refused(409), "conflict");
    };
    let wrong = piece(&owner, id, 0, &bytes[..1_000]).await;
    assert_eq!(wrong.refused(409), "conflict");
    assert_eq!(wrong.header("upload-offset"), offset.to_string());
    let done = piece(&owner, id, offset, &bytes[offset..]).await.ok();
    assert_eq!(done["file"]["size"], 2_000_000);
    let back = owner.get(&format!("/api/v1/files/{id}")).await;
    assert_eq!(back.body, bytes);
    let again = piece(&owner, id, bytes.len(), b"").await.ok();
    assert_eq!(again["file"]["id"], id, "the last piece may be asked about again");
}

#[tokio::test]
async fn more_than_was_announced_or_allowed_is_refused() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let large = json!({ "name": "x", "size": 3 * 1024 * 1024 + 1 });
    assert_eq!(owner.post("/api/v1/files", large).await.refused(413), "too_long");
    let id = announce(&owner, "x", 10).await;
    assert_eq!(piece(&owner, id, 0, b"eleven byte").await.refused(413), "too_long");
    let without = owner.send(Method::PATCH, &format!("/api/v1/files/{id}"), "x").await;
    assert_eq!(without.refused(400), "bad_request");
    assert_eq!(piece(&owner, 987_654, 0, b"x").await.refused(404), "not_found");
    assert_eq!(owner.get(&format!("/api/v1/files/{id}")).await.refused(404), "not_found");
    owner.delete(&format!("/api/v1/files/{id}")).await.ok();
    assert_eq!(piece(&owner, id, 0, b"x").await.refused(404), "not_found");
}

#[tokio::test]
async fn a_path_in_a_name_leads_nowhere() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    for (raw, clean) in [
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/abs/olute", "olute"),
        ("..", "file"),
        ("evil\u{202e}gnp.exe", "evil_gnp.exe"),
        ("nul\u{0}byte\r\n.txt", "nul_byte__.txt"),
    ] {
        let file = upload(&owner, raw, b"text").await;
        assert_eq!(file["name"], clean, "{raw:?}");
        let id = &file["id"];
        for path in [format!("{id}"), format!("{id}/..%2f..%2fsecret"), format!("{id}/a%00b")] {
            let got = owner.get(&format!("/api/v1/files/{path}")).await;
            assert_eq!(got.text(), "text", "{path}");
            assert!(got.header("content-disposition").contains("filename*=UTF-8''"));
        }
    }
    let outside = std::fs::read_dir(server.dir.path().parent().expect("a parent")).expect("read");
    let stray = outside.filter_map(Result::ok).any(|e| e.file_name() == "passwd");
    assert!(!stray, "nothing is written outside the data directory");
}

#[tokio::test]
async fn what_could_run_in_a_browser_does_not() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let page = b"<!doctype html><script>alert(1)</script>";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    for (name, bytes) in [("page.html", page.as_slice()), ("drawing.svg", svg), ("a.png", page)] {
        let file = upload(&owner, name, bytes).await;
        assert_eq!(file["mime"], "text/plain; charset=utf-8", "{name}");
        let got = owner.get(&format!("/api/v1/files/{}", file["id"])).await;
        assert_eq!(got.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert!(got.header("content-security-policy").contains("sandbox"));
    }
    let zip = upload(&owner, "a.zip", b"PK\x03\x04 and more").await;
    let got = owner.get(&format!("/api/v1/files/{}", zip["id"])).await;
    assert!(got.header("content-disposition").starts_with("attachment"));
}

#[tokio::test]
async fn a_picture_has_its_size_and_a_thumbnail() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let file = upload(&owner, "red.png", &png(1_600, 800)).await;
    assert_eq!((&file["width"], &file["height"]), (&json!(1_600), &json!(800)));
    assert_eq!(file["mime"], "image/png");
    let small = owner.get(&format!("/api/v1/files/{}/thumbnail", file["id"])).await;
    let picture = image::load_from_memory(&small.body).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (720, 360));
    assert_eq!(small.header("content-type"), "image/jpeg");
    let mut bomb = png(4, 4);
    bomb[16..24].copy_from_slice(&[0, 0, 0xf0, 0, 0, 0, 0xf0, 0]);
    let bomb = upload(&owner, "bomb.png", &bomb).await;
    assert_eq!(bomb["width"], Value::Null);
    let none = owner.get(&format!("/api/v1/files/{}/thumbnail", bomb["id"])).await;
    assert_eq!(none.refused(404), "not_found");
}

#[tokio::test]
async fn a_part_is_served_and_what_the_browser_has_is_not_sent_again() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let file = upload(&owner, "digits.txt", b"0123456789").await;
    let path = format!("/api/v1/files/{}/digits.txt", file["id"]);
    let whole = owner.get(&path).await;
    let etag = whole.header("etag").to_owned();
    assert_eq!(owner.with("if-none-match", &etag).get(&path).await.status.as_u16(), 304);
    let part = owner.with("range", "bytes=2-4").get(&path).await;
    assert_eq!((part.status.as_u16(), part.text().as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    let beyond = owner.with("range", "bytes=10-").get(&path).await;
    assert_eq!(beyond.refused(416), "bad_request");
    assert_eq!(beyond.header("content-range"), "bytes */10");
    let changed = owner.with("range", "bytes=2-4").with("if-range", "\"other\"").get(&path).await;
    assert_eq!(changed.status.as_u16(), 200);
    let head = owner.send(Method::HEAD, &path, "").await;
    assert_eq!((head.header("content-length"), head.body.len()), ("10", 0));
}

#[tokio::test]
async fn a_file_is_seen_by_the_room_it_was_sent_to() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let file = upload(&member, "plan.txt", b"the plan").await;
    let path = format!("/api/v1/files/{}", file["id"]);
    assert_eq!(another.get(&path).await.refused(404), "not_found");
    assert_eq!(another.delete(&path).await.refused(404), "not_found");
    assert_eq!(server.stranger().get(&path).await.refused(401), "sign_in");
    let direct = member.post("/api/v1/rooms/direct", json!({ "people": [server.id("another")] }));
    let room = direct.await.ok()["id"].clone();
    let stolen = json!({ "nonce": "x",
        "draft": { "kind": "message", "text": "mine", "files": [file["id"]] } });
    let events = format!("/api/v1/rooms/{room}/events");
    another.post(&events, stolen).await.refused(404);
    let send = json!({ "nonce": "a",
        "draft": { "kind": "message", "text": "here", "files": [file["id"]] } });
    let seq = member.post(&events, send).await.ok()["seq"].clone();
    assert_eq!(another.get(&path).await.text(), "the plan");
    assert_eq!(server.person("owner").get(&path).await.refused(404), "not_found");
    assert_eq!(member.delete(&path).await.refused(409), "conflict");
    let delete = json!({ "nonce": "b", "draft": { "kind": "delete", "target": seq } });
    member.post(&events, delete).await.ok();
    assert_eq!(another.get(&path).await.refused(404), "not_found");
}

#[tokio::test]
async fn an_upload_that_was_given_up_is_removed_after_a_day() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let (store, account) = (&server.node.store, AccountId(server.id("owner")));
    let old = store.create_upload(account, "old".into(), 9, Millis(1)).await.expect("made").file.id;
    let path = store.file_path(old);
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    std::fs::write(&path, b"half").expect("written");
    let young = announce(&owner, "young", 9).await;
    // The next announcement looks for strays, after it has been answered.
    let removed = async {
        while path.exists() {
            owner.get(&format!("/api/v1/files/{young}/upload")).await.ok();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), removed).await.expect("removed");
    let gone = owner.get(&format!("/api/v1/files/{old}/upload")).await;
    assert_eq!(gone.refused(404), "not_found");
    assert_eq!(piece(&owner, young, 0, b"not stray").await.ok()["offset"], 9);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let file = upload(&owner, "empty", b"").await;
    assert_eq!(file["size"], 0);
    assert_eq!(owner.get(&format!("/api/v1/files/{}", file["id"])).await.body.len(), 0);
}

#[tokio::test]
async fn the_files_of_a_room_are_listed_page_by_page() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let room = format!("/api/v1/rooms/{}", server.lobby);
    for n in 0..3 {
        let file = upload(&owner, &format!("{n}.txt"), b"text").await;
        let draft = json!({ "kind": "message", "text": "", "files": [file["id"]] });
        let post = json!({ "nonce": format!("f{n}"), "draft": draft });
        owner.post(&format!("{room}/events"), post).await.ok();
    }
    let names = |page: &Value| -> Vec<String> {
        let lines = page.as_array().expect("lines").iter();
        lines.map(|line| line["files"][0]["name"].as_str().expect("a name").to_owned()).collect()
    };
    let newest = member.get(&format!("{room}/files?limit=2")).await.ok();
    assert_eq!(names(&newest), ["2.txt", "1.txt"]);
    let older = member.get(&format!("{room}/files?before={}", newest[1]["seq"])).await.ok();
    assert_eq!(names(&older), ["0.txt"]);
    for bad in ["limit=0", "limit=201", "before=0", "after=1"] {
        let asked = member.get(&format!("{room}/files?{bad}")).await;
        assert_eq!(asked.refused(400), "bad_request", "{bad}");
    }
}
