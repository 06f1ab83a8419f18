//! Texts in Jira's markup, and what becomes of them.

use super::markdown;

#[test]
fn what_is_marked_stays_marked() {
    let pairs = [
        ("h2. A heading", "## A heading"),
        ("*bold* and _leaning_ and -gone- and +under+", "**bold** and *leaning* and ~~gone~~ and under"),
        ("_*both*_", "***both***"),
        ("{{code}} in a sentence", "`code` in a sentence"),
        ("{{new \\[folder\\]}}", "`new [folder]`"),
        ("> npm install", "\\> npm install"),
        (
            "see [the plan|https://example.org/plan] or [https://example.org]",
            "see [the plan](https://example.org/plan) or <https://example.org>",
        ),
        ("[~ann] has [^notes.txt]", "@ann has `notes.txt`"),
        ("{color:#d04437}red{color} text", "red text"),
        ("bq. said", "> said"),
        ("----", "***"),
        ("!shot.png|thumbnail!", "`shot.png`"),
        ("!https://example.org/a.png!", "![](https://example.org/a.png)"),
        ("the <Label> tag", "the \\<Label> tag"),
        ("{panel:title=Notes|borderStyle=solid}\nText\n{panel}", "**Notes**\nText"),
    ];
    for (jira, expected) in pairs {
        assert_eq!(markdown(jira), expected, "{jira}");
    }
}

#[test]
fn lists_keep_their_depth() {
    assert_eq!(
        markdown("* one\n** two\n*# three\n# first\n## deeper\n- dash"),
        "- one\n  - two\n  1. three\n1. first\n   1. deeper\n- dash"
    );
}

#[test]
fn code_is_left_alone() {
    assert_eq!(
        markdown("Run:\r\n{code:java}\nint *a* = [b];\n{code}\nDone"),
        "Run:\n```java\nint *a* = [b];\n```\nDone"
    );
    assert_eq!(markdown("{code: title=Example of it}x{code}"), "```\nx\n```");
    assert_eq!(markdown("{noformat}```{noformat}"), "````\n```\n````");
    assert_eq!(markdown("{quote}\nsaid *so*\n{quote}\nafter"), "> said **so**\n\nafter");
}

#[test]
fn a_table_has_a_head() {
    assert_eq!(
        markdown("||A||B||\n|1|[x|https://example.org]|"),
        "| A | B |\n| --- | --- |\n| 1 | [x](https://example.org) |"
    );
    assert_eq!(markdown("|1|2|"), "|  |  |\n| --- | --- |\n| 1 | 2 |");
}

#[test]
fn what_is_no_markup_stays_as_it_is() {
    for text in [
        "a * b * c",
        "snake_case_name",
        "--flag and -f",
        "2 - 1 - 0",
        "[not a link]",
        "{value} and {code without an end",
        "C++ and D++",
        "wow! really!",
        "x^2",
        "a|b",
        "日本語のテキスト",
        "10-20-30",
        "{{}}",
        "[]",
        "{",
        "\\",
    ] {
        assert_eq!(markdown(text), text);
    }
}

#[test]
fn lines_end_where_they_ended() {
    assert_eq!(markdown("one\ntwo\n\nthree"), "one  \ntwo\n\nthree");
}
