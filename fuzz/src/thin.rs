//! One view of a project on a device that stores nothing, under an authority that says what it likes.

use std::sync::LazyLock;

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::CommandId;
use recordplayer::protocol::{Knowledge, ServerFrame};
use recordplayer::record::Position;
use recordplayer::space::{Ending, SessionId, SpaceInput};
use recordplayer::thin::{ThinOutput, ThinView};
use recordplayer::view::{Key, ViewKey};
use recordplayer_kanban::Card;
use recordplayer_kanban::view::{ActivityView, BoardView, CardView};

use crate::authority::Authority;
use crate::project::{BOARD, CARDS, FIRST, OWNER, SPACE, domain, each_wish, entry, log, store, submission};
use crate::script::{Script, change_bytes};

const STEPS_MAX: usize = 60;
const OUTPUTS_MAX: usize = 500;

/// What an honest authority says about each of the views, while somebody works there.
static FRAMES: LazyLock<Vec<(ViewKey, Vec<ServerFrame>)>> =
    LazyLock::new(|| views().into_iter().map(|view| (view.clone(), honest_frames(&view))).collect());

pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let (key, frames) = &FRAMES[script.below(FRAMES.len())];
    let mut view = ThinView::new(domain(), SPACE, key.clone());
    view.handle_connected();
    for _ in 0..STEPS_MAX {
        if script.is_over() {
            break;
        }
        let known = view.position();
        match script.below(8) {
            0..=2 => script.one_of(frames).cloned().into_iter().for_each(|frame| view.handle_frame(frame)),
            3 | 4 => distorted(&mut script, frames).into_iter().for_each(|frame| view.handle_frame(frame)),
            5 => ServerFrame::decode(script.bytes()).into_iter().for_each(|frame| view.handle_frame(frame)),
            6 => view.handle_frame(ServerFrame::Ping { nonce: 0, heads: vec![(SPACE, head(&mut script))] }),
            _ => view.handle_connected(),
        }
        work(&mut view, known);
    }
}

/// Each record is told once, behind everything that was known.
fn work(view: &mut ThinView, mut known: Option<Position>) {
    let mut outputs = 0;
    while let Some(output) = view.poll_output() {
        outputs += 1;
        assert!(outputs < OUTPUTS_MAX, "one step makes an avalanche");
        match output {
            ThinOutput::Started { at } => known = Some(at),
            ThinOutput::Record(record) => assert!(Some(record.number) > known, "it is known already: {record:?}"),
            ThinOutput::Unreadable(why) => assert!(!why.is_empty()),
            ThinOutput::Send(_) | ThinOutput::AccessEnded => {}
        }
    }
}

fn distorted(script: &mut Script<'_>, frames: &[ServerFrame]) -> Option<ServerFrame> {
    let mut bytes = script.one_of(frames)?.encode();
    change_bytes(script, &mut bytes);
    ServerFrame::decode(&bytes).ok()
}

fn head(script: &mut Script<'_>) -> Head {
    Head { position: Position(script.number() / 2), hash: Hash([script.byte(); 32]) }
}

fn views() -> [ViewKey; 4] {
    [
        ViewKey::of::<BoardView>(BOARD),
        ViewKey::of::<CardView>(CARDS[0]),
        ViewKey::of::<ActivityView>(Key::whole_space()),
        ViewKey::entity::<Card>(CARDS[0]),
    ]
}

fn honest_frames(view: &ViewKey) -> Vec<ServerFrame> {
    let mut authority = Authority::open(store(), Ending::InOrder);
    let (session, actor) = (SessionId(1), OWNER);
    let mut said = authority.handle(SpaceInput::SubscribeView { session, actor, view: view.clone(), after: None });
    let first = authority.space.durable();
    for (number, intent) in (log().len() as u64 + 1..).zip(each_wish()) {
        let entry = entry(number, CommandId::derived("work", &[&number.to_be_bytes()]), intent);
        said.extend(authority.handle(SpaceInput::Submit(submission(session, actor, FIRST, vec![entry]))));
    }
    let after = Some(Knowledge { epoch: 1, head: first });
    said.extend(authority.handle(SpaceInput::SubscribeView { session, actor, view: view.clone(), after }));
    let is_about_it =
        |frame: &ServerFrame| matches!(frame, ServerFrame::ViewStart { .. } | ServerFrame::ViewNews { .. });
    let frames: Vec<ServerFrame> = said.into_iter().map(|said| said.frame).filter(is_about_it).collect();
    assert!(frames.len() > 2, "something happens to {view:?}");
    frames
}
