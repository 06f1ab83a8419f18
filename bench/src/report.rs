//! What was measured, as rows.

use serde::Serialize;

/// One figure beside what it is compared with.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// The peer's or the limit's value in the same run.
    pub limit: Option<f64>,
    /// The value divided by the limit.
    pub ratio: Option<f64>,
    /// What the ratio should reach, where there is a goal.
    pub goal: Option<f64>,
    pub met: Option<bool>,
}

impl Row {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, limit: None, ratio: None, goal: None, met: None }
    }

    /// Beside a peer that was measured in the same run.
    pub fn beside(mut self, peer: f64) -> Self {
        self.limit = Some(peer);
        self.ratio = (peer > 0.0).then(|| self.value / peer);
        self
    }
}

/// A count below a million, as people write it: 1,000.
pub fn grouped(count: u64) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}

/// Prints rows for programs or for people.
pub fn show(rows: &[Row], is_json: bool) {
    if is_json {
        println!("{}", serde_json::to_string(rows).expect("rows are plain data"));
        return;
    }
    println!("{:<44} {:>14} {:<14} {:>14} {:>7}", "", "value", "unit", "peer or limit", "ratio");
    for row in rows {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.1}"));
        let ratio = row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        println!("{:<44} {:>14.1} {:<14} {:>14} {:>7}", row.name, row.value, row.unit, number(row.limit), ratio);
    }
}
