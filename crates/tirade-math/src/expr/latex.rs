//! LaTeX: [`Expr::to_latex`].

use super::plain::Level;
use super::{Big, BigOp, Const, Expr, Func, Interval, LogicOp, Rational, RelOp, SetOp};
use std::fmt::Write;

impl Expr {
    /// The expression as LaTeX mathematics, without dollar signs.
    ///
    /// ```
    /// use tirade_math::parse;
    /// assert_eq!(parse("(x+1)/sqrt(2)").unwrap().to_latex(), r"\frac{x + 1}{\sqrt{2}}");
    /// ```
    pub fn to_latex(&self) -> String {
        let mut out = String::new();
        write(&mut out, self);
        out
    }
}

fn write(out: &mut String, e: &Expr) {
    match e {
        Expr::Num(n) => number(out, n),
        Expr::Dec(d) => push(out, &d.to_string()),
        Expr::Sym(s) => push(out, &symbol(s)),
        Expr::Const(c) => push(out, constant(*c)),
        Expr::Add(terms) => sum(out, terms),
        Expr::Mul(factors) => product(out, factors),
        Expr::Pow(base, exponent) => power(out, e, base, exponent),
        Expr::Call(func, args) => call(out, *func, args),
        Expr::Apply(name, args) => {
            push(out, &symbol(name));
            bracketed(out, "(", args, ")");
        }
        Expr::PlusMinus(plus, x) => {
            push(out, if *plus { r"\pm " } else { r"\mp " });
            at(out, x, Level::Product);
        }
        Expr::Based(..) => {
            let text = e.to_string();
            let (digits, base) = text.split_once('_').unwrap_or((&text, "10"));
            push(out, &format!("{digits}_{{{base}}}"));
        }
        Expr::Relation(first, rest) => {
            at(out, first, Level::Set);
            for (op, side) in rest {
                push(out, relation(*op));
                at(out, side, Level::Set);
            }
        }
        Expr::Logic(op, parts) => logic(out, *op, parts),
        Expr::Tuple(items) => bracketed(out, "(", items, ")"),
        Expr::Bracket(items) => bracketed(out, "[", items, "]"),
        Expr::List(items) => bracketed(out, "", items, ""),
        Expr::Set(items) => bracketed(out, r"\{", items, r"\}"),
        Expr::Interval(i) => interval(out, i),
        Expr::SetOp(op, parts) => joined(out, parts, set_op(*op), Level::Sum),
        Expr::SetBuilder(element, condition) => {
            push(out, &format!(r"\{{{} \mid {}\}}", element.to_latex(), condition.to_latex()));
        }
        Expr::Matrix(rows) => matrix(out, rows),
        Expr::Ratio(parts) => joined(out, parts, " : ", Level::Sum),
        Expr::Quantity(value, unit) => quantity(out, value, unit),
        Expr::Cases(cases) => {
            push(out, r"\begin{cases}");
            for (value, condition) in cases {
                push(out, &format!("{} & {} \\\\", value.to_latex(), condition.to_latex()));
            }
            push(out, r"\end{cases}");
        }
        Expr::Big(big) => big_op(out, big),
        Expr::Text(text) => push(out, &format!(r"\text{{{text}}}")),
    }
}

fn push(out: &mut String, text: &str) {
    // A control word swallows the letter that follows it, so keep them apart.
    let word = out
        .rfind('\\')
        .is_some_and(|i| i + 1 < out.len() && out[i + 1..].bytes().all(|b| b.is_ascii_alphabetic()));
    if word && text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.push(' ');
    }
    out.push_str(text);
}

fn at(out: &mut String, e: &Expr, level: Level) {
    if e.level() < level {
        push(out, r"\left(");
        write(out, e);
        push(out, r"\right)");
    } else {
        write(out, e);
    }
}

fn number(out: &mut String, n: &Rational) {
    if n.is_int() {
        return push(out, &n.to_string());
    }
    let sign = if *n < Rational::ZERO { "-" } else { "" };
    let numerator = n.numerator().to_string();
    push(out, &format!(r"{sign}\frac{{{}}}{{{}}}", numerator.trim_start_matches('-'), n.denominator()));
}

fn symbol(name: &str) -> String {
    let (head, tail) = name.split_once('_').map_or((name, None), |(h, t)| (h, Some(t)));
    let bare = head.trim_end_matches('\'');
    let mut text = match bare.chars().count() {
        0 | 1 => bare.to_string(),
        _ if crate::syntax::is_greek_name(bare) => format!("\\{bare}"),
        _ => format!(r"\mathrm{{{bare}}}"),
    };
    text.push_str(&head[bare.len()..]);
    if let Some(tail) = tail {
        let _ = write!(text, "_{{{tail}}}");
    }
    text
}

fn constant(c: Const) -> &'static str {
    match c {
        Const::Pi => r"\pi",
        Const::E => "e",
        Const::I => "i",
        Const::Infinity => r"\infty",
        Const::Undefined => r"\text{undefined}",
        Const::Ellipsis => r"\ldots",
        Const::True => r"\text{true}",
        Const::False => r"\text{false}",
        Const::EmptySet => r"\emptyset",
        Const::Reals => r"\mathbb{R}",
        Const::Rationals => r"\mathbb{Q}",
        Const::Integers => r"\mathbb{Z}",
        Const::Naturals => r"\mathbb{N}",
        Const::Complexes => r"\mathbb{C}",
    }
}

fn relation(op: RelOp) -> &'static str {
    match op {
        RelOp::Eq => " = ",
        RelOp::Ne => r" \ne ",
        RelOp::Lt => " < ",
        RelOp::Le => r" \le ",
        RelOp::Gt => " > ",
        RelOp::Ge => r" \ge ",
        RelOp::Approx => r" \approx ",
        RelOp::Equiv => r" \equiv ",
        RelOp::In => r" \in ",
        RelOp::NotIn => r" \notin ",
        RelOp::Subset => r" \subseteq ",
        RelOp::Superset => r" \supseteq ",
        RelOp::Prop => r" \propto ",
        RelOp::Parallel => r" \parallel ",
        RelOp::Perp => r" \perp ",
        RelOp::Divides => r" \mid ",
        RelOp::To => r" \to ",
    }
}

fn set_op(op: SetOp) -> &'static str {
    match op {
        SetOp::Union => r" \cup ",
        SetOp::Intersection => r" \cap ",
        SetOp::Difference => r" \setminus ",
    }
}

fn sum(out: &mut String, terms: &[Expr]) {
    for (i, term) in terms.iter().enumerate() {
        let (negative, rest) = if i == 0 { (false, None) } else { term.split_sign() };
        if i > 0 && !matches!(term, Expr::PlusMinus(..)) {
            push(out, if negative { " - " } else { " + " });
        }
        let term = rest.as_ref().unwrap_or(term);
        if matches!(term, Expr::PlusMinus(..)) { write(out, term) } else { at(out, term, Level::Product) }
    }
}

/// Numerator and denominator of a product as two lists of factors.
fn split_fraction(factors: &[Expr]) -> (Vec<Expr>, Vec<Expr>) {
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for factor in factors {
        match factor.as_divisor() {
            Some(divisor) => below.push(divisor),
            None => above.push(factor.clone()),
        }
    }
    (above, below)
}

fn product(out: &mut String, factors: &[Expr]) {
    let (above, below) = split_fraction(factors);
    if below.is_empty() {
        return factor_list(out, &above);
    }
    let (sign, above) = match Expr::product(above).split_sign() {
        (true, Some(rest)) => ("-", rest),
        _ => ("", Expr::product(split_fraction(factors).0)),
    };
    let below = Expr::product(below);
    push(out, &format!(r"{sign}\frac{{{}}}{{{}}}", above.to_latex(), below.to_latex()));
}

fn factor_list(out: &mut String, factors: &[Expr]) {
    for (i, factor) in factors.iter().enumerate() {
        match factor {
            Expr::Num(n) if i == 0 && *n == Rational::NEG_ONE && factors.len() > 1 => push(out, "-"),
            Expr::Num(_) | Expr::Dec(_) if i == 0 => write(out, factor),
            Expr::Num(_) | Expr::Dec(_) | Expr::Based(..) => {
                push(out, r" \cdot ");
                at(out, factor, Level::Power);
            }
            _ => {
                let digit = out.ends_with(|c: char| c.is_ascii_digit() || c == '}');
                let clash = matches!(factor, Expr::Pow(base, _) if base.as_rational().is_some());
                if i > 0 && clash && digit {
                    push(out, r" \cdot ");
                }
                at(out, factor, Level::Power);
            }
        }
    }
}

fn power(out: &mut String, whole: &Expr, base: &Expr, exponent: &Expr) {
    if let Some(divisor) = whole.as_divisor() {
        return push(out, &format!(r"\frac{{1}}{{{}}}", divisor.to_latex()));
    }
    at(out, base, Level::Atom);
    push(out, &format!("^{{{}}}", exponent.to_latex()));
}

fn call(out: &mut String, func: Func, args: &[Expr]) {
    let tex: Vec<String> = args.iter().map(Expr::to_latex).collect();
    let first = tex.first().map_or("", String::as_str);
    let second = tex.get(1).map_or("", String::as_str);
    let text = match func {
        Func::Sqrt => format!(r"\sqrt{{{first}}}"),
        Func::Root => format!(r"\sqrt[{second}]{{{first}}}"),
        Func::Abs => format!(r"\left|{first}\right|"),
        Func::Floor => format!(r"\left\lfloor {first}\right\rfloor"),
        Func::Ceil => format!(r"\left\lceil {first}\right\rceil"),
        Func::Binom => format!(r"\binom{{{first}}}{{{second}}}"),
        Func::Conj => format!(r"\overline{{{first}}}"),
        Func::Factorial | Func::DoubleFactorial => {
            let bangs = if func == Func::Factorial { "!" } else { "!!" };
            let simple = args.first().is_some_and(|a| a.level() == Level::Atom);
            if simple { format!("{first}{bangs}") } else { format!(r"\left({first}\right){bangs}") }
        }
        Func::Log if args.len() == 2 => format!(r"\log_{{{second}}}\left({first}\right)"),
        Func::Mod => format!(r"{first} \bmod {second}"),
        Func::Transpose => format!("{first}^{{T}}"),
        _ => format!(r"{}\left({}\right)", function_name(func), tex.join(", ")),
    };
    push(out, &text);
}

fn function_name(func: Func) -> String {
    let name = func.name();
    match func {
        Func::Asin | Func::Acos | Func::Atan => format!("\\arc{}", &name[1..]),
        Func::Exp
        | Func::Ln
        | Func::Log
        | Func::Sin
        | Func::Cos
        | Func::Tan
        | Func::Cot
        | Func::Sec
        | Func::Csc => {
            format!("\\{name}")
        }
        Func::Sinh | Func::Cosh | Func::Tanh | Func::Coth => format!("\\{name}"),
        Func::Gcd | Func::Max | Func::Min | Func::Arg | Func::Det => format!("\\{name}"),
        Func::Gamma => r"\Gamma".into(),
        _ => format!(r"\operatorname{{{name}}}"),
    }
}

fn bracketed(out: &mut String, open: &str, items: &[Expr], close: &str) {
    push(out, open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            push(out, ", ");
        }
        at(out, item, Level::Logic);
    }
    push(out, close);
}

fn joined(out: &mut String, parts: &[Expr], separator: &str, level: Level) {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            push(out, separator);
        }
        at(out, part, level);
    }
}

fn logic(out: &mut String, op: LogicOp, parts: &[Expr]) {
    let word = match op {
        LogicOp::And => r" \text{ and } ",
        LogicOp::Or => r" \text{ or } ",
        LogicOp::Implies => r" \implies ",
        LogicOp::Iff => r" \iff ",
        LogicOp::Not => r"\neg ",
        LogicOp::ForAll => r"\forall ",
        LogicOp::Exists => r"\exists ",
    };
    if matches!(op, LogicOp::Not | LogicOp::ForAll | LogicOp::Exists) {
        push(out, word);
        return joined(out, parts, ", ", Level::Relation);
    }
    joined(out, parts, word, Level::Relation);
}

fn interval(out: &mut String, i: &Interval) {
    push(out, if i.closed.0 { "[" } else { "(" });
    write(out, &i.low);
    push(out, ", ");
    write(out, &i.high);
    push(out, if i.closed.1 { "]" } else { ")" });
}

fn matrix(out: &mut String, rows: &[Vec<Expr>]) {
    let body: Vec<String> =
        rows.iter().map(|row| row.iter().map(Expr::to_latex).collect::<Vec<_>>().join(" & ")).collect();
    push(out, &format!(r"\begin{{pmatrix}} {} \end{{pmatrix}}", body.join(r" \\ ")));
}

fn quantity(out: &mut String, value: &Expr, unit: &str) {
    at(out, value, Level::Sum);
    match unit {
        "%" => push(out, r"\%"),
        "°" => push(out, r"^\circ"),
        _ => push(out, &format!(r"\text{{ {unit}}}")),
    }
}

fn big_op(out: &mut String, big: &Big) {
    let tex = |e: &Option<Expr>| e.as_ref().map(Expr::to_latex).unwrap_or_default();
    let (low, high, var) = (tex(&big.low), tex(&big.high), symbol(&big.var));
    let head = match big.op {
        BigOp::Sum => format!(r"\sum_{{{var}={low}}}^{{{high}}} "),
        BigOp::Prod => format!(r"\prod_{{{var}={low}}}^{{{high}}} "),
        BigOp::Limit => format!(r"\lim_{{{var} \to {low}}} "),
        BigOp::Integral if big.low.is_some() => format!(r"\int_{{{low}}}^{{{high}}} "),
        BigOp::Integral => r"\int ".into(),
        BigOp::Derivative if big.low.is_none() => format!(r"\frac{{d}}{{d{var}}} "),
        BigOp::Derivative => format!(r"\frac{{d^{{{low}}}}}{{d{var}^{{{low}}}}} "),
    };
    push(out, &head);
    at(out, &big.body, Level::Product);
    if big.op == BigOp::Integral {
        push(out, &format!(r"\, d{var}"));
    }
}
