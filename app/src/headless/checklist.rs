//! The checklists of a card.

use recordplayer::claims::Claims;
use recordplayer::decide::Intent;
use recordplayer::replica::Wish;
use recordplayer_kanban::Card;
use recordplayer_kanban::card::{CardCommand as Do, Checklist, Item};
use recordplayer_kanban::ids::{CardId, ChecklistId, ItemId};
use serde_json::json;

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::ChecklistCommand;
use super::place::Place;
use super::send;
use crate::references;

pub(crate) fn run(place: &Place<'_>, command: &ChecklistCommand) -> Result<Answer, Failure> {
    match command {
        ChecklistCommand::New { key, name, items } => {
            let (card, checklist) = (place.card(key)?, ChecklistId(place.space.fresh_id()));
            let mut commands = vec![Do::SetChecklist { checklist, name: written(name)?.to_owned() }];
            for text in items {
                commands.push(new_item(place, checklist, text)?);
            }
            sent(place, card, &commands, checklist, |key| format!("Added the checklist {} to {key}", line(name)))
        }
        ChecklistCommand::Rename { key, checklist, name } => {
            let card = place.card(key)?;
            let list = list_of(place, card, Some(checklist))?.id;
            let rename = Do::SetChecklist { checklist: list, name: written(name)?.to_owned() };
            sent(place, card, &[rename], list, |key| format!("Renamed a checklist of {key} to {}", line(name)))
        }
        ChecklistCommand::Remove { key, checklist } => {
            let card = place.card(key)?;
            let list = list_of(place, card, Some(checklist))?.id;
            let remove = Do::RemoveChecklist { checklist: list };
            sent(place, card, &[remove], list, |key| format!("Took the checklist {} off {key}", line(checklist)))
        }
        ChecklistCommand::Add { key, items, checklist } => {
            let card = place.card(key)?;
            let list = list_of(place, card, checklist.as_deref())?;
            let commands = items.iter().map(|text| new_item(place, list.id, text));
            let commands = commands.collect::<Result<Vec<Do>, Failure>>()?;
            let added = items.iter().map(|item| line(item)).collect::<Vec<_>>().join(", ");
            sent(place, card, &commands, list.id, |key| format!("Added to {} of {key}: {added}", line(&list.name)))
        }
        ChecklistCommand::Tick { key, items, not, checklist } => {
            let tick = |list: &Checklist, item: &Item| Do::TickItem { checklist: list.id, item: item.id, done: !not };
            let done = if *not { "Not done any more" } else { "Done" };
            each(place, key, (items, checklist.as_deref()), tick, done)
        }
        ChecklistCommand::Edit { key, item, text, checklist } => {
            let text = references::kept(&place.names(), written(text)?);
            let edit = |list: &Checklist, item: &Item| Do::SetItem {
                checklist: list.id,
                item: item.id,
                text: text.clone(),
                done: item.done,
                before: None,
            };
            each(place, key, (std::slice::from_ref(item), checklist.as_deref()), edit, "Changed")
        }
        ChecklistCommand::TakeOff { key, items, checklist } => {
            let take_off = |list: &Checklist, item: &Item| Do::RemoveItem { checklist: list.id, item: item.id };
            each(place, key, (items, checklist.as_deref()), take_off, "Took off")
        }
    }
}

fn new_item(place: &Place<'_>, checklist: ChecklistId, text: &str) -> Result<Do, Failure> {
    let item = ItemId(place.space.fresh_id());
    let text = references::kept(&place.names(), written(text)?);
    Ok(Do::SetItem { checklist, item, text, done: false, before: None })
}

/// What a checklist or an item is called. Of imports it may be nothing; who writes one means something.
fn written(text: &str) -> Result<&str, Failure> {
    if text.trim().is_empty() {
        let message = "A checklist has a name, and an item says what to do";
        return Err(Failure::new(WRONG_USE, "nothing_written", message, "Write something"));
    }
    Ok(text)
}

/// The same to several items, which are all found before the first one is touched.
fn each(
    place: &Place<'_>,
    key: &str,
    (items, checklist): (&[String], Option<&str>),
    command: impl Fn(&Checklist, &Item) -> Do,
    done: &str,
) -> Result<Answer, Failure> {
    let card = place.card(key)?;
    let list = list_of(place, card, checklist)?;
    let commands = items.iter().map(|text| Ok(command(&list, item_of(place, &list, text)?)));
    let commands = commands.collect::<Result<Vec<_>, Failure>>()?;
    let named = items.iter().map(|item| line(item)).collect::<Vec<_>>().join(", ");
    sent(place, card, &commands, list.id, |key| format!("{done} in {} of {key}: {named}", line(&list.name)))
}

/// As one act.
fn sent(
    place: &Place<'_>,
    card: CardId,
    commands: &[Do],
    checklist: ChecklistId,
    done: impl Fn(&str) -> String,
) -> Result<Answer, Failure> {
    let claims = Claims::of_act(place.space.fresh_act());
    let mut tickets = Vec::new();
    for command in commands {
        let intent = Intent::of::<Card>(card, command).map_err(|error| send::failure(error.into()))?;
        let wish = Wish { claims, ..Wish::new(place.space.fresh_command(), intent) };
        tickets.push(place.space.submit(wish).map_err(|error| send::failure_at(place, error))?);
    }
    send::settle(place, &tickets)?;
    let key = place.key_of(card);
    let json = json!({
        "key": key, "id": card.to_string(), "checklist": checklist.to_string(),
        "act": claims.act.map(|act| act.to_string()), "commands": send::ids(&tickets),
    });
    Ok(Answer::new(json, done(&key)))
}

/// The checklist of this name or id; without one, the only one of the card.
fn list_of(place: &Place<'_>, card: CardId, named: Option<&str>) -> Result<Checklist, Failure> {
    let card = place.space.entity::<Card>(card);
    let is_it = |list: &&Checklist| named.is_none_or(|text| list.name == text || list.id.to_string() == text);
    let found: Vec<&Checklist> = card.checklists.iter().filter(is_it).collect();
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] => {
            let message = named.map_or_else(
                || "The card has no checklist".to_owned(),
                |name| format!("The card has no checklist {name:?}"),
            );
            let help = "Add one with \"recordplayer card checklist new\"";
            Err(unclear("unknown_checklist", message, help, card.checklists.iter().map(|list| &list.name)))
        }
        _ => {
            let several = found.iter().map(|list| format!("{}  {}", line(&list.name), list.id)).collect::<Vec<_>>();
            let message = "The card has several checklists that may be meant".to_owned();
            Err(unclear("several_checklists", message, "Name one by its name or id", several.iter()))
        }
    }
}

/// The item that says so, or has this id.
fn item_of<'a>(place: &Place<'_>, list: &'a Checklist, text: &str) -> Result<&'a Item, Failure> {
    let is_it = |item: &&Item| {
        item.text == text || item.id.to_string() == text || references::read(&place.names(), &item.text) == text
    };
    let found: Vec<&Item> = list.items.iter().filter(is_it).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => {
            let message = format!("{} has no item {text:?}", line(&list.name));
            let help = "Name one that is there, as it is written or by its id";
            Err(unclear("unknown_item", message, help, list.items.iter().map(|item| &item.text)))
        }
        _ => {
            let several = found.iter().map(|item| format!("{}  {}", line(&item.text), item.id)).collect::<Vec<_>>();
            let message = format!("{} has several items {text:?}", line(&list.name));
            Err(unclear("several_items", message, "Name one by its id", several.iter()))
        }
    }
}

fn unclear<'a>(code: &str, message: String, help: &str, details: impl Iterator<Item = &'a String>) -> Failure {
    Failure::new(WRONG_USE, code, message, help).with_details(json!(details.collect::<Vec<_>>()))
}
