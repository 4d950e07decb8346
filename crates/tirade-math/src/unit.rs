//! Units: which words are units, and which units are the same.

/// Whether `word` (of any case, singular or plural) is a unit of measurement or money, or a counted thing.
pub fn is_unit(word: &str) -> bool {
    lookup(word).is_some()
}

/// The canonical name of a unit word.
pub fn lookup(word: &str) -> Option<&'static str> {
    Some(match word {
        "m" | "meter" | "meters" | "metre" | "metres" => "m",
        "cm" | "cms" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => "cm",
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => "mm",
        "km" | "kms" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => "km",
        "dm" | "decimeter" | "decimeters" => "dm",
        "nm" | "nanometer" | "nanometers" => "nm",
        "in" | "inch" | "inches" => "in",
        "ft" | "foot" | "feet" => "ft",
        "yd" | "yard" | "yards" => "yd",
        "mi" | "mile" | "miles" => "mi",
        "g" | "gms" | "gram" | "grams" => "g",
        "kg" | "kgs" | "kilogram" | "kilograms" => "kg",
        "mg" | "milligram" | "milligrams" => "mg",
        "lb" | "lbs" | "pound" | "pounds" => "lb",
        "oz" | "ounce" | "ounces" => "oz",
        "ton" | "tons" | "tonne" | "tonnes" => "ton",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "min",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "day",
        "week" | "weeks" => "week",
        "month" | "months" => "month",
        "year" | "years" | "yr" | "yrs" => "year",
        "mph" => "mi/h",
        "kph" | "kmh" => "km/h",
        "L" | "l" | "liter" | "liters" | "litre" | "litres" => "L",
        "mL" | "ml" | "milliliter" | "milliliters" => "mL",
        "gallon" | "gallons" => "gallon",
        "degree" | "degrees" | "deg" => "°",
        "degrees celsius" | "degree celsius" | "degrees C" | "degrees Celsius" | "celsius" => "°C",
        "degrees fahrenheit" | "degree fahrenheit" | "degrees F" | "degrees Fahrenheit" | "fahrenheit" => {
            "°F"
        }
        "rad" | "radian" | "radians" => "rad",
        "percent" | "per cent" | "percents" => "%",
        "dollar" | "dollars" | "usd" | "USD" => "dollar",
        "cent" | "cents" => "cent",
        "euro" | "euros" => "euro",
        "yuan" => "yuan",
        "ruble" | "rubles" => "ruble",
        "unit" | "units" => "unit",
        "a.m" | "a.m." | "am" | "AM" | "A.M" | "A.M." => "am",
        "p.m" | "p.m." | "pm" | "PM" | "P.M" | "P.M." => "pm",
        "rupee" | "rupees" => "rupee",
        "won" => "won",
        "£" => "£",
        "knot" | "knots" => "knot",
        "ms" | "millisecond" | "milliseconds" => "ms",
        "K" | "kelvin" => "K",
        "Hz" | "hertz" => "Hz",
        "N" | "newton" | "newtons" => "N",
        "J" | "joule" | "joules" => "J",
        "W" | "watt" | "watts" => "W",
        "V" | "volt" | "volts" => "V",
        "kW" => "kW",
        "Pa" => "Pa",
        "mol" => "mol",
        "ha" | "hectare" | "hectares" => "ha",
        "acre" | "acres" => "acre",
        _ => return None,
    })
}

/// The canonical spelling of what stands behind a value: known units as a quotient of powers of their symbols
/// (`m/s^2` for "meters per second squared"), other words normalised.
pub fn canonical(text: &str) -> String {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '~' | '.' | ',' | '(' | ')'));
    if let Some(name) = lookup(trimmed) {
        return name.to_string();
    }
    if trimmed.len() <= 60
        && let Some(name) = compound(trimmed)
    {
        return name;
    }
    let words = crate::text::normalize(trimmed);
    match lookup(&words) {
        Some(name) => name.to_string(),
        None => compound(&words).unwrap_or(words),
    }
}

/// A product or quotient of known units, in canonical spelling.
fn compound(text: &str) -> Option<String> {
    let spaced = text.replace(['{', '}'], "").replace("\\cdot", " ").replace(['*', '·', '⋅', '-'], " ");
    let spaced = spaced.replace("^ ", "^-").replace('/', " / ").replace('²', "^2").replace('³', "^3");
    let mut factors: Vec<(&'static str, i32)> = Vec::new();
    let (mut sign, mut next_power) = (1, 1);
    for word in spaced.split_whitespace() {
        match word {
            "/" | "per" => sign = -1,
            "square" | "sq" | "sq." => next_power = 2,
            "cubic" | "cu" => next_power = 3,
            "squared" => factors.last_mut()?.1 *= 2,
            "cubed" => factors.last_mut()?.1 *= 3,
            _ => {
                let (name, power) = word.split_once('^').unwrap_or((word, "1"));
                let power: i32 = power.parse().ok()?;
                add_factor(&mut factors, lookup(name)?, sign * power.clamp(-9, 9) * next_power);
                next_power = 1;
            }
        }
    }
    factors.retain(|f| f.1 != 0);
    factors.sort_by_key(|(name, power)| (*power < 0, *name));
    (!factors.is_empty() && next_power == 1).then(|| spell(&factors))
}

fn add_factor(factors: &mut Vec<(&'static str, i32)>, name: &'static str, power: i32) {
    // "mph" is itself a quotient
    for (i, part) in name.split('/').enumerate() {
        let power = if i == 0 { power } else { -power };
        match factors.iter_mut().find(|f| f.0 == part) {
            Some(f) => f.1 += power,
            None => factors.push((part, power)),
        }
    }
}

fn spell(factors: &[(&'static str, i32)]) -> String {
    let mut out = String::new();
    for (name, power) in factors {
        match (out.is_empty(), *power < 0) {
            (_, true) => out.push('/'),
            (false, false) => out.push('*'),
            _ => {}
        }
        out.push_str(name);
        if power.unsigned_abs() != 1 {
            out.push_str(&format!("^{}", power.unsigned_abs()));
        }
    }
    out
}

/// Whether a canonical unit is one this module knows, so that two different ones are really different.
pub fn is_canonical(unit: &str) -> bool {
    let known = |part: &str| {
        let base = part.split('^').next().unwrap_or(part);
        lookup(base).is_some() || matches!(base, "" | "%" | "°" | "°C" | "°F")
    };
    !unit.is_empty() && unit.split(['/', '*']).all(known)
}

/// Whether two canonical units are the same: pounds may be of weight or of money.
pub fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a, b), ("lb", "£") | ("£", "lb"))
}

/// The factor a word such as "million" stands for.
pub fn scale(word: &str) -> Option<i64> {
    Some(match word {
        "hundred" => 100,
        "thousand" => 1000,
        "million" => 1_000_000,
        "billion" => 1_000_000_000,
        "trillion" => 1_000_000_000_000,
        _ => return None,
    })
}

/// Words behind a value that make it another answer or none: "or 41", "is impossible", "not".
pub fn is_hedge(unit: &str) -> bool {
    unit.split(' ').any(|w| {
        matches!(
            w,
            "or" | "not" | "maybe" | "possibly" | "perhaps" | "impossible" | "wrong" | "unless" | "except"
        )
    }) || unit.bytes().any(|b| b.is_ascii_digit()) && !is_canonical(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_unit_are_one() {
        let table: [&[&str]; 7] = [
            &["m/s^2", "meters per second squared", "m/s/s", "m s^{-2}", "metres per second^2", "m·s^{-2}"],
            &["cm^2", "square centimeters", "sq cm", "cm squared", "cm²", "square cm"],
            &["mi/h", "mph", "miles per hour", "miles/hour", "mi per hr"],
            &["in^3", "cubic inches", "cubic inch", "cu in"],
            &["unit^2", "square units", "sq units", "units squared"],
            &["dollar/h", "dollars per hour"],
            &["pm", "p.m.", "PM"],
        ];
        for spellings in table {
            for s in spellings {
                assert_eq!(canonical(s), spellings[0], "{s}");
                assert!(is_canonical(spellings[0]));
            }
        }
        assert_eq!(canonical("stuffed goats"), "stuffed goats");
        assert!(!is_canonical("stuffed goats") && !is_canonical(""));
    }
}
