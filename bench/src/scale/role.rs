//! The two processes that are measured: a server on its folder, and a device on its.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use recordplayer::domain::Domain;
use recordplayer::id::Id;
use recordplayer::saving::Saving;
use recordplayer_client::{Decided, Device, Space, Ticket};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::view::BoardView;
use recordplayer_kanban::{Card, Comment};
use recordplayer_server::Server;
use serde::{Deserialize, Serialize};

use super::project::{BoardOf, boards, remark, title};
use crate::clock::now;

type Failure = Box<dyn std::error::Error>;

/// Long enough for whatever a machine does once it has come to rest.
const SETTLES_WITHIN: Duration = Duration::from_mins(5);

/// A change on a board of the largest size, beside one on the small board of the same project.
pub const LARGE: &str = "change on the largest board";
pub const SMALL: &str = "change of a card";

/// After a rest everything is saved and has left memory. That takes 30 seconds, which nobody has: here it takes so long.
const SAVED_AFTER: Duration = Duration::from_millis(100);
const REST: Duration = Duration::from_secs(1);

/// How a device is measured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Plan {
    /// The cards of the project.
    #[arg(long)]
    pub cards: u64,
    /// How long each kind of command is measured.
    #[arg(long)]
    pub milliseconds: u64,
    /// Measure the first command after so many rests instead.
    #[arg(long)]
    pub rests: Option<u64>,
}

/// What a device has seen of its commands, in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    pub what: String,
    pub ms: f64,
}

fn domain(is_rested: bool) -> Domain {
    let after_ms = i64::try_from(SAVED_AFTER.as_millis()).ok();
    let domain = recordplayer_kanban::domain();
    if is_rested { domain.saving(Saving { after_ms, ..Saving::default() }) } else { domain }
}

/// Serves the folder until the input ends.
pub fn serve(folder: &Path, address: &str, is_rested: bool) -> Result<(), Failure> {
    let server = Server::open(domain(is_rested).shared(), folder)?;
    let serving = server.start(address)?;
    println!("{}", serving.address());
    wait_for_line()?;
    Ok(())
}

/// False where the input has ended instead.
fn wait_for_line() -> Result<bool, Failure> {
    Ok(std::io::stdin().lock().read_line(&mut String::new())? > 0)
}

/// Opens the folder, and says how many milliseconds that took to the first board; for a line, it sends commands and says what it saw.
pub fn device(folder: &Path, plan: &Plan) -> Result<(), Failure> {
    let boards = boards(plan.cards);
    let began = now();
    let device = Device::open(Arc::new(domain(plan.rests.is_some())), folder)?;
    let space = device.space(device.spaces()[0].space).ok_or("the project is there")?;
    let shown = space.live::<BoardView>(boards[0].id());
    let is_there = shown.get().cards.size() as u64 >= boards[0].count;
    let opened = began.elapsed();
    if !is_there {
        return Err("the first board is not there".into());
    }
    device.wait_in_step(SETTLES_WITHIN)?;
    println!("{}", opened.as_secs_f64() * 1_000.0);

    let hand = Hand { device, space, time: Duration::from_millis(plan.milliseconds) };
    if wait_for_line()? {
        let seen = match plan.rests {
            Some(rests) => hand.after_rests(boards[0], rests)?,
            None => hand.commands(&boards)?,
        };
        println!("{}", serde_json::to_string(&seen)?);
    }
    hand.device.close();
    Ok(())
}

/// Somebody who gives one command after the other.
struct Hand {
    device: Device,
    space: Space,
    time: Duration,
}

impl Hand {
    fn commands(&self, boards: &[BoardOf]) -> Result<Vec<Seen>, Failure> {
        let small = boards[0];
        let large = boards.iter().copied().max_by_key(|board| board.count).unwrap_or(small);
        let mut seen = self.measured(SMALL, |number| self.change(small, number))?;
        seen.extend(self.measured(LARGE, |number| self.change(large, number))?);
        seen.extend(self.measured("new card", |number| self.new_card(small, number))?);
        Ok(seen)
    }

    fn measured(&self, what: &str, send: impl Fn(u64) -> Result<Ticket, Failure>) -> Result<Vec<Seen>, Failure> {
        let mut times = Histogram::new(3)?;
        let (began, mut number) = (now(), 0);
        while began.elapsed() < self.time {
            number += 1;
            times.record(accepted_in_us(|| send(number))?)?;
        }
        Ok(seen(what, &times, [("p50", 0.5), ("p99", 0.99)]))
    }

    fn after_rests(&self, board: BoardOf, rests: u64) -> Result<Vec<Seen>, Failure> {
        let mut times = Histogram::new(3)?;
        for number in 0..rests {
            std::thread::park_timeout(REST);
            times.record(accepted_in_us(|| self.change(board, number))?)?;
            self.device.wait_in_step(SETTLES_WITHIN)?;
        }
        Ok(seen("change after a rest", &times, [("p50", 0.5), ("worst", 1.0)]))
    }

    /// A new name, another column, or a comment, in turn.
    fn change(&self, board: BoardOf, number: u64) -> Result<Ticket, Failure> {
        let card = board.card(number);
        Ok(match number % 3 {
            0 => self.space.send::<Card>(card, &CardCommand::Rename { title: title(number, "changed") })?,
            1 => {
                let column = board.column(number / board.count + number);
                self.space
                    .send::<Card>(card, &CardCommand::MoveTo { column, before: None, row: None, exempt: false })?
            }
            _ => self.space.send::<Comment>(self.space.fresh_id(), &remark(card))?,
        })
    }

    fn new_card(&self, board: BoardOf, number: u64) -> Result<Ticket, Failure> {
        let column = board.column(number);
        let create =
            CardCommand::Create { column, title: title(number, "new"), before: None, exempt: false, typed: None };
        let card: Id = self.space.fresh_id();
        Ok(self.space.send::<Card>(card, &create)?)
    }
}

/// One command, to its acceptance, in microseconds.
fn accepted_in_us(send: impl FnOnce() -> Result<Ticket, Failure>) -> Result<u64, Failure> {
    let began = now();
    match send()?.wait_decided(SETTLES_WITHIN) {
        Decided::Accepted => Ok(u64::try_from(began.elapsed().as_micros())?),
        Decided::Refused(why) => Err(why.message.into()),
        Decided::NotYet => Err("a command was not decided".into()),
    }
}

fn seen(what: &str, times: &Histogram<u64>, quantiles: [(&str, f64); 2]) -> Vec<Seen> {
    let of = |(name, quantile)| {
        let ms = times.value_at_quantile(quantile) as f64 / 1_000.0;
        Seen { what: format!("{what}, {name}"), ms }
    };
    quantiles.into_iter().map(of).collect()
}
