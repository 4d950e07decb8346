//! What is read off a list: its middle, its mean, its commonest member, the one at a place; and numerals of other bases.

use tirade_math::{Expr, Rational, integer};

use super::Unexplained;
use super::ast::Node;
use super::collections::{fold, refused};
use super::evaluate::{Worked, binary};
use super::follow::Reader;
use super::names::{Label, label};
use super::value::{Kind, Number, Value};

/// Longer lists are not written out to show which member is meant.
const MOST_SHOWN: usize = 30;

impl Reader {
    /// Functions of `statistics` and `numpy`, and of numerals.
    pub(super) fn statistics(&mut self, name: &str, args: &[Worked]) -> Result<Option<Worked>, Unexplained> {
        Ok(Some(match (name, args) {
            ("median", [list]) => self.median(list)?,
            ("mean" | "fmean" | "average", [list]) => {
                let members: Vec<Worked> = self.numbers(list)?.into_iter().map(Worked::plain).collect();
                binary("/", &fold("+", &members)?, &Worked::plain(Value::int(members.len() as i64)))?
            }
            ("mode", [list]) => self.mode(list)?,
            ("bin" | "oct" | "hex", [number]) => self.numeral(name, number)?,
            ("int", [Worked { value: Value::Text(text), .. }, base]) => {
                let base = base.number()?.integer().and_then(|base| u32::try_from(base).ok()).unwrap_or(0);
                let text = text.trim_start_matches("0b").trim_start_matches("0x").trim_start_matches("0o");
                let made = integer::from_base_worked(&text.to_uppercase(), base).map_err(refused(name))?;
                self.derive(&made.derivation);
                Worked::plain(Value::Number(Number::new(Expr::Num(made.value.into()), Kind::Int)?))
            }
            ("chr", [code]) => {
                let code =
                    code.number()?.integer().and_then(|code| char::from_u32(u32::try_from(code).ok()?));
                let code = code.ok_or_else(|| Unexplained::new("`chr` of this"))?;
                Worked::plain(Value::Text(code.into()))
            }
            ("ord", [Worked { value: Value::Text(text), .. }]) => {
                let first = text.chars().next().ok_or_else(|| Unexplained::new("`ord` of nothing"))?;
                Worked::plain(Value::int(i64::from(u32::from(first))))
            }
            _ => return Ok(None),
        }))
    }

    fn numbers(&self, list: &Worked) -> Result<Vec<Value>, Unexplained> {
        let members = list.value.members(MOST_SHOWN)?;
        let all = !members.is_empty() && members.iter().all(|member| matches!(member, Value::Number(_)));
        if all { Ok(members) } else { Err(Unexplained::new("what is read off this list")) }
    }

    fn median(&mut self, list: &Worked) -> Result<Worked, Unexplained> {
        let mut members = self.numbers(list)?;
        super::methods::sort(&mut members)?;
        let count = members.len();
        self.say_of("in order the numbers are ${}$", &members);
        let middle = Worked::plain(members[count / 2].clone());
        if count % 2 == 1 {
            let shown = middle.formula.text.clone();
            self.story.say(&format!("the median is the middle one of the {count}, ${shown}$."));
            return Ok(middle);
        }
        let sum = binary("+", &Worked::plain(members[count / 2 - 1].clone()), &middle)?;
        self.story.say("the median is the mean of the two in the middle.");
        binary("/", &sum, &Worked::plain(Value::int(2)))
    }

    fn mode(&mut self, list: &Worked) -> Result<Worked, Unexplained> {
        let members = self.numbers(list)?;
        let times = |value: &Value| members.iter().filter(|member| member.same_as(value)).count();
        let most = members.iter().map(times).max().unwrap_or(0);
        let first = members.iter().find(|member| times(member) == most);
        let found = Worked::plain(first.cloned().ok_or_else(|| Unexplained::new("the mode of nothing"))?);
        let shown = found.formula.text.clone();
        self.say_of("the numbers are ${}$", &members);
        self.story.say(&format!("the commonest is ${shown}$, which is there {most} times."));
        Ok(found)
    }

    /// `bin(13)` is the text `0b1101`; its steps are divisions by two.
    fn numeral(&mut self, name: &str, number: &Worked) -> Result<Worked, Unexplained> {
        let (base, prefix) = match name {
            "bin" => (2, "0b"),
            "oct" => (8, "0o"),
            _ => (16, "0x"),
        };
        let value = number.number()?.rational().filter(|value| value.is_int() && **value >= Rational::ZERO);
        let value = value.ok_or_else(|| Unexplained::new(&format!("`{name}` of this")))?.numerator().clone();
        let made = integer::to_base_worked(&value, base).map_err(refused(name))?;
        self.derive(&made.derivation);
        Ok(Worked::plain(Value::Text(format!("{prefix}{}", made.value.to_lowercase()))))
    }

    fn say_of(&mut self, sentence: &str, members: &[Value]) {
        let shown: Option<Vec<String>> = members.iter().map(Value::tex).collect();
        if let Some(shown) = shown {
            self.story.say(&format!("{}.", sentence.replace("{}", &shown.join(", "))));
        }
    }

    /// Says which member of a list or dictionary is meant, or its value comes from nowhere. Begins and ends are left alone: programs take
    /// them apart all the time.
    pub(super) fn tell_place(&mut self, name: Option<&str>, node: &Node) -> Result<(), Unexplained> {
        let Node::Index(base, index) = node else { return Ok(()) };
        let coefficients = matches!(&**base, Node::Call(function, ..)
            if matches!(&**function, Node::Attribute(_, name) if name == "as_coefficients_dict"));
        if self.story.quiet > 0 || !(coefficients || matches!(**base, Node::Name(_))) {
            return Ok(());
        }
        let found = self.evaluate(node)?.value;
        let (list, index) = (self.evaluate(base)?.value, self.evaluate(index)?.value);
        let (Value::Number(_), Some(tex)) = (&found, found.tex()) else { return Ok(()) };
        match (&list, &index) {
            (Value::Dict(_), _) => {
                if let Some(name) = name.filter(|name| label(name) != Label::Nameless) {
                    self.story.found(name, &tex, false, false);
                }
            }
            (Value::List(members), Value::Number(index)) if (3..=MOST_SHOWN).contains(&members.len()) => {
                let place = match index.integer() {
                    Some(index) if index < 0 => index + members.len() as i64 + 1,
                    Some(index) if index >= 2 => index + 1,
                    _ => return Ok(()),
                };
                let all = members.iter().all(|member| matches!(member, Value::Number(_)));
                if let Some(list) = list.tex().filter(|_| all) {
                    self.story.placed(name.unwrap_or_default(), &format!("number {place} of ${list}$"), &tex);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
