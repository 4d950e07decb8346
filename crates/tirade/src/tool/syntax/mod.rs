//! Reads what models write as tool arguments: SymPy's grammar and everyday notation, LaTeX through [`tirade_math::parse`].
//!
//! `x**2`, `x^2`, `2x(x+1)`, `|x|`, `x = 2`, `x == 2`, `Eq(x, 2)`, `1 < x <= 5`, `sin^2 x`, `Sum(k, (k, 1, n))` are all
//! read, and nothing is ever evaluated: the outcome is an [`Expr`], plain data. Answers (what a solution ends with) are read by
//! `tirade_math` with other habits, such as units; here `5 m` is five times m.
//!
//! ```
//! use tirade::tool::syntax::{Names, read};
//! let names = Names::default();
//! assert_eq!(read("2x(x-1) = 0", &names).unwrap(), read("Eq(2*x*(x-1), 0)", &names).unwrap());
//! ```

mod call;
mod lex;
mod names;
mod parse;

use tirade_math::Expr;
use tirade_math::expr::{Const, Func};

/// Longest argument, in bytes.
pub const MAX_BYTES: usize = 20_000;

/// Names whose meaning the call itself declares, whatever they mean elsewhere (`E`, `i`, `a`).
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub variables: Vec<String>,
    /// Unknown functions: with `a` among them `a(n+1)` is no product.
    pub functions: Vec<String>,
}

/// Reads one argument.
///
/// # Errors
/// What could not be read, with the place, in words for the model.
pub fn read(text: &str, known: &Names) -> Result<Expr, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the argument is empty".to_owned());
    }
    if text.len() > MAX_BYTES {
        return Err(format!("the argument has {} bytes; at most {MAX_BYTES} are read", text.len()));
    }
    if text.contains(['\\', '$']) {
        let latex = tirade_math::parse(text).map_err(|e| format!("{e} in {text:?}"))?;
        return Ok(settle(latex, known));
    }
    parse::parse(text, known)
}

/// LaTeX leaves two things open that an argument does not: `log` without a base is natural, and a variable is a variable.
fn settle(expr: Expr, known: &Names) -> Expr {
    let is_variable = |name: &str| known.variables.iter().any(|v| v == name);
    map(expr, &|node| match node {
        Expr::Call(Func::Log, args) if args.len() == 1 => Expr::Call(Func::Ln, args),
        Expr::Const(Const::E) if is_variable("e") => Expr::sym("e"),
        Expr::Const(Const::I) if is_variable("i") => Expr::sym("i"),
        other => other,
    })
}

/// Rebuilds a tree from the leaves up. The depth of a parsed tree is bounded, so this may recurse.
pub(crate) fn map(expr: Expr, change: &impl Fn(Expr) -> Expr) -> Expr {
    let all = |items: Vec<Expr>| items.into_iter().map(|e| map(e, change)).collect::<Vec<_>>();
    let one = |item: Box<Expr>| Box::new(map(*item, change));
    change(match expr {
        Expr::Add(items) => Expr::Add(all(items)),
        Expr::Mul(items) => Expr::Mul(all(items)),
        Expr::Pow(base, exponent) => Expr::Pow(one(base), one(exponent)),
        Expr::Call(func, args) => Expr::Call(func, all(args)),
        Expr::Apply(name, args) => Expr::Apply(name, all(args)),
        Expr::Relation(left, rest) => {
            Expr::Relation(one(left), rest.into_iter().map(|(op, e)| (op, map(e, change))).collect())
        }
        Expr::Logic(op, items) => Expr::Logic(op, all(items)),
        Expr::Tuple(items) => Expr::Tuple(all(items)),
        Expr::Bracket(items) => Expr::Bracket(all(items)),
        Expr::List(items) => Expr::List(all(items)),
        Expr::Set(items) => Expr::Set(all(items)),
        Expr::Matrix(rows) => Expr::Matrix(rows.into_iter().map(all).collect()),
        Expr::Big(mut big) => {
            big.body = map(big.body, change);
            big.low = big.low.map(|e| map(e, change));
            big.high = big.high.map(|e| map(e, change));
            Expr::Big(big)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `text` with `E`-like letters declared or not, and compares the plain form.
    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            let found =
                read(text, &Names::default()).map_or_else(|e| format!("error: {e}"), |e| e.to_string());
            assert_eq!(found, *expected, "{text}");
        }
    }

    fn same(cases: &[(&str, &str)]) {
        for (left, right) in cases {
            assert_eq!(
                read(left, &Names::default()).unwrap(),
                read(right, &Names::default()).unwrap(),
                "{left} and {right}"
            );
        }
    }

    #[test]
    fn spellings_of_the_same_expression() {
        same(&[
            ("x^2", "x**2"),
            ("2x(x+1)", "2*x*(x+1)"),
            ("(x+1)(x-1)", "(x + 1)*(x - 1)"),
            ("|x - 2|", "Abs(x-2)"),
            ("2|x|", "2*abs(x)"),
            ("|x|*|y|", "Abs(x)*Abs(y)"),
            ("||x|-1|", "Abs(Abs(x)-1)"),
            ("x = 2", "Eq(x, 2)"),
            ("x == 2", "x = 2"),
            ("x >= 2", "Ge(x, 2)"),
            ("sin^2(x)", "sin(x)**2"),
            ("sin 2x", "sin(2*x)"),
            ("sin(x)cos(x)", "sin(x)*cos(x)"),
            ("sin^-1(x)", "asin(x)"),
            ("log_2(8)", "log(8, 2)"),
            ("xy", "x*y"),
            ("x²", "x^2"),
            ("√2", "sqrt(2)"),
            ("30°", "30*pi/180"),
            ("5!", "factorial(5)"),
            ("x > 1 | x < -1", "Or(x > 1, x < -1)"),
            ("x > 1 || x < -1", "Or(x > 1, x < -1)"),
            ("x > 1 or |x| < 1", "Or(x > 1, Abs(x) < 1)"),
            ("(x > 1) & (x < 3)", "x > 1 and x < 3"),
            ("Rational(1, 3)", "1/3"),
            ("S(1)/2", "1/2"),
            ("7^100 mod 5", "Mod(7**100, 5)"),
            ("7**2 % 5", "Mod(7**2, 5)"),
            ("50%", "50/100"),
            ("\\frac{1}{2}", "1/2"),
            ("\\log x", "log(x)"),
        ]);
    }

    #[test]
    fn names_mean_what_they_should() {
        check(&[
            ("theta + x1 + a_2", "theta + x1 + a_2"),
            ("speed*t", "speed*t"),
            ("f(x) + x(x+1)", "f(x) + x*(x + 1)"),
            ("2e", "2*e"),
            ("-x^2", "-x^2"),
            ("2^-x", "2^(-x)"),
            ("a^b^c", "a^(b^c)"),
            ("-2^2", "-2^2"),
        ]);
        let declared =
            Names { variables: vec!["E".to_owned(), "i".to_owned()], functions: vec!["a".to_owned()] };
        assert_eq!(read("E + i", &declared).unwrap(), Expr::sum([Expr::sym("E"), Expr::sym("i")]));
        assert_eq!(read("a(2) + a", &declared).unwrap().to_string(), "a(2) + a");
        assert_eq!(
            read("E + i", &Names::default()).unwrap(),
            Expr::sum([Expr::constant(Const::E), Expr::constant(Const::I)])
        );
    }

    #[test]
    fn an_index_is_not_the_imaginary_unit() {
        let sum = read("Sum(i^2, (i, 1, 3))", &Names::default()).unwrap();
        let Expr::Big(big) = sum else { panic!("{sum:?}") };
        assert_eq!((big.body, big.var.as_str()), (Expr::sym("i").pow(Expr::int(2)), "i"));
    }

    #[test]
    fn decimals_are_exact() {
        for (text, value) in [("0.5", "1/2"), ("1.25", "5/4"), (".1", "1/10")] {
            assert_eq!(read(text, &Names::default()).unwrap().as_rational().unwrap().to_string(), value);
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        check(&[
            ("", "error: the argument is empty"),
            ("x +", "error: \"x +\" ends too early"),
            ("(x", "error: expected \")\": \"(x\" ends too early"),
            ("x ) 2", "error: unexpected \") 2\" at position 2 of \"x ) 2\""),
            ("Rational()", "error: empty brackets in \"Rational()\""),
            ("sqrt(1, 2)", "error: sqrt() does not take 2 arguments"),
            ("os.system", "error: '.' cannot be read at position 2 of \"os.system\""),
        ]);
    }

    #[test]
    fn hostile_arguments_end_in_an_error_not_in_a_crash() {
        let deep = ["(", "-", "sin ", "x^", "|", "[", "f(", "2^-", "~"].map(|part| part.repeat(5_000));
        let long = [
            "x!".to_owned() + &"!".repeat(9_000),
            "1e999999999".to_owned(),
            "9".repeat(30_000),
            "x²".repeat(2_000),
        ];
        for text in deep.iter().chain(&long) {
            let _ = read(text, &Names::default());
        }
        assert!(read(&deep[0], &Names::default()).unwrap_err().contains("nested more than"));
        assert!(read(&"9".repeat(30_000), &Names::default()).unwrap_err().contains("at most 20000 are read"));
    }
}
