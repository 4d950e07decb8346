//! What calls cost, and a limit on it that holds whatever runs at the same time.
//!
//! [`Prices`] is a dated table (`prices.toml`, which a user's own file overrides), [`Usd`] an exact amount, [`Budget`] the limit, and
//! [`Metered`] a model that asks the budget before each call.
//! ```
//! use tirade::model::{Usage, price::Prices};
//! let prices = Prices::embedded();
//! let price = prices.of("openai:gpt-4o-mini").unwrap();
//! let usage = Usage { prompt: 1_000_000, completion: 100_000, ..Usage::default() };
//! assert_eq!(price.cost(&usage).to_string(), "$0.21");
//! ```

mod budget;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use super::Usage;
pub use budget::{Budget, Metered, OverBudget, Reservation, worst_usage};

/// An amount of money in units of 10⁻¹² dollars: the price of one token is a whole number of them, so sums are exact and their
/// order does not matter. Holds up to 18 million dollars and saturates there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usd(pub u64);

impl Usd {
    const UNIT: f64 = 1e12;

    /// From dollars; negative amounts and NaN are zero.
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * Self::UNIT).round() as u64)
    }

    pub fn dollars(self) -> f64 {
        self.0 as f64 / Self::UNIT
    }

    fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// Cents where there are some, else as many digits as show the first two that count.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollars = self.dollars();
        let digits =
            if dollars >= 0.01 || self.0 == 0 { 2 } else { (1.0 - dollars.log10().floor()) as usize };
        write!(f, "${dollars:.digits$}")
    }
}

/// What a million tokens of one model cost, in dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// A model name such as `openai:gpt-4o-mini`. A dated version (`openai:gpt-4o-mini-2024-07-18`) has the price of its family
    /// unless it has a row of its own.
    pub model: String,
    /// The day on which the price was looked up, as `2026-07-24`.
    pub as_of: String,
    pub prompt: f64,
    /// Prompt tokens that came from the server's cache; as `prompt` where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    pub completion: f64,
}

impl Price {
    /// The price of a model that costs nothing: one that runs here.
    pub fn free(model: &str) -> Self {
        Self { model: model.to_owned(), as_of: String::new(), prompt: 0.0, cached: None, completion: 0.0 }
    }

    /// The price of the same tokens in a batch: half.
    pub fn batched(&self) -> Self {
        Self {
            prompt: self.prompt / 2.0,
            cached: self.cached.map(|cached| cached / 2.0),
            completion: self.completion / 2.0,
            ..self.clone()
        }
    }

    /// What these tokens cost. Reasoning tokens are completion tokens and cost the same.
    pub fn cost(&self, usage: &Usage) -> Usd {
        let cached = usage.cached.min(usage.prompt);
        tokens(usage.prompt - cached, self.prompt)
            + tokens(cached, self.cached.unwrap_or(self.prompt))
            + tokens(usage.completion, self.completion)
    }
}

fn tokens(count: u64, dollars_per_million: f64) -> Usd {
    Usd(count.saturating_mul(Usd::from_dollars(dollars_per_million / 1e6).0))
}

/// A table of prices.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    #[serde(default, rename = "price")]
    rows: Vec<Price>,
}

/// A price file that cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "prices: {0}\n  hint: rows look like\n    [[price]]\n    model = \"openai:gpt-4o-mini\"\n    as_of = \"2026-07-24\"\n    \
     prompt = 0.15  # dollars per million tokens\n    completion = 0.60"
)]
pub struct PriceError(String);

impl Prices {
    /// The table that comes with tirade.
    pub fn embedded() -> Self {
        toml::from_str(include_str!("prices.toml")).expect("a test reads the embedded table")
    }

    /// Rows of a user's file come before those already there.
    pub fn overridden(mut self, file: &str) -> Result<Self, PriceError> {
        let mut user: Self = toml::from_str(file).map_err(|error| PriceError(error.to_string()))?;
        if let Some(bad) = user.rows.iter().find(|row| !row.is_sound()) {
            return Err(PriceError(format!("`{}` has a price that is negative or no number", bad.model)));
        }
        user.rows.append(&mut self.rows);
        Ok(user)
    }

    /// The price of a model by its whole name. A model without a row has no known price: that is not the same as free.
    pub fn of(&self, model: &str) -> Option<&Price> {
        let exact = self.rows.iter().find(|row| row.model == model);
        exact.or_else(|| self.rows.iter().find(|row| is_dated_version(model, &row.model)))
    }
}

impl Price {
    fn is_sound(&self) -> bool {
        let sound = |price: f64| price.is_finite() && price >= 0.0;
        sound(self.prompt) && sound(self.completion) && self.cached.is_none_or(sound)
    }
}

/// Whether `model` is `family` and a date or build number: `gpt-4o-mini-2024-07-18`, `claude-sonnet-4-5@20250929`.
fn is_dated_version(model: &str, family: &str) -> bool {
    let Some(rest) = model.strip_prefix(family) else { return false };
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    rest.starts_with(['-', '@'])
        && digits >= 4
        && rest.chars().all(|c| c.is_ascii_digit() || "-@".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_row_is_sound_dated_and_names_a_model() {
        for row in Prices::embedded().rows {
            assert!(row.is_sound(), "{row:?}");
            assert!(row.as_of.len() == 10 && row.as_of.starts_with("20"), "{row:?}");
            row.model.parse::<crate::model::name::ModelName>().unwrap();
        }
    }

    #[test]
    fn tokens_cost_what_the_table_says() {
        let price = Price { cached: Some(0.075), ..row("openai:x", 0.15, 0.6) };
        let cases = [
            (Usage::default(), 0),
            (Usage { prompt: 1, ..Usage::default() }, 150_000),
            (Usage { prompt: 10, cached: 4, ..Usage::default() }, 6 * 150_000 + 4 * 75_000),
            (Usage { completion: 2, reasoning: 1, ..Usage::default() }, 1_200_000),
            // A server that says more tokens were cached than there were.
            (Usage { prompt: 1, cached: 9, ..Usage::default() }, 75_000),
        ];
        for (usage, expected) in cases {
            assert_eq!(price.cost(&usage), Usd(expected), "{usage:?}");
        }
    }

    #[test]
    fn dated_versions_have_the_price_of_their_family() {
        let prices = Prices {
            rows: vec![row("openai:gpt-4o", 2.5, 10.0), row("openai:gpt-4o-2024-05-13", 5.0, 15.0)],
        };
        let cases = [
            ("openai:gpt-4o", Some(2.5)),
            ("openai:gpt-4o-2024-08-06", Some(2.5)),
            ("openai:gpt-4o-2024-05-13", Some(5.0)),
            ("openai:gpt-4o-mini", None),
            ("openai:gpt-4o-1", None),
            ("groq:gpt-4o", None),
        ];
        for (model, expected) in cases {
            assert_eq!(prices.of(model).map(|price| price.prompt), expected, "{model}");
        }
    }

    #[test]
    fn a_users_rows_come_first_and_mistakes_are_named() {
        let file =
            "[[price]]\nmodel = 'openai:gpt-4o-mini'\nas_of = '2030-01-01'\nprompt = 9\ncompletion = 9";
        let prices = Prices::embedded().overridden(file).unwrap();
        assert_eq!(prices.of("openai:gpt-4o-mini").unwrap().prompt, 9.0);
        assert!(prices.of("openai:gpt-4o").is_some());
        for (bad, expected) in [
            (file.replace("prompt", "promt"), "promt"),
            (file.replace("= 9\n", "= -9\n"), "`openai:gpt-4o-mini` has a price that is negative"),
            (file.replace("= 9\n", "= nan\n"), "no number"),
        ] {
            let error = Prices::embedded().overridden(&bad).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("hint:"), "{error}");
        }
    }

    #[test]
    fn amounts_are_shown_with_the_digits_that_count() {
        for (dollars, expected) in
            [(0.0, "$0.00"), (12.345, "$12.35"), (0.01, "$0.01"), (0.00123, "$0.0012"), (1e-7, "$0.00000010")]
        {
            assert_eq!(Usd::from_dollars(dollars).to_string(), expected);
        }
        assert_eq!(Usd::from_dollars(-1.0), Usd(0));
        assert_eq!(Usd(u64::MAX) + Usd(1), Usd(u64::MAX));
    }

    fn row(model: &str, prompt: f64, completion: f64) -> Price {
        Price { model: model.into(), as_of: "2026-01-01".into(), prompt, cached: None, completion }
    }
}
