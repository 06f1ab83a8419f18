//! Jira's wiki markup as Markdown.
//!
//! After the help page of the markup, "Text Formatting Notation Help", which each Jira shows at `/secure/WikiRendererHelpAction.jspa?section=all`.
//! Blocks are found first (`blocks`): code, quotes, headings, lists, tables. What stands in them line by line is `inline`: emphasis, links, code
//! in a sentence. What is not understood stays as the text that it is.

mod blocks;
mod inline;

use recordplayer::limits::TEXT_BYTES_MAX;

/// The text in Markdown. One that is too long to come in whole stays as it is.
pub(super) fn markdown(text: &str) -> String {
    if text.len() > TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    blocks::blocks(&text).trim_end().to_owned()
}

#[cfg(test)]
mod tests;
