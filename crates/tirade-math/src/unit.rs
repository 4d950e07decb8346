//! Units: which words are units, and which units are the same.

/// Whether `word` (of any case, singular or plural) is a unit of measurement or money, or a counted thing.
pub fn is_unit(word: &str) -> bool {
    lookup(word).is_some()
}

/// The canonical name of a unit word.
pub fn lookup(word: &str) -> Option<&'static str> {
    Some(match word {
        "m" | "meter" | "meters" | "metre" | "metres" => "m",
        "cm" | "centimeter" | "centimeters" | "centimetre" | "centimetres" => "cm",
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => "mm",
        "km" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => "km",
        "dm" | "decimeter" | "decimeters" => "dm",
        "nm" | "nanometer" | "nanometers" => "nm",
        "in" | "inch" | "inches" => "in",
        "ft" | "foot" | "feet" => "ft",
        "yd" | "yard" | "yards" => "yd",
        "mi" | "mile" | "miles" => "mi",
        "g" | "gram" | "grams" => "g",
        "kg" | "kilogram" | "kilograms" => "kg",
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
        "rad" | "radian" | "radians" => "rad",
        "percent" | "per cent" | "percents" => "%",
        "dollar" | "dollars" | "usd" | "USD" => "dollar",
        "cent" | "cents" => "cent",
        "euro" | "euros" => "euro",
        "yuan" => "yuan",
        "ruble" | "rubles" => "ruble",
        "unit" | "units" => "unit",
        "square units" | "sq units" | "square unit" => "unit^2",
        "cubic units" | "cubic unit" => "unit^3",
        "square inches" | "square inch" | "sq in" => "in^2",
        "square feet" | "square foot" | "sq ft" => "ft^2",
        "square meters" | "square meter" => "m^2",
        "square centimeters" | "square cm" => "cm^2",
        "cubic inches" => "in^3",
        "cubic feet" => "ft^3",
        "cubic meters" => "m^3",
        "cubic centimeters" => "cm^3",
        "miles per hour" => "mi/h",
        "kilometers per hour" => "km/h",
        "meters per second" => "m/s",
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

/// The canonical spelling of what stands behind a value: known units by their symbol, other words normalised.
pub fn canonical(text: &str) -> String {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '~' | '.' | ','));
    if let Some(name) = lookup(trimmed) {
        return name.to_string();
    }
    if let Some((head, power)) = trimmed.split_once('^') {
        return format!("{}^{}", canonical(head), power.trim_matches(['{', '}']));
    }
    if let Some((above, below)) = trimmed.split_once('/') {
        return format!("{}/{}", canonical(above), canonical(below));
    }
    let words = crate::text::normalize(trimmed);
    match lookup(&words) {
        Some(name) => name.to_string(),
        None => words,
    }
}

/// Whether a canonical unit is one this module knows, so that two different ones are really different.
pub fn is_canonical(unit: &str) -> bool {
    let known = |part: &str| {
        let base = part.split('^').next().unwrap_or(part);
        lookup(base).is_some() || matches!(base, "%" | "°")
    };
    unit.split('/').all(known)
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
