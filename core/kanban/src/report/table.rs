//! Reports as CSV, for spreadsheets.

use rust_decimal::Decimal;

/// What begins so, a spreadsheet takes for a formula and runs.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A text of ours or of a person in one cell: what would be a formula is a text, by a quote in front. See "CSV injection" of OWASP.
pub fn cell(text: &str) -> String {
    let is_formula = text.starts_with(FORMULA) && Decimal::from_str_exact(text).is_err();
    // What looks as if that had been done to it already must not lose its own quote.
    let is_guarded = text.starts_with('\'') && text.trim_start_matches('\'').starts_with(FORMULA);
    if is_formula || is_guarded { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell that [`cell`], or another program that guards against formulas, has written.
pub(crate) fn text_of(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.trim_start_matches('\'').starts_with(FORMULA)).unwrap_or(cell)
}

/// CSV as RFC 4180 has it, with a line of headings: UTF-8, commas, lines that end with CR and LF.
pub(super) fn csv(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: Vec<String>| writer.write_record(row).expect("memory takes every row of the same length");
    write(headings.iter().map(|heading| cell(heading)).collect());
    for row in rows {
        write(row.iter().map(|text| cell(text)).collect());
    }
    String::from_utf8(writer.into_inner().expect("memory takes everything")).expect("rows are text")
}

/// A word of ours for a value, as JSON has it.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let rows = ["=1+1", "+A1", "-1+2", "@A1", "\tx", "\rx", "＝1", "plain", "a=b", "-12.5", "'=tick"]
            .map(|text| vec![text.to_owned()]);
        let lines = csv(&["title"], rows.clone());
        let expected = "title\r\n'=1+1\r\n'+A1\r\n'-1+2\r\n'@A1\r\n'\tx\r\n\"'\rx\"\r\n'＝1\r\nplain\r\na=b\r\n-12.5\r\n''=tick\r\n";
        assert_eq!(lines, expected);
        assert!(rows.iter().flatten().all(|text| text_of(&cell(text)) == text));
        assert_eq!(text_of("'tis"), "'tis");
    }

    #[test]
    fn commas_quotes_and_lines_stay_in_their_cell() {
        let row = vec!["a,b".to_owned(), "say \"so\"".to_owned(), "two\nlines".to_owned()];
        assert_eq!(
            csv(&["one", "two", "three"], [row]),
            "one,two,three\r\n\"a,b\",\"say \"\"so\"\"\",\"two\nlines\"\r\n"
        );
    }
}
