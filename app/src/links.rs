//! What may be opened of what others have written: addresses of the web. Whoever wrote one may be a stranger, and other schemes open files and
//! start programs.

use egui::{Context, OutputCommand};

/// Whether it is an address of the web.
pub fn is_of_web(address: &str) -> bool {
    let begins_with =
        |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins_with("https://") || begins_with("http://")
}

/// Takes out of this frame what would open anything else, and answers with the address: perhaps that of a card.
pub fn keep_to_web(ctx: &Context) -> Option<String> {
    ctx.output_mut(|output| {
        let is_kept_back =
            |command: &mut OutputCommand| matches!(command, OutputCommand::OpenUrl(open) if !is_of_web(&open.url));
        output.commands.extract_if(.., is_kept_back).last().and_then(|command| match command {
            OutputCommand::OpenUrl(open) => Some(open.url),
            _ => None,
        })
    })
}
