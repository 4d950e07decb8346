//! Printing in the style of SymPy's `str`: the same order of terms and factors, the same spelling.

use dashu::rational::RBig;

use super::compare::{function_name, half, ordered_factors, sort_key, split_coefficient};
use crate::exact::{Exact, unsupported};
use crate::expr::{Const, Expr};

/// The expression as SymPy's `str` prints it, for expressions that this module's operations return.
///
/// ```
/// use tirade_math::{cas, parse};
/// let e = cas::canonical(&parse("2 sqrt(3) x/2 - 1 + x^2").unwrap()).unwrap();
/// assert_eq!(cas::to_sympy_string(&e).unwrap(), "x**2 + sqrt(3)*x - 1");
/// ```
///
/// # Errors
/// `Unsupported` for kinds of expressions whose SymPy spelling is not known for certain.
pub fn to_sympy_string(e: &Expr) -> Exact<String> {
    match e {
        Expr::Relation(..) | Expr::Logic(..) | Expr::Matrix(_) | Expr::Set(_) | Expr::Interval(_) => {
            unsupported("printing statements and structures; print their parts")
        }
        _ if !is_known(e) => unsupported(format!("printing {e} as SymPy does")),
        _ => Ok(text(e)),
    }
}

fn is_known(e: &Expr) -> bool {
    match e {
        Expr::Num(_) | Expr::Sym(_) | Expr::Const(Const::Pi | Const::E | Const::I) => true,
        Expr::Add(parts) | Expr::Mul(parts) => parts.len() > 1 && parts.iter().all(is_known),
        Expr::Call(f, parts) => {
            (super::kernel::is_kernel_function(*f) || *f == crate::expr::Func::Acos)
                && parts.iter().all(is_known)
        }
        Expr::Pow(b, e) => is_known(b) && is_known(e),
        _ => false,
    }
}

/// SymPy's `str` of a rational number.
pub fn rational_text(q: &RBig) -> String {
    if q.is_int() { q.numerator().to_string() } else { format!("{}/{}", q.numerator(), q.denominator()) }
}

/// SymPy's `str` of a matrix of rational numbers, `Matrix([[1, 2], [3, 4]])`.
pub fn matrix_text(m: &crate::matrix::Matrix) -> String {
    let row = |r: &Vec<RBig>| format!("[{}]", r.iter().map(rational_text).collect::<Vec<_>>().join(", "));
    format!("Matrix([{}])", m.rows().iter().map(row).collect::<Vec<_>>().join(", "))
}

pub(super) fn atom_name(e: &Expr) -> String {
    match e {
        Expr::Num(q) => rational_text(q),
        Expr::Const(Const::Pi) => "pi".into(),
        Expr::Const(Const::E) => "E".into(),
        Expr::Const(Const::I) => "I".into(),
        Expr::Sym(name) => name.to_string(),
        other => other.to_string(),
    }
}

/// SymPy's printing precedence.
fn precedence(e: &Expr) -> u32 {
    match e {
        Expr::Num(q) if *q < RBig::ZERO => 40,
        Expr::Num(q) if !q.is_int() => 50,
        Expr::Add(_) => 40,
        Expr::Mul(_) if split_coefficient(e).0 < RBig::ZERO => 40,
        Expr::Mul(_) => 50,
        Expr::Pow(..) => 60,
        _ => 1_000,
    }
}

/// In parentheses unless it binds at least as tightly as `level` (SymPy's `parenthesize` with `strict=False`).
fn parenthesize(e: &Expr, level: u32) -> String {
    if precedence(e) <= level { format!("({})", text(e)) } else { text(e) }
}

fn text(e: &Expr) -> String {
    match e {
        Expr::Add(_) => sum_text(e),
        Expr::Mul(_) => product_text(e),
        Expr::Pow(base, exponent) => power_text(base, exponent),
        Expr::Call(f, args) => {
            let args: Vec<String> = args.iter().map(text).collect();
            format!("{}({})", function_name(*f), args.join(", "))
        }
        atom => atom_name(atom),
    }
}

fn sum_text(e: &Expr) -> String {
    let mut out = String::new();
    for term in ordered_terms(e) {
        let body = text(&term);
        let (sign, body) = match body.strip_prefix('-') {
            Some(rest) if !matches!(term, Expr::Add(_)) => ('-', rest.to_string()),
            _ => ('+', body),
        };
        let body = if matches!(term, Expr::Add(_)) { format!("({body})") } else { body };
        if out.is_empty() {
            out = if sign == '-' { format!("-{body}") } else { body };
        } else {
            out.push_str(&format!(" {sign} {body}"));
        }
    }
    out
}

fn power_text(base: &Expr, exponent: &Expr) -> String {
    if let Expr::Num(q) = exponent {
        if *q == half() {
            return format!("sqrt({})", text(base));
        }
        if *q == -half() {
            return format!("1/sqrt({})", text(base));
        }
        if *q == RBig::NEG_ONE {
            return format!("1/{}", parenthesize(base, 60));
        }
    }
    format!("{}**{}", parenthesize(base, 60), parenthesize(exponent, 60))
}

/// The factor of a denominator that a power with negative exponent stands for.
fn denominator_of(e: &Expr) -> Option<Expr> {
    let Expr::Pow(base, exponent) = e else { return None };
    match &**exponent {
        Expr::Num(q) if *q == RBig::NEG_ONE => Some((**base).clone()),
        Expr::Num(q) if *q < RBig::ZERO => Some((**base).clone().pow(Expr::Num(-q.clone()))),
        _ => None,
    }
}

fn product_text(e: &Expr) -> String {
    let (mut coefficient, rest) = split_coefficient(e);
    let sign = if coefficient < RBig::ZERO { "-" } else { "" };
    // SymPy prints -c*rest with the precedence of the whole, so that negated products parenthesise like sums.
    let level = precedence(e);
    if coefficient < RBig::ZERO {
        coefficient = -coefficient;
    }
    let (mut above, mut below) = (Vec::new(), Vec::new());
    if !coefficient.numerator().is_one() {
        above.push(coefficient.numerator().to_string());
    }
    if !coefficient.is_int() {
        below.push(coefficient.denominator().to_string());
    }
    for factor in ordered_factors(&rest) {
        match denominator_of(&factor) {
            Some(d) => {
                let shown = parenthesize(&d, level);
                let protected = matches!(d, Expr::Pow(..)) && matches!(&factor, Expr::Pow(b, _) if **b == d);
                below.push(if protected { format!("({shown})") } else { shown });
            }
            None => above.push(parenthesize(&factor, level)),
        }
    }
    let top = if above.is_empty() { "1".to_string() } else { above.join("*") };
    match below.len() {
        0 => format!("{sign}{top}"),
        1 => format!("{sign}{top}/{}", below[0]),
        _ => format!("{sign}{top}/({})", below.join("*")),
    }
}

/// Value of a number as a pair of floats, for the order of terms only.
fn complex_value(e: &Expr) -> Option<(f64, f64)> {
    let times = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
    match e {
        Expr::Num(q) => Some((q.to_f64_fast(), 0.0)),
        Expr::Const(Const::Pi) => Some((std::f64::consts::PI, 0.0)),
        Expr::Const(Const::E) => Some((std::f64::consts::E, 0.0)),
        Expr::Const(Const::I) => Some((0.0, 1.0)),
        Expr::Add(terms) => {
            terms.iter().try_fold((0.0, 0.0), |s, t| complex_value(t).map(|v| (s.0 + v.0, s.1 + v.1)))
        }
        Expr::Mul(factors) => {
            factors.iter().try_fold((1.0, 0.0), |p, f| complex_value(f).map(|v| times(p, v)))
        }
        Expr::Pow(base, exponent) => {
            let ((x, y), (n, 0.0)) = (complex_value(base)?, complex_value(exponent)?) else { return None };
            let (r, angle) = (x.hypot(y).powf(n), y.atan2(x) * n);
            Some(if y == 0.0 && x >= 0.0 { (x.powf(n), 0.0) } else { (r * angle.cos(), r * angle.sin()) })
        }
        Expr::Call(f, args) => match (f, complex_value(args.first()?)?) {
            (crate::expr::Func::Exp, (x, 0.0)) => Some((x.exp(), 0.0)),
            (crate::expr::Func::Ln, (x, 0.0)) if x > 0.0 => Some((x.ln(), 0.0)),
            _ => None,
        },
        _ => None,
    }
}

/// SymPy's `decompose_power`: a base and an integer exponent.
fn decompose_power(e: &Expr) -> (Expr, i64) {
    let Expr::Pow(base, exponent) = e else { return (e.clone(), 1) };
    let Expr::Num(q) = &**exponent else { return (e.clone(), 1) };
    let Ok(p) = i64::try_from(q.numerator()) else { return (e.clone(), 1) };
    if q.is_int() {
        return ((**base).clone(), p);
    }
    let root = Expr::Num(RBig::from_parts(1.into(), q.denominator().clone()));
    ((**base).clone().pow(root), p)
}

struct Term {
    expr: Expr,
    coefficient: (f64, f64),
    powers: Vec<(Expr, i64)>,
}

fn term_parts(term: &Expr) -> Term {
    let factors = match term {
        Expr::Mul(factors) => factors.clone(),
        other => vec![other.clone()],
    };
    let mut parts = Term { expr: term.clone(), coefficient: (1.0, 0.0), powers: Vec::new() };
    for factor in factors {
        match complex_value(&factor) {
            Some((re, im)) => {
                let (a, b) = parts.coefficient;
                parts.coefficient = (a * re - b * im, a * im + b * re);
            }
            None => {
                let (base, n) = decompose_power(&factor);
                parts.powers.retain(|(b, _)| *b != base);
                parts.powers.push((base, n));
            }
        }
    }
    parts
}

/// `Add(positive number, negative number * expr)` keeps the number first.
fn number_first(terms: &[Expr]) -> Option<Vec<Expr>> {
    let is_number = |e: &Expr| matches!(e, Expr::Num(_) | Expr::Const(Const::Pi | Const::E));
    let [a, b] = terms else { return None };
    let (number, product) = if is_number(a) { (a, b) } else { (b, a) };
    let positive = match number {
        Expr::Num(q) => *q > RBig::ZERO,
        other => is_number(other),
    };
    match product {
        Expr::Mul(factors) if factors.len() == 2 && positive => {
            let negative = matches!(&factors[0], Expr::Num(q) if *q < RBig::ZERO);
            negative.then(|| vec![number.clone(), product.clone()])
        }
        _ => None,
    }
}

/// SymPy's `as_ordered_terms`: lexicographic by exponents, the generators in the order of their sort keys.
pub(super) fn ordered_terms(e: &Expr) -> Vec<Expr> {
    let Expr::Add(terms) = e else { return vec![e.clone()] };
    if let Some(pair) = number_first(terms) {
        return pair;
    }
    let parts: Vec<Term> = terms.iter().map(term_parts).collect();
    let mut generators: Vec<&Expr> = Vec::new();
    for (base, _) in parts.iter().flat_map(|t| &t.powers) {
        if !generators.contains(&base) {
            generators.push(base);
        }
    }
    generators.sort_by_cached_key(|base| sort_key(base));
    let exponents = |t: &Term| -> Vec<i64> {
        let of = |g: &&Expr| t.powers.iter().find(|(b, _)| b == *g).map_or(0, |(_, n)| -n);
        generators.iter().map(of).collect()
    };
    let mut order: Vec<(Vec<i64>, usize)> = parts.iter().map(exponents).zip(0..).collect();
    order.sort_by(|(a, i), (b, j)| {
        let value = |at: usize| {
            let (real, imaginary) = parts[at].coefficient;
            (imaginary != 0.0, imaginary, real)
        };
        let numeric = value(*i).partial_cmp(&value(*j)).unwrap_or(std::cmp::Ordering::Equal);
        a.cmp(b).then(numeric)
    });
    order.into_iter().map(|(_, at)| parts[at].expr.clone()).collect()
}
