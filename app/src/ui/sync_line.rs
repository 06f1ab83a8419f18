//! How it stands between this device and the server, in one line: the worst truth first.

use std::time::Duration;

use egui::{Color32, Ui};
use recordplayer::replica::Status;
use recordplayer_client::LineState;

use crate::theme::{Icon, Theme};
use crate::widget::row;

/// The line's icon, colour and words.
pub(super) fn words(
    status: Status,
    line: Option<&LineState>,
    is_here: bool,
    now_ms: i64,
    theme: &Theme,
) -> (Icon, Color32, String) {
    let palette = theme.palette;
    if status.refused > 0 {
        let needs = if status.refused == 1 { "1 needs you".to_owned() } else { format!("{} need you", status.refused) };
        return (Icon::CircleAlert, palette.danger, needs);
    }
    let waiting = status.waiting + status.sending;
    let is_idle = waiting == 0 && status.behind == 0 && (is_here || line == Some(&LineState::Online));
    if let Some(rebuilding) = status.rebuilding.filter(|_| is_idle) {
        let words = format!("Making views anew, {} %", rebuilding.percent());
        return (Icon::RefreshCw, palette.info, words);
    }
    match line {
        Some(_) if is_here && waiting == 0 => (Icon::CircleCheck, palette.success, "Saved on this computer".to_owned()),
        Some(_) if is_here => (Icon::Hourglass, palette.info, "Saving...".to_owned()),
        Some(LineState::Online) if waiting > 0 => (Icon::Hourglass, palette.info, format!("Sending {waiting}...")),
        Some(LineState::Online) if status.behind > 0 => {
            (Icon::RefreshCw, palette.info, format!("Fetching {} records...", status.behind))
        }
        Some(LineState::Online) if status.is_current => (Icon::CloudCheck, palette.success, "Synced".to_owned()),
        Some(LineState::Online | LineState::Connecting) => (Icon::RefreshCw, palette.info, "Connecting...".to_owned()),
        Some(LineState::Retrying { at, .. }) if waiting == 0 => {
            let seconds = (at.0 - now_ms).max(0).div_euclid(1_000) + 1;
            (Icon::CloudOff, palette.warning, format!("Offline, retrying in {seconds} s"))
        }
        Some(LineState::Refused { .. }) if waiting == 0 => {
            (Icon::CloudOff, palette.danger, "The server said no".to_owned())
        }
        Some(LineState::Retrying { .. } | LineState::Refused { .. }) | None => {
            let words = if waiting == 0 { "Offline".to_owned() } else { format!("Offline, {waiting} waiting") };
            (Icon::CloudOff, palette.warning, words)
        }
    }
}

/// Why there is no line, where somebody knows.
pub(super) fn why(line: &LineState) -> Option<String> {
    match line {
        LineState::Retrying { why, .. } | LineState::Refused { why } => Some(why.to_string()),
        LineState::Online | LineState::Connecting => None,
    }
}

/// Draws it; true where it was clicked.
pub(super) fn show(ui: &mut Ui, status: Status, line: Option<&LineState>, is_here: bool, now_ms: i64) -> bool {
    let theme = Theme::of(ui);
    let (icon, colour, words) = words(status, line, is_here, now_ms, &theme);
    if matches!(line, Some(LineState::Retrying { .. })) {
        ui.ctx().request_repaint_after(Duration::from_secs(1));
    }
    let response = row(ui, (icon, colour), &words, None, false);
    let response = match line.and_then(why) {
        Some(why) => response.on_hover_text(why),
        None => response,
    };
    response.clicked()
}

#[cfg(test)]
mod tests {
    use recordplayer::Rebuilding;
    use recordplayer::record::Position;

    use super::*;

    fn said(status: Status, line: Option<&LineState>) -> String {
        words(status, line, false, 0, &Theme::new(true)).2
    }

    #[test]
    fn the_worst_truth_is_told_first() {
        let synced = Status { is_online: true, is_current: true, ..Status::default() };
        assert_eq!(said(synced, Some(&LineState::Online)), "Synced");
        let sending = Status { sending: 2, waiting: 1, ..synced };
        assert_eq!(said(sending, Some(&LineState::Online)), "Sending 3...");
        assert_eq!(said(Status { waiting: 2, ..Status::default() }, None), "Offline, 2 waiting");
        assert_eq!(said(Status { refused: 1, ..sending }, Some(&LineState::Online)), "1 needs you");
        let rebuilding = Some(Rebuilding { done: Position(42), of: Position(100) });
        assert_eq!(said(Status { rebuilding, ..synced }, Some(&LineState::Online)), "Making views anew, 42 %");
        assert_eq!(said(Status { rebuilding, ..sending }, Some(&LineState::Online)), "Sending 3...");
        assert_eq!(said(Status { rebuilding, ..Status::default() }, None), "Offline");
        assert_eq!(
            said(Status { behind: 7, is_online: true, ..Status::default() }, Some(&LineState::Online)),
            "Fetching 7 records..."
        );
    }
}
