//! What names mean: LaTeX commands, plain-text words, Unicode characters.

use super::token::{Delim, Tok};
use crate::expr::{BigOp, Const, Func, RelOp, SetOp};

/// What a LaTeX command is.
pub enum Command {
    Tok(Tok<'static>),
    /// Layout only: skip the command.
    Skip,
    /// Skip the command and the group that follows it.
    SkipGroup,
    /// The group that follows is words (or letters to be read as words).
    Text,
    /// The group that follows is an upright name, perhaps of a function.
    Name,
    /// `\begin`, `\end`
    Begin,
    End,
    /// `\not`
    Not,
    /// `\left`, `\big`, …: skip, and skip a dot that follows.
    Fence,
    Unknown,
}

/// The greek letters that are variables, by LaTeX name.
pub fn is_greek_name(name: &str) -> bool {
    matches!(
        name,
        "alpha"
            | "beta"
            | "gamma"
            | "delta"
            | "epsilon"
            | "zeta"
            | "eta"
            | "theta"
            | "iota"
            | "kappa"
            | "lambda"
            | "mu"
            | "nu"
            | "xi"
            | "omicron"
            | "rho"
            | "sigma"
            | "tau"
            | "upsilon"
            | "phi"
            | "chi"
            | "psi"
            | "omega"
            | "Gamma"
            | "Delta"
            | "Theta"
            | "Lambda"
            | "Xi"
            | "Pi"
            | "Sigma"
            | "Upsilon"
            | "Phi"
            | "Psi"
            | "Omega"
            | "ell"
            | "hbar"
            | "aleph"
            | "mho"
            | "partial"
            | "nabla"
    )
}

fn greek(name: &str) -> Option<&'static str> {
    Some(match name {
        "alpha" => "alpha",
        "beta" => "beta",
        "gamma" => "gamma",
        "delta" => "delta",
        "epsilon" | "varepsilon" => "epsilon",
        "zeta" => "zeta",
        "eta" => "eta",
        "theta" | "vartheta" => "theta",
        "iota" => "iota",
        "kappa" => "kappa",
        "lambda" => "lambda",
        "mu" => "mu",
        "nu" => "nu",
        "xi" => "xi",
        "rho" | "varrho" => "rho",
        "sigma" | "varsigma" => "sigma",
        "tau" => "tau",
        "upsilon" => "upsilon",
        "phi" | "varphi" => "phi",
        "chi" => "chi",
        "psi" => "psi",
        "omega" => "omega",
        "Gamma" => "Gamma",
        "Delta" => "Delta",
        "Theta" => "Theta",
        "Lambda" => "Lambda",
        "Xi" => "Xi",
        "Pi" => "Pi",
        "Sigma" => "Sigma",
        "Upsilon" => "Upsilon",
        "Phi" => "Phi",
        "Psi" => "Psi",
        "Omega" => "Omega",
        "ell" => "ell",
        "hbar" => "hbar",
        "mho" => "mho",
        "partial" => "partial",
        "nabla" => "nabla",
        "triangle" => "triangle",
        "angle" => "angle",
        "square" => "square",
        "star" => "star",
        "dagger" => "dagger",
        "prime" => "prime",
        _ => return None,
    })
}

/// A function known by a word, with or without a backslash.
pub fn function(name: &str) -> Option<Func> {
    Some(match name {
        "sqrt" => Func::Sqrt,
        // cis(x) is e^(ix); the parser looks at the word
        "exp" | "cis" => Func::Exp,
        "ln" => Func::Ln,
        "log" => Func::Log,
        "lg" => Func::Log,
        "sin" => Func::Sin,
        "cos" => Func::Cos,
        "tan" | "tg" => Func::Tan,
        "cot" | "ctg" => Func::Cot,
        "sec" => Func::Sec,
        "csc" | "cosec" => Func::Csc,
        "arcsin" | "asin" => Func::Asin,
        "arccos" | "acos" => Func::Acos,
        "arctan" | "atan" | "arctg" => Func::Atan,
        "arccot" | "acot" | "arcctg" => Func::Acot,
        "arcsec" | "asec" => Func::Asec,
        "arccsc" | "acsc" => Func::Acsc,
        "sinh" => Func::Sinh,
        "cosh" => Func::Cosh,
        "tanh" => Func::Tanh,
        "coth" => Func::Coth,
        "sech" => Func::Sech,
        "csch" => Func::Csch,
        "arcsinh" | "asinh" | "arsinh" => Func::Asinh,
        "arccosh" | "acosh" | "arcosh" => Func::Acosh,
        "arctanh" | "atanh" | "artanh" => Func::Atanh,
        "arccoth" | "acoth" | "arcoth" => Func::Acoth,
        "arcsech" | "asech" | "arsech" => Func::Asech,
        "arccsch" | "acsch" | "arcsch" => Func::Acsch,
        "abs" | "Abs" => Func::Abs,
        "floor" => Func::Floor,
        "ceil" | "ceiling" => Func::Ceil,
        "sgn" | "sign" | "signum" => Func::Sign,
        "factorial" => Func::Factorial,
        "binomial" | "binom" => Func::Binom,
        "gcd" | "GCD" => Func::Gcd,
        "lcm" | "LCM" => Func::Lcm,
        "max" | "Max" => Func::Max,
        "min" | "Min" => Func::Min,
        "Re" => Func::Re,
        "Im" => Func::Im,
        "arg" | "Arg" => Func::Arg,
        "det" => Func::Det,
        "trace" | "tr" => Func::Trace,
        "conjugate" => Func::Conj,
        "re" => Func::Re,
        "im" => Func::Im,
        "round" => Func::Round,
        "nCr" => Func::Binom,
        "nPr" => Func::Perm,
        "cbrt" | "nthroot" | "root" => Func::Root,
        _ => return None,
    })
}

/// A plain-text word that is mathematics.
pub fn word(name: &str) -> Option<Tok<'static>> {
    if let Some(f) = function(name) {
        return Some(if f == Func::Sqrt { Tok::Sqrt } else { Tok::Func(f) });
    }
    Some(match name {
        "pi" => Tok::Const(Const::Pi),
        "inf" | "infty" | "infinity" | "Infinity" | "oo" => Tok::Const(Const::Infinity),
        "undefined" | "nan" | "NaN" => Tok::Const(Const::Undefined),
        "true" | "True" => Tok::Const(Const::True),
        "false" | "False" => Tok::Const(Const::False),
        "emptyset" => Tok::Const(Const::EmptySet),
        "DNE" => Tok::Text("does not exist"),
        "or" | "nounor" => Tok::Or,
        "and" | "nounand" => Tok::And,
        "implies" => Tok::Implies,
        "xor" | "XOR" => Tok::Xor(false),
        "xnor" | "XNOR" => Tok::Xor(true),
        "union" => Tok::SetOp(SetOp::Union),
        "intersect" => Tok::SetOp(SetOp::Intersection),
        "mod" => Tok::Mod,
        "cdot" => Tok::Times,
        "frac" | "dfrac" | "tfrac" | "rac" => Tok::Frac,
        "alpha" | "beta" | "gamma" | "delta" | "theta" | "lambda" | "sigma" | "omega" | "phi" | "rho"
        | "epsilon" => Tok::Ident(greek(name)?),
        "leq" => Tok::Rel(RelOp::Le),
        "geq" => Tok::Rel(RelOp::Ge),
        _ => return None,
    })
}

/// The meaning of `\name`.
pub fn command(name: &str) -> Command {
    use Command::*;
    if let Some(f) = function(name).filter(|f| *f != Func::Binom) {
        return Tok(if f == Func::Sqrt { self::Tok::Sqrt } else { self::Tok::Func(f) });
    }
    if let Some(g) = greek(name) {
        return Tok(self::Tok::Ident(g));
    }
    type T = self::Tok<'static>;
    Tok(match name {
        "surd" => T::Sqrt,
        "frac" | "dfrac" | "tfrac" | "cfrac" | "rac" => T::Frac,
        "binom" | "dbinom" | "tbinom" => T::Binom,
        "choose" => T::Infix(true),
        "over" => T::Infix(false),
        "pi" => T::Const(Const::Pi),
        "infty" | "infin" => T::Const(Const::Infinity),
        "emptyset" | "varnothing" | "O" => T::Const(Const::EmptySet),
        "imaginaryunit" => T::Const(Const::I),
        "exponentialE" => T::Const(Const::E),
        "cdot" | "times" | "ast" | "bullet" | "centerdot" => T::Times,
        "div" => T::Slash,
        "pm" | "plusmn" => T::PlusMinus,
        "mp" => T::MinusPlus,
        "le" | "leq" | "leqslant" | "leqq" | "lte" => T::Rel(RelOp::Le),
        "ge" | "geq" | "geqslant" | "geqq" | "gte" => T::Rel(RelOp::Ge),
        "lt" => T::Rel(RelOp::Lt),
        "gt" => T::Rel(RelOp::Gt),
        "ne" | "neq" | "not=" => T::Rel(RelOp::Ne),
        "approx" | "sim" | "simeq" | "thickapprox" | "approxeq" => T::Rel(RelOp::Approx),
        "equiv" | "cong" => T::Rel(RelOp::Equiv),
        "in" => T::Rel(RelOp::In),
        "notin" => T::Rel(RelOp::NotIn),
        "subset" | "subseteq" | "subseteqq" => T::Rel(RelOp::Subset),
        "supset" | "supseteq" | "supseteqq" => T::Rel(RelOp::Superset),
        "propto" => T::Rel(RelOp::Prop),
        "parallel" => T::Rel(RelOp::Parallel),
        "perp" | "bot" => T::Rel(RelOp::Perp),
        "to" | "rightarrow" | "longrightarrow" | "mapsto" => T::Rel(RelOp::To),
        "cup" | "bigcup" | "cupdot" | "sqcup" => T::SetOp(SetOp::Union),
        "cap" | "bigcap" => T::SetOp(SetOp::Intersection),
        "setminus" | "backslash" | "smallsetminus" => T::SetOp(SetOp::Difference),
        "land" | "wedge" => T::And,
        "lor" | "vee" => T::Or,
        "lnot" | "neg" => T::Not,
        "oplus" | "veebar" => T::Xor(false),
        "implies" | "Rightarrow" | "Longrightarrow" => T::Implies,
        "iff" | "Leftrightarrow" | "Longleftrightarrow" => T::Iff,
        "forall" => T::ForAll,
        "exists" => T::Exists,
        "lbrace" | "{" => T::Open(Delim::Brace),
        "rbrace" | "}" => T::Close(Delim::Brace),
        "lbrack" => T::Open(Delim::Bracket),
        "rbrack" => T::Close(Delim::Bracket),
        "lgroup" => T::Open(Delim::Paren),
        "rgroup" => T::Close(Delim::Paren),
        "lvert" | "lVert" => T::Open(Delim::Abs),
        "rvert" | "rVert" => T::Close(Delim::Abs),
        "vert" | "|" | "Vert" => T::Bar,
        "mid" => T::Mid,
        "lfloor" | "llcorner" => T::Open(Delim::Floor),
        "rfloor" | "lrcorner" => T::Close(Delim::Floor),
        "lceil" | "ulcorner" => T::Open(Delim::Ceil),
        "rceil" | "urcorner" => T::Close(Delim::Ceil),
        "langle" => T::Open(Delim::Angle),
        "rangle" => T::Close(Delim::Angle),
        "overline" | "bar" => T::Overline,
        "vec" | "overrightarrow" => T::Accent("vec"),
        "hat" | "widehat" => T::Accent("hat"),
        "tilde" | "widetilde" => T::Accent("tilde"),
        "dot" => T::Accent("dot"),
        "underline" | "mathring" => return Skip,
        "sum" => T::Big(BigOp::Sum),
        "prod" => T::Big(BigOp::Prod),
        "int" | "oint" => T::Big(BigOp::Integral),
        "lim" => T::Big(BigOp::Limit),
        "ldots" | "cdots" | "dots" | "dotsc" | "dotsb" | "dotsm" | "dotso" | "vdots" | "ddots" => T::Ellipsis,
        "bmod" | "pmod" | "mod" | "pod" => T::Mod,
        "boxed" | "fbox" => T::Boxed,
        "circ" | "degree" | "textcirc" | "textdegree" | "extcirc" => T::Degree,
        "top" | "intercal" => T::Top,
        "%" => T::Percent,
        "$" | "textdollar" | "dollar" => T::Currency("dollar"),
        "pounds" | "pound" => T::Currency("£"),
        "cents" | "textcent" => T::Currency("cent"),
        "euro" => T::Currency("euro"),
        "&" => T::Amp,
        "R" | "reals" => T::Const(Const::Reals),
        "Z" => T::Const(Const::Integers),
        "N" => T::Const(Const::Naturals),
        "Q" => T::Const(Const::Rationals),
        "#" => return Skip,
        "left" | "right" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl" | "Bigr" | "biggl"
        | "biggr" | "Biggl" | "Biggr" | "mleft" | "mright" | "middle" => return Fence,
        "text" | "textbf" | "textit" | "textrm" | "textnormal" | "textsf" | "texttt" | "textsc" | "mbox"
        | "hbox" | "emph" | "ext" => return Text,
        "mathrm" | "operatorname" | "rm" | "mathop" | "mathit" | "operatorname*" | "mathsf" | "mathtt"
        | "it" | "sf" => {
            return Name;
        }
        "mathbf" | "boldsymbol" | "bm" | "pmb" | "mathbb" | "Bbb" | "mathcal" | "mathscr" | "mathfrak"
        | "bf" | "cal" | "bold" => {
            return Name;
        }
        "phantom" | "hphantom" | "vphantom" | "hspace" | "vspace" | "label" | "tag" | "color" | "hspace*"
        | "cline" | "unicode" | "mspace" => return SkipGroup,
        "textcolor" => return SkipGroup,
        "begin" => return Begin,
        "end" => return End,
        "not" => return Not,
        "displaystyle" | "textstyle" | "scriptstyle" | "scriptscriptstyle" | "limits" | "nolimits"
        | "quad" | "qquad" | "," | ";" | ":" | "!" | " " | ">" | "medspace" | "thinspace" | "thickspace"
        | "enspace" | "negthinspace" | "negthickspace" | "nonumber" | "notag" | "noindent" | "space"
        | "hline" | "hfill" | "par" | "allowbreak" | "strut" | "mathstrut" | "bigskip" | "smallskip"
        | "medskip" | "null" | "relax" | "/" | "mathord" | "mathrel" | "mathbin" | "ensuremath" | "large"
        | "Large" | "small" | "normalsize" | "centering" | "nobreak" | "protect" | "\n" | "\t"
        | "variable" | "therefore" | "because" | "checkmark" | "hskip" | "textup" | "negmedspace" => {
            return Skip;
        }
        _ => return Unknown,
    })
}

/// A character outside ASCII.
pub fn unicode(c: char) -> Option<Tok<'static>> {
    type T = Tok<'static>;
    Some(match c {
        'π' => T::Const(Const::Pi),
        'ⅈ' | 'ⅉ' => T::Const(Const::I),
        'ⅇ' => T::Const(Const::E),
        '∞' => T::Const(Const::Infinity),
        '∅' | '⌀' | 'Ø' => T::Const(Const::EmptySet),
        'ℝ' => T::Const(Const::Reals),
        'ℤ' => T::Const(Const::Integers),
        'ℕ' => T::Const(Const::Naturals),
        'ℚ' => T::Const(Const::Rationals),
        'ℂ' => T::Const(Const::Complexes),
        '−' | '–' | '—' | '－' | '‒' => T::Minus,
        '＋' => T::Plus,
        '×' | '·' | '⋅' | '∙' | '•' | '∗' | '✕' => T::Times,
        '÷' | '∕' | '⁄' | '／' => T::Slash,
        '±' => T::PlusMinus,
        '∓' => T::MinusPlus,
        '≤' | '⩽' | '≦' => T::Rel(RelOp::Le),
        '≥' | '⩾' | '≧' => T::Rel(RelOp::Ge),
        '＜' => T::Rel(RelOp::Lt),
        '＞' => T::Rel(RelOp::Gt),
        '＝' => T::Rel(RelOp::Eq),
        '≠' => T::Rel(RelOp::Ne),
        '≈' | '≃' | '∼' => T::Rel(RelOp::Approx),
        '≡' | '≅' => T::Rel(RelOp::Equiv),
        '∈' => T::Rel(RelOp::In),
        '∉' => T::Rel(RelOp::NotIn),
        '⊂' | '⊆' => T::Rel(RelOp::Subset),
        '⊃' | '⊇' => T::Rel(RelOp::Superset),
        '∝' => T::Rel(RelOp::Prop),
        '∥' => T::Rel(RelOp::Parallel),
        '⊥' => T::Rel(RelOp::Perp),
        '→' | '↦' => T::Rel(RelOp::To),
        '∪' => T::SetOp(SetOp::Union),
        '∩' => T::SetOp(SetOp::Intersection),
        '∖' => T::SetOp(SetOp::Difference),
        '∧' => T::And,
        '∨' => T::Or,
        '¬' => T::Not,
        '⇒' | '⟹' => T::Implies,
        '⇔' | '⟺' => T::Iff,
        '∀' => T::ForAll,
        '∃' => T::Exists,
        '（' => T::Open(Delim::Paren),
        '）' => T::Close(Delim::Paren),
        '［' | '【' => T::Open(Delim::Bracket),
        '］' | '】' => T::Close(Delim::Bracket),
        '⌊' => T::Open(Delim::Floor),
        '⌋' => T::Close(Delim::Floor),
        '⌈' => T::Open(Delim::Ceil),
        '⌉' => T::Close(Delim::Ceil),
        '⟨' | '〈' => T::Open(Delim::Angle),
        '⟩' | '〉' => T::Close(Delim::Angle),
        '，' | '、' => T::Comma,
        '；' => T::Semicolon,
        '：' | '∶' => T::Colon,
        '！' => T::Bang,
        '％' => T::Percent,
        '°' | 'º' | '˚' => T::Degree,
        '′' | '’' | '‘' => T::Prime,
        '∣' => T::Bar,
        '√' => T::Sqrt,
        '∑' => T::Big(BigOp::Sum),
        '∏' => T::Big(BigOp::Prod),
        '∫' => T::Big(BigOp::Integral),
        '…' | '⋯' => T::Ellipsis,
        '€' => T::Currency("euro"),
        '£' => T::Currency("£"),
        '¢' => T::Currency("cent"),
        '₹' => T::Currency("rupee"),
        '₽' => T::Currency("ruble"),
        '₩' => T::Currency("won"),
        '¥' | '￥' => T::Currency("yuan"),
        'α' => T::Ident("alpha"),
        'β' => T::Ident("beta"),
        'γ' => T::Ident("gamma"),
        'δ' => T::Ident("delta"),
        'ε' | 'ϵ' => T::Ident("epsilon"),
        'ζ' => T::Ident("zeta"),
        'η' => T::Ident("eta"),
        'θ' | 'ϑ' => T::Ident("theta"),
        'κ' => T::Ident("kappa"),
        'λ' => T::Ident("lambda"),
        'μ' | 'µ' => T::Ident("mu"),
        'ν' => T::Ident("nu"),
        'ξ' => T::Ident("xi"),
        'ρ' => T::Ident("rho"),
        'σ' => T::Ident("sigma"),
        'τ' => T::Ident("tau"),
        'φ' | 'ϕ' => T::Ident("phi"),
        'χ' => T::Ident("chi"),
        'ψ' => T::Ident("psi"),
        'ω' => T::Ident("omega"),
        'Γ' => T::Ident("Gamma"),
        'Δ' => T::Ident("Delta"),
        'Θ' => T::Ident("Theta"),
        'Λ' => T::Ident("Lambda"),
        'Σ' => T::Ident("Sigma"),
        'Φ' => T::Ident("Phi"),
        'Ψ' => T::Ident("Psi"),
        'Ω' => T::Ident("Omega"),
        '∠' => T::Ident("angle"),
        '△' => T::Ident("triangle"),
        'ℓ' => T::Ident("ell"),
        '∂' => T::Ident("partial"),
        _ => return None,
    })
}

/// Numerator and denominator of a Unicode fraction character.
pub fn fraction(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '½' => ("1", "2"),
        '⅓' => ("1", "3"),
        '⅔' => ("2", "3"),
        '¼' => ("1", "4"),
        '¾' => ("3", "4"),
        '⅕' => ("1", "5"),
        '⅖' => ("2", "5"),
        '⅗' => ("3", "5"),
        '⅘' => ("4", "5"),
        '⅙' => ("1", "6"),
        '⅚' => ("5", "6"),
        '⅐' => ("1", "7"),
        '⅑' => ("1", "9"),
        '⅒' => ("1", "10"),
        '⅛' => ("1", "8"),
        '⅜' => ("3", "8"),
        '⅝' => ("5", "8"),
        '⅞' => ("7", "8"),
        _ => return None,
    })
}

/// The number in a circled digit.
pub fn circled(c: char) -> Option<&'static str> {
    const NAMES: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];
    let index = (c as u32).checked_sub('①' as u32)? as usize;
    NAMES.get(index).copied()
}
