//! The closed vocabularies of [`Expr`](super::Expr): functions, constants, relations, operators.

use serde::{Deserialize, Serialize};

/// Declares an enum whose variants have one plain-text name each.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant,)* }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The plain-text name, which is also the JSON name.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
            /// The value of that name.
            pub fn from_name(name: &str) -> Option<$name> {
                match name { $($text => Some($name::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// A function with a fixed meaning. Arguments are in the order of the usual notation.
    Func {
        /// Square root.
        Sqrt = "sqrt",
        /// `root(x, n)`: the n-th root, real for odd n and negative x.
        Root = "root",
        /// Exponential function.
        Exp = "exp",
        /// Natural logarithm.
        Ln = "ln",
        /// `log(x, base)`. Without a base the writer left it open; read as base 10 where that matters.
        Log = "log",
        /// Sine.
        Sin = "sin",
        /// Cosine.
        Cos = "cos",
        /// Tangent.
        Tan = "tan",
        /// Cotangent.
        Cot = "cot",
        /// Secant.
        Sec = "sec",
        /// Cosecant.
        Csc = "csc",
        /// Inverse sine.
        Asin = "asin",
        /// Inverse cosine.
        Acos = "acos",
        /// Inverse tangent.
        Atan = "atan",
        /// Inverse cotangent.
        Acot = "acot",
        /// Inverse secant.
        Asec = "asec",
        /// Inverse cosecant.
        Acsc = "acsc",
        /// Hyperbolic sine.
        Sinh = "sinh",
        /// Hyperbolic cosine.
        Cosh = "cosh",
        /// Hyperbolic tangent.
        Tanh = "tanh",
        /// Hyperbolic cotangent.
        Coth = "coth",
        /// Hyperbolic secant.
        Sech = "sech",
        /// Hyperbolic cosecant.
        Csch = "csch",
        /// Inverse hyperbolic sine.
        Asinh = "asinh",
        /// Inverse hyperbolic cosine.
        Acosh = "acosh",
        /// Inverse hyperbolic tangent.
        Atanh = "atanh",
        /// Inverse hyperbolic cotangent.
        Acoth = "acoth",
        /// Inverse hyperbolic secant.
        Asech = "asech",
        /// Inverse hyperbolic cosecant.
        Acsch = "acsch",
        /// Absolute value, modulus, determinant bars.
        Abs = "abs",
        /// Greatest integer not above.
        Floor = "floor",
        /// Least integer not below.
        Ceil = "ceil",
        /// Nearest integer.
        Round = "round",
        /// Sign: -1, 0 or 1.
        Sign = "sign",
        /// Factorial.
        Factorial = "factorial",
        /// Double factorial.
        DoubleFactorial = "double_factorial",
        /// `binom(n, k)`.
        Binom = "binom",
        /// `perm(n, k)`: falling factorial.
        Perm = "perm",
        /// Greatest common divisor.
        Gcd = "gcd",
        /// Least common multiple.
        Lcm = "lcm",
        /// `mod(a, m)`: the remainder of a by m.
        Mod = "mod",
        /// Largest argument.
        Max = "max",
        /// Smallest argument.
        Min = "min",
        /// Real part.
        Re = "re",
        /// Imaginary part.
        Im = "im",
        /// Argument (angle) of a complex number.
        Arg = "arg",
        /// Complex conjugate, overline of an expression.
        Conj = "conj",
        /// Determinant.
        Det = "det",
        /// Trace.
        Trace = "trace",
        /// Matrix transpose.
        Transpose = "transpose",
        /// Gamma function.
        Gamma = "gamma",
    }
}

named! {
    /// A named constant, truth value or named set.
    Const {
        /// π.
        Pi = "pi",
        /// Euler's number.
        E = "e",
        /// The imaginary unit.
        I = "i",
        /// Positive infinity.
        Infinity = "infinity",
        /// Complex infinity or an undefined value.
        Undefined = "undefined",
        /// "and so on".
        Ellipsis = "ellipsis",
        /// True, or "otherwise" in a case distinction.
        True = "true",
        /// False.
        False = "false",
        /// The empty set; "no solution".
        EmptySet = "empty_set",
        /// All real numbers.
        Reals = "reals",
        /// All rational numbers.
        Rationals = "rationals",
        /// All integers.
        Integers = "integers",
        /// Natural numbers.
        Naturals = "naturals",
        /// Complex numbers.
        Complexes = "complexes",
    }
}

named! {
    /// A binary relation.
    RelOp {
        /// Equal.
        Eq = "=",
        /// Not equal.
        Ne = "!=",
        /// Less than.
        Lt = "<",
        /// At most.
        Le = "<=",
        /// Greater than.
        Gt = ">",
        /// At least.
        Ge = ">=",
        /// Approximately equal.
        Approx = "~",
        /// Congruent; identical; equivalent.
        Equiv = "===",
        /// Element of.
        In = "in",
        /// Not an element of.
        NotIn = "notin",
        /// Subset of (or equal).
        Subset = "subset",
        /// Superset of (or equal).
        Superset = "superset",
        /// Proportional to.
        Prop = "prop",
        /// Parallel to.
        Parallel = "parallel",
        /// Perpendicular to.
        Perp = "perp",
        /// Divides.
        Divides = "divides",
        /// Maps to, tends to.
        To = "to",
    }
}

impl RelOp {
    /// The same relation read from right to left, where there is one.
    pub fn flip(self) -> Option<RelOp> {
        use RelOp::*;
        Some(match self {
            Lt => Gt,
            Gt => Lt,
            Le => Ge,
            Ge => Le,
            Subset => Superset,
            Superset => Subset,
            Eq | Ne | Approx | Equiv | Prop | Parallel | Perp => self,
            In | NotIn | Divides | To => return None,
        })
    }

    /// Whether it is `<`, `<=`, `>` or `>=`.
    pub fn is_order(self) -> bool {
        matches!(self, RelOp::Lt | RelOp::Le | RelOp::Gt | RelOp::Ge)
    }
}

named! {
    /// An operator on statements.
    LogicOp {
        /// All hold.
        And = "and",
        /// At least one holds.
        Or = "or",
        /// Does not hold.
        Not = "not",
        /// If the first then the second.
        Implies = "implies",
        /// Both or neither.
        Iff = "iff",
        /// For all (variable, statement).
        ForAll = "forall",
        /// There is (variable, statement).
        Exists = "exists",
    }
}

named! {
    /// An operator on sets.
    SetOp {
        /// Union.
        Union = "union",
        /// Intersection.
        Intersection = "intersection",
        /// Difference.
        Difference = "difference",
    }
}

named! {
    /// An operator that binds a variable.
    BigOp {
        /// Sum.
        Sum = "sum",
        /// Product.
        Prod = "prod",
        /// Integral.
        Integral = "integral",
        /// Limit.
        Limit = "limit",
        /// Derivative.
        Derivative = "derivative",
    }
}
