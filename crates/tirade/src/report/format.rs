//! Numbers and texts as people read them; shared by all renderers.

/// `44.0 %`, with a no-break space.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", share * 100.0)
}

/// `p = 0.13`, `p < 0.001`.
pub fn p_value(p: f64) -> String {
    if p < 0.001 { "p\u{a0}<\u{a0}0.001".into() } else { format!("p\u{a0}=\u{a0}{}", short(p)) }
}

/// Two significant digits below 1: `0.13`, `0.042`, `1`.
fn short(value: f64) -> String {
    let decimals = if value < 0.01 {
        4
    } else if value < 0.1 {
        3
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `40 ms`, `0.8 s`, `12 s`, `4 min 05 s`, `2 h 10 min`.
pub(super) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".into();
    }
    if seconds < 0.0995 {
        return format!("{:.0}\u{a0}ms", seconds * 1000.0);
    }
    if seconds < 9.95 {
        return format!("{seconds:.1}\u{a0}s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s}\u{a0}s"),
        (0, m, s) => format!("{m}\u{a0}min {s:02}\u{a0}s"),
        (h, m, _) => format!("{h}\u{a0}h {m:02}\u{a0}min"),
    }
}

/// `12 345` with thin no-break spaces between thousands.
pub(super) fn integer(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        // Four digits are read at a glance.
        if digits.len() > 4 && index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `$0.0123`; nothing known is a dash.
pub(super) fn dollars(cost: Option<f64>) -> String {
    match cost {
        None => "–".into(),
        Some(cost) if cost < 1.0 => format!("${cost:.4}"),
        Some(cost) => format!("${cost:.2}"),
    }
}

/// `number_theory` as `number theory`.
pub(super) fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(0.44), "44.0\u{a0}%");
        assert_eq!(
            [0.00001, 0.0042, 0.0654, 0.1339, 1.0].map(|p| p_value(p).replace('\u{a0}', " ")),
            ["p < 0.001", "p = 0.0042", "p = 0.065", "p = 0.13", "p = 1"]
        );
        assert_eq!(
            [0.0, 0.0402, 0.84, 9.97, 12.2, 245.0, 7800.0, -1.0].map(|s| duration(s).replace('\u{a0}', " ")),
            ["0 ms", "40 ms", "0.8 s", "10 s", "12 s", "4 min 05 s", "2 h 10 min", "?"]
        );
        assert_eq!(
            [7, 1234, 12345, 1234567].map(|n| integer(n).replace('\u{202f}', " ")),
            ["7", "1234", "12 345", "1 234 567"]
        );
        assert_eq!([None, Some(0.0123), Some(12.5)].map(dollars), ["–", "$0.0123", "$12.50"]);
    }
}
