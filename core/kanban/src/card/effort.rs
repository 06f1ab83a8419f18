//! How much a card is, and how urgent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much work something is, in hundredths of whatever a team counts in: points, days. Exact, so that reports add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Effort {
    pub hundredths: u32,
}

/// A text that is no effort.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount of work: write it as 3 or 0.25, up to 1000000")]
pub struct EffortError(pub String);

const WHOLE_MAX: u32 = 1_000_000;

impl FromStr for Effort {
    type Err = EffortError;

    fn from_str(text: &str) -> Result<Self, EffortError> {
        let error = || EffortError(text.chars().take(32).collect());
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(part) || part.len() > 2 {
            return Err(error());
        }
        let whole: u32 = whole.parse().ok().filter(|whole| *whole <= WHOLE_MAX).ok_or_else(error)?;
        let part: u32 = format!("{part:0<2}").parse().map_err(|_| error())?;
        Ok(Self { hundredths: whole * 100 + part })
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        match part {
            0 => write!(f, "{whole}"),
            _ if part % 10 == 0 => write!(f, "{whole}.{}", part / 10),
            _ => write!(f, "{whole}.{part:02}"),
        }
    }
}

/// How urgent a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    Medium,
    High,
    Urgent,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Urgent];

    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effort_is_written_as_it_is_read() {
        for text in ["0", "3", "0.5", "0.25", "12.05", "1000000"] {
            assert_eq!(text.parse::<Effort>().unwrap().to_string(), text);
        }
        assert_eq!("1.50".parse(), Ok(Effort { hundredths: 150 }));
        for text in ["", ".", "1.", ".5", "-1", "1.234", "1e3", "1000001", "99999999999"] {
            assert!(text.parse::<Effort>().is_err(), "{text}");
        }
    }
}
