//! Work that takes time: done in threads of its own, and looked at by each frame.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use egui::Context;
use recordplayer::id::SpaceId;

/// What a job has to say.
#[derive(Debug)]
pub(super) enum News {
    /// A project was begun, or could not be.
    Founded(Result<SpaceId, String>),
    /// A project is at its server, or is not.
    Published { space: SpaceId, result: Result<(), String> },
    /// An import has come further.
    Import(super::import::Stage),
}

/// The jobs of a window.
pub(super) struct Jobs {
    bell: Arc<OnceLock<Context>>,
    sender: Sender<News>,
    news: Receiver<News>,
    running: Vec<JoinHandle<()>>,
}

/// Tells the window how it goes.
#[derive(Clone)]
pub(super) struct Teller {
    bell: Arc<OnceLock<Context>>,
    sender: Sender<News>,
}

impl Teller {
    /// False where the window is gone.
    pub fn tell(&self, news: News) -> bool {
        let is_heard = self.sender.send(news).is_ok();
        if let Some(ctx) = self.bell.get() {
            ctx.request_repaint();
        }
        is_heard
    }
}

impl Jobs {
    pub fn new(bell: Arc<OnceLock<Context>>) -> Self {
        let (sender, news) = channel();
        Self { bell, sender, news, running: Vec::new() }
    }

    pub fn start(&mut self, name: &str, work: impl FnOnce(&Teller) + Send + 'static) {
        self.running.retain(|job| !job.is_finished());
        let teller = Teller { bell: Arc::clone(&self.bell), sender: self.sender.clone() };
        let thread = std::thread::Builder::new().name(name.to_owned());
        self.running.push(thread.spawn(move || work(&teller)).expect("the system can start a thread"));
    }

    pub fn news(&self) -> Vec<News> {
        self.news.try_iter().collect()
    }
}

impl Drop for Jobs {
    /// What is being done is done to its end: nothing of it may be cut off by a closed window.
    fn drop(&mut self) {
        for job in std::mem::take(&mut self.running) {
            if job.join().is_err() {
                tracing::error!("a job of the window ended by a panic");
            }
        }
    }
}
