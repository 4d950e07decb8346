//! A forecast in words.

use std::fmt::Write as _;

use tirade::model::price::{Price, Usd};
use tirade::pipeline::{Estimate, Forecast, Units};

/// What a run will take, for a person who is about to pay for it.
pub fn told(forecast: &Forecast, prices: &[Price], concurrency: usize) -> String {
    let mut text = String::new();
    let Forecast { run, problems, done, missing, sampled, units: Units { of, makes }, .. } = forecast;
    let _ = writeln!(text, "{run}: {problems} {of}; {done} {makes} are there, about {missing} are missing");
    if *sampled == 0 {
        let _ = writeln!(
            text,
            "  tokens, cost and time: not known before some {of} are done\n  hint: `--pilot 5` does five of them, which are part of the run"
        );
        return text;
    }
    let plain = |amount: f64| format!("{amount:.0}");
    let _ = writeln!(
        text,
        "  the missing ones will take, judging by {sampled} {of} (95 % interval in brackets):"
    );
    let _ = writeln!(text, "    prompt tokens      {}", interval(&forecast.prompt_tokens, plain));
    let _ = writeln!(text, "    completion tokens  {}", interval(&forecast.completion_tokens, plain));
    text += &cost(forecast, prices);
    let at_once = concurrency.max(1) as f64;
    let minutes = |seconds: f64| format!("{:.1} min", seconds / 60.0 / at_once);
    let _ = writeln!(
        text,
        "    time               {} with {concurrency} at once",
        interval(&forecast.seconds, minutes)
    );
    text
}

fn cost(forecast: &Forecast, prices: &[Price]) -> String {
    let Some(cost) = &forecast.cost else {
        return match forecast.prompt_tokens.value {
            0.0 => "    cost               nothing: no model is asked\n".to_owned(),
            _ => "    cost               the model has no known price; --prices FILE gives one\n".to_owned(),
        };
    };
    let dollars = |amount: f64| Usd::from_dollars(amount).to_string();
    let spent = dollars(forecast.spent);
    let mut text = format!("    cost               {} beside the {spent} spent\n", interval(cost, dollars));
    for price in prices {
        let Price { prompt, completion, model, as_of, .. } = price;
        let _ = writeln!(
            text,
            "                       at ${prompt} and ${completion} a million tokens ({model}, looked up {as_of})"
        );
    }
    text
}

fn interval(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    let high = if estimate.high.is_finite() { shown(estimate.high) } else { "?".to_owned() };
    format!("{} [{}, {high}]", shown(estimate.value), shown(estimate.low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_reads_well() {
        let estimate = |value| Estimate { value, low: value / 2.0, high: value * 2.0 };
        let forecast = Forecast {
            units: Units::PROBLEMS,
            run: "solve-1".into(),
            problems: 100,
            done: 5,
            missing: 95,
            sampled: 5,
            prompt_tokens: estimate(1000.0),
            completion_tokens: estimate(500.0),
            seconds: estimate(600.0),
            cost: Some(estimate(0.5)),
            spent: 0.02,
        };
        let price = Price { prompt: 1.0, completion: 2.0, ..Price::free("openai:x") };
        let text = told(&forecast, &[price], 5);
        for line in [
            "5 attempts are there, about 95 are missing",
            "$0.50 [$0.25, $1.00] beside the $0.02 spent",
            "2.0 min [1.0 min, 4.0 min]",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let free = told(&Forecast { cost: None, units: Units::TRACES, ..forecast.clone() }, &[], 5);
        assert!(free.contains("judging by 5 traces") && free.contains("no known price"), "{free}");
        let unknown = told(&Forecast { sampled: 0, ..forecast }, &[], 5);
        assert!(unknown.contains("not known") && unknown.contains("--pilot"), "{unknown}");
    }
}
