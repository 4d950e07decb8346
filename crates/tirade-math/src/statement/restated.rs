//! Values that are said again: the problem gives `y = 1`, and the text substitutes `y = 5`.
//!
//! A name may well take several values in a text. What counts is one that stands alone against the only other one, where that is the
//! problem's, or was arrived at.

use smol_str::SmolStr;

use super::Truth;
use super::cue::Mode;
use super::misprint;
use super::prose::{Statement, Why};
use super::walk::{Context, Walk};
use crate::expr::Expr;

/// Values of one text that are kept.
const MAX_STATED: usize = 60;

/// `name = value`, as it is said somewhere.
pub struct Stated {
    name: SmolStr,
    value: f64,
    /// Its place among the statements of the solution; the problem's have none.
    index: Option<usize>,
    /// It is said to be so, not supposed, and is no possibility among others.
    sure: bool,
    /// It is put in somewhere.
    used: bool,
    /// It is the answer.
    boxed: bool,
    apart: bool,
    words: String,
}

/// Words that put a value in.
const USES: [&str; 5] = ["substitut", "plug", "using", "check", "put"];

impl Walk<'_> {
    /// Remembers the value that a statement says.
    pub fn state(
        &mut self,
        text: &str,
        out: &Statement,
        (l, r): (&Expr, &Expr),
        context: &Context<'_>,
        apart: bool,
    ) {
        let (Expr::Sym(name), Some(value)) = (l, misprint::value(r)) else { return };
        if self.stated.len() >= MAX_STATED {
            return;
        }
        let words = text.get(out.span.clone()).unwrap_or("").to_string();
        let put_in = context.mode != Mode::Claim && is_put_in(text, out.span.start);
        // "if $x = 2$" in a problem gives it
        let refuted = context.refuted && !context.given;
        self.stated.push(Stated {
            name: name.clone(),
            value,
            index: (!context.given).then_some(self.out.len()),
            sure: context.mode == Mode::Claim && !apart && !refuted,
            used: put_in,
            boxed: words.contains("\\boxed"),
            apart: apart || refuted,
            words,
        });
    }

    /// Marks values that are another than the only one the problem gives or the text arrives at.
    pub fn restate(&mut self) {
        let stated = std::mem::take(&mut self.stated);
        for (i, one) in stated.iter().enumerate() {
            let Some(index) = one.index else { continue };
            if !(one.used || one.boxed) || one.apart || self.out[index].truth == Truth::False {
                continue;
            }
            let others =
                || stated.iter().enumerate().filter(|(k, s)| *k != i && s.name == one.name).map(|(_, s)| s);
            let Some(first) = others().next() else { continue };
            let differs = (first.value - one.value).abs() > 1e-9 * first.value.abs().max(1.0);
            let alone = others().all(|s| s.value == first.value && !s.apart);
            let often = others().filter(|s| s.sure).count() > 1;
            let known = others().any(|s| s.sure && (s.index.is_none() && !one.boxed || s.boxed))
                || one.boxed && often;
            if differs && alone && known {
                (self.out[index].truth, self.out[index].why) =
                    (Truth::False, Why::Facts(vec![first.words.clone()]));
            }
        }
    }
}

/// Whether the words before a value put it in somewhere.
fn is_put_in(text: &str, start: usize) -> bool {
    let before = super::cue::sentence_before(text, start).to_ascii_lowercase();
    let last = before.rsplit(['.', ',']).next().unwrap_or("");
    last.trim_end_matches([' ', '$']).ends_with("with") || USES.iter().any(|w| last.contains(w))
}
