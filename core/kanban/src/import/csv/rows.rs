//! One row as a card.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::Id;
use rust_decimal::Decimal;

use super::super::source::words::priority_of;
use super::super::source::{
    Gathered, Life, Origin, SourceAttachment, SourceCard, SourceCheckItem, SourceChecklist, SourceComment,
    SourceFieldValue, SourceId, SourceValue,
};
use super::assemble::stage_of;
use super::dates::{DayOrder, read};
use super::header::{Dialect, Header, Role};
use super::lists::{Parting, label_and_colour};
use super::table::Row;
use crate::card::{Effort, Priority};

/// What the reading of a row needs of the table.
pub(super) struct Reading<'a> {
    pub row: &'a Row,
    pub header: &'a Header,
    pub dialect: Dialect,
    pub order: DayOrder,
    pub partings: &'a BTreeMap<usize, Parting>,
    /// Fields that hold dates.
    pub dates: &'a BTreeSet<usize>,
    pub gathered: &'a mut Gathered,
}

impl<'a> Reading<'a> {
    pub fn card(&mut self, id: SourceId) -> (SourceCard, Life) {
        let label_ids = self.labels();
        let member_ids = self.each(&Role::Members).into_iter().filter_map(|name| self.person(&name)).collect();
        let made_by = self.first(&Role::Author).and_then(|name| self.person(name));
        let archived = self.first(&Role::Archived);
        let closed = archived.is_some_and(|cell| !is_no(cell));
        let ended: Vec<&str> = self.cells(&Role::Ended);
        let life = Life {
            made_at_ms: self.first(&Role::Made).and_then(|cell| self.moment(cell)),
            made_by,
            began_at_ms: self.first(&Role::Began).and_then(|cell| self.moment(cell)),
            ended_at_ms: ended.into_iter().filter_map(|cell| self.moment(cell)).max(),
            ended_by: None,
            // It may be no more than a yes.
            archived_at_ms: archived.and_then(|cell| read(cell, self.order)).map(|read| read.at_ms),
        };
        let name = self.first(&Role::Title).unwrap_or_default().to_owned();
        self.gathered.left_out.add("titles", "the row has none", u64::from(name.is_empty()));
        let priority = self.priority();
        let (estimate, remaining) = (self.effort(&Role::Estimate), self.effort(&Role::Remaining));
        let card = SourceCard {
            name,
            desc: self.cells(&Role::Description).join("\n\n").replace("\r\n", "\n"),
            closed,
            list_id: self.gathered.list(stage_of(self.row, self.header), None),
            due_at_ms: self.first(&Role::Due).and_then(|cell| self.moment(cell)),
            due_complete: self.first(&Role::Done).is_some_and(|cell| !is_no(cell)),
            label_ids,
            member_ids: each_once(member_ids),
            attachments: self.links(&id),
            checklists: self.checklists(&id),
            comments: self.comments(&id),
            field_values: self.field_values(),
            type_id: self.first(&Role::Type).map(|name| self.gathered.card_type(name)),
            priority,
            estimate,
            remaining,
            blocked: self.first(&Role::Blocked).map(str::to_owned),
            changed_at_ms: self.first(&Role::Changed).and_then(|cell| self.moment(cell)),
            ended_at_ms: life.ended_at_ms,
            relations: Vec::new(),
            relations_dangling: 0,
            id,
        };
        (card, life)
    }

    /// The written cells of the columns that say this.
    fn cells(&self, role: &Role) -> Vec<&'a str> {
        self.header.columns(role).map(|column| self.row.cell(column)).filter(|cell| !cell.is_empty()).collect()
    }

    fn first(&self, role: &Role) -> Option<&'a str> {
        self.cells(role).first().copied()
    }

    /// The things of columns that hold many.
    fn each(&self, role: &Role) -> Vec<Cow<'a, str>> {
        let parting = |column: usize| self.partings.get(&column).copied().unwrap_or(Parting::Nothing);
        self.header.columns(role).flat_map(|column| parting(column).split(self.row.cell(column))).collect()
    }

    fn labels(&mut self) -> Vec<SourceId> {
        let words = self.each(&Role::Labels).into_iter();
        let labels = words.map(|word| {
            let (name, colour) = match self.dialect {
                Dialect::Wekan => label_and_colour(&word),
                Dialect::Jira | Dialect::Linear | Dialect::Own | Dialect::Other => (&*word, None),
            };
            self.gathered.label(SourceId::of("label", &word), name, colour, false)
        });
        each_once(labels.collect())
    }

    /// One name is one person, whatever its capitals.
    fn person(&mut self, name: &str) -> Option<SourceId> {
        let name = name.trim();
        let id = SourceId::of("person", &name.to_lowercase());
        (!name.is_empty()).then(|| self.gathered.member(id, name, "", Origin::Listed))
    }

    fn moment(&mut self, cell: &str) -> Option<i64> {
        let found = read(cell, self.order);
        let out = &mut self.gathered.left_out;
        out.add("dates", "they cannot be read; write them as 2026-12-31", u64::from(found.is_none()));
        let why = "they could be another day as well, and are read month first, as in 12/31/2026; write them as 2026-12-31 to be sure";
        out.add("certainty of dates", why, u64::from(found.is_some_and(|found| found.is_ambiguous)));
        found.map(|found| found.at_ms)
    }

    fn priority(&mut self) -> Option<Priority> {
        let known = priority_of(self.first(&Role::Priority)?);
        self.gathered.left_out.add("priorities", "they have a name that is not known here", u64::from(known.is_err()));
        known.unwrap_or_default()
    }

    fn effort(&mut self, role: &Role) -> Option<Effort> {
        // Spreadsheets write 3 as 3.0, and some with a comma.
        let cell = self.first(role)?.replace(',', ".");
        let rounded =
            Decimal::from_str_exact(&cell).ok().filter(|number| number.scale() > 2).map(|number| number.round_dp(2));
        let estimate = rounded.map_or(cell, |number| number.to_string()).parse::<Effort>().ok();
        let is_rounded = rounded.is_some() && estimate.is_some();
        self.gathered.left_out.add("parts of estimates", "they are kept to the hundredth", u64::from(is_rounded));
        let why = "they are no numbers";
        self.gathered.left_out.add("estimates", why, u64::from(estimate.is_none()));
        estimate
    }

    /// Addresses, and Jira's attachments: `date;author;name;address`.
    fn links(&mut self, card: &SourceId) -> Vec<SourceAttachment> {
        let mut links: Vec<(String, &str)> = Vec::new();
        for cell in self.cells(&Role::Link) {
            links.push((cell.to_owned(), cell));
        }
        for address in self.cells(&Role::Links).into_iter().flat_map(str::lines) {
            let is_address = address.contains("://");
            let why = "they are files, which a table does not hold; an export as JSON Lines does";
            self.gathered.left_out.add("attachments", why, u64::from(!is_address));
            if is_address {
                links.push((String::new(), address));
            }
        }
        for cell in self.cells(&Role::Attachment) {
            let parts: Vec<&str> = cell.splitn(4, ';').collect();
            match parts[..] {
                [_, _, name, url] => links.push((name.to_owned(), url)),
                _ => links.push((cell.to_owned(), cell)),
            }
        }
        let mut seen = BTreeSet::new();
        let links = links.into_iter().filter(|(_, url)| seen.insert(*url));
        let links = links.map(|(name, url)| {
            let id = SourceId(format!("{}/{}", card.as_str(), Id::derived("csv link", &[url.as_bytes()])));
            SourceAttachment { id, name, url: url.trim().to_owned() }
        });
        links.collect()
    }

    /// A list begins behind an empty line; what follows an item on lines of its own belongs to that.
    fn checklists(&self, card: &SourceId) -> Vec<SourceChecklist> {
        let mut lists: Vec<SourceChecklist> = Vec::new();
        let mut is_open = false;
        for line in self.cells(&Role::Checklists).into_iter().flat_map(str::lines) {
            let (done, open) = (line.strip_prefix("[x] "), line.strip_prefix("[ ] "));
            match (done.or(open), lists.last_mut().filter(|_| is_open)) {
                (None, _) if line.trim().is_empty() => is_open = false,
                (Some(text), Some(list)) => {
                    let id = SourceId(format!("{}/{}", list.id.as_str(), list.items.len()));
                    list.items.push(SourceCheckItem { id, name: text.to_owned(), done: done.is_some() });
                }
                (None, Some(SourceChecklist { items, .. })) if !items.is_empty() => {
                    if let Some(item) = items.last_mut() {
                        item.name.push('\n');
                        item.name.push_str(line);
                    }
                }
                (_, _) => {
                    let id = SourceId(format!("{}/checklist {}", card.as_str(), lists.len()));
                    lists.push(SourceChecklist { id, name: line.to_owned(), items: Vec::new() });
                    is_open = true;
                }
            }
        }
        lists
    }

    /// Jira's are `date;author;text`; others are a text.
    fn comments(&mut self, card: &SourceId) -> Vec<SourceComment> {
        let mut seen = BTreeSet::new();
        let mut comments = Vec::new();
        for cell in self.cells(&Role::Comment) {
            let parts: Vec<&str> = cell.splitn(3, ';').collect();
            let told = match parts[..] {
                [date, author, text] => read(date, self.order).map(|read| (read.at_ms, author, text)),
                _ => None,
            };
            let (at_ms, author, text) = match told {
                Some((at_ms, author, text)) => (Some(at_ms), self.person(author), text),
                None => (None, None, cell),
            };
            let id = Id::derived("csv comment", &[cell.as_bytes()]);
            if seen.insert(id) {
                let id = SourceId(format!("{}/{id}", card.as_str()));
                comments.push(SourceComment { id, author, at_ms, text: text.replace("\r\n", "\n") });
            }
        }
        comments
    }

    fn field_values(&mut self) -> Vec<SourceFieldValue> {
        let mut values: Vec<SourceFieldValue> = Vec::new();
        let header = self.header;
        for (column, role) in header.roles.iter().enumerate() {
            let cell = self.row.cell(column);
            let value = match role {
                _ if cell.is_empty() => continue,
                Role::Choice(field) => self.gathered.choice(field, cell),
                // By that it is known everywhere else; of other tables it is no more than the number of a row.
                Role::Key if matches!(self.dialect, Dialect::Jira | Dialect::Linear) => {
                    self.gathered.value("Key", SourceValue::Text(cell.to_owned()))
                }
                Role::Field(field) if self.dates.contains(&column) => {
                    let Some(at_ms) = self.moment(cell) else { continue };
                    self.gathered.value(field, SourceValue::Date(at_ms))
                }
                Role::Field(field) => self.gathered.value(field, SourceValue::Text(cell.to_owned())),
                _ => continue,
            };
            // Columns of one name are one field.
            match values.iter_mut().find(|known| known.field_id == value.field_id) {
                None => values.push(value),
                Some(known) => match (&mut known.value, value.value) {
                    (SourceValue::Text(known), SourceValue::Text(more)) => {
                        known.push_str(", ");
                        known.push_str(&more);
                    }
                    (known, more) => *known = more,
                },
            }
        }
        values
    }
}

fn is_no(cell: &str) -> bool {
    matches!(cell.to_lowercase().as_str(), "false" | "no" | "0" | "n" | "non" | "faux" | "nein")
}

fn each_once(mut ids: Vec<SourceId>) -> Vec<SourceId> {
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}
