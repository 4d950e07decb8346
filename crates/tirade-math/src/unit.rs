//! Units: which words are units, and which units are the same.

use crate::expr::Rational;

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

/// How many `b` one `a` is, for canonical units of the same dimension: 100 for m and cm.
pub fn conversion(a: &str, b: &str) -> Option<Rational> {
    let (x, y) = (measure(a)?, measure(b)?);
    (x.1 == y.1).then(|| x.0 / y.0)
}

type Dimension = Vec<(&'static str, i32)>;

/// A unit in metres, seconds, grams, months and cents, with its dimension.
fn measure(unit: &str) -> Option<(Rational, Dimension)> {
    let mut total = Rational::ONE;
    let mut dimension: Dimension = Vec::new();
    let mut sign = 1;
    let mut rest = unit;
    while !rest.is_empty() {
        let end = rest.find(['/', '*']).unwrap_or(rest.len());
        let (name, power) = rest[..end].split_once('^').unwrap_or((&rest[..end], "1"));
        let power = power.parse::<i32>().ok().filter(|p| (1..=9).contains(p))?;
        let (above, below, base, degree) = base_unit(name)?;
        let factor = Rational::from_parts(above.into(), below.into());
        let factor = factor.pow(power as isize);
        total = if sign > 0 { total * factor } else { total / factor };
        match dimension.iter_mut().find(|d| d.0 == base) {
            Some(d) => d.1 += sign * power * degree,
            None => dimension.push((base, sign * power * degree)),
        }
        sign = if rest[end..].starts_with('/') { -1 } else { 1 };
        rest = rest.get(end + 1..).unwrap_or("");
    }
    dimension.retain(|d| d.1 != 0);
    dimension.sort_unstable();
    Some((total, dimension))
}

/// A unit as a fraction of its base unit, exactly as defined. Units with several definitions (ton, gallon) have none.
fn base_unit(name: &str) -> Option<(i64, u64, &'static str, i32)> {
    Some(match name {
        "m" => (1, 1, "m", 1),
        "dm" => (1, 10, "m", 1),
        "cm" => (1, 100, "m", 1),
        "mm" => (1, 1000, "m", 1),
        "km" => (1000, 1, "m", 1),
        "nm" => (1, 1_000_000_000, "m", 1),
        "in" => (254, 10_000, "m", 1),
        "ft" => (3048, 10_000, "m", 1),
        "yd" => (9144, 10_000, "m", 1),
        "mi" => (1_609_344, 1000, "m", 1),
        "L" => (1, 1000, "m", 3),
        "mL" => (1, 1_000_000, "m", 3),
        "ha" => (10_000, 1, "m", 2),
        "s" => (1, 1, "s", 1),
        "ms" => (1, 1000, "s", 1),
        "min" => (60, 1, "s", 1),
        "h" => (3600, 1, "s", 1),
        "day" => (86_400, 1, "s", 1),
        "week" => (604_800, 1, "s", 1),
        "month" => (1, 1, "month", 1),
        "year" => (12, 1, "month", 1),
        "g" => (1, 1, "g", 1),
        "mg" => (1, 1000, "g", 1),
        "kg" => (1000, 1, "g", 1),
        "lb" => (45_359_237, 100_000, "g", 1),
        "oz" => (45_359_237, 1_600_000, "g", 1),
        "cent" => (1, 1, "cent", 1),
        "dollar" => (100, 1, "cent", 1),
        _ => return None,
    })
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
        for (a, b, above, below) in [
            ("m", "cm", 100, 1u64),
            ("km/h", "m/s", 5, 18),
            ("h", "min", 60, 1),
            ("ft^2", "in^2", 144, 1),
            ("L", "cm^3", 1000, 1),
            ("m/s^2", "km/h^2", 12_960, 1),
        ] {
            let expected = Rational::from_parts(above.into(), below.into());
            assert_eq!(conversion(a, b), Some(expected), "{a} in {b}");
        }
        for (a, b) in [("m", "m^2"), ("m", "s"), ("ton", "kg"), ("goats", "goats")] {
            assert_eq!(conversion(a, b), None, "{a} in {b}");
        }
        assert_eq!(canonical("stuffed goats"), "stuffed goats");
        assert!(!is_canonical("stuffed goats") && !is_canonical(""));
    }
}
