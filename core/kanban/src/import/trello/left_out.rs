//! What an export says that is not taken, told line by line.

use super::super::source::LeftOut;
use super::wire::{WireAction, WireBoard, WireCard};

/// Whether an action is a comment; all others are history.
pub(super) fn is_comment(action: &WireAction) -> bool {
    matches!(action.kind.as_str(), "commentCard" | "copyCommentCard")
}

/// Adds what is never taken, whatever else the file holds.
pub(super) fn survey(board: &WireBoard, left_out: &mut LeftOut) {
    survey_board(board, left_out);
    for list in board.lists.iter().flatten() {
        left_out.add("limits of lists", "Trello's list limits do not become limits of columns", list.soft_limit.once());
        left_out.add("subscriptions", SUBSCRIPTIONS, list.subscribed.once());
    }
    for card in board.cards.iter().flatten() {
        survey_card(card, left_out);
    }
    for item in board.checklists.iter().flat_map(|checklist| &checklist.check_items) {
        left_out.add("due dates of checklist items", CHECK_ITEMS, item.due.once());
        left_out.add("members of checklist items", CHECK_ITEMS, item.id_member.once());
    }
    for member in &board.members {
        let pictures = member.avatar_hash.once().max(member.avatar_url.once());
        left_out.add("pictures of members", PROFILES, pictures);
        left_out.add("self-descriptions of members", PROFILES, member.bio.once());
    }
    let of_cards = board.cards.iter().flatten().flat_map(|card| &card.actions);
    let reactions = board.actions.iter().chain(of_cards).map(|action| action.reactions.0).sum();
    left_out.add("reactions", "comments have no reactions", reactions);
}

const SUBSCRIPTIONS: &str = "what the person who exported the board watches is theirs alone";
const CHECK_ITEMS: &str = "checklist items have a text and a tick only";
const PROFILES: &str = "members come as placeholders with their names, which people can claim";

fn survey_board(board: &WireBoard, left_out: &mut LeftOut) {
    left_out.add("descriptions of the board", "boards have no description", board.desc.once());
    left_out.add("closed boards", "the board is closed in Trello and comes in open", u64::from(board.closed));
    left_out.add("board preferences", "looks and permissions are set anew here", board.prefs.once());
    left_out.add("roles of members", "roles are given anew to the people who join", board.memberships.0);
    left_out.add("power-ups", "Trello's extensions do not exist here", board.power_ups.0);
    left_out.add("data of power-ups", PLUGIN_DATA, board.plugin_data.0);
    left_out.add("subscriptions", SUBSCRIPTIONS, board.subscribed.once());
    left_out.add("collections", "they group the boards of a Trello workspace", board.id_tags.0);
}

const PLUGIN_DATA: &str = "only the extension that wrote it can read it";

fn survey_card(card: &WireCard, left_out: &mut LeftOut) {
    let cover = card.cover.as_ref().map_or(0, |cover| {
        let parts = [cover.id_attachment, cover.color, cover.id_uploaded_background, cover.shared_source_url];
        parts.iter().map(|part| part.once()).max().unwrap_or(0)
    });
    let votes = card.badges.as_ref().map_or(0, |badges| badges.votes).max(card.id_members_voted.0);
    let location = card.address.once().max(card.coordinates.once()).max(card.location_name.once());
    let role = card.is_template.once().max(card.card_role.once());
    let uploads = card.attachments.iter().map(|attachment| attachment.is_upload.once()).sum();

    left_out.add("files of attachments", "Trello exports no files; their links come in and ask for a login", uploads);
    left_out.add("covers", "cards have no covers", cover.max(card.id_attachment_cover.once()));
    left_out.add("stickers", "cards have no stickers", card.stickers.0);
    left_out.add("votes", "cards have no votes", votes);
    left_out.add("subscriptions", SUBSCRIPTIONS, card.subscribed.once());
    left_out.add("start dates", "cards have no start date", card.start.once());
    left_out.add("due reminders", "reminders are set by each person for themselves", card.due_reminder.once());
    left_out.add("locations", "cards have no place on a map", location);
    left_out.add("template and special cards", "they come in as ordinary cards", role);
    left_out.add("data of power-ups", PLUGIN_DATA, card.plugin_data.0);
    for item in card.checklists.iter().flat_map(|checklist| &checklist.check_items) {
        left_out.add("due dates of checklist items", CHECK_ITEMS, item.due.once());
        left_out.add("members of checklist items", CHECK_ITEMS, item.id_member.once());
    }
}

/// Whether this may be one of Trello's types of actions, which are letters alone and have up to 40 of them. Others share a line,
/// so that a file cannot make up lines without end.
pub(super) fn is_plausible(kind: &str) -> bool {
    (1..=40).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_alphabetic())
}
