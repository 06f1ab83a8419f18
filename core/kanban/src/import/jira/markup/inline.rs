//! Emphasis, links, and code in a sentence.

/// How far the end of a mark may be from its beginning: what is longer was not meant so, and looking for it would take too long.
const REACH_BYTES: usize = 2_000;

/// One line.
pub(super) fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(letter) = line[at..].chars().next() {
        let rest = &line[at..];
        let rest = &rest[..rest.floor_char_boundary(REACH_BYTES)];
        let before = line[..at].chars().next_back();
        let taken = match letter {
            '{' => code(rest, &mut out).or_else(|| colour(rest)),
            '[' => link(rest, &mut out),
            '!' => picture(rest, before, &mut out),
            '*' => marked(rest, before, "*", "**", &mut out),
            '_' => marked(rest, before, "_", "*", &mut out),
            '-' => marked(rest, before, "-", "~~", &mut out),
            '+' => marked(rest, before, "+", "", &mut out),
            '?' => marked(rest, before, "??", "*", &mut out),
            '<' => tag(rest, &mut out),
            '\\' => escaped(rest, &mut out),
            _ => None,
        };
        at += taken.unwrap_or_else(|| {
            out.push(letter);
            letter.len_utf8()
        });
    }
    out
}

/// `{{code}}`
fn code(rest: &str, out: &mut String) -> Option<usize> {
    let inner = rest.strip_prefix("{{")?;
    let length = inner.find("}}").filter(|length| *length > 0)?;
    // Strokes that keep Jira from reading a sign would show in Markdown's code.
    let text = ["[", "]", "{", "}", "*", "|"]
        .iter()
        .fold(inner[..length].to_owned(), |text, sign| text.replace(&format!("\\{sign}"), sign));
    let fence = if text.contains('`') { "``" } else { "`" };
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    out.extend([fence, space, text.as_str(), space, fence]);
    Some(length + 4)
}

/// `{color:red}` and `{color}` are dropped; so are signs of panels and anchors within a line.
fn colour(rest: &str) -> Option<usize> {
    let (name, _) = rest[1..].split_once('}')?;
    let word = name.split(':').next()?;
    let is_sign = matches!(word, "color" | "panel") || (word == "anchor" && name.len() > word.len());
    is_sign.then_some(name.len() + 2)
}

/// `[address]`, `[text|address]`, `[~person]`, `[^file]`
fn link(rest: &str, out: &mut String) -> Option<usize> {
    let (inner, _) = rest[1..].split_once(']')?;
    let taken = inner.len() + 2;
    if let Some(person) = inner.strip_prefix('~').filter(|person| !person.is_empty()) {
        out.push('@');
        out.push_str(person.strip_prefix("accountid:").unwrap_or(person));
        return Some(taken);
    }
    if let Some(file) = inner.strip_prefix('^').filter(|file| !file.is_empty()) {
        out.extend(["`", &file.replace('`', "'"), "`"]);
        return Some(taken);
    }
    let mut parts = inner.split('|');
    let (first, second) = (parts.next()?, parts.next());
    let address = second.unwrap_or(first).trim();
    if !is_address(address) {
        return None;
    }
    if second.is_some() && !first.trim().is_empty() {
        out.extend(["[", &inline(first.trim()), "](", address, ")"]);
    } else {
        out.extend(["<", address, ">"]);
    }
    Some(taken)
}

fn is_address(text: &str) -> bool {
    let is_known = ["http://", "https://", "ftp://", "mailto:"].iter().any(|scheme| text.starts_with(scheme));
    is_known && !text.contains(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '(' | ')'))
}

/// `!picture.png|thumbnail!`: one that lies elsewhere is shown, one of the issue's own files is named.
fn picture(rest: &str, before: Option<char>, out: &mut String) -> Option<usize> {
    let (inner, _) = rest[1..].split_once('!')?;
    let name = inner.split('|').next()?;
    let is_file = name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && (2..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if before.is_some_and(char::is_alphanumeric) || name.starts_with(char::is_whitespace) {
        return None;
    }
    if is_address(name) {
        out.extend(["![](", name, ")"]);
    } else if is_file {
        out.extend(["`", &name.replace('`', "'"), "`"]);
    } else {
        return None;
    }
    Some(inner.len() + 2)
}

/// Text between two marks that stand at the edges of words.
fn marked(rest: &str, before: Option<char>, mark: &str, becomes: &str, out: &mut String) -> Option<usize> {
    let inner = rest.strip_prefix(mark)?;
    let is_edge =
        |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric() && !mark.contains(letter));
    let begins_word = inner.starts_with(|letter: char| !letter.is_whitespace() && !mark.contains(letter));
    // A minus is far more often a part of a word, a flag or a range.
    let is_alone = mark != "-" || before.is_none_or(char::is_whitespace);
    if !is_edge(before) || !begins_word || !is_alone {
        return None;
    }
    let mut from = 0;
    while let Some(found) = inner[from..].find(mark) {
        let ends = from + found;
        let last = inner[..ends].chars().next_back();
        let next = inner[ends + mark.len()..].chars().next();
        if last.is_some_and(|letter| !letter.is_whitespace()) && is_edge(next) {
            out.extend([becomes, &inline(&inner[..ends]), becomes]);
            return Some(ends + 2 * mark.len());
        }
        from = ends + mark.len();
    }
    None
}

/// Markdown would take it for HTML, and not show it.
fn tag(rest: &str, out: &mut String) -> Option<usize> {
    let is_tag =
        rest[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '/' | '!' | '?'));
    is_tag.then(|| {
        out.push_str("\\<");
        1
    })
}

/// A sign that means nothing means nothing in Markdown either, when it has the same stroke before it.
fn escaped(rest: &str, out: &mut String) -> Option<usize> {
    let next = rest[1..].chars().next().filter(char::is_ascii_punctuation)?;
    out.push('\\');
    out.push(next);
    Some(2)
}
