//! How often which fault happens.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::Fault;

/// The probability of each fault: `rate_limit=0.1,lost=0.02` as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultRates(BTreeMap<Fault, f64>);

/// A text that says no rates.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "faults: {0}\n  hint: write `FAULT=PROBABILITY,…`, for example `rate_limit=0.1,lost=0.02`; together at most 1"
)]
pub struct RatesError(String);

impl FaultRates {
    /// The fault for a draw in [0, 1), if any.
    pub fn draw(&self, mut draw: f64) -> Option<Fault> {
        self.0.iter().find_map(|(fault, rate)| {
            draw -= rate;
            (draw < 0.0).then_some(*fault)
        })
    }
}

impl FromStr for FaultRates {
    type Err = RatesError;

    fn from_str(text: &str) -> Result<Self, RatesError> {
        let rates = text.split(',').map(str::trim).filter(|each| !each.is_empty()).map(rate);
        let rates = rates.collect::<Result<BTreeMap<_, _>, _>>()?;
        let sum: f64 = rates.values().sum();
        if sum > 1.0 { Err(RatesError(format!("the probabilities sum to {sum}"))) } else { Ok(Self(rates)) }
    }
}

fn rate(text: &str) -> Result<(Fault, f64), RatesError> {
    let (name, number) = text.split_once('=').ok_or_else(|| RatesError(format!("`{text}` has no `=`")))?;
    let name: StrDeserializer<'_, ValueError> = name.trim().into_deserializer();
    let fault = Fault::deserialize(name).map_err(|error| RatesError(error.to_string()))?;
    let rate = number.trim().parse::<f64>().ok().filter(|rate| (0.0..=1.0).contains(rate));
    Ok((fault, rate.ok_or_else(|| RatesError(format!("`{number}` is no probability")))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_drawn() {
        let rates: FaultRates = "rate_limit=0.25, lost=0.5".parse().unwrap();
        let draws = [
            (0.0, Some(Fault::RateLimit)),
            (0.24, Some(Fault::RateLimit)),
            (0.25, Some(Fault::Lost)),
            (0.75, None),
        ];
        for (draw, expected) in draws {
            assert_eq!(rates.draw(draw), expected, "{draw}");
        }
        assert_eq!("".parse::<FaultRates>().unwrap().draw(0.0), None);
    }

    #[test]
    fn mistakes_are_told() {
        for (text, expected) in [
            ("lost", "`lost` has no `=`"),
            ("lots=0.1", "unknown variant `lots`, expected one of `rate_limit`"),
            ("lost=2", "`2` is no probability"),
            ("lost=x", "`x` is no probability"),
            ("lost=0.6,cut=0.6", "sum to 1.2"),
        ] {
            let error = text.parse::<FaultRates>().unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("hint:"), "{error}");
        }
    }
}
