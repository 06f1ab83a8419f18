use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use recordplayer_client::{LineError, LineState, LoginError, NotInStep};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::town::{PATIENCE, Town, add_member, hash_of, project, titles, two_in_step, wait_until, write_card};

#[test]
fn devices_come_back_by_themselves_when_the_server_does() {
    let town = Town::new();
    let [(ann, mine), (bo, his)] = two_in_step(&town);
    town.stop();
    wait_until(&ann, || matches!(ann.line(&town.url()), Some(LineState::Retrying { .. })));
    assert!(!mine.status().is_online);
    write_card(&mine, "From ann");
    write_card(&his, "From bo");
    town.start();
    wait_until(&ann, || titles(&mine).len() == 2 && mine.outbox().is_empty());
    wait_until(&bo, || titles(&his).len() == 2 && his.outbox().is_empty());
    ann.wait_in_step(PATIENCE).unwrap();
    bo.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&mine), hash_of(&his));
}

/// Passes bytes on between a device and the server until it is told to keep silent, without closing anything.
struct Relay {
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    is_silent: Arc<AtomicBool>,
}

impl Relay {
    fn to(target: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let is_silent = Arc::new(AtomicBool::new(false));
        let silent = Arc::clone(&is_silent);
        runtime.spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(target).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, Arc::clone(&silent)));
                tokio::spawn(pass(far_in, near_out, Arc::clone(&silent)));
            }
        });
        Self { runtime, address, is_silent }
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    is_silent: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 4096];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 || (!is_silent.load(Ordering::SeqCst) && to.write_all(&bytes[..count]).await.is_err()) {
            return;
        }
    }
}

#[test]
fn a_line_that_is_dead_and_does_not_say_so_is_noticed() {
    let town = Town::new();
    let relay = Relay::to(town.address());
    let url = format!("http://{}", relay.address);
    let ann = town.open("ann");
    ann.login(&url, &town.token("ann"), PATIENCE).unwrap();
    let space = project(&ann, &url);
    ann.wait_in_step(PATIENCE).unwrap();
    relay.is_silent.store(true, Ordering::SeqCst);
    wait_until(&ann, || matches!(ann.line(&url), Some(LineState::Retrying { why: LineError::Silent, .. })));
    write_card(&space, "Said into silence");
    relay.is_silent.store(false, Ordering::SeqCst);
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&space), town.hash(space.id()));
    relay.runtime.shutdown_background();
}

#[test]
fn a_wrong_token_is_said_at_once_and_nothing_is_kept() {
    let town = Town::new();
    let ann = town.open("ann");
    let error = ann.login(&town.url(), "rp_wrong", PATIENCE).unwrap_err();
    assert!(matches!(error, LoginError::Line(LineError::Goodbye { .. })), "{error}");
    assert!(ann.accounts().is_empty());
    assert_eq!(ann.wait_in_step(PATIENCE), Err(NotInStep::NoAccount));
}

#[test]
fn a_revoked_token_ends_the_line_and_work_goes_on_here() {
    let town = Town::new();
    let ann = town.open("ann");
    let token = town.token("ann");
    ann.login(&town.url(), &token, PATIENCE).unwrap();
    let space = project(&ann, &town.url());
    ann.wait_in_step(PATIENCE).unwrap();
    town.control(|control| {
        let device = control.accounts().device(&token).unwrap();
        control.accounts().revoke(&device).unwrap();
    });
    write_card(&space, "Still mine");
    wait_until(&ann, || matches!(ann.line(&town.url()), Some(LineState::Refused { .. })));
    assert!(matches!(ann.wait_in_step(PATIENCE), Err(NotInStep::Refused(_))));
    assert_eq!(titles(&space), ["Still mine"]);
    // A new token takes everything up where it was.
    ann.login(&town.url(), &town.token("ann"), PATIENCE).unwrap();
    wait_until(&ann, || space.outbox().is_empty());
    ann.wait_in_step(PATIENCE).unwrap();
    assert_eq!(hash_of(&space), town.hash(space.id()));
}

#[test]
fn somebody_else_may_not_take_over_the_projects_of_a_device() {
    let town = Town::new();
    let ann = town.device("ann");
    let error = ann.login(&town.url(), &town.token("bo"), PATIENCE).unwrap_err();
    assert!(matches!(error, LoginError::OtherPerson { .. }), "{error}");
}

#[test]
fn what_is_no_server_is_named_as_such() {
    let town = Town::new();
    let ann = town.open("ann");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        }
    });
    let error = ann.login(&url, "rp_any", PATIENCE).unwrap_err();
    assert!(matches!(error, LoginError::Line(LineError::NotOurs(_))), "{error}");
    runtime.shutdown_background();
    let nobody = ann.login("http://127.0.0.1:9", "rp_any", PATIENCE).unwrap_err();
    assert!(matches!(nobody, LoginError::Line(LineError::Unreachable(_))), "{nobody}");
}

#[test]
fn a_person_is_found_by_name_or_not() {
    let town = Town::new();
    let ann = town.device("ann");
    town.token("bo");
    assert!(ann.find_person(&town.url(), "bo", PATIENCE).unwrap().is_some());
    assert_eq!(ann.find_person(&town.url(), "nobody", PATIENCE), Ok(None));
    let space = project(&ann, &town.url());
    add_member(&space, &ann, "bo");
    ann.wait_in_step(PATIENCE).unwrap();
}
