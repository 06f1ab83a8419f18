//! From what was typed to what is sought.

use std::ops::Range;
use std::str::FromStr;

use recordplayer_kanban::card::{Effort, Priority};
use recordplayer_kanban::limits::QUERY_BYTES_MAX;

use super::value::{bounds, day_written};
use super::{Clause, Filter, Person, Query, QueryError, QueryProblem, Sought, State, Thing};
use crate::limits::{CLAUSES_MAX, VALUES_MAX};

pub fn parse(typed: &str) -> Result<Query, QueryError> {
    let fail = |at, problem| Err(QueryError { at, problem });
    if typed.len() > QUERY_BYTES_MAX {
        return fail(0..typed.len(), QueryProblem::TooLong { bytes: typed.len() });
    }
    let mut reader = Reader { typed, at: 0 };
    let mut clauses = Vec::new();
    while reader.skip_spaces() {
        let start = reader.at;
        let is_negated = reader.take_minus();
        let sought = reader.sought()?;
        let at = start..reader.at;
        if clauses.len() == CLAUSES_MAX {
            return fail(at, QueryProblem::TooManyClauses);
        }
        clauses.push(Clause { is_negated, at, sought });
    }
    Ok(Query { clauses })
}

struct Reader<'a> {
    typed: &'a str,
    at: usize,
}

/// A value as it stands there.
struct Value<'a> {
    text: &'a str,
    at: Range<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.typed[self.at..]
    }

    /// False at the end.
    fn skip_spaces(&mut self) -> bool {
        self.at = self.typed.len() - self.rest().trim_start().len();
        self.at < self.typed.len()
    }

    /// A minus in front of something; alone it is a word.
    fn take_minus(&mut self) -> bool {
        let Some(behind) = self.rest().strip_prefix('-') else { return false };
        let is_minus = !behind.is_empty() && !behind.starts_with(char::is_whitespace);
        self.at += usize::from(is_minus);
        is_minus
    }

    fn sought(&mut self) -> Result<Sought, QueryError> {
        if self.rest().starts_with('"') {
            let (phrase, is_closed) = self.quoted();
            return Ok(Sought::Text { text: phrase.text.to_owned(), is_open: !is_closed });
        }
        if let Some(name) = self.filter_name() {
            return self.filter(name);
        }
        let word = self.until(|character| character.is_whitespace() || character == '"');
        let is_open = self.at == self.typed.len();
        Ok(Sought::Text { text: word.text.to_owned(), is_open })
    }

    /// Letters in front of a colon, but for the beginning of an address.
    fn filter_name(&self) -> Option<&'a str> {
        let (name, behind) = self.rest().split_once(':')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        (is_name && !behind.starts_with("//")).then_some(name)
    }

    fn filter(&mut self, written: &'a str) -> Result<Sought, QueryError> {
        let start = self.at;
        let Some(kind) = KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(written)) else {
            let problem = QueryProblem::UnknownFilter { name: written.to_owned() };
            return Err(QueryError { at: start..start + written.len(), problem });
        };
        self.at += written.len() + 1;
        let mut filters = Vec::new();
        loop {
            let value = if self.rest().starts_with('"') {
                self.quoted().0
            } else {
                self.until(|character| character.is_whitespace() || character == ',')
            };
            let Value { text, at } = value;
            if text.trim().is_empty() {
                let problem = QueryProblem::NoValue { filter: kind.name, possible: kind.possible };
                return Err(QueryError { at: start..self.at, problem });
            }
            let bad = || QueryProblem::BadValue { filter: kind.name, value: text.to_owned(), possible: kind.possible };
            filters.push((kind.read)(text).ok_or_else(|| QueryError { at: at.clone(), problem: bad() })?);
            if filters.len() > VALUES_MAX {
                return Err(QueryError { at: start..at.end, problem: QueryProblem::TooManyValues });
            }
            if !self.rest().starts_with(',') {
                return Ok(Sought::Any(filters));
            }
            self.at += 1;
        }
    }

    fn until(&mut self, is_end: impl Fn(char) -> bool) -> Value<'a> {
        let start = self.at;
        let text = &self.rest()[..self.rest().find(is_end).unwrap_or(self.rest().len())];
        self.at += text.len();
        Value { text, at: start..self.at }
    }

    /// What stands between quotes, and whether they are closed: who types has not closed them yet.
    fn quoted(&mut self) -> (Value<'a>, bool) {
        self.at += 1;
        let value = self.until(|character| character == '"');
        let is_closed = self.at < self.typed.len();
        self.at += usize::from(is_closed);
        (value, is_closed)
    }
}

/// One filter: what it is called, which values it takes, in a sentence, and how one is read.
struct Kind {
    name: &'static str,
    possible: &'static str,
    read: fn(&str) -> Option<Filter>,
}

const PEOPLE: &str = "me, or somebody's name; with spaces in quotes";

const KINDS: &[Kind] = &[
    Kind {
        name: "label",
        possible: "the name of a label; with spaces in quotes",
        read: |text| Some(Filter::Label(text.to_owned())),
    },
    Kind { name: "assignee", possible: PEOPLE, read: |text| Some(Filter::Assignee(person(text))) },
    Kind { name: "author", possible: PEOPLE, read: |text| Some(Filter::Author(person(text))) },
    Kind {
        name: "type",
        possible: "the name of a type of cards; with spaces in quotes",
        read: |text| Some(Filter::Type(text.to_owned())),
    },
    Kind {
        name: "column",
        possible: "the name of a column; with spaces in quotes",
        read: |text| Some(Filter::Column(text.to_owned())),
    },
    Kind {
        name: "board",
        possible: "the name of a board; with spaces in quotes",
        read: |text| Some(Filter::Board(text.to_owned())),
    },
    Kind {
        name: "project",
        possible: "the name of a project or its key; with spaces in quotes",
        read: |text| Some(Filter::Project(text.to_owned())),
    },
    Kind {
        name: "key",
        possible: "the key of a card: REC-12, or REC-~7f3a",
        read: |text| text.parse().ok().map(Filter::Key),
    },
    Kind {
        name: "is",
        possible: "open, done, archived, blocked, overdue, unassigned or mine",
        read: |text| named(text, &State::ALL).map(Filter::Is),
    },
    Kind {
        name: "has",
        possible: "file, link, comment, checklist, due or label",
        read: |text| named(text, &Thing::ALL).map(Filter::Has),
    },
    Kind {
        name: "due",
        possible: "a day (2026-12-01, today, tomorrow, 7d, -3d), with <, <=, > or >= in front, or two of them (today..7d)",
        read: |text| bounds(&text.to_ascii_lowercase(), day_written).map(Filter::Due),
    },
    Kind {
        name: "priority",
        possible: "low, medium, high or urgent, with <, <=, > or >= in front, or two of them (low..high)",
        read: |text| bounds(&text.to_ascii_lowercase(), priority).map(Filter::Priority),
    },
    Kind {
        name: "points",
        possible: "a number (3, 0.5), with <, <=, > or >= in front, or two of them (1..3)",
        read: |text| bounds(text, |text| Effort::from_str(text).ok()).map(Filter::Points),
    },
];

fn person(text: &str) -> Person {
    if text.eq_ignore_ascii_case("me") { Person::Me } else { Person::Named(text.to_owned()) }
}

fn named<T: Copy>(text: &str, all: &[(&'static str, T)]) -> Option<T> {
    all.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn priority(text: &str) -> Option<Priority> {
    Priority::ALL.into_iter().find(|priority| priority.name() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use recordplayer_kanban::key::CardRef;

    use super::super::Bounds;
    use super::super::value::{DayWritten, Edge};
    use super::*;

    fn sought(typed: &str) -> Vec<(bool, Sought)> {
        parse(typed).unwrap().clauses.into_iter().map(|clause| (clause.is_negated, clause.sought)).collect()
    }

    fn text(text: &str, is_open: bool) -> Sought {
        Sought::Text { text: text.to_owned(), is_open }
    }

    fn one(filter: Filter) -> Sought {
        Sought::Any(vec![filter])
    }

    #[test]
    fn words_and_phrases_are_understood() {
        for (typed, expected) in [
            ("", vec![]),
            ("  ", vec![]),
            ("log", vec![(false, text("log", true))]),
            ("log in ", vec![(false, text("log", false)), (false, text("in", false))]),
            ("-log in", vec![(true, text("log", false)), (false, text("in", true))]),
            ("\"log in\"", vec![(false, text("log in", false))]),
            ("-\"log in\" x ", vec![(true, text("log in", false)), (false, text("x", false))]),
            ("\"log in", vec![(false, text("log in", true))]),
            ("a\"b c\"", vec![(false, text("a", false)), (false, text("b c", false))]),
            ("- -", vec![(false, text("-", false)), (false, text("-", true))]),
            ("--x ", vec![(true, text("-x", false))]),
            (
                "http://x.org/a 12:30 :x ",
                vec![(false, text("http://x.org/a", false)), (false, text("12:30", false)), (false, text(":x", false))],
            ),
            ("東京 é:x ", vec![(false, text("東京", false)), (false, text("é:x", false))]),
        ] {
            assert_eq!(sought(typed), expected, "{typed}");
        }
    }

    #[test]
    fn filters_are_understood() {
        fn edge<T>(value: T, is_within: bool) -> Edge<T> {
            Edge { value, is_within }
        }
        let name = str::to_owned;
        for (typed, expected) in [
            ("label:bug", (false, one(Filter::Label(name("bug"))))),
            ("LABEL:\"not now\"", (false, one(Filter::Label(name("not now"))))),
            (
                "-label:a,\"b c\",d",
                (true, Sought::Any(["a", "b c", "d"].map(|label| Filter::Label(name(label))).into())),
            ),
            ("assignee:me", (false, one(Filter::Assignee(Person::Me)))),
            ("assignee:Ann", (false, one(Filter::Assignee(Person::Named(name("Ann")))))),
            ("author:\"Ann Lee\"", (false, one(Filter::Author(Person::Named(name("Ann Lee")))))),
            ("type:bug", (false, one(Filter::Type(name("bug"))))),
            ("column:doing", (false, one(Filter::Column(name("doing"))))),
            ("board:web", (false, one(Filter::Board(name("web"))))),
            ("project:REC", (false, one(Filter::Project(name("REC"))))),
            ("key:rec-12", (false, one(Filter::Key(CardRef::Key { prefix: name("REC"), number: 12 })))),
            ("is:blocked", (false, one(Filter::Is(State::Blocked)))),
            ("is:open,Done", (false, Sought::Any(vec![Filter::Is(State::Open), Filter::Is(State::Done)]))),
            ("-has:checklist", (true, one(Filter::Has(Thing::Checklist)))),
            (
                "due:<7d",
                (false, one(Filter::Due(Bounds { from: None, to: Some(edge(DayWritten::FromToday(7), false)) }))),
            ),
            (
                "due:>=2026-12-01",
                (
                    false,
                    one(Filter::Due(Bounds {
                        from: Some(edge(DayWritten::On("2026-12-01".parse().unwrap()), true)),
                        to: None,
                    })),
                ),
            ),
            (
                "priority:>=high",
                (false, one(Filter::Priority(Bounds { from: Some(edge(Priority::High, true)), to: None }))),
            ),
            (
                "points:0.5..3",
                (
                    false,
                    one(Filter::Points(Bounds {
                        from: Some(edge(Effort { hundredths: 50 }, true)),
                        to: Some(edge(Effort { hundredths: 300 }, true)),
                    })),
                ),
            ),
        ] {
            assert_eq!(sought(typed), [expected], "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_place() {
        for (typed, at, says) in [
            ("x lable:bug", 2..7, "there is no filter \"lable\": there are label, assignee"),
            ("x -label:", 3..9, "label: says nothing; write the name of a label"),
            ("label:a, b", 0..8, "label: says nothing"),
            ("label:\"\"", 0..8, "label: says nothing"),
            ("is:opened", 3..9, "is: does not know \"opened\"; write open, done, archived"),
            ("has:é", 4..6, "has: does not know \"é\"; write file, link"),
            ("due:soon", 4..8, "due: does not know \"soon\"; write a day (2026-12-01"),
            ("due:2026-02-30", 4..14, "due: does not know"),
            ("priority:3", 9..10, "priority: does not know \"3\"; write low"),
            ("points:many", 7..11, "points: does not know \"many\"; write a number"),
            ("key:12", 4..6, "key: does not know \"12\"; write the key of a card"),
        ] {
            let error = parse(typed).unwrap_err();
            assert_eq!(error.at, at, "{typed}");
            assert!(error.to_string().starts_with(says), "{typed}: {error}");
        }
        assert_eq!(parse(&"x ".repeat(CLAUSES_MAX + 1)).unwrap_err().problem, QueryProblem::TooManyClauses);
        assert_eq!(parse(&"x".repeat(5_000)).unwrap_err().problem, QueryProblem::TooLong { bytes: 5_000 });
        let many = format!("label:{}", vec!["a"; VALUES_MAX + 1].join(","));
        assert_eq!(parse(&many).unwrap_err().problem, QueryProblem::TooManyValues);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_understood_or_told(typed in "\\PC*|([a-z:\",<>. -]|label:|is:|due:|é|東){0,40}") {
            match parse(&typed) {
                Ok(query) => {
                    for clause in query.clauses {
                        prop_assert!(typed.get(clause.at).is_some_and(|part| !part.is_empty()));
                    }
                }
                Err(error) => prop_assert!(typed.get(error.at).is_some()),
            }
        }
    }
}
