//! What hangs on a card beside its text: fields of the project's own, links and files.

use egui::Ui;
use humansize::{DECIMAL, format_size};
use recordplayer_client::Device;
use recordplayer_kanban::Project;
use recordplayer_kanban::card::{Attachment, FieldValue};
use recordplayer_kanban::view::CardView;

use super::project::OpenProject;
use crate::links::is_of_web;
use crate::references;
use crate::said::Names;
use crate::theme::{Icon, Theme, Type, space};
use crate::time::moment;
use crate::widget::text;

/// The values of the card's fields, each beside its name.
pub(super) fn fields(ui: &mut Ui, view: &CardView, project: &OpenProject, device: &Device) {
    let theme = Theme::of(ui);
    let names = Names::at_once(device, &project.space);
    let of_project = project.space.known::<Project>(project.space.id().0);
    let values = view.card.fields.iter().filter_map(|(id, value)| Some((of_project.fields.get(id)?, value)));
    let mut shown: Vec<(&str, String)> = values
        .map(|(field, value)| {
            let words = match value {
                FieldValue::Text { text } => references::read(&names, text),
                FieldValue::Number { number } => number.clone(),
                FieldValue::Link { url } => url.clone(),
                FieldValue::Person { person } => project.person(device, *person),
                FieldValue::Date { at } => moment(*at),
                FieldValue::Checked { checked } => if *checked { "Yes" } else { "No" }.to_owned(),
                FieldValue::Choice { option } => {
                    field.options.get(option).map_or_else(|| "?".to_owned(), |option| option.shown().to_owned())
                }
            };
            (field.name.as_str(), words)
        })
        .collect();
    if shown.is_empty() {
        return;
    }
    shown.sort_unstable();
    for (name, words) in shown {
        ui.horizontal_wrapped(|ui| {
            ui.label(text(name, Type::Meta, theme.palette.faint));
            ui.label(text(words, Type::Body, theme.palette.text));
        });
    }
    ui.add_space(space::LARGE);
}

/// The card's links and files.
pub(super) fn attachments(ui: &mut Ui, view: &CardView, names: &Names<'_>) {
    let theme = Theme::of(ui);
    if view.card.attachments.is_empty() {
        return;
    }
    ui.label(text("Attachments", Type::Section, theme.palette.text));
    for attachment in view.card.attachments.values() {
        let words = references::read(names, attachment.shown());
        ui.horizontal(|ui| {
            let icon = if attachment.file().is_some() { Icon::Paperclip } else { Icon::Link };
            ui.label(icon.meta(theme.palette.faint));
            match attachment {
                Attachment::Link { url, .. } if is_of_web(url) => {
                    let words = text(words, Type::Body, theme.palette.accent);
                    ui.hyperlink_to(words, url).on_hover_text(url);
                }
                Attachment::Link { url, .. } => {
                    ui.label(text(words, Type::Body, theme.palette.text)).on_hover_text(url);
                }
                Attachment::File { file, .. } => {
                    ui.label(text(words, Type::Body, theme.palette.text));
                    ui.label(text(format_size(file.bytes, DECIMAL), Type::Meta, theme.palette.faint));
                }
            }
        });
    }
    ui.add_space(space::LARGE);
}
