//! Code, quotes, headings, lists and tables.

use std::collections::BTreeSet;

use super::inline::inline;

/// The whole text. Code is cut out first, for nothing in it is markup.
pub(super) fn blocks(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    let mut unclosed = Unclosed::default();
    while let Some(block) = Block::first(rest, &mut unclosed) {
        lines(&rest[..block.from], &mut out);
        end_line(&mut out);
        match block.kind {
            Kind::Code => fence(block.language, block.content, &mut out),
            Kind::Quote => quote(block.content, &mut out),
        }
        rest = rest[block.to..].strip_prefix('\n').unwrap_or(&rest[block.to..]);
    }
    lines(rest, &mut out);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Quote,
}

/// Macros that are not closed in the rest of the text, so that they need not be looked for again.
type Unclosed = BTreeSet<&'static str>;

/// A pair of macros with what stands between them.
struct Block<'a> {
    kind: Kind,
    from: usize,
    to: usize,
    language: &'a str,
    content: &'a str,
}

impl<'a> Block<'a> {
    /// The first one that is closed again.
    fn first(text: &'a str, unclosed: &mut Unclosed) -> Option<Self> {
        let mut at = 0;
        while let Some(found) = text[at..].find('{') {
            let from = at + found;
            at = from + 1;
            let Some((name, language, begins)) = opening(&text[from..]) else { continue };
            if unclosed.contains(name) {
                continue;
            }
            let begins = from + begins;
            let closing = format!("{{{name}}}");
            let Some(length) = text[begins..].find(&closing) else {
                unclosed.insert(name);
                continue;
            };
            let kind = if name == "quote" { Kind::Quote } else { Kind::Code };
            let (ends, to) = (begins + length, begins + length + closing.len());
            return Some(Self { kind, from, to, language, content: &text[begins..ends] });
        }
        None
    }
}

/// The name of the macro that the text begins with, the language of its code, and where its content begins.
fn opening(text: &str) -> Option<(&'static str, &str, usize)> {
    let name = ["code", "noformat", "quote"].into_iter().find(|name| text[1..].starts_with(name))?;
    let rest = &text[1 + name.len()..];
    if rest.starts_with('}') {
        return Some((name, "", 2 + name.len()));
    }
    let (line, _) = rest.strip_prefix(':')?.split_once('\n').unwrap_or((&rest[1..], ""));
    let (options, _) = line.split_once('}')?;
    let language = options.split('|').find_map(|option| match option.split_once('=') {
        None => Some(option),
        Some(("language", language)) => Some(language),
        Some(_) => None,
    });
    let is_word = |language: &&str| language.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+#-".contains(&byte));
    let language = language.map(str::trim).filter(is_word).unwrap_or_default();
    Some((name, language, 1 + name.len() + 1 + options.len() + 1))
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn fence(language: &str, content: &str, out: &mut String) {
    let longest = content.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let content = content.strip_prefix('\n').unwrap_or(content).trim_end();
    out.extend([fence.as_str(), language, "\n", content, "\n", fence.as_str(), "\n"]);
}

/// Code within a quote stays code.
fn quote(content: &str, out: &mut String) {
    let mut inner = String::new();
    let mut rest = content;
    let mut unclosed = Unclosed::default();
    while let Some(block) = Block::first(rest, &mut unclosed).filter(|block| block.kind == Kind::Code) {
        lines(&rest[..block.from], &mut inner);
        end_line(&mut inner);
        fence(block.language, block.content, &mut inner);
        rest = &rest[block.to..];
    }
    lines(rest, &mut inner);
    for line in inner.trim().lines() {
        out.push_str(if line.is_empty() { ">" } else { "> " });
        out.push_str(line);
        out.push('\n');
    }
    // Else the next line would be in the quote as well.
    out.push('\n');
}

/// Text without code and quotes, line by line.
fn lines(text: &str, out: &mut String) {
    let mut before = Line::Empty;
    let mut all = text.split('\n').peekable();
    while let Some(line) = all.next() {
        let line = line.trim();
        let kind = Line::of(line);
        // Markdown would take the two for one.
        if matches!((before, kind), (Line::Table | Line::Item, Line::Text) | (Line::Text, Line::Table)) {
            out.push('\n');
        }
        if kind == Line::Table && before != Line::Table {
            table_head(line, out);
        }
        match kind {
            Line::Empty => {}
            Line::Heading => {
                let level = usize::from(line.as_bytes()[1] - b'0');
                out.push_str(&"#".repeat(level));
                out.push(' ');
                out.push_str(&inline(line[3..].trim()));
            }
            Line::Quote => {
                out.push_str("> ");
                out.push_str(&inline(line[3..].trim()));
            }
            Line::Rule => out.push_str("***"),
            Line::Item => item(line, out),
            Line::Table => {
                if before == Line::Table || !line.starts_with("||") {
                    row(line, out);
                }
            }
            Line::Panel => {
                let title =
                    line.split_once("title=").map(|(_, rest)| rest.split(['|', '}']).next().unwrap_or_default());
                if let Some(title) = title {
                    out.extend(["**", title.trim(), "**"]);
                }
            }
            Line::Text => {
                // In Markdown it would be a quote.
                out.push_str(if line.starts_with('>') { "\\" } else { "" });
                out.push_str(&inline(line));
                // A line ends where it ended; Markdown would join it with the next one.
                if all.peek().is_some_and(|next| Line::of(next.trim()) == Line::Text) {
                    out.push_str("  ");
                }
            }
        }
        if all.peek().is_some() {
            out.push('\n');
        }
        before = kind;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    Heading,
    Quote,
    Rule,
    Item,
    Table,
    Panel,
    Text,
}

impl Line {
    /// What a line without spaces around it is.
    fn of(line: &str) -> Self {
        let bytes = line.as_bytes();
        match bytes {
            [] => Self::Empty,
            [b'h', b'1'..=b'6', b'.', ..] => Self::Heading,
            [b'b', b'q', b'.', ..] => Self::Quote,
            [b'-', b'-', b'-', b'-', rest @ ..] if rest.iter().all(|byte| *byte == b'-') => Self::Rule,
            [b'|', ..] if bytes.len() > 1 && bytes.ends_with(b"|") => Self::Table,
            [b'{', b'p', b'a', b'n', b'e', b'l', b':' | b'}', ..] if bytes.ends_with(b"}") => Self::Panel,
            _ if item_depth(line).is_some() => Self::Item,
            _ => Self::Text,
        }
    }
}

/// The length of the signs that a list's item begins with.
fn item_depth(line: &str) -> Option<usize> {
    let depth = line.bytes().take_while(|byte| b"*#-".contains(byte)).count();
    let is_list = (1..=9).contains(&depth) && line[depth..].starts_with(' ');
    (is_list && (!line.starts_with('-') || depth == 1)).then_some(depth)
}

fn item(line: &str, out: &mut String) {
    let depth = item_depth(line).unwrap_or(1);
    let (signs, text) = line.split_at(depth);
    for outer in signs.bytes().take(depth - 1) {
        out.push_str(if outer == b'#' { "   " } else { "  " });
    }
    out.push_str(if signs.ends_with('#') { "1. " } else { "- " });
    out.push_str(&inline(text.trim()));
}

/// The head of a table that this line begins: Markdown has no table without one.
fn table_head(line: &str, out: &mut String) {
    let cells = cells(line);
    if line.starts_with("||") {
        row(line, out);
    } else {
        out.push('|');
        out.push_str(&"  |".repeat(cells.len()));
    }
    out.push_str("\n|");
    out.push_str(&" --- |".repeat(cells.len()));
    if !line.starts_with("||") {
        out.push('\n');
    }
}

fn row(line: &str, out: &mut String) {
    out.push('|');
    for cell in cells(line) {
        out.extend([" ", &inline(cell.trim()).replace('|', "\\|"), " |"]);
    }
}

/// The cells of a row; the stroke within a link parts none.
fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim_matches('|');
    let mut cells = Vec::new();
    let (mut begins, mut depth) = (0, 0_u32);
    for (at, letter) in inner.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                if at > begins || !inner[..at].ends_with('|') {
                    cells.push(&inner[begins..at]);
                }
                begins = at + 1;
            }
            _ => {}
        }
    }
    cells.push(&inner[begins..]);
    cells
}
