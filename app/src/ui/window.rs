//! The window of the system around [`Desktop`].

use eframe::egui;
use recordplayer_client::Device;

use super::Desktop;

/// The smallest window in which everything can be reached.
const SIZE_MIN: [f32; 2] = [900.0, 600.0];
const SIZE: [f32; 2] = [1280.0, 800.0];

/// Opens the window over a device and stays until it is closed.
pub fn run(device: &Device, desktop: Desktop) -> Result<(), eframe::Error> {
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
            Ok(Box::new(Window(desktop)))
        }),
    )
}

struct Window(Desktop);

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.0.show(ui);
        if self.0.is_left() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.0.leave();
    }
}
