//! The window of the system around [`Desktop`].

use eframe::egui;
use recordplayer_client::Device;

use super::Desktop;

/// The smallest window in which everything can be reached.
const SIZE_MIN: [f32; 2] = [900.0, 600.0];
const SIZE: [f32; 2] = [1280.0, 800.0];

/// A half of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Half {
    Left,
    Right,
}

/// Opens the window over a device and stays until it is closed.
pub(crate) fn run(device: &Device, desktop: Desktop, half: Option<Half>) -> Result<(), eframe::Error> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("RecordPlayer Kanban")
        .with_app_id("recordplayer")
        .with_inner_size(desktop.size().unwrap_or(SIZE))
        .with_min_inner_size(SIZE_MIN);
    let options =
        eframe::NativeOptions { viewport, renderer: eframe::Renderer::Glow, ..eframe::NativeOptions::default() };
    let bell = device.clone();
    eframe::run_native(
        "recordplayer",
        options,
        Box::new(move |creation| {
            let ctx = creation.egui_ctx.clone();
            bell.on_change(move || ctx.request_repaint());
            bell.connect();
            Ok(Box::new(Window { desktop, half }))
        }),
    )
}

struct Window {
    desktop: Desktop,
    /// The half of the screen that it takes as soon as it is known how large that is.
    half: Option<Half>,
}

impl Window {
    fn take_half(&mut self, ctx: &egui::Context) {
        let (Some(half), Some(screen)) = (self.half, ctx.input(|input| input.viewport().monitor_size)) else { return };
        self.half = None;
        let width = (screen.x / 2.0).max(SIZE_MIN[0]);
        let height = screen.y.clamp(SIZE_MIN[1], SIZE[1]);
        let left = match half {
            Half::Left => 0.0,
            Half::Right => screen.x - width,
        };
        ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(egui::vec2(width, height)));
        ctx.send_viewport_cmd(egui::ViewportCommand::OuterPosition(egui::pos2(left, 0.0)));
    }
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.take_half(ui.ctx());
        self.desktop.show(ui);
        if self.desktop.is_left() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.desktop.leave();
    }
}
