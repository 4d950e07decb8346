//! Formulas that cannot be written so: `\frac7`, which lacks its denominator, and `1085_2`, whose digits its base does not have.

use crate::text::{group, places};

/// Whether a formula that can be read is not written so by anybody: `f^{+1}(x)`, `5,\!37`.
pub fn is_odd(source: &str) -> bool {
    let digit = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
    let signed = places(source, "^{+").any(|at| digit(&source[at + 3..]));
    signed
        || places(source, ",\\!").any(|at| {
            let rest = &source[at + 3..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            source[..at].ends_with(|c: char| c.is_ascii_digit()) && digits > 0 && digits != 3
        })
}

/// Whether no reader could make anything of the formula.
pub fn is_broken(source: &str, numerals: bool) -> bool {
    has_half_fraction(source) || numerals && has_foreign_digit(source)
}

fn has_half_fraction(source: &str) -> bool {
    places(source, "frac").any(|at| {
        let lead = source[..at].trim_end_matches(['d', 't', 'c']);
        let rest = source[at + "frac".len()..].trim_start();
        let Some(length) = argument(rest) else { return false };
        let rest = rest[length..].trim_start();
        lead.ends_with('\\') && rest.starts_with(['}', '=', '+', ')', ']', '&', '<', '>'])
            || lead.ends_with('\\')
                && (rest.is_empty() || rest.starts_with("\\\\") || rest.starts_with("\\right"))
    })
}

/// Bytes of a command's argument: a group, or one digit.
fn argument(rest: &str) -> Option<usize> {
    match rest.as_bytes().first()? {
        b'{' => group(rest),
        b'0'..=b'9' => Some(1),
        _ => None,
    }
}

fn has_foreign_digit(source: &str) -> bool {
    source.match_indices('_').any(|(at, _)| {
        let digits = source[..at].bytes().rev().take_while(u8::is_ascii_digit).count();
        let behind = source[at + 1..].trim_start_matches('{');
        let length = behind.bytes().take_while(u8::is_ascii_digit).count();
        let base: u32 = if length <= 2 { behind[..length].parse().unwrap_or(0) } else { 0 };
        let lead = source[..at - digits].trim_end_matches("{");
        let plain = !lead.ends_with(['_', '^', '.', ',']) && !lead.ends_with(char::is_alphabetic);
        let largest = source[at - digits..at].bytes().map(|b| u32::from(b - b'0')).max();
        plain && (2..10).contains(&base) && largest.is_some_and(|digit| digit >= base)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_so() {
        for (source, expected) in [
            (r"\frac7", true),
            (r"\left(\frac7\right)^5", true),
            (r"(3^3)^{\frac6}", true),
            (r"\boxed{\dfrac5}", true),
            (r"\frac12", false),
            (r"\frac{1}{2}", false),
            (r"\frac1x", false),
            (r"\frac{\pi}3", false),
            (r"\frac\pi3", false),
            ("1085_2", true),
            ("3_9 = 8_3", true),
            ("2_{10} = 10_2", false),
            ("a_2 = 5_7", false),
            ("x_{12}", false),
            ("9_{16}", false),
        ] {
            assert_eq!(is_broken(source, true), expected, "{source}");
        }
        assert!(!is_broken("5_2 + 1", false));
    }
}
