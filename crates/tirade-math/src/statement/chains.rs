//! A formula taken apart into chains of relations, each member with its place in the text.
//!
//! `a = b \le c, \quad d = e` is two chains; the rows of an aligned display go on with the chain of the row above when
//! they start with a relation or an operator.

use crate::expr::RelOp;
use crate::text::group;
use std::ops::Range;

/// `first op member op member …`, by places in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The first member; empty in a chain that starts with a relation.
    pub first: Range<usize>,
    /// Each relation and the member behind it.
    pub links: Vec<(RelOp, Range<usize>)>,
    /// The words inside the formula that lead to it, or follow the chain before: `\text{if }`, `\Rightarrow`.
    pub lead: Range<usize>,
    /// Members without a relation follow after a comma: `x = 2, 3`.
    pub listed: bool,
}

impl Chain {
    /// From the first to the last member.
    pub fn span(&self) -> Range<usize> {
        let end = self.links.last().map_or(self.first.end, |(_, r)| r.end);
        self.first.start..end.max(self.first.end)
    }
}

/// Environments whose rows are looked into; all others are one member.
const OPEN: [&str; 12] = [
    "align",
    "aligned",
    "gather",
    "gathered",
    "equation",
    "eqnarray",
    "multline",
    "alignat",
    "alignedat",
    "split",
    "flalign",
    "array",
];
/// More chains than this are not looked at.
const MAX_CHAINS: usize = 200;

/// All chains with at least one relation.
pub fn chains(text: &str, formula: Range<usize>) -> Vec<Chain> {
    let mut splitter = Splitter::new(text, formula.start);
    splitter.run(formula.end);
    splitter.finish()
}

/// What the scanner meets at one place outside all brackets.
enum Mark {
    Relation(RelOp),
    /// Ends the chain; a comma may list further values.
    Separator {
        comma: bool,
    },
    /// Row break: what follows may go on.
    Row,
    /// Part of a member.
    Member,
    /// Layout that belongs to nothing.
    Layout,
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// Where the member under construction starts.
    member: usize,
    chain: Chain,
    done: Vec<Chain>,
    depth: usize,
    /// After `\\`: a relation or operator goes on with the chain above.
    fresh_row: bool,
    /// Whether `&` stood at the start of the row.
    ampersand: bool,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        let chain = Chain { first: at..at, links: Vec::new(), lead: at..at, listed: false };
        Splitter {
            text,
            at,
            member: at,
            chain,
            done: Vec::new(),
            depth: 0,
            fresh_row: false,
            ampersand: false,
        }
    }

    fn run(&mut self, end: usize) {
        while self.at < end && self.done.len() < MAX_CHAINS {
            let (mark, length) = self.mark(end);
            let next = (self.at + length).min(end);
            if self.depth == 0 {
                self.take(mark, next);
            }
            self.at = next;
        }
        self.at = end;
        self.close_member();
    }

    fn finish(mut self) -> Vec<Chain> {
        let end = self.at;
        self.push_chain(end..end);
        self.done
    }

    fn take(&mut self, mark: Mark, next: usize) {
        let closed = self.fresh_row;
        if self.fresh_row {
            match &mark {
                Mark::Layout => {
                    self.ampersand |= &self.text[self.at..next] == "&";
                    return;
                }
                Mark::Member if self.text[self.at..next].trim().is_empty() => return,
                Mark::Relation(_) => self.fresh_row = false,
                Mark::Member if self.ampersand && self.goes_on(self.at) => self.fresh_row = false,
                _ => {
                    self.fresh_row = false;
                    let lead = self.member_end()..self.at;
                    self.push_chain(lead);
                    self.member = self.at;
                }
            }
        }
        match mark {
            Mark::Relation(op) => {
                if !closed {
                    self.close_member();
                }
                self.chain.links.push((op, next..next));
                self.member = next;
            }
            Mark::Separator { comma } => self.separate(comma, next),
            Mark::Row => {
                self.close_member();
                (self.fresh_row, self.ampersand) = (true, false);
            }
            Mark::Member | Mark::Layout => {}
        }
    }

    fn separate(&mut self, comma: bool, next: usize) {
        self.close_member();
        if self.chain.links.is_empty() {
            // a bare value after a comma belongs to the chain before
            let bare = !self.text[self.chain.first.clone()].trim().is_empty();
            let list = &self.text[self.chain.lead.clone()] == ",";
            if let (true, true, Some(last)) = (bare, list, self.done.last_mut()) {
                last.listed = true;
            }
        }
        let lead = if comma { self.at..next } else { self.lead_start()..next };
        self.push_chain(lead);
        self.member = next;
    }

    /// Consecutive words and arrows are one lead.
    fn lead_start(&self) -> usize {
        let nothing = self.chain.links.is_empty() && self.text[self.chain.first.clone()].trim().is_empty();
        if nothing { self.chain.lead.start } else { self.at }
    }

    fn member_end(&self) -> usize {
        self.chain.links.last().map_or(self.chain.first.end, |(_, r)| r.end)
    }

    /// The member that ends here becomes part of the chain.
    fn close_member(&mut self) {
        if self.fresh_row || self.member > self.at {
            return;
        }
        let range = trimmed(self.text, self.member..self.at);
        match self.chain.links.last_mut() {
            Some((_, last)) => *last = range,
            None => self.chain.first = range,
        }
    }

    fn push_chain(&mut self, lead: Range<usize>) {
        let start = lead.end;
        let empty = Chain { first: start..start, links: Vec::new(), lead, listed: false };
        let chain = std::mem::replace(&mut self.chain, empty);
        if !chain.links.is_empty() {
            self.done.push(chain);
        } else if &self.text[chain.lead.clone()] == ","
            && !self.text[chain.first.clone()].trim().is_empty()
            && let Some(last) = self.done.last_mut()
        {
            last.listed = true;
        }
        self.fresh_row = false;
    }

    /// Whether a row that starts with an operator goes on with the member above.
    fn goes_on(&self, at: usize) -> bool {
        let rest = &self.text[at..];
        ["+", "-", "\\cdot", "\\times", "\\pm"].iter().any(|op| rest.starts_with(op))
    }

    fn mark(&mut self, end: usize) -> (Mark, usize) {
        let rest = &self.text[self.at..end];
        match rest.as_bytes()[0] {
            b'\\' => self.command(rest),
            b'{' | b'(' | b'[' => {
                self.depth += 1;
                self.deep(1)
            }
            b'}' | b')' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                (Mark::Member, 1)
            }
            b'=' => (Mark::Relation(RelOp::Eq), if rest.starts_with("==") { 2 } else { 1 }),
            b'<' if rest.starts_with("<=") => (Mark::Relation(RelOp::Le), 2),
            b'>' if rest.starts_with(">=") => (Mark::Relation(RelOp::Ge), 2),
            b'<' => (Mark::Relation(RelOp::Lt), 1),
            b'>' => (Mark::Relation(RelOp::Gt), 1),
            b'&' => (Mark::Layout, 1),
            b';' => (Mark::Separator { comma: false }, 1),
            b',' if !self.groups_digits(rest) => (Mark::Separator { comma: true }, 1),
            0x80.. => unicode(rest),
            _ => (Mark::Member, 1),
        }
    }

    /// A bracket just opened: the member starts before it, so it is marked as one.
    fn deep(&mut self, length: usize) -> (Mark, usize) {
        if self.depth == 1 && self.fresh_row {
            // the bracket starts the row
            self.depth = 0;
            self.take(Mark::Member, self.at + length);
            self.depth = 1;
        }
        (Mark::Member, length)
    }

    /// `10,000`, `10,\!000`: the comma is part of a number.
    fn groups_digits(&self, rest: &str) -> bool {
        let before = self.text[..self.at].ends_with(|c: char| c.is_ascii_digit());
        let behind = rest[1..].trim_start_matches("\\!");
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        before && digits == 3
    }

    fn command(&mut self, rest: &str) -> (Mark, usize) {
        let letters = rest[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
        if letters == 0 {
            return self.short_command(rest);
        }
        let (name, length) = (&rest[1..=letters], letters + 1);
        if let Some(op) = relation(name) {
            return (Mark::Relation(op), length);
        }
        match name {
            "quad" | "qquad" if self.fresh_row => (Mark::Layout, length),
            "quad" | "qquad" | "Rightarrow" | "implies" | "Longrightarrow" | "rightarrow"
            | "longrightarrow" | "to" | "iff" | "Leftrightarrow" | "Longleftrightarrow" | "therefore"
            | "because" | "in" | "notin" | "mid" | "nmid" | "subset" | "subseteq" | "cup" | "cap"
            | "parallel" | "perp" | "propto" | "sim" | "cong" | "Longleftarrow" | "Leftarrow"
            | "hookrightarrow" | "mapsto" | "vee" | "wedge" | "lor" | "land" | "hline" => {
                (Mark::Separator { comma: false }, length)
            }
            "text" | "mbox" | "textrm" | "textbf" | "intertext" | "textit" => self.words(rest, length),
            "begin" => self.begin(rest),
            "end" => self.end(rest),
            "left" | "right" | "big" | "Big" | "bigl" | "bigr" | "Bigl" | "Bigr" | "bigg" | "Bigg"
            | "biggl" | "biggr" | "Biggl" | "Biggr" => self.sized(rest, length),
            "tag" | "label" | "vspace" | "hspace" | "phantom" => {
                (Mark::Layout, length + group(&rest[length..]).unwrap_or(0))
            }
            "displaystyle" | "nonumber" | "notag" => (Mark::Layout, length),
            "boxed" => self.boxed(rest, length),
            _ => (Mark::Member, length),
        }
    }

    /// `\left(`: the bracket counts, `\left.` and `\left|` do too.
    fn sized(&mut self, rest: &str, length: usize) -> (Mark, usize) {
        let opens = rest.starts_with("\\left");
        let closes = rest.starts_with("\\right");
        let behind = &rest[length..];
        let mark_length = match behind.as_bytes() {
            [b'\\', b'{' | b'}' | b'|', ..] => 2,
            [b'\\', ..] => 1 + behind[1..].bytes().take_while(u8::is_ascii_alphabetic).count(),
            [] => 0,
            _ => behind.chars().next().map_or(0, char::len_utf8),
        };
        if opens {
            self.depth += 1;
            return self.deep(length + mark_length);
        } else if closes {
            self.depth = self.depth.saturating_sub(1);
        } else {
            return (Mark::Member, length);
        }
        (Mark::Member, length + mark_length)
    }

    fn short_command(&mut self, rest: &str) -> (Mark, usize) {
        match rest.as_bytes() {
            [b'\\', b'\\', ..] => {
                let skip = rest[2..].strip_prefix('[').and_then(|r| r.find(']')).map_or(0, |n| n + 2);
                (Mark::Row, 2 + skip)
            }
            [b'\\', b'{', ..] => {
                self.depth += 1;
                self.deep(2)
            }
            [b'\\', b'}', ..] => {
                self.depth = self.depth.saturating_sub(1);
                (Mark::Member, 2)
            }
            _ => (Mark::Member, 1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        }
    }

    /// Words between formulas separate; units belong to the value before.
    fn words(&self, rest: &str, length: usize) -> (Mark, usize) {
        let Some(size) = group(&rest[length..]) else { return (Mark::Member, length) };
        let inner = &rest[length..length + size];
        let first = inner.trim_matches(|c: char| !c.is_ascii_alphabetic());
        let word = first.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_lowercase();
        let total = length + size;
        let connects = CONNECTIVES.contains(&word.as_str()) || inner.contains(',') || inner.contains(". ");
        if connects { (Mark::Separator { comma: false }, total) } else { (Mark::Member, total) }
    }

    fn begin(&mut self, rest: &str) -> (Mark, usize) {
        let Some((name, length)) = environment_name(rest, "\\begin") else { return (Mark::Member, 6) };
        let bracketed = self.text[..self.at].trim_end().ends_with("\\left\\{")
            || self.text[..self.at].trim_end().ends_with("\\left(")
            || self.text[..self.at].trim_end().ends_with("\\left[");
        if OPEN.contains(&name.trim_end_matches('*')) && self.depth == 0 && !bracketed {
            // alignment arguments: {rcl}, {2}
            let argument = if name.starts_with("array")
                || name.starts_with("alignat")
                || name.starts_with("alignedat")
            {
                group(&rest[length..]).unwrap_or(0)
            } else {
                0
            };
            return (Mark::Separator { comma: false }, length + argument);
        }
        let close = format!("\\end{{{name}}}");
        let size = rest.find(&close).map_or(rest.len(), |end| end + close.len());
        (Mark::Member, size)
    }

    fn end(&self, rest: &str) -> (Mark, usize) {
        let length = environment_name(rest, "\\end").map_or(4, |(_, length)| length);
        (Mark::Separator { comma: false }, length)
    }

    /// `\boxed{x = 5}`: the box opens a chain of its own; `\boxed{5}` is a member.
    fn boxed(&mut self, rest: &str, length: usize) -> (Mark, usize) {
        let Some(size) = group(&rest[length..]) else { return (Mark::Member, length) };
        let from = self.at + length + 1;
        let to = self.at + length + size - 1;
        let inner = if self.depth == 0 { chains(self.text, from..to) } else { Vec::new() };
        if inner.is_empty() {
            return (Mark::Member, length + size);
        }
        self.close_member();
        let start = self.at;
        self.push_chain(start..start);
        self.done.extend(inner);
        (Mark::Separator { comma: false }, length + size)
    }
}

/// First words of `\text{…}` that end a statement.
const CONNECTIVES: [&str; 41] = [
    "and",
    "or",
    "so",
    "if",
    "for",
    "where",
    "then",
    "since",
    "when",
    "with",
    "because",
    "thus",
    "hence",
    "therefore",
    "implies",
    "is",
    "are",
    "but",
    "which",
    "that",
    "while",
    "as",
    "by",
    "let",
    "given",
    "from",
    "we",
    "because",
    "case",
    "using",
    "to",
    "gives",
    "yields",
    "means",
    "equals",
    "such",
    "similarly",
    "also",
    "otherwise",
    "either",
    "not",
];

/// The relation a command stands for.
fn relation(name: &str) -> Option<RelOp> {
    Some(match name {
        "le" | "leq" | "leqslant" | "leqq" => RelOp::Le,
        "ge" | "geq" | "geqslant" | "geqq" => RelOp::Ge,
        "lt" => RelOp::Lt,
        "gt" => RelOp::Gt,
        "ne" | "neq" => RelOp::Ne,
        "approx" | "doteq" | "simeq" => RelOp::Approx,
        "equiv" => RelOp::Equiv,
        "not" => return None,
        _ => return None,
    })
}

fn unicode(rest: &str) -> (Mark, usize) {
    let Some(c) = rest.chars().next() else { return (Mark::Member, 1) };
    let mark = match c {
        '≤' | '⩽' => Mark::Relation(RelOp::Le),
        '≥' | '⩾' => Mark::Relation(RelOp::Ge),
        '≠' => Mark::Relation(RelOp::Ne),
        '≈' => Mark::Relation(RelOp::Approx),
        '≡' => Mark::Relation(RelOp::Equiv),
        '⇒' | '→' | '⟹' | '∈' => Mark::Separator { comma: false },
        _ => Mark::Member,
    };
    (mark, c.len_utf8())
}

fn environment_name<'a>(rest: &'a str, command: &str) -> Option<(&'a str, usize)> {
    let inner = rest.strip_prefix(command)?.strip_prefix('{')?;
    let end = inner.find('}')?;
    Some((&inner[..end], command.len() + end + 2))
}

/// Without blanks, layout and punctuation at the ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let mut part = &text[range.clone()];
    let mut start = range.start;
    loop {
        let layout =
            ["&", "~", "\\,", "\\;", "\\:", "\\!", "\\ ", "{}"].iter().find(|l| part.starts_with(**l));
        let cut = match layout {
            Some(l) => l.len(),
            None => part.len() - part.trim_start().len(),
        };
        if cut == 0 {
            break;
        }
        part = &part[cut..];
        start += cut;
    }
    loop {
        let shorter =
            part.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '&' | '.' | ',' | '~'));
        let shorter =
            ["\\,", "\\;", "\\:", "\\!", "\\"].iter().fold(shorter, |s, l| match s.strip_suffix(l) {
                Some(rest) if !rest.ends_with('\\') => rest,
                _ => s,
            });
        if shorter.len() == part.len() {
            return start..start + part.len();
        }
        part = shorter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |c: &Chain| {
            let mut out = text[c.first.clone()].to_string();
            for (op, r) in &c.links {
                out += &format!(" {} {}", op.name(), &text[r.clone()]);
            }
            if c.listed {
                out += " …";
            }
            out
        };
        chains(text, 0..text.len()).iter().map(show).collect()
    }

    #[test]
    fn formulas_come_apart() {
        for (text, expected) in [
            ("a = b \\le c, \\quad d = e.", &["a = b <= c", "d = e"][..]),
            ("f(x, y) = \\frac{a=b}{2}", &["f(x, y) = \\frac{a=b}{2}"]),
            ("10,000 + 1 = 10{,}001", &["10,000 + 1 = 10{,}001"]),
            ("x = 2, 3", &["x = 2 …"]),
            ("x = 2 \\text{ or } x = 3", &["x = 2", "x = 3"]),
            ("V = 5\\text{ cm}^3", &["V = 5\\text{ cm}^3"]),
            ("18 = 3J \\Rightarrow J = 6", &["18 = 3J", "J = 6"]),
            ("a \\equiv b \\pmod{5}", &["a === b \\pmod{5}"]),
            ("\\left(x=1\\right) + 1", &[]),
            ("\\boxed{x = 5}", &["x = 5"]),
            ("2 + 3 = \\boxed{5}", &["2 + 3 = \\boxed{5}"]),
            ("x", &[]),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn rows_go_on() {
        let align = |rows: &str| format!("\\begin{{align*}}\n{rows}\n\\end{{align*}}");
        for (rows, expected) in [
            ("a &= b \\\\\n&= c \\\\\n&= d", &["a = b = c = d"][..]),
            ("x &= 3, \\\\ y &= 4", &["x = 3", "y = 4"]),
            ("a &= b \\\\ &\\qquad + c \\\\ &= d", &["a = b \\\\ &\\qquad + c = d"]),
            ("(a+b)^2 &= 1 \\\\ (a-b)^2 &= 2", &["(a+b)^2 = 1", "(a-b)^2 = 2"]),
            ("& a \\\\ & = b", &["a = b"]),
        ] {
            assert_eq!(shown(&align(rows)), expected, "{rows}");
        }
    }
}
