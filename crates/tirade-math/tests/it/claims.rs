//! Every claim of a derivation must be true as it stands: it is parsed again and decided by the crate's own checker.

use std::collections::BTreeMap;

use dashu::integer::IBig;
use tirade_math::derivation::{Derivation, Formula};
use tirade_math::exact::Worked;
use tirade_math::{Assumptions, Expr, Truth, cas, check_relation, parse};

/// Counts of claims by what the checker says, with a few examples of those it cannot decide.
#[derive(Default)]
pub struct Audit {
    pub proved: usize,
    pub undecided: BTreeMap<String, (usize, String)>,
    pub wrong: Vec<String>,
}

impl Audit {
    pub fn add(&mut self, derivation: &Derivation) {
        let none = Assumptions::default();
        for step in &derivation.steps {
            for formula in &step.formulas {
                let Formula::Claim(claim) = formula else { continue };
                match check_relation(claim, &none) {
                    Truth::True => self.proved += 1,
                    Truth::Undecided if congruence_holds(claim) == Some(true) => self.proved += 1,
                    Truth::Undecided if congruence_holds(claim) == Some(false) => {
                        self.wrong.push(claim.clone())
                    }
                    Truth::False => self.wrong.push(format!("{:?}: {claim}", step.rule)),
                    Truth::Undecided => {
                        let entry =
                            self.undecided.entry(format!("{:?}", step.rule)).or_insert((0, claim.clone()));
                        entry.0 += 1;
                    }
                }
            }
        }
    }

    /// Audits the derivation and hands on the value.
    pub fn value<T>(&mut self, worked: Worked<T>) -> T {
        self.add(&worked.derivation);
        worked.value
    }

    pub fn report(&self) {
        let undecided: usize = self.undecided.values().map(|(n, _)| n).sum();
        println!("claims: {} proved, {undecided} undecided, {} wrong", self.proved, self.wrong.len());
        for (rule, (n, example)) in &self.undecided {
            println!("    undecided {rule:24} {n:6}  {example}");
        }
    }
}

/// Decides `a \equiv b \equiv c \pmod{m}` and equations between integers that only the exact evaluation knows.
fn congruence_holds(claim: &str) -> Option<bool> {
    let (chain, modulus) = match claim.split_once(" \\pmod{") {
        Some((chain, m)) => (chain, m.strip_suffix('}')?.parse::<IBig>().ok()?),
        None => (claim, IBig::ZERO),
    };
    let sides = chain.split("\\equiv").flat_map(|s| s.split('='));
    let value = |s: &str| match cas::canonical(&parse(s.trim()).ok()?).ok()? {
        Expr::Num(q) => Some(q),
        _ => None,
    };
    let values: Vec<_> = sides.map(value).collect::<Option<_>>()?;
    let same = |d: &tirade_math::Rational| {
        d.is_zero() || (d.is_int() && modulus > IBig::ZERO && (d.numerator() % &modulus).is_zero())
    };
    Some(values.windows(2).all(|w| same(&(&w[0] - &w[1]))))
}
