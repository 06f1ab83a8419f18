//! Descriptions of cards.

use super::{Seed, seed};

const PARTS: &[(&str, &str)] = &[
    ("headings", "# One\n## Two\n\nThree\n=====\n\n###### Six ######\n"),
    ("lists", "* a\n  * b\n    1. c\n    2. d\n\n- [ ] open\n- [x] done\n\n3) three\n"),
    ("quotes", "> one\n> > two\n> > > * three\n\n> [!NOTE]\n> a note\n"),
    (
        "links",
        "[a](https://example.org \"t\") <https://example.org> [b][c] ![d](e.png) [f](file:///g) ![](h)\n\n[c]: x:y\n",
    ),
    ("code", "`a` ``b ` c``\n\n```rust\nfn main() {}\n```\n\n    indented\n\n~~~\nnever closed\n"),
    ("tables", "| a | b |\n|:--|--:|\n| 1 | `|` |\n| 2 |\n\nTerm\n: what it is\n"),
    ("marks", "*a* **b** ***c*** ~~d~~ __e__ _f_g_ \\* &amp; &#128640; a  \nb<br>c <b>d</b> <!-- e -->\n"),
    ("notes", "a[^1] b[^2]\n\n[^1]: one\n[^2]: two[^1]\n\n***\n---\n$a$ $$b$$\n"),
    ("other-scripts", "針とベルト **太字** مرحبا *عالم* 👩‍👩‍👧 g\u{308}o\u{308}nn \u{202e}drawkcab\n"),
];

/// Deeper than anybody means to: whoever draws each part within the one before takes much of the stack.
const DEEP: usize = 4_000;

pub fn seeds() -> Vec<Seed> {
    let parts = PARTS.iter().map(|(name, words)| seed("markdown", *name, *words));
    let all = PARTS.iter().map(|(_, words)| *words).collect::<Vec<_>>().join("\n");
    let deep = [("deep-quotes", ">"), ("deep-lists", "- "), ("deep-marks", "*a **b "), ("deep-brackets", "[")];
    let deep = deep.into_iter().map(|(name, part)| seed("markdown", name, part.repeat(DEEP / part.len())));
    parts.chain([seed("markdown", "all", all)]).chain(deep).collect()
}
