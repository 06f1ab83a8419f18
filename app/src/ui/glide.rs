//! Cards settle into a new place instead of jumping there; and one that somebody else has changed lights up.

use std::collections::BTreeMap;

use egui::{Color32, Pos2, Rect, Vec2};
use recordplayer_kanban::ids::{CardId, ColumnId};

/// How long a card takes to settle, in seconds.
const SETTLES_S: f64 = 0.18;
/// How long it stays lit.
const LIT_S: f64 = 0.6;

/// The cards that were drawn lately, and where.
#[derive(Debug, Default)]
pub(super) struct Glides {
    drawn: BTreeMap<CardId, Drawn>,
    lit: BTreeMap<CardId, (Color32, f64)>,
    frame: u64,
}

/// Where a card belongs: its place on the board, however far that is scrolled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub column: ColumnId,
    pub y: f32,
    pub width: f32,
}

/// Where a card is drawn now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gliding {
    pub rect: Rect,
    /// It comes from another column: nothing may cut it off on its way.
    pub crosses: bool,
}

#[derive(Clone, Copy, Debug)]
struct Drawn {
    spot: Option<Spot>,
    at: Pos2,
    frame: u64,
    way: Option<Way>,
}

#[derive(Clone, Copy, Debug)]
struct Way {
    offset: Vec2,
    began_s: f64,
    crosses: bool,
}

impl Glides {
    /// A frame begins: what was not drawn in the one before is forgotten.
    pub fn begin_frame(&mut self, now_s: f64) {
        let last = self.frame;
        self.drawn.retain(|_, drawn| drawn.frame >= last);
        self.lit.retain(|_, (_, since)| now_s - *since < LIT_S);
        self.frame += 1;
    }

    /// Where a card is drawn that belongs at `rest`; none where it has settled. Without motion it is there at once.
    pub fn place(&mut self, card: CardId, spot: Spot, rest: Rect, now_s: f64, moves: bool) -> Option<Gliding> {
        let known = self.drawn.get(&card).copied();
        let mut way = known.and_then(|known| known.way).filter(|way| moves && now_s - way.began_s < SETTLES_S);
        if let Some(known) = known.filter(|_| moves) {
            let has_moved = known.spot.is_none_or(|before| {
                before.column != spot.column
                    || ((before.y - spot.y).abs() > 0.5 && (before.width - spot.width).abs() < 0.5)
            });
            if has_moved && known.at != rest.min {
                let crosses = known.spot.is_none_or(|before| before.column != spot.column);
                way = Some(Way { offset: known.at - rest.min, began_s: now_s, crosses });
            }
        }
        let gliding = way
            .map(|way| Gliding { rect: rest.translate(way.offset * left(now_s - way.began_s)), crosses: way.crosses });
        let at = gliding.map_or(rest.min, |gliding| gliding.rect.min);
        self.drawn.insert(card, Drawn { spot: Some(spot), at, frame: self.frame, way });
        gliding
    }

    /// A card that was dragged is let go of here, and settles from here.
    pub fn let_go(&mut self, card: CardId, at: Pos2) {
        self.drawn.insert(card, Drawn { spot: None, at, frame: self.frame, way: None });
    }

    /// Somebody else has changed the card.
    pub fn light(&mut self, card: CardId, colour: Color32, now_s: f64) {
        self.lit.insert(card, (colour, now_s));
    }

    /// The colour in which a card is lit, and how much of it is left.
    pub fn lit(&self, card: CardId, now_s: f64) -> Option<(Color32, f32)> {
        self.lit.get(&card).map(|(colour, since)| (*colour, part_left(now_s - since, LIT_S)))
    }

    /// Whether the next frame looks different from this one.
    pub fn is_moving(&self) -> bool {
        !self.lit.is_empty() || self.drawn.values().any(|drawn| drawn.way.is_some())
    }
}

fn part_left(passed_s: f64, whole_s: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a part of a whole needs no double precision")]
    let left = 1.0 - (passed_s / whole_s).clamp(0.0, 1.0) as f32;
    left
}

/// How much of its way a card has left: fast at first, and then slower.
fn left(passed_s: f64) -> f32 {
    part_left(passed_s, SETTLES_S).powi(3)
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};
    use recordplayer::id::Id;

    use super::*;

    const CARD: CardId = CardId(Id([1; 16]));

    fn spot(column: u8, y: f32) -> Spot {
        Spot { column: ColumnId(Id([column; 16])), y, width: 200.0 }
    }

    fn rest(x: f32, y: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(200.0, 50.0))
    }

    /// Draws one frame.
    fn draw(glides: &mut Glides, now_s: f64, spot: Spot, rest: Rect, moves: bool) -> Option<Gliding> {
        glides.begin_frame(now_s);
        glides.place(CARD, spot, rest, now_s, moves)
    }

    #[test]
    fn a_card_settles_into_its_new_place() {
        let mut glides = Glides::default();
        assert_eq!(draw(&mut glides, 0.0, spot(1, 0.0), rest(10.0, 10.0), true), None, "it was not there before");
        let gliding = draw(&mut glides, 1.0, spot(2, 0.0), rest(310.0, 10.0), true).unwrap();
        assert_eq!((gliding.rect.min, gliding.crosses), (pos2(10.0, 10.0), true), "it begins where it was");
        let gliding = draw(&mut glides, 1.09, spot(2, 0.0), rest(310.0, 10.0), true).unwrap();
        assert!((gliding.rect.min.x - 272.5).abs() < 0.1, "half the time is most of the way: {gliding:?}");
        assert!(glides.is_moving());
        assert_eq!(draw(&mut glides, 1.2, spot(2, 0.0), rest(310.0, 10.0), true), None);
        assert!(!glides.is_moving());
    }

    #[test]
    fn scrolling_and_resizing_are_no_moves() {
        let mut glides = Glides::default();
        draw(&mut glides, 0.0, spot(1, 60.0), rest(10.0, 70.0), true);
        assert_eq!(draw(&mut glides, 0.1, spot(1, 60.0), rest(10.0, 20.0), true), None, "scrolled");
        let wider = Spot { width: 300.0, ..spot(1, 40.0) };
        assert_eq!(draw(&mut glides, 0.2, wider, rest(10.0, 0.0), true), None, "titles need fewer lines");
        assert!(draw(&mut glides, 0.3, Spot { y: 100.0, ..wider }, rest(10.0, 60.0), true).is_some());
    }

    #[test]
    fn without_motion_and_out_of_sight_nothing_glides() {
        let mut glides = Glides::default();
        draw(&mut glides, 0.0, spot(1, 0.0), rest(10.0, 10.0), true);
        assert_eq!(draw(&mut glides, 0.1, spot(2, 0.0), rest(310.0, 10.0), false), None);
        glides.begin_frame(0.2);
        assert_eq!(draw(&mut glides, 0.3, spot(1, 0.0), rest(10.0, 10.0), true), None, "for a frame it was not drawn");
    }

    #[test]
    fn what_was_dragged_settles_from_the_pointer() {
        let mut glides = Glides::default();
        glides.begin_frame(0.0);
        glides.let_go(CARD, pos2(50.0, 50.0));
        let gliding = draw(&mut glides, 0.01, spot(1, 0.0), rest(10.0, 10.0), true).unwrap();
        assert_eq!(gliding.rect.min, pos2(50.0, 50.0));
    }

    #[test]
    fn a_light_goes_out() {
        let mut glides = Glides::default();
        glides.light(CARD, Color32::PLACEHOLDER, 1.0);
        assert_eq!(glides.lit(CARD, 1.3).map(|(_, left)| left), Some(0.5));
        glides.begin_frame(1.61);
        assert_eq!(glides.lit(CARD, 1.61), None);
    }
}
