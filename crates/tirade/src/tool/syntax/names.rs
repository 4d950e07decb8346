//! What names mean in an argument: SymPy's functions and constants, everyday spellings, greek letters.

use tirade_math::expr::{BigOp, Const, Func, RelOp};

/// The meaning of a name that is followed by its arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Callable {
    Func(Func),
    /// Logarithm with a fixed base.
    LogBase(i64),
    Relation(RelOp),
    And,
    Or,
    Not,
    /// `Rational(1, 3)`.
    Quotient,
    /// `S(1)`, `Integer(2)`, `Float("0.5")`: the argument itself.
    Identity,
    /// `pow(a, b)` or `pow(a, b, m)`.
    Power,
    /// Cube root.
    Cbrt,
    /// Degrees as radians.
    Radians,
    Matrix,
    Piecewise,
    Tuple,
    FiniteSet,
    Interval,
    Big(BigOp),
}

/// A function, relation or constructor by name.
pub fn callable(name: &str) -> Option<Callable> {
    use Callable as C;
    Some(match name {
        "Eq" | "Equality" => C::Relation(RelOp::Eq),
        "Ne" | "Unequality" => C::Relation(RelOp::Ne),
        "Lt" | "StrictLessThan" => C::Relation(RelOp::Lt),
        "Le" | "LessThan" => C::Relation(RelOp::Le),
        "Gt" | "StrictGreaterThan" => C::Relation(RelOp::Gt),
        "Ge" | "GreaterThan" => C::Relation(RelOp::Ge),
        "And" => C::And,
        "Or" => C::Or,
        "Not" => C::Not,
        "Rational" | "Fraction" => C::Quotient,
        "S" | "Integer" | "Float" | "sympify" | "simplify" | "expand" | "factor" => C::Identity,
        "pow" | "Pow" => C::Power,
        "cbrt" => C::Cbrt,
        "rad" | "radians" => C::Radians,
        "log10" => C::LogBase(10),
        "log2" => C::LogBase(2),
        "Matrix" | "ImmutableMatrix" => C::Matrix,
        "Piecewise" => C::Piecewise,
        "Tuple" => C::Tuple,
        "FiniteSet" => C::FiniteSet,
        "Interval" => C::Interval,
        "Sum" | "summation" => C::Big(BigOp::Sum),
        "Product" | "product" => C::Big(BigOp::Prod),
        "Integral" | "integrate" => C::Big(BigOp::Integral),
        "Limit" | "limit" => C::Big(BigOp::Limit),
        "Derivative" | "diff" => C::Big(BigOp::Derivative),
        _ => C::Func(function(name)?),
    })
}

fn function(name: &str) -> Option<Func> {
    Some(match name {
        "ln" | "log" => Func::Ln,
        "real_root" => Func::Root,
        "Abs" | "fabs" => Func::Abs,
        "arcsin" => Func::Asin,
        "arccos" => Func::Acos,
        "arctan" => Func::Atan,
        "arccot" => Func::Acot,
        "arcsec" => Func::Asec,
        "arccsc" => Func::Acsc,
        "arcsinh" => Func::Asinh,
        "arccosh" => Func::Acosh,
        "arctanh" => Func::Atanh,
        "ceiling" => Func::Ceil,
        "sgn" => Func::Sign,
        "factorial2" => Func::DoubleFactorial,
        "binomial" | "nCr" | "comb" | "C" => Func::Binom,
        "nPr" | "ff" => Func::Perm,
        "igcd" => Func::Gcd,
        "ilcm" => Func::Lcm,
        "Mod" => Func::Mod,
        "Max" => Func::Max,
        "Min" => Func::Min,
        "conjugate" => Func::Conj,
        "Transpose" => Func::Transpose,
        "Determinant" => Func::Det,
        "Re" => Func::Re,
        "Im" => Func::Im,
        _ => return Func::from_name(name),
    })
}

/// A constant by name.
pub fn constant(name: &str) -> Option<Const> {
    Some(match name {
        "pi" | "Pi" | "PI" => Const::Pi,
        "E" | "e" => Const::E,
        "I" | "i" => Const::I,
        "oo" | "inf" | "infinity" | "Infinity" | "infty" => Const::Infinity,
        "zoo" | "nan" | "undefined" => Const::Undefined,
        "True" | "true" => Const::True,
        "False" | "false" => Const::False,
        "EmptySet" | "emptyset" => Const::EmptySet,
        "Reals" => Const::Reals,
        "Integers" => Const::Integers,
        "Naturals" => Const::Naturals,
        "Rationals" => Const::Rationals,
        _ => return None,
    })
}

/// Names of several letters that are one variable.
pub fn is_greek(name: &str) -> bool {
    const GREEK: &[&str] = &[
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda",
        "lamda", "mu", "nu", "xi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    GREEK.iter().any(|greek| greek.eq_ignore_ascii_case(name))
}
