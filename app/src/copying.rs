//! A copy of a card in another project, also of another server: made of ordinary commands there, as one act. Each of the two cards links to the other.
//!
//! What goes along is what that project has a like of; the rest is told, and stays readable on the card it was copied from.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, Id};
use recordplayer::replica::Wish;
use recordplayer_client::{AddedFile, HERE, SendError, Ticket};
use recordplayer_kanban::card::{Attachment, CardCommand as Do, Typed};
use recordplayer_kanban::comment::{CommentCommand, CommentKind};
use recordplayer_kanban::ids::{AttachmentId, CardId, ColumnId, CommentId};
use recordplayer_kanban::reference::reference;
use recordplayer_kanban::view::{CardView, CommentRow};
use recordplayer_kanban::{Card, Comment};

use crate::said::{Names, SOMEBODY};
use crate::time::exact;

/// A copy on its way.
pub(crate) struct Copied {
    pub card: CardId,
    /// Commands in the project of the copy, the one that makes the card first.
    pub there: Vec<Ticket>,
    /// The link on the card that was copied; without one, whoever copied may not write there.
    pub here: Option<Ticket>,
    /// What did not go along, each with why.
    pub left: Vec<String>,
    /// Held until what speaks of them is saved.
    _files: Vec<AddedFile>,
}

/// Where a card is found by whoever has an account at the server of its project.
fn address(names: &Names<'_>, card: CardId) -> String {
    let url = names.space.url();
    let host = if url == HERE { "" } else { url.split_once("://").map_or(url.as_str(), |(_, host)| host) };
    format!("recordplayer://{}/{}/{card}", host.trim_end_matches('/'), names.space.id())
}

/// What a link to a card is called.
fn called(names: &Names<'_>, card: CardId) -> String {
    format!("{} in {}", reference(&names.key_of(card), card), names.title_of(names.space.id()))
}

struct Copying<'a> {
    from: Names<'a>,
    into: Names<'a>,
    card: CardId,
    act: ActId,
    there: Vec<Ticket>,
    left: Vec<String>,
    files: Vec<AddedFile>,
}

/// Copies a card into a column of another project. What is refused of it is told; nothing at all is there where the card itself is refused.
pub(crate) fn copy_into(
    (from, of): (Names<'_>, CardId),
    (into, column): (Names<'_>, ColumnId),
) -> Result<Copied, SendError> {
    let view = from.space.view::<CardView>(of);
    let description = from.space.text::<Card>(of, Card::DESCRIPTION)?;
    let (card, act) = (CardId(into.space.fresh_id()), into.space.fresh_act());
    let mut copying = Copying { from, into, card, act, there: Vec::new(), left: Vec::new(), files: Vec::new() };
    let create = Do::Create { column, title: view.card.title.clone(), before: None, exempt: false, typed: None };
    copying.send::<Card>(card, &create)?;
    copying.stands_on(&view.card)?;
    copying.is_described(&description)?;
    copying.hangs_on(&view.card)?;
    let mut said: Vec<_> = view.comments.iter().map(|(_, row)| row).collect();
    said.sort_by_key(|row| row.written);
    for row in said {
        copying.is_said(row)?;
    }
    let back = Attachment::Link { name: called(&from, of), url: address(&from, of) };
    copying.put(&back.attach(AttachmentId(into.space.fresh_id())), "The link to where it was copied from")?;
    let link = Attachment::Link { name: called(&into, card), url: address(&into, card) };
    let here = match from.space.send::<Card>(of, &link.attach(AttachmentId(from.space.fresh_id()))) {
        Ok(ticket) => Some(ticket),
        Err(SendError::Refused(why)) => {
            copying.left.push(format!("The link to the copy: {}", from.named(&why.message)));
            None
        }
        Err(error) => return Err(error),
    };
    let Copying { there, left, files, .. } = copying;
    Ok(Copied { card, there, here, left, _files: files })
}

impl Copying<'_> {
    fn send<E: Entity>(&mut self, id: impl Into<Id>, command: &E::Command) -> Result<(), SendError> {
        let intent = Intent::of::<E>(id, command)?;
        let wish = Wish { claims: Claims::of_act(self.act), ..Wish::new(self.into.space.fresh_command(), intent) };
        self.there.push(self.into.space.submit(wish)?);
        Ok(())
    }

    /// What that project refuses stays behind, and is told.
    fn put(&mut self, command: &Do, what: &str) -> Result<(), SendError> {
        let sent = self.send::<Card>(self.card, command);
        self.unless_refused(what, sent)
    }

    fn unless_refused(&mut self, what: &str, sent: Result<(), SendError>) -> Result<(), SendError> {
        match sent {
            Err(SendError::Refused(why)) => {
                self.left.push(format!("{what}: {}", self.into.named(&why.message)));
                Ok(())
            }
            sent => sent,
        }
    }

    fn leave(&mut self, what: &str) {
        self.left.push(format!("{what}: that project has none like it"));
    }

    fn stands_on(&mut self, card: &Card) -> Result<(), SendError> {
        let (here, there) = (self.from.project(), self.into.project());
        let mut fields = BTreeMap::new();
        for (id, value) in &card.fields {
            let Some(field) = here.fields.get(id) else { continue };
            let like = there.field_like(*id, field);
            match like.and_then(|(id, like)| Some((id, like.translated(value, field)?))) {
                Some((id, value)) => drop(fields.insert(id, value)),
                None => self.leave(&format!("The field {:?}", field.name)),
            }
        }
        if let Some(card_type) = card.card_type {
            let name = here.types.get(&card_type).map(|card_type| card_type.name.as_str());
            let shown = format!("The type {:?}", name.unwrap_or_default());
            match there.type_like(Some(card_type), name) {
                Some(card_type) => {
                    // Those that its type has there come with it, for some may be required.
                    let of_type = there.types.get(&card_type).map(|found| &found.fields);
                    let is_of_type = |id: &_| of_type.is_some_and(|of_type| of_type.contains_key(id));
                    let typed: BTreeMap<_, _> = fields
                        .iter()
                        .filter(|(id, _)| is_of_type(id))
                        .map(|(id, value)| (*id, value.clone()))
                        .collect();
                    fields.retain(|id, _| !is_of_type(id));
                    self.put(&Do::SetType { typed: Some(Typed { card_type, fields: typed }) }, &shown)?;
                }
                None => self.leave(&shown),
            }
        }
        for (field, value) in fields {
            let shown = format!("The field {:?}", there.fields.get(&field).map_or("", |field| &field.name));
            self.put(&Do::SetField { field, value: Some(value) }, &shown)?;
        }
        for id in &card.labels {
            let Some(label) = here.labels.get(id) else { continue };
            let shown = format!("The label {:?}", label.shown());
            match there.label_like(*id, label) {
                Some(label) => self.put(&Do::AddLabel { label }, &shown)?,
                None => self.leave(&shown),
            }
        }
        if card.priority.is_some() {
            self.put(&Do::SetPriority { priority: card.priority }, "Its priority")?;
        }
        if card.due.is_some() {
            self.put(&Do::SetDue { due: card.due.clone() }, "The day when it is due")?;
        }
        if card.estimate.is_some() {
            self.put(&Do::SetEstimate { estimate: card.estimate }, "Its estimate")?;
        }
        if card.remaining.is_some() {
            self.put(&Do::SetRemaining { remaining: card.remaining }, "What is left of the work")?;
        }
        for list in &card.checklists {
            let shown = format!("The checklist {:?}", list.name);
            self.put(&Do::SetChecklist { checklist: list.id, name: list.name.clone() }, &shown)?;
            for item in &list.items {
                let (text, done) = (item.text.clone(), item.done);
                self.put(&Do::SetItem { checklist: list.id, item: item.id, text, done, before: None }, &shown)?;
            }
        }
        Ok(())
    }

    fn is_described(&mut self, text: &str) -> Result<(), SendError> {
        let make = |change| Do::Describe { change };
        let sent = self.into.space.edit_text::<Card>(self.card, Claims::of_act(self.act), text, make);
        let sent = sent.map(|tickets| self.there.extend(tickets));
        self.unless_refused("The description", sent)
    }

    fn hangs_on(&mut self, card: &Card) -> Result<(), SendError> {
        for attachment in card.attachments.values() {
            let id = AttachmentId(self.into.space.fresh_id());
            let shown = format!("{:?}", attachment.shown());
            if let Some(file) = attachment.file() {
                let path = self.from.device.file(self.from.space.id(), &file.hash);
                match path.and_then(|path| self.into.space.add_file(&path)) {
                    Ok(added) => self.files.push(added),
                    Err(error) => {
                        self.left.push(format!("The file {shown}: {error}"));
                        continue;
                    }
                }
            }
            self.put(&attachment.clone().attach(id), &shown)?;
        }
        Ok(())
    }

    /// In the words of whoever copies, who says whose they are: nobody speaks for somebody else.
    fn is_said(&mut self, row: &CommentRow) -> Result<(), SendError> {
        let author = self.from.name_of(row.author).unwrap_or_else(|| SOMEBODY.to_owned());
        let text = format!("{author}, {}:\n\n{}", exact(row.at), row.text);
        let kind = if row.kind == CommentKind::Journal { CommentKind::Journal } else { CommentKind::Talk };
        let write = CommentCommand::Write { card: self.card, text, author: None, kind, mentions: BTreeSet::new() };
        let sent = self.send::<Comment>(CommentId(self.into.space.fresh_id()), &write);
        self.unless_refused(&format!("What {author} said"), sent)
    }
}
