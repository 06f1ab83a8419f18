//! Short notes at the lower edge: what could not be done, and why.

use egui::{Align2, Area, Frame, Id, Margin, Order, Ui, vec2};

use super::act::Act;
use crate::theme::{Icon, Theme, Type, radius, space};
use crate::widget::{icon_button, quiet_button, text};

/// How long a note stays, in seconds.
const STAYS_S: f64 = 8.0;
/// More are not shown at once.
const SHOWN_MAX: usize = 3;

/// The notes that show.
#[derive(Default)]
pub(super) struct Toasts {
    notes: Vec<Note>,
}

struct Note {
    words: String,
    is_warning: bool,
    /// Set with the first frame that shows it.
    until: Option<f64>,
    offer: Option<(&'static str, Act)>,
}

impl Toasts {
    pub fn warn(&mut self, words: impl Into<String>) {
        self.push(words.into(), true);
    }

    pub fn tell(&mut self, words: impl Into<String>) {
        self.push(words.into(), false);
    }

    /// Says something, with what can be done about it.
    pub fn offer(&mut self, words: impl Into<String>, label: &'static str, act: Act) {
        self.push(words.into(), false);
        if let Some(note) = self.notes.last_mut() {
            note.offer = Some((label, act));
        }
    }

    /// What was said holds no more.
    pub fn take_back(&mut self, words: &str) {
        self.notes.retain(|note| note.words != words);
    }

    fn push(&mut self, words: String, is_warning: bool) {
        self.notes.retain(|note| note.words != words);
        self.notes.push(Note { words, is_warning, until: None, offer: None });
        let surplus = self.notes.len().saturating_sub(SHOWN_MAX);
        self.notes.drain(..surplus);
    }

    pub fn show(&mut self, ui: &Ui, acts: &mut Vec<Act>) {
        let theme = Theme::of(ui);
        let now = ui.input(|input| input.time);
        for note in &mut self.notes {
            note.until.get_or_insert(now + STAYS_S);
        }
        self.notes.retain(|note| note.until.is_none_or(|until| until > now));
        let Some(next) = self.notes.iter().filter_map(|note| note.until).min_by(f64::total_cmp) else { return };
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.0)));
        let area = Area::new(Id::unique("notes")).order(Order::Foreground);
        area.anchor(Align2::CENTER_BOTTOM, vec2(0.0, -space::PLAYBACK_PAST - space::GAP)).show(ui.ctx(), |ui| {
            self.notes.retain(|note| {
                let frame = Frame::NONE
                    .fill(theme.palette.overlay)
                    .stroke(egui::Stroke::new(1.0, theme.palette.border))
                    .corner_radius(radius::COLUMN)
                    .shadow(theme.shadow())
                    .inner_margin(Margin::symmetric(12, 8));
                let stays = frame.show(ui, |ui| {
                    ui.set_max_width(480.0);
                    ui.horizontal_top(|ui| {
                        let (icon, colour) = if note.is_warning {
                            (Icon::CircleAlert, theme.palette.danger)
                        } else {
                            (Icon::Info, theme.palette.info)
                        };
                        ui.label(icon.text(colour));
                        ui.scope(|ui| {
                            ui.set_max_width(400.0);
                            ui.add(egui::Label::new(text(&note.words, Type::Body, theme.palette.text)).wrap());
                        });
                        let is_taken = note.offer.as_ref().is_some_and(|(label, act)| {
                            let is_taken = quiet_button(ui, label).clicked();
                            acts.extend(is_taken.then(|| act.clone()));
                            is_taken
                        });
                        !icon_button(ui, Icon::X, "Close this note").clicked() && !is_taken
                    })
                });
                ui.add_space(space::GAP);
                stays.inner.inner
            });
        });
    }
}
