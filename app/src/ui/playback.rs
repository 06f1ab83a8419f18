//! The bar under the board, and what is looked at of the past.

use std::sync::Arc;

use egui::{
    Align2, Color32, Frame, Layout, Margin, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use recordplayer::id::ActorId;
use recordplayer::time::Timestamp;
use recordplayer_kanban::view::BoardView;

use super::act::Act;
use crate::command::Command;
use crate::player::{PlayStep, Player, Shown};
use crate::theme::{Icon, Theme, Type, space};
use crate::time::moment;
use crate::widget::{command_button, quiet_button, text};

/// Why nothing can be changed.
pub(super) const IN_THE_PAST: &str = "You are in the past. Back to now: Esc";
/// Steps a second at the speed 1x.
const STEPS_PER_S: f64 = 2.0;
/// The first play takes about so long.
const FIRST_PLAY_S: f64 = 30.0;
const SPEEDS: [f64; 4] = [1.0, 4.0, 16.0, 60.0];
/// The fastest speed at which each step is seen for itself.
const GLIDES_UP_TO: f64 = 4.0;
/// A bar of the histogram, with the room behind it.
const BAR: f32 = 6.0;
const SHIFT_STEPS: usize = 10;
/// How large the play button is in the past, and how wide the words beside the histogram are.
const PLAY: f32 = 36.0;
const TOLD: f32 = 128.0;

/// A board's history as it is played.
pub(super) struct Playing {
    player: Player,
    /// The step that shows, if it is not now: so many steps have happened.
    step: Option<usize>,
    /// When the next step comes, while it plays.
    next_at: Option<f64>,
    speed: Option<f64>,
    /// The last board of the past that has come: it shows until the next one comes.
    board: Option<Arc<BoardView>>,
    /// The last record of the log that was looked at for steps.
    seen: u64,
    /// It goes to the beginning as soon as there is one, with the play button in focus.
    begins: bool,
    wants_focus: bool,
    /// The pointer holds the cursor of the timeline.
    is_scrubbed: bool,
}

impl Playing {
    pub fn new(player: Player) -> Self {
        let (step, next_at, speed, board) = (None, None, None, None);
        let (begins, wants_focus, is_scrubbed) = (false, false, false);
        Self { player, step, next_at, speed, board, seen: 0, begins, wants_focus, is_scrubbed }
    }

    /// Goes to the beginning as soon as the history is there.
    pub fn begin(&mut self) {
        self.begins = true;
    }

    pub fn is_past(&self) -> bool {
        self.step.is_some()
    }

    pub fn is_before_the_first(&self) -> bool {
        self.step == Some(0)
    }

    /// The board of the past, if that is looked at and has come.
    pub fn board(&self) -> Option<Arc<BoardView>> {
        self.step.and(self.board.clone())
    }

    /// When it was, what is looked at of the past.
    pub fn moment(&self) -> Option<Timestamp> {
        let shown = self.player.shown();
        shown.steps.get(self.step?.saturating_sub(1)).map(|step| step.at)
    }

    /// Whether the board of the step that is looked at has come.
    pub fn has_come(&self) -> bool {
        self.player.shown().board.is_some_and(|(step, _)| Some(step) == self.step)
    }

    /// Whether cards glide from step to step: not while the steps come too fast for that, nor while somebody scrubs.
    pub fn glides(&self) -> bool {
        let is_fast = self.is_past() && self.next_at.is_some() && self.speed() > GLIDES_UP_TO;
        !self.is_scrubbed && !is_fast
    }

    /// There are more records now.
    pub fn follow(&mut self, record: u64) {
        if self.seen != record {
            self.seen = record;
            self.player.look_for_more();
        }
    }

    fn go_to(&mut self, step: usize) {
        if self.step != Some(step) {
            self.step = Some(step);
            self.player.go_to(step);
        }
    }

    /// What a key or a button asks for.
    pub fn run(&mut self, command: Command, now_s: f64) {
        let steps = self.player.shown().steps.len();
        let at = self.step.unwrap_or(steps);
        match command {
            Command::TimeTravel => self.go_to(at.saturating_sub(1)),
            Command::PlayPause => self.play_or_pause(steps, now_s),
            Command::StepBack => self.stop_at(at.saturating_sub(1)),
            Command::StepForward => self.stop_at((at + 1).min(steps)),
            Command::TenBack => self.stop_at(at.saturating_sub(SHIFT_STEPS)),
            Command::TenForward => self.stop_at((at + SHIFT_STEPS).min(steps)),
            Command::FirstStep => self.stop_at(0),
            Command::LastStep => self.stop_at(steps),
            Command::BackToNow => self.back_to_now(),
            _ => {}
        }
    }

    fn stop_at(&mut self, step: usize) {
        self.next_at = None;
        self.go_to(step);
    }

    pub fn back_to_now(&mut self) {
        (self.step, self.next_at, self.board) = (None, None, None);
    }

    fn play_or_pause(&mut self, steps: usize, now_s: f64) {
        if self.next_at.take().is_some() {
            return;
        }
        // From now, and from the end, it begins at the beginning.
        if self.step.is_none_or(|step| step >= steps) {
            self.go_to(0);
        }
        let count = f64::from(u32::try_from(steps).unwrap_or(u32::MAX));
        self.speed.get_or_insert_with(|| {
            let fits = |speed: &f64| count / (STEPS_PER_S * speed) <= FIRST_PLAY_S;
            SPEEDS.into_iter().find(fits).unwrap_or(SPEEDS[SPEEDS.len() - 1])
        });
        self.next_at = Some(now_s);
    }

    fn speed(&self) -> f64 {
        self.speed.unwrap_or(SPEEDS[0])
    }

    fn next_speed(&mut self) {
        let at = SPEEDS.iter().position(|speed| *speed > self.speed()).unwrap_or(0);
        self.speed = Some(SPEEDS[at]);
    }

    /// Lets time pass, and takes over what has come.
    fn pass(&mut self, ui: &Ui, shown: &Shown) {
        if let Some((_, board)) = &shown.board {
            self.board = Some(Arc::clone(board));
        }
        if self.begins && shown.is_whole && !shown.steps.is_empty() {
            (self.begins, self.wants_focus) = (false, true);
            self.stop_at(0);
        }
        let Some(mut next_at) = self.next_at else { return };
        let now_s = ui.input(|input| input.time);
        let pause = 1.0 / (STEPS_PER_S * self.speed());
        let mut step = self.step.unwrap_or(0);
        while next_at <= now_s && step < shown.steps.len() {
            step += 1;
            next_at += pause;
        }
        self.go_to(step);
        self.next_at = (step < shown.steps.len()).then_some(next_at);
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64((next_at - now_s).max(0.0)));
    }

    /// Draws the bar. `name_of` tells who somebody is.
    pub fn show(&mut self, ui: &mut Ui, name_of: &dyn Fn(Option<ActorId>) -> String, acts: &mut Vec<Act>) {
        let theme = Theme::of(ui);
        let shown = self.player.shown();
        self.pass(ui, &shown);
        if self.is_past() {
            let top = ui.max_rect().left_top()..=ui.max_rect().right_top();
            ui.painter().line_segment([*top.start(), *top.end()], Stroke::new(2.0, theme.palette.past));
        }
        let frame = Frame::NONE.inner_margin(Margin::symmetric(12, 8));
        frame.show(ui, |ui| {
            ui.horizontal_centered(|ui| {
                for command in [Command::FirstStep, Command::PlayPause, Command::LastStep] {
                    let response = if command == Command::PlayPause {
                        self.play_button(ui, &theme)
                    } else {
                        command_button(ui, command)
                    };
                    if command == Command::PlayPause && std::mem::take(&mut self.wants_focus) {
                        response.request_focus();
                    }
                    if response.clicked() {
                        acts.push(Act::Do(command));
                    }
                }
                let speed = format!("{}x", self.speed());
                if quiet_button(ui, &speed).on_hover_text("How fast it plays").clicked() {
                    self.next_speed();
                }
                self.told(ui, &shown, &theme, name_of, acts);
            });
        });
    }

    /// The one round button: brass while the past is looked at.
    fn play_button(&self, ui: &mut Ui, theme: &Theme) -> Response {
        let palette = theme.palette;
        let (icon, words) = if self.next_at.is_some() { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
        let size = Vec2::splat(if self.is_past() { PLAY } else { space::ROW });
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let name = match Command::PlayPause.spec().keys.first() {
            Some(keys) => format!("{words} ({})", keys.shown(ui.ctx())),
            None => words.to_owned(),
        };
        let is_enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, &name));
        let (fill, colour) = match (self.is_past(), response.hovered()) {
            (true, _) => (palette.past, palette.on_label),
            (false, true) => (palette.hover, palette.text),
            (false, false) => (Color32::TRANSPARENT, palette.muted),
        };
        ui.painter().circle_filled(rect.center(), rect.width() / 2.0, fill);
        if response.has_focus() {
            ui.painter().circle_stroke(rect.center(), rect.width() / 2.0 + 2.0, Stroke::new(2.0, palette.accent));
        }
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, icon.letter(), Icon::font(16.0), colour);
        response.on_hover_text(name)
    }

    /// The words at the bar's end.
    fn told(
        &mut self,
        ui: &mut Ui,
        shown: &Shown,
        theme: &Theme,
        name_of: &dyn Fn(Option<ActorId>) -> String,
        acts: &mut Vec<Act>,
    ) {
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            let count = shown.steps.len();
            if let Some(problem) = &shown.problem {
                ui.label(text("The history is not here yet", Type::Meta, theme.palette.warning)).on_hover_text(problem);
                return;
            }
            match self.step {
                None if !shown.is_whole => {
                    ui.label(text(format!("Reading the history, {count}..."), Type::Meta, theme.palette.muted));
                }
                None => {
                    ui.label(text(format!("Now, {count} steps"), Type::Meta, theme.palette.muted));
                }
                Some(step) => {
                    if quiet_button(ui, "Back to now").clicked() {
                        acts.push(Act::Do(Command::BackToNow));
                    }
                    let at = step.checked_sub(1).and_then(|at| shown.steps.get(at));
                    let when = at.map_or_else(|| "Before the first".to_owned(), |step| moment(step.at));
                    ui.allocate_ui_with_layout(vec2(TOLD, PLAY), Layout::top_down(egui::Align::Min), |ui| {
                        ui.spacing_mut().item_spacing.y = space::HAIR;
                        ui.label(text(when, Type::Emphasis, theme.palette.past));
                        ui.label(text(format!("step {step} of {count}"), Type::Meta, theme.palette.muted));
                    });
                }
            }
            ui.add_space(space::GAP);
            let left = ui.available_rect_before_wrap();
            self.timeline(ui, left, shown, theme, name_of);
        });
    }

    fn timeline(
        &mut self,
        ui: &mut Ui,
        room: Rect,
        shown: &Shown,
        theme: &Theme,
        name_of: &dyn Fn(Option<ActorId>) -> String,
    ) {
        let response = ui.interact(room, ui.scope_id().with("timeline"), Sense::click_and_drag());
        let count = shown.steps.len();
        let step = self.step.unwrap_or(count);
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("History, step {step} of {count}")));
        histogram(ui, room, &shown.steps, step, self.is_past(), theme);
        self.is_scrubbed = response.dragged();
        let is_pressed = response.is_pointer_button_down_on() || response.clicked();
        if let Some(pointer) = response.interact_pointer_pos().filter(|_| is_pressed) {
            let part = ((pointer.x - room.left()) / room.width().max(1.0)).clamp(0.0, 1.0);
            self.stop_at(part_of(count, part));
        }
        if let Some(pointer) = response.hover_pos() {
            let part = ((pointer.x - room.left()) / room.width().max(1.0)).clamp(0.0, 1.0);
            if let Some(step) = part_of(count, part).checked_sub(1).and_then(|at| shown.steps.get(at)) {
                let mut words = format!("{}\n{}", moment(step.at), name_of(step.actor));
                for (is_so, what) in [(step.is_begun, "A card was written"), (step.is_finished, "A card was finished")]
                {
                    if is_so {
                        words = format!("{words}\n{what}");
                    }
                }
                response.on_hover_text_at_pointer(words);
            }
        }
    }
}

/// So many of them lie before a part of the whole.
fn part_of(count: usize, part: f32) -> usize {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    // Never negative, and never more than there are.
    #[expect(clippy::cast_sign_loss, reason = "a part lies between 0 and 1")]
    let step = (count * f64::from(part)).round() as usize;
    step
}

/// How much happened when, and where one looks.
#[expect(clippy::cast_precision_loss, reason = "what is drawn is some hundred points wide")]
fn histogram(ui: &Ui, room: Rect, steps: &[PlayStep], step: usize, is_past: bool, theme: &Theme) {
    let painter = ui.painter();
    let base = room.bottom() - space::WIDE;
    painter.hline(room.x_range(), base, Stroke::new(1.0, theme.palette.border));
    let heights = densities(steps, room.width());
    let highest = heights.iter().copied().max().unwrap_or_default().max(1) as f32;
    let width = room.width() / heights.len().max(1) as f32;
    for (bar, records) in heights.iter().enumerate() {
        let left = room.left() + bar as f32 * width;
        let height = 2.0 + (base - room.top() - 2.0) * (*records as f32 / highest).sqrt();
        let rect = Rect::from_min_max(pos2(left, base - height), pos2(left + (width - 2.0).clamp(1.0, BAR), base));
        let first = bar * steps.len() / heights.len();
        let has_happened = first < step;
        let fill = match (has_happened, is_past) {
            (true, true) => theme.palette.past,
            (true, false) => theme.palette.faint,
            (false, _) => theme.palette.border,
        };
        painter.rect_filled(rect, 1.0, fill);
        // Under the line: where cards were written, and where they were finished.
        let of_bar = &steps[first..((bar + 1) * steps.len() / heights.len()).max(first)];
        let middle = rect.center().x;
        let mark = |is_there: bool, below: f32, colour| {
            if is_there {
                painter.circle_filled(pos2(middle, base + below), 1.5, colour);
            }
        };
        mark(of_bar.iter().any(|step| step.is_begun), 4.0, theme.palette.info);
        mark(of_bar.iter().any(|step| step.is_finished), 8.0, theme.palette.success);
    }
    let colour = if is_past { theme.palette.past } else { theme.palette.accent };
    let part = if steps.is_empty() { 1.0 } else { step as f32 / steps.len() as f32 };
    let x = room.left() + room.width() * part;
    painter.vline(x, room.top()..=base, Stroke::new(2.0, colour));
    painter.circle_filled(pos2(x, base), 5.0, colour);
}

/// How many records the steps of each bar made.
#[expect(clippy::cast_sign_loss, reason = "a width is never negative")]
fn densities(steps: &[PlayStep], width: f32) -> Vec<u64> {
    let bars = ((width / BAR).floor().max(1.0) as usize).min(steps.len());
    let end = |step: usize| step.checked_sub(1).map_or(0, |at| steps[at].end.0);
    (0..bars).map(|bar| end((bar + 1) * steps.len() / bars) - end(bar * steps.len() / bars)).collect()
}
