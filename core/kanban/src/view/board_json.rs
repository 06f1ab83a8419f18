//! A board for scripts: the `columns` of the command `board --json`.

use serde_json::{Map, Value, json};

use super::board::{BoardView, CardRow, ColumnRow, ColumnShown, Turn};
use crate::card::Stage;
use crate::column::WayOut;
use crate::ids::{CardId, ColumnId, PersonId};
use crate::key::card_key;
use crate::role::Role;

/// Who looks, and how people are called.
#[derive(Clone, Copy)]
pub struct Looking<'a> {
    /// Names of members; placeholders are named by the board.
    pub name_of: &'a dyn Fn(PersonId) -> Option<String>,
    /// What a column is called that does not stand on the board: of one that was removed, its heir; nothing where there is none.
    pub column_of: &'a dyn Fn(ColumnId) -> Option<String>,
    /// What another project and a column of it are called; nothing where the column is not there any more.
    pub way_of: &'a dyn Fn(&WayOut) -> Option<(String, String)>,
    /// Whose turns are told.
    pub me: Option<(PersonId, &'a Role)>,
}

impl std::fmt::Debug for Looking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looking").field("me", &self.me).finish_non_exhaustive()
    }
}

impl BoardView {
    pub fn columns_json(&self, looking: Looking<'_>) -> Value {
        self.columns().iter().map(|column| self.column_json(column, looking)).collect()
    }

    /// What is not so for a column, such as a limit that warns, is left out.
    fn column_json(&self, ColumnShown { row, cards, .. }: &ColumnShown<'_>, looking: Looking<'_>) -> Value {
        let mut json = Map::new();
        let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
        put("name", json!(row.name));
        put("kind", json!(row.kind));
        put("archived", json!(row.archived));
        put("limit", json!(row.limit));
        if row.limit_warns {
            put("limit_warns", json!(true));
        }
        if !row.rights.is_plain() {
            let names = |roles: &std::collections::BTreeSet<Role>| {
                roles.iter().map(|role| role.name_in(&self.roles).to_owned()).collect::<Vec<_>>()
            };
            put("workers", json!(names(&row.rights.workers)));
            put("reviewers", json!(names(&row.rights.reviewers)));
        }
        if let Some(to) = row.auto_move.and_then(|to| self.column_name(to, looking)) {
            put("auto_move", json!(to));
        }
        if let Some(to) = &row.leads_to {
            put("leads_to", to.iter().filter_map(|to| self.column_name(*to, looking)).map(Value::from).collect());
        }
        if !row.ways_out.is_empty() {
            let way = |way: &WayOut| {
                let (project, column) = (looking.way_of)(way)?;
                Some(json!({ "project": project, "project_id": way.project.to_string(), "column": column }))
            };
            put("ways_out", row.ways_out.iter().filter_map(way).collect());
        }
        if !row.rows.is_empty() {
            put("rows", row.rows.iter().map(|row| json!(row.name)).collect());
        }
        put("cards", cards.iter().map(|(id, card)| self.card_json(*id, card, row, looking)).collect());
        Value::Object(json)
    }

    fn card_json(&self, id: CardId, card: &CardRow, column: &ColumnRow, looking: Looking<'_>) -> Value {
        let members: Vec<String> = card.members.iter().map(|person| self.person(*person, looking)).collect();
        let labels: Vec<&str> = card.labels.iter().filter_map(|label| self.label(*label)).collect();
        let mut json = json!({
            "key": card_key(&self.prefix, &card.number, id), "id": id.to_string(), "title": card.title,
            "archived": card.archived, "labels": labels, "members": members,
        });
        if let Some(card_type) = card.card_type.and_then(|card_type| self.types.get(&card_type)) {
            json["type"] = json!(card_type);
        }
        if let Some(priority) = card.priority {
            json["priority"] = json!(priority);
        }
        if let Some(due) = &card.due {
            json["due"] = json!(due);
        }
        if card.is_blocked {
            json["blocked"] = json!(true);
        }
        if card.done {
            json["done"] = json!(true);
        }
        if !column.rows.is_empty() {
            let row = column.rows.iter().find(|row| Some(row.id) == card.row).or(column.rows.first());
            json["row"] = json!(row.map(|row| &row.name));
        }
        if !column.rights.is_plain() {
            json["stage"] = json!(card.stage);
            if let Some(by) = card.taken_by.filter(|_| card.stage != Stage::ToDo) {
                json["taken_by"] = json!(self.person(by, looking));
            }
        }
        if let Some(turn) = looking.me.and_then(|(person, role)| self.turn(id, person, role)) {
            json["turn"] = json!(match turn {
                Turn::Take => "take",
                Turn::Work => "work",
                Turn::Review => "review",
            });
        }
        json
    }

    /// A column of another board is called by its id.
    fn column_name(&self, column: ColumnId, looking: Looking<'_>) -> Option<String> {
        // One that was removed is known still, and stands nowhere.
        let here = self.columns.get(&column).filter(|_| self.order.contains(&column)).map(|row| row.name.clone());
        here.or_else(|| (looking.column_of)(column))
    }

    fn person(&self, person: PersonId, looking: Looking<'_>) -> String {
        let placeholder = self.placeholders.get(&person).map(|placeholder| placeholder.name.clone());
        (looking.name_of)(person).or(placeholder).unwrap_or_else(|| person.to_string())
    }
}
