//! HipChat's outage: the web clients are dropped at the peak, Leeward's own and those that speak XMPP by
//! WebSocket and BOSH, half of them with their session lost, so that they have to sign in. Programs that
//! speak XMPP over TCP stay connected. The operator closes sign-ins with a message, then paces them, then opens;
//! those who are connected chat on. A second server has a limit that is far too low, and says so.

use super::Held;
use super::house::{Cast, House};
use super::progress::Progress;
use super::report::{Promise, Run};
use super::stage::{Stage, Wanted};
use super::storm::{self, CALM};
use anyhow::Result;
use leeward_client::drill::{Kind, Loss, Mix, Species};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub(super) const STORY: &str = "Seven of ten clients, all of the web, are dropped at the same instant, half of \
     them with their session lost. Sign-ins are closed with a message, then paced, then opened. Who resumes is let in \
     all the while, and who is connected chats on. Another server is started with room for 256 \
     files, to see whether it says so.";

/// Who takes part, unless it is said: pages of Leeward's and of XMPP, over both of what those use, and
/// programs that speak XMPP over TCP.
pub(super) const MIX: &str = "leeward:4,converse:2,converse-bosh:2,gajim:1,conversations:1";
/// Of a hundred who are dropped.
const SIGN_IN_PERCENT: u32 = 50;
/// What people read who wait.
const CLOSED: &str = "We are letting people back in. Signing in works again shortly.";
const PACED: &str = "Signing in works again, a few people at a time.";
/// How long sign-ins stay closed once the others are back, and how long they are paced.
const CLOSED_FOR: Duration = Duration::from_secs(2);
const PACED_FOR: Duration = Duration::from_secs(4);
/// When a closed gate says to come back.
const AFTER_MS: u32 = 2_000;
/// Files that the second server may open.
const FILES_MAX: u32 = 256;
/// How long the second server may take to find out.
const DOCTOR_MAX: Duration = Duration::from_secs(20);

pub(super) async fn hold(stage: &mut Stage, cast: Cast, show: Progress) -> Result<Held> {
    let (mix, species) = (cast.mix.clone(), cast.mix.to_string());
    show.begins(&format!("{} clients come in", cast.clients));
    let mut house = House::fill(stage, cast, show).await?;
    let mu = house.measure_mu(2).await?;
    let t_star_s = house.returners as f64 / mu.per_s.max(1e-3);
    let patience = storm::patience(&mix, t_star_s) + CLOSED_FOR + PACED_FOR;
    house.calm(CALM).await?;
    gate(stage, json!({"state": "closed", "after_ms": AFTER_MS, "message": CLOSED})).await?;
    house.lose(Loss { sign_in_percent: SIGN_IN_PERCENT, stale_percent: 0, posting: true }).await?;
    house.mark("sign-ins are closed");
    let resumers = house.watch("resuming", patience, |view| {
        let seen = &view.crowd;
        let resumed = seen.admitted() - seen.sign_ins.came.count();
        resumed + seen.sign_ins.lost >= seen.of(|_| true).lost
    });
    resumers.await?;
    let view = house.rest("sign-ins are closed", CLOSED_FOR).await?;
    let while_closed = view.crowd.sign_ins.came.count();
    let away = |kind: &Kind| kind.lost.saturating_sub(kind.came.count());
    let waiting = away(&view.crowd.sign_ins);
    // Nothing can be said to those who speak XMPP but that they wait.
    let listening = waiting - away(&view.crowd.sign_ins_xmpp);

    let per_s = (waiting / 12).max(10);
    gate(stage, json!({"state": "paced", "per_s": per_s, "message": PACED})).await?;
    house.mark(format!("sign-ins are paced at {per_s}/s"));
    let paced_from = Instant::now();
    let (view, _) = house.watch("sign-ins are paced", PACED_FOR, |_| false).await?;
    let paced_s = paced_from.elapsed().as_secs_f64();
    let while_paced = view.crowd.sign_ins.came.count() - while_closed;
    gate(stage, json!({"state": "open"})).await?;
    house.mark("sign-ins are open");
    let view = house.all_back(patience).await?;
    house.mark("everybody is back");
    let mut run = house.recovered(&view, patience).await?;
    house.settle(&mut run).await?;
    run.species = species;
    run.measure_by(mu);
    run.steered = true;
    run.tiles = vec![
        [
            "those who resume back after".to_owned(),
            run.plain.as_ref().map_or("never".to_owned(), |row| format!("{:.2} s", row.last_s)),
            "while signing in was closed".to_owned(),
        ],
        [
            "sign-ins while closed, while paced".to_owned(),
            format!("{while_closed} · {while_paced}"),
            format!("paced at {per_s} a second for {paced_s:.0} s"),
        ],
    ];
    run.figures = vec![
        ("sign-ins let in while closed".to_owned(), while_closed.to_string()),
        (format!("… while paced at {per_s}/s, in {paced_s:.1} s"), while_paced.to_string()),
    ];
    let told = |words: &str| view.crowd.messages.get(words).copied().unwrap_or_default();
    let mut promises = vec![resumed_in_time(&run)];
    promises.push(Promise::count("closed", "sign-ins let in while closed", while_closed, 0));
    // A second's worth may be let in at once when the pace begins.
    let most = (per_s as f64 * (paced_s + 1.5)) as u64;
    promises.push(Promise::count("paced", "sign-ins let in while paced", while_paced, most));
    let some = Promise::fact("pace", "… some were", while_paced > 0, while_paced.to_string());
    promises.push(some);
    let heard = told(CLOSED);
    let words = "those who waited were told why, in the operator's words";
    let all_told = heard >= listening && waiting > 0;
    promises.push(Promise::fact(
        "told",
        words,
        all_told,
        format!("{heard} times, {listening} people"),
    ));
    promises.push(Promise::count("missing", "clients that never came back", run.missing, 0));
    promises.extend(storm::kept(&run));
    promises.push(doctor(show).await?);
    Ok((run, promises))
}

/// Who is dropped and who stays: only what comes by the web is dropped, if there is any.
pub(super) fn parts(mix: Mix) -> (Mix, Mix) {
    let obey = Mix::only(Species::Leeward);
    match mix.only_those(|species| !species.is_native()) {
        None => (mix, obey),
        Some(web) => {
            let stays = |species: Species| species.is_native() || species == Species::Leeward;
            (web, mix.only_those(stays).unwrap_or(obey))
        }
    }
}

fn resumed_in_time(run: &Run) -> Promise {
    let resumed = run.plain.as_ref();
    let most = resumed.map_or(0.0, |row| row.clients as f64 / run.mu.per_s.max(1e-3) * 1.25);
    let last = resumed.filter(|row| row.back >= row.clients).map(|row| row.last_s);
    let words = "those who resume are back within 1.25 of their T*, sign-ins or not";
    Promise::seconds("resumed_back", words, last, most.max(1.0))
}

async fn gate(stage: &mut Stage, gate: Value) -> Result<()> {
    let command = json!({"command": "gate", "class": "sign_in", "gate": gate});
    stage.operator.command(&command).await?;
    Ok(())
}

/// Whether a server that may open far too few files says so before anybody comes.
async fn doctor(show: Progress) -> Result<Promise> {
    show.begins("another server, with room for too few files");
    let wanted = Wanted { files_max: Some(FILES_MAX), ..Wanted::default() };
    let mut stage = Stage::own(&wanted).await?;
    let deadline = Instant::now() + DOCTOR_MAX;
    let finding = loop {
        let findings = stage.operator.see("/api/doctor").await?;
        let found = too_few(&findings);
        if found.is_some() || Instant::now() > deadline {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    stage.end().await;
    let measured = finding.clone().unwrap_or_else(|| "it said nothing".to_owned());
    let words = "a limit that is too low is found before anybody comes";
    Ok(Promise::fact("doctor", words, finding.is_some(), measured))
}

/// What is said of the files, if anything bad is.
fn too_few(findings: &Value) -> Option<String> {
    let list = findings["findings"].as_array()?;
    let bad = |finding: &&Value| {
        finding["check"] == "open files"
            && (finding["severity"] == "warning" || finding["severity"] == "critical")
    };
    let finding = list.iter().find(bad)?;
    let part = |field: &str| finding[field].as_str().unwrap_or_default();
    Some(format!("{}; {}", part("measured"), part("will")))
}
