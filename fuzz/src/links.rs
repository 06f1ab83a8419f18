//! Addresses that others have written, on cards and in descriptions.

use egui::{Context, OpenUrl, OutputCommand};
use recordplayer_app::links::{is_of_web, keep_to_web};
use url::Url;

const OF_WEB: &str = "https://example.org/belt";

/// What may be opened is an address of the web for a browser as well, and nothing else is handed to the system, whatever asks for it.
pub fn run(bytes: &[u8]) {
    let address = &*String::from_utf8_lossy(bytes);
    let may_open = is_of_web(address);
    if may_open {
        assert!(is_of_web_for_a_browser(address), "{address:?} is of the web");
    }
    let words = OutputCommand::CopyText(address.to_owned());
    let open = |address: &str| OutputCommand::OpenUrl(OpenUrl::new_tab(address));
    let ctx = Context::default();
    ctx.output_mut(|output| output.commands = vec![open(OF_WEB), open(address), words.clone(), open(OF_WEB)]);
    let kept_back = keep_to_web(&ctx);
    assert_eq!(kept_back.as_deref(), (!may_open).then_some(address), "what is not opened is told");
    let left = if may_open { vec![open(OF_WEB), open(address)] } else { vec![open(OF_WEB)] };
    let left = [left, vec![words, open(OF_WEB)]].concat();
    assert_eq!(ctx.output(|output| output.commands.clone()), left, "everything else stays, in its order");
}

/// As browsers read it, and what starts them: what they cannot read, they do not open.
fn is_of_web_for_a_browser(address: &str) -> bool {
    Url::parse(address).map_or(true, |url| matches!(url.scheme(), "http" | "https"))
}
