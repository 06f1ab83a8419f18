//! Files beside the log, over HTTP: for who may read the log, and of what it speaks of, and of nothing else.

use std::net::SocketAddr;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::domain::Domain;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::file::{FileRef, FileView, NamedFile, key_of};
use recordplayer::hash::Hash;
use recordplayer::id::{Id, SpaceId};
use recordplayer::membership::MembershipCommand;
use recordplayer::protocol::AnswerCode;
use recordplayer::record::{Record, StreamId};
use recordplayer::view::{Key, View};
use recordplayer_server::limits::FILE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Client, Town, entry, founding, submit_entries, submit_frame};

const SPACE: SpaceId = SpaceId(Id([7; 16]));
const DRAWER: Id = Id([8; 16]);
const PLAN: &[u8] = b"two transformers, one motor";

/// A drawer with files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Drawer {
    files: Vec<FileRef>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum DrawerEvent {
    Filled { file: FileRef },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("never")]
struct Never {}

impl Entity for Drawer {
    const KIND: &'static str = "drawer";
    type Command = DrawerEvent;
    type Event = DrawerEvent;
    type Refusal = Never;

    fn decide(&self, command: &DrawerEvent, _: &mut Context<'_>) -> Result<Vec<DrawerEvent>, Never> {
        Ok(vec![command.clone()])
    }

    fn play(&mut self, event: &DrawerEvent, _: &Stamp) {
        let DrawerEvent::Filled { file } = event;
        self.files.push(*file);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct InDrawer {
    is_there: bool,
}

impl View for InDrawer {
    const NAME: &'static str = "in_drawer";

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Drawer::KIND {
            return Vec::new();
        }
        models.get::<Drawer>(stream.id).files.iter().map(|file| key_of(&file.hash)).collect()
    }

    fn play(&mut self, _: &Key, _: &Record, _: &Models<'_>) {
        self.is_there = true;
    }
}

impl FileView for InDrawer {
    fn named(&self) -> Option<NamedFile> {
        self.is_there.then_some(NamedFile { from: None })
    }
}

fn domain() -> Domain {
    let in_command = |intent: &Intent| match intent.typed::<Drawer>()? {
        DrawerEvent::Filled { file } => Some(file),
    };
    Domain::new("todo", 1).entity::<Drawer>().files::<InDrawer>(in_command)
}

/// What comes back: the status, the head, the body.
struct Said {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Said {
    fn header(&self, name: &str) -> Option<u64> {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line?.trim().parse().ok()
    }

    fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

async fn said(address: SocketAddr, request: &[u8]) -> Said {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // What is not read to its end may be answered and closed meanwhile.
    let _ = stream.write_all(request).await;
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all).await;
    let at = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(all.len());
    let head = String::from_utf8_lossy(&all[..at]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    Said { status, head, body: all.get(at + 4..).unwrap_or_default().to_vec() }
}

/// A request in the name of a token.
struct Asker<'a> {
    address: SocketAddr,
    token: &'a str,
}

impl Asker<'_> {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Said {
        let headers = headers.iter().fold(String::new(), |all, (name, value)| all + name + ": " + value + "\r\n");
        let (token, length) = (self.token, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        said(self.address, &[head.as_bytes(), body].concat()).await
    }

    async fn piece(&self, file: &[u8], offset: usize, piece: &[u8]) -> Said {
        let headers = [("Upload-Offset", offset.to_string()), ("Upload-Length", file.len().to_string())];
        self.ask("PATCH", &path(&Hash::of(file)), &headers, piece).await
    }

    async fn get(&self, hash: &Hash) -> Said {
        self.ask("GET", &path(hash), &[], b"").await
    }
}

fn path(hash: &Hash) -> String {
    format!("/spaces/{SPACE}/files/{hash}")
}

fn filled(bytes: &[u8]) -> DrawerEvent {
    DrawerEvent::Filled { file: FileRef { hash: Hash::of(bytes), bytes: bytes.len() as u64 } }
}

/// Ann has a space that speaks of these files; answers with her token and with that of Bo, who is no member.
async fn drawer(address: SocketAddr, control: &recordplayer_server::Control, files: &[&[u8]]) -> (String, String) {
    let [ann, bo] = ["ann", "bo"].map(|name| control.accounts().new_token(name).unwrap());
    let mut client = Client::welcomed(address, &ann).await;
    client.send(&submit_frame(SPACE, 1, &[founding("Drawer")])).await;
    assert_eq!(client.answer().await, (1, AnswerCode::Accepted));
    for (number, file) in (2..).zip(files) {
        let entries = vec![entry::<Drawer>(number, DRAWER, &filled(file))];
        client.send(&submit_entries(SPACE, number, entries)).await;
        assert_eq!(client.answer().await, (number, AnswerCode::Accepted));
    }
    (ann, bo)
}

/// Ann asks for files of her space, which speaks of these.
fn with_drawer(files: &[&[u8]], test: impl AsyncFnOnce(Asker<'_>)) {
    let asking = async |address: SocketAddr, control: &recordplayer_server::Control| {
        let (token, _) = drawer(address, control, files).await;
        test(Asker { address, token: &token }).await;
    };
    Town::new().run_with(domain(), |_| Ok(()), asking);
}

#[test]
fn a_file_comes_in_pieces_and_goes_on_where_the_line_broke() {
    Town::new().run_with(domain(), |_| Ok(()), async |address, control| {
        let (token, _) = drawer(address, control, &[PLAN]).await;
        let ann = Asker { address, token: &token };
        let hash = Hash::of(PLAN);
        let asked = json!({ "files": [hash.to_string(), Hash::of(b"unknown").to_string()] }).to_string();
        let missing = async || ann.ask("POST", &format!("/spaces/{SPACE}/files"), &[], asked.as_bytes()).await.body;
        assert_eq!(missing().await, json!({ "missing": [hash.to_string()] }).to_string().into_bytes());
        assert_eq!(ann.get(&hash).await.code(), "on_its_way");

        let first = ann.piece(PLAN, 0, &PLAN[..10]).await;
        assert_eq!((first.status, first.header("upload-offset"), first.header("upload-length")), (204, Some(10), None));
        // The line breaks in the middle of the next piece: what came of it is kept.
        let head = format!(
            "PATCH {} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\nUpload-Offset: 10\r\nUpload-Length: {}\r\nContent-Length: 17\r\n\r\n",
            path(&hash),
            PLAN.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[head.as_bytes(), &PLAN[10..14]].concat()).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        let told = ann.ask("HEAD", &path(&hash), &[], b"").await;
        assert_eq!((told.status, told.header("upload-offset"), told.header("upload-length")), (200, Some(14), None));
        // Who does not know that hears it.
        let early = ann.piece(PLAN, 10, &PLAN[10..]).await;
        assert_eq!((early.status, early.header("upload-offset")), (409, Some(14)));

        let last = ann.piece(PLAN, 14, &PLAN[14..]).await;
        assert_eq!((last.status, last.header("upload-length")), (204, Some(PLAN.len() as u64)));
        assert_eq!(missing().await, json!({ "missing": [] }).to_string().into_bytes());
        let got = ann.get(&hash).await;
        assert_eq!((got.status, got.body.as_slice()), (200, PLAN));
        let rest = ann.ask("GET", &path(&hash), &[("Range", "bytes=20-".to_owned())], b"").await;
        assert_eq!((rest.status, rest.body.as_slice()), (206, &PLAN[20..]));
        assert!(rest.head.contains("content-range: bytes 20-26/27"), "{}", rest.head);
        let again = ann.piece(PLAN, 0, PLAN).await;
        assert_eq!((again.status, again.header("upload-length")), (204, Some(PLAN.len() as u64)), "it is here");
    });
}

#[test]
fn an_empty_file_is_a_file() {
    with_drawer(&[b""], async |ann| {
        assert_eq!(ann.piece(b"", 0, b"").await.header("upload-length"), Some(0));
        let got = ann.get(&Hash::of(b"")).await;
        assert_eq!((got.status, got.body.len()), (200, 0));
    });
}

#[test]
fn what_is_not_the_file_of_its_hash_is_thrown_away() {
    with_drawer(&[PLAN], async |ann| {
        let wrong: Vec<u8> = PLAN.iter().rev().copied().collect();
        let headers = [("Upload-Offset", "0".to_owned()), ("Upload-Length", wrong.len().to_string())];
        let said = ann.ask("PATCH", &path(&Hash::of(PLAN)), &headers, &wrong).await;
        assert_eq!((said.status, said.code().as_str()), (422, "wrong_content"));
        assert_eq!(ann.get(&Hash::of(PLAN)).await.code(), "on_its_way");
        assert_eq!(ann.piece(PLAN, 0, PLAN).await.status, 204, "and may come again");
        // More than was said, and more than there may be.
        let headers = [("Upload-Offset", "0".to_owned()), ("Upload-Length", (FILE_BYTES_MAX + 1).to_string())];
        let said = ann.ask("PATCH", &path(&Hash::of(PLAN)), &headers, b"x").await;
        assert_eq!((said.status, said.code().as_str()), (413, "too_large"));
    });
}

#[test]
fn more_than_was_said_to_come_is_refused() {
    with_drawer(&[PLAN], async |ann| {
        let headers = [("Upload-Offset", "0".to_owned()), ("Upload-Length", "3".to_owned())];
        let said = ann.ask("PATCH", &path(&Hash::of(PLAN)), &headers, PLAN).await;
        assert_eq!((said.status, said.code().as_str()), (400, "malformed"));
    });
}

#[test]
fn nobody_else_has_a_file_or_brings_one_or_learns_that_it_is_there() {
    Town::new().run_with(
        domain(),
        |_| Ok(()),
        async |address, control| {
            let (ann_token, bo_token) = drawer(address, control, &[PLAN]).await;
            let [ann, bo, nobody] = [&*ann_token, &*bo_token, "guessed"].map(|token| Asker { address, token });
            assert_eq!(ann.piece(PLAN, 0, PLAN).await.status, 204);
            let (hash, other) = (Hash::of(PLAN), Hash::of(b"other"));
            for (asker, status, code) in [(&bo, 403, "no_access"), (&nobody, 401, "bad_token")] {
                let asked = json!({ "files": [hash.to_string()] }).to_string();
                let answers = [
                    asker.get(&hash).await,
                    // The same where there is none.
                    asker.get(&other).await,
                    asker.piece(PLAN, 0, PLAN).await,
                    asker.ask("POST", &format!("/spaces/{SPACE}/files"), &[], asked.as_bytes()).await,
                    // And where there is no such space: nobody makes one by asking.
                    asker.ask("GET", &format!("/spaces/{}/files/{hash}", SpaceId(Id([9; 16]))), &[], b"").await,
                ];
                for said in answers {
                    assert_eq!((said.status, said.code().as_str()), (status, code));
                }
                let told = asker.ask("HEAD", &path(&hash), &[], b"").await;
                assert_eq!((told.status, told.header("upload-length")), (status, None));
            }
            // A member brings nothing that the log does not speak of.
            let said = ann.piece(b"other", 0, b"other").await;
            assert_eq!((said.status, said.code().as_str()), (404, "unknown_file"));
            let mut client = Client::welcomed(address, &ann_token).await;
            let person = control.accounts().person("bo").unwrap();
            let add = MembershipCommand::AddMember { person, role: "member".to_owned() };
            client.send(&submit_frame(SPACE, 3, &[add])).await;
            assert_eq!(client.answer().await, (3, AnswerCode::Accepted));
            assert_eq!(bo.get(&hash).await.body, PLAN, "a member has it");
            client.send(&submit_frame(SPACE, 4, &[MembershipCommand::RemoveMember { person }])).await;
            assert_eq!(client.answer().await, (4, AnswerCode::Accepted));
            assert_eq!(bo.get(&hash).await.code(), "no_access", "and who is taken out has it no more");
        },
    );
}

#[test]
fn garbage_costs_its_sender_a_clear_word() {
    with_drawer(&[PLAN], async |ann| {
        let address = ann.address;
        let files = format!("/spaces/{SPACE}/files");
        let hash = Hash::of(PLAN).to_string();
        for path in [
            "/spaces/",
            "/spaces/../files",
            "/spaces/7/files",
            &format!("{files}/../../store.redb"),
            &format!("{files}/{}", &hash[1..]),
            &format!("{files}/{hash}/x"),
            &format!("{files}/{}", hash.to_uppercase()),
        ] {
            let said = ann.ask("GET", path, &[], b"").await;
            assert_eq!((said.status, said.code().as_str()), (404, "unknown_path"), "{path}");
        }
        for (method, path) in [("DELETE", path(&Hash::of(PLAN))), ("PUT", files.clone()), ("GET", files.clone())] {
            assert_eq!(ann.ask(method, &path, &[], b"").await.code(), "wrong_method", "{method} {path}");
        }
        for body in [&b"{}"[..], b"[", b"{\"files\":[\"x\"]}", &vec![0xff; 200_000], &vec![b' '; 80_001]] {
            assert_eq!(ann.ask("POST", &files, &[], body).await.code(), "malformed");
        }
        for headers in [
            vec![],
            vec![("Upload-Offset", "-1".to_owned())],
            vec![("Upload-Offset", "0".to_owned()), ("Upload-Length", "many".to_owned())],
        ] {
            assert_eq!(ann.ask("PATCH", &path(&Hash::of(PLAN)), &headers, b"x").await.code(), "malformed");
        }
        assert_eq!(ann.piece(PLAN, 0, PLAN).await.status, 204);
        for range in ["bytes=27-", "bytes=-5", "bytes=5-2", "lines=1-", "bytes=99999999999999999999-"] {
            let said = ann.ask("GET", &path(&Hash::of(PLAN)), &[("Range", range.to_owned())], b"").await;
            assert_eq!((said.status, said.code().as_str()), (416, "wrong_range"), "{range}");
        }
        for garbage in [&b"\0\0\0\0\r\n\r\n"[..], b"GET\r\n\r\n", &vec![b'A'; 100_000]] {
            assert!(matches!(said(address, garbage).await.status, 0 | 400 | 414 | 431));
        }
        let said = ann.ask("GET", &path(&Hash::of(PLAN)), &[("Origin", "https://evil.example".to_owned())], b"").await;
        assert_eq!(said.status, 403, "no page uses the person's server behind their back");
        assert_eq!(ann.get(&Hash::of(PLAN)).await.body, PLAN, "and all of that has cost nothing else");
    });
}
