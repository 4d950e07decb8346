//! What is said of a value: what a name stands for from now on, and what was printed.

use super::Unexplained;
use super::evaluate::Worked;
use super::follow::Reader;
use super::names::{Label, label};
use super::output::Fragment;
use super::value::{Kind, Number, Value};

impl Reader {
    /// Says what was printed and not yet said.
    ///
    /// # Errors
    /// A number that no step leads to.
    pub(super) fn tell_printed(&mut self) -> Result<(), Unexplained> {
        for fragment in self.printed.clone().into_iter().flatten() {
            let Fragment::Value(worked, format) = fragment else { continue };
            let formula = match worked.format(&format) {
                Some(rounded) => rounded,
                None => continue,
            };
            let members = match &worked.value {
                Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
                    items.iter().map(Value::tex).collect::<Option<Vec<_>>>()
                }
                _ => None,
            };
            let all_shown =
                members.is_some_and(|members| members.iter().all(|member| self.story.shows(member)));
            if all_shown || self.story.shows(&formula) {
                continue;
            }
            if let Value::Number(number) = &worked.value
                && formula == number.tex()
                && !number.is_symbolic()
            {
                return Err(Unexplained::new(&format!("how the printed {formula} is found")));
            }
            self.story.say(&format!("we get ${formula}$."));
        }
        Ok(())
    }

    /// Says what a name stands for from now on.
    pub(super) fn tell(&mut self, name: &str, worked: &Worked, literal: bool) {
        let tex = worked.value.tex();
        let before = self.told.get(name).cloned();
        if self.story.quiet == 0 {
            self.told.insert(name.to_owned(), tex.clone().unwrap_or_default());
        }
        let Some(tex) = tex else { return };
        let (again, changed) = (before.is_some(), before.as_ref() != Some(&tex));
        let counts = matches!(&worked.value, Value::Number(number) if number.integer().is_some());
        match &worked.value {
            Value::Number(number) if number.is_symbolic() => self.tell_expression(name, worked, &tex, again),
            Value::Number(_) if literal && !again => self.story.given(name, &tex, counts),
            Value::Number(_) if worked.formula.text != tex || again && changed => {
                self.story.found(name, &worked.formula.equated(&tex), again, counts)
            }
            Value::List(items) | Value::Set(items) | Value::Tuple(items)
                if items.len() <= 40 && worked.searched =>
            {
                self.story.found(name, &tex, again, false);
            }
            Value::List(_) if literal && !again => self.story.given(name, &tex, counts),
            Value::Matrix(_) => self.story.found(name, &worked.formula.equated(&tex), again, false),
            _ => {}
        }
    }

    /// An expression is told under its own name only: a variable is not `x = x`.
    fn tell_expression(&mut self, name: &str, worked: &Worked, tex: &str, again: bool) {
        let label = label(name);
        // A product that the computer algebra multiplies out by itself is a step even where it has no name.
        let step = worked.formula.text.contains("\\left(") && worked.formula.equated(tex) != tex;
        if (label != Label::Nameless || step) && label != Label::Symbol(tex.to_owned()) {
            self.story.found(name, &worked.formula.equated(tex), again, false);
        }
    }
}

impl Worked {
    /// How a printed value is shown: its formula and value, rounded where the format says so.
    fn format(&self, format: &str) -> Option<String> {
        let tex = self.value.tex()?;
        let places = format
            .trim_end_matches(['f', '%'])
            .strip_prefix('.')
            .and_then(|places| places.parse::<usize>().ok());
        match (&self.value, places) {
            (Value::Number(number), Some(places)) if places <= 12 => {
                let rounded = format!("{:.*}", places, number.approximate()?);
                let formula = self.formula.rounded_from(None);
                let exact = Number::literal(&rounded).is_some_and(|literal| literal.expr == number.expr);
                Some(if exact || formula.text == rounded {
                    self.formula.equated(&tex)
                } else {
                    formula.equated(&rounded)
                })
            }
            // What was printed as a decimal is shown as one too, where it is none.
            (Value::Number(number), None)
                if number.kind == Kind::Float
                    && !number.is_symbolic()
                    && !tex.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')) =>
            {
                Some(format!("{} \\approx {:.6}", self.formula.equated(&tex), number.approximate()?))
            }
            _ => Some(self.formula.equated(&tex)),
        }
    }
}
