//! Small numbers in words.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// The number that one small word spells: `zero` to `twenty`, and the tens up to `ninety`.
///
/// ```
/// assert_eq!(tirade_math::cardinal("twelve"), Some(12));
/// assert_eq!(tirade_math::cardinal("dozen"), None);
/// ```
pub fn cardinal(word: &str) -> Option<u32> {
    let place = |list: &[&str]| list.iter().position(|w| *w == word).map(|at| at as u32);
    place(&SMALL).or_else(|| place(&TENS).map(|at| 20 + 10 * at))
}
