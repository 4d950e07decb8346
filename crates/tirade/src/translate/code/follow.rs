//! The reader of programs: what it knows between statements, and the bounds of its work.

use std::collections::HashMap;

use super::ast::{Node, Statement};
use super::evaluate::Worked;
use super::names::Names;
use super::output::{Fragment, matches};
use super::story::Story;
use super::value::Value;
use super::{Unexplained, parse};

/// Statements and expressions that may be followed in one explanation.
const FUEL: u32 = 40_000;
/// Rounds of one loop.
pub(super) const MOST_ROUNDS: usize = 300;

/// Follows the cells of one attempt: names live from one to the next.
#[derive(Debug, Default)]
pub struct Reader {
    /// Names of the program, of every call that is going on; the first are the globals.
    pub(super) scopes: Vec<HashMap<String, Value>>,
    pub(super) story: Story,
    /// What each print wrote.
    pub(super) printed: Vec<Vec<Fragment>>,
    fuel: u32,
    /// Symbols that the program declares to be positive.
    pub(super) positive: Vec<String>,
    /// Names that an explanation has spoken of, and what they stood for.
    pub(super) told: HashMap<String, String>,
    /// Blocks and expressions that are being followed inside each other.
    depth: usize,
}

/// Expressions and blocks inside each other, whichever functions they belong to: following them recurses.
const DEEPEST: usize = 48;

impl Reader {
    /// A reader of the programs written for a problem, whose words it uses.
    pub fn about(problem: &str) -> Self {
        Self { story: Story::about(Names::of(problem)), ..Self::default() }
    }

    /// The explanation of one cell whose output is known.
    ///
    /// # Errors
    /// The construct that no rule explains, or the result that differs from the output.
    pub fn explain(&mut self, code: &str, output: &str) -> Result<String, Unexplained> {
        self.begin();
        let block = parse::parse(code)?;
        for (index, statement) in block.iter().enumerate() {
            match statement {
                Statement::Value(node) if index + 1 == block.len() => self.last_value(node)?,
                _ => {
                    self.statement(statement)?;
                }
            }
        }
        if let (true, Some(Statement::Assign(targets, _)), false) =
            (self.printed.is_empty(), block.last(), output.trim().is_empty())
        {
            self.read_by_harness(targets);
        }
        self.tell_printed()?;
        matches(&self.printed, output)?;
        let text = self.story.take()?;
        if text.is_empty() { Err(Unexplained::new("a program that computes nothing")) } else { Ok(text) }
    }

    /// Follows a cell that failed, as far as it goes, for the names it left behind.
    pub fn pass_over(&mut self, code: &str) {
        self.begin();
        let told = self.told.clone();
        for statement in parse::parse(code).iter().flatten() {
            if self.statement(statement).is_err() {
                break;
            }
        }
        self.story = self.story.again();
        self.told = told;
    }

    fn begin(&mut self) {
        self.story = self.story.again();
        self.printed.clear();
        self.fuel = FUEL;
        self.depth = 0;
        self.scopes.truncate(1);
        if self.scopes.is_empty() {
            self.scopes.push(HashMap::new());
        }
    }

    /// The value of a cell's last expression is shown as if it were printed.
    fn last_value(&mut self, node: &Node) -> Result<(), Unexplained> {
        let worked = self.evaluate(node)?;
        if !matches!(worked.value, Value::None) {
            self.printed.push(vec![Fragment::Value(worked, String::new())]);
        }
        Ok(())
    }

    /// Where a program prints nothing and its output is known all the same, what it named last was read out of it, as is done with programs of
    /// thought (`ans = …`).
    fn read_by_harness(&mut self, targets: &[Node]) {
        if let [Node::Name(name)] = targets
            && let Some(value) = self.get(name).cloned()
        {
            self.printed.push(vec![Fragment::Value(Worked::plain(value), String::new())]);
        }
    }

    pub(super) fn spend(&mut self) -> Result<(), Unexplained> {
        self.fuel = self.fuel.saturating_sub(1);
        if self.fuel == 0 || self.story.is_too_long() {
            return Err(Unexplained::new("a computation of so many steps"));
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let local = self.scopes.last().and_then(|scope| scope.get(name));
        local.or_else(|| self.scopes.first().and_then(|scope| scope.get(name)))
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    pub(super) fn unset(&mut self, name: &str, before: Option<Value>) {
        if let Some(scope) = self.scopes.last_mut() {
            match before {
                Some(value) => scope.insert(name.to_owned(), value),
                None => scope.remove(name),
            };
        }
    }

    /// Counts how deep the following goes while `follow` goes on.
    pub(super) fn deeper<T>(
        &mut self,
        follow: impl FnOnce(&mut Self) -> Result<T, Unexplained>,
    ) -> Result<T, Unexplained> {
        if self.depth >= DEEPEST {
            return Err(Unexplained::new("nesting this deep"));
        }
        self.depth += 1;
        let result = follow(self);
        self.depth -= 1;
        result
    }
}

pub(super) fn unknown(name: &str) -> Unexplained {
    Unexplained::new(&format!("the name {name}"))
}
