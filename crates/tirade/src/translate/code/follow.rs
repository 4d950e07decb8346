//! Statements, followed one after another.

use std::collections::HashMap;
use std::rc::Rc;

use super::ast::{Function, Node, Statement};
use super::evaluate::Worked;
use super::names::{Label, Names, label};
use super::output::{Fragment, matches};
use super::story::Story;
use super::value::{Kind, Number, Value};
use super::{Unexplained, parse};

/// Statements and expressions that may be followed in one explanation.
const FUEL: u32 = 40_000;
/// Rounds of one loop.
pub(super) const MOST_ROUNDS: usize = 300;
/// Calls within calls.
const DEEPEST_CALL: usize = 24;

/// Follows the cells of one attempt: names live from one to the next.
#[derive(Debug, Default)]
pub struct Reader {
    /// Names of the program, of every call that is going on; the first are the globals.
    scopes: Vec<HashMap<String, Value>>,
    pub(super) story: Story,
    /// What each print wrote.
    pub(super) printed: Vec<Vec<Fragment>>,
    fuel: u32,
    /// Symbols that the program declares to be positive.
    pub(super) positive: Vec<String>,
    /// Names that an explanation has spoken of, and what they stood for.
    told: HashMap<String, String>,
    /// Blocks and expressions that are being followed inside each other.
    depth: usize,
}

/// Expressions and blocks inside each other, whichever functions they belong to: following them recurses.
const DEEPEST: usize = 48;
/// Largest value, counted with all its members.
const HEAVIEST: usize = 4_000;

/// How a statement ends.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Worked),
}

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

    /// Says what was printed and not yet said.
    ///
    /// # Errors
    /// A number that no step leads to.
    fn tell_printed(&mut self) -> Result<(), Unexplained> {
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

    pub(super) fn block(&mut self, block: &[Statement]) -> Result<Flow, Unexplained> {
        self.deeper(|reader| {
            for statement in block {
                match reader.statement(statement)? {
                    Flow::Next => {}
                    other => return Ok(other),
                }
            }
            Ok(Flow::Next)
        })
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow, Unexplained> {
        self.spend()?;
        match statement {
            Statement::Assign(targets, node) => {
                if let [Node::Name(name)] = targets.as_slice() {
                    self.tell_place(Some(name), node)?;
                }
                let worked = self.evaluate(node)?;
                for target in targets {
                    self.assign(target, &worked, is_literal(node))?;
                }
            }
            Statement::Augment(target, operator, node) => self.augment(target, operator, node)?,
            Statement::Value(node) => {
                self.evaluate(node)?;
            }
            Statement::If(branches, otherwise) => return self.conditional(branches, otherwise),
            Statement::For(target, source, body) => return self.for_loop(target, source, body),
            Statement::While(condition, body) => return self.while_loop(condition, body),
            Statement::Define(function) => {
                self.set(&function.name, Value::Function(Rc::new(function.clone())))
            }
            Statement::Return(node) => {
                let worked = match node {
                    Some(node) => self.evaluate(node)?,
                    None => Worked::plain(Value::None),
                };
                return Ok(Flow::Return(worked));
            }
            Statement::Import(names) => {
                for (own, full) in names {
                    self.import(own, full)?;
                }
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::Pass => {}
        }
        Ok(Flow::Next)
    }

    fn import(&mut self, own: &str, full: &str) -> Result<(), Unexplained> {
        let module = full.split('.').next().unwrap_or_default();
        if !["math", "sympy", "fractions", "itertools", "numpy", "functools", "collections", "statistics"]
            .contains(&module)
        {
            return Err(Unexplained::new(&format!("the module {module}")));
        }
        if own == "*" {
            self.set("*", Value::Known(full.to_owned()));
        } else {
            self.set(own, Value::Known(full.to_owned()));
        }
        Ok(())
    }

    pub(super) fn assign(
        &mut self,
        target: &Node,
        worked: &Worked,
        literal: bool,
    ) -> Result<(), Unexplained> {
        match target {
            Node::Name(name) => {
                if literal && name.len() == 1 && self.story.names.leaves_open(name) {
                    return Err(Unexplained::new(&format!("taking one value for the {name} of the problem")));
                }
                self.tell(name, worked, literal);
                self.keep(name, worked.value.clone())
            }
            Node::Tuple(targets) | Node::List(targets) => {
                let members = worked.value.members(50)?;
                if members.len() != targets.len() {
                    return Err(Unexplained::new("an assignment of unequal parts"));
                }
                for (index, (target, member)) in targets.iter().zip(members).enumerate() {
                    let part = match worked.parts.get(index) {
                        Some(formula) => Worked {
                            value: member,
                            formula: formula.clone(),
                            parts: Vec::new(),
                            searched: false,
                        },
                        None => Worked::plain(member),
                    };
                    self.assign(target, &part, literal)?;
                }
                Ok(())
            }
            Node::Index(base, index) => self.assign_item(base, index, worked),
            _ => Err(Unexplained::new("an assignment to this")),
        }
    }

    fn assign_item(&mut self, base: &Node, index: &Node, worked: &Worked) -> Result<(), Unexplained> {
        let Node::Name(name) = base else { return Err(Unexplained::new("an assignment to this")) };
        let index = self.evaluate(index)?.value;
        let mut whole = self.get(name).cloned().ok_or_else(|| unknown(name))?;
        match (&mut whole, &index) {
            (Value::List(items), Value::Number(number)) => {
                let at = number.integer().and_then(|i| usize::try_from(i).ok());
                let slot = at
                    .and_then(|at| items.get_mut(at))
                    .ok_or_else(|| Unexplained::new("an index out of range"))?;
                *slot = worked.value.clone();
            }
            (Value::Dict(pairs), key) => match pairs.iter_mut().find(|(known, _)| known.same_as(key)) {
                Some((_, value)) => *value = worked.value.clone(),
                None => pairs.push((index, worked.value.clone())),
            },
            _ => return Err(Unexplained::new("an assignment to a part of this")),
        }
        self.keep(name, whole)
    }

    /// [`set`](Self::set) for values of some size.
    pub(super) fn keep(&mut self, name: &str, value: Value) -> Result<(), Unexplained> {
        if value.weight() > HEAVIEST {
            return Err(Unexplained::new("a value this large"));
        }
        self.set(name, value);
        Ok(())
    }

    /// Says what a name stands for from now on.
    fn tell(&mut self, name: &str, worked: &Worked, literal: bool) {
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

    fn augment(&mut self, target: &Node, operator: &'static str, node: &Node) -> Result<(), Unexplained> {
        let whole = Node::Binary(operator, Box::new(target.clone()), Box::new(node.clone()));
        let worked = self.evaluate(&whole)?;
        self.assign(target, &worked, false)
    }

    fn conditional(
        &mut self,
        branches: &[(Node, Vec<Statement>)],
        otherwise: &[Statement],
    ) -> Result<Flow, Unexplained> {
        for (condition, body) in branches {
            let (holds, formula) = self.condition(condition)?;
            if holds {
                if let Some(formula) = formula {
                    self.story.since(&formula);
                }
                let flow = self.block(body);
                self.story.forget_reason();
                return flow;
            }
        }
        self.block(otherwise)
    }

    fn for_loop(&mut self, target: &Node, source: &Node, body: &[Statement]) -> Result<Flow, Unexplained> {
        if self.story.quiet > 0 {
            return Err(Unexplained::new("a loop inside a search"));
        }
        let worked = self.evaluate(source)?;
        if self.long_loop(target, &worked.value, body)? {
            return Ok(Flow::Next);
        }
        let members = worked.value.members(MOST_ROUNDS)?;
        let short = Value::List(members.clone());
        if let (Value::Range(..), Label::Symbol(symbol)) = (&worked.value, label_of(target))
            && members.len() > 2
            && let Some(values) = if members.len() <= 5 { short.tex() } else { worked.value.tex() }
        {
            self.story.say(&format!("go through ${symbol} = {values}$."));
        }
        for member in members {
            self.spend()?;
            // The variable of a loop is no result: it is not told.
            self.story.quiet += 1;
            let assigned = self.assign(target, &Worked::plain(member), true);
            self.story.quiet -= 1;
            assigned?;
            match self.block(body)? {
                Flow::Break => break,
                Flow::Return(worked) => return Ok(Flow::Return(worked)),
                Flow::Next | Flow::Continue => {}
            }
        }
        Ok(Flow::Next)
    }

    fn while_loop(&mut self, condition: &Node, body: &[Statement]) -> Result<Flow, Unexplained> {
        if self.story.quiet > 0 {
            return Err(Unexplained::new("a loop inside a search"));
        }
        for _ in 0..MOST_ROUNDS {
            self.spend()?;
            let (holds, formula) = self.condition(condition)?;
            if !holds {
                return Ok(Flow::Next);
            }
            if let Some(formula) = formula {
                self.story.since(&formula);
            }
            let flow = self.block(body);
            self.story.forget_reason();
            match flow? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(worked) => return Ok(Flow::Return(worked)),
                Flow::Next | Flow::Continue => {}
            }
        }
        Err(Unexplained::search(MOST_ROUNDS as i128))
    }

    /// Says what the letters of a function stand for, where it works in steps with them.
    fn introduce(&mut self, function: &Function, scope: &HashMap<String, Value>) {
        let steps = !matches!(function.body.first(), Some(Statement::Return(_)));
        for (name, _) in &function.params {
            let Some(Value::Number(number)) = scope.get(name).filter(|_| steps && self.story.quiet == 0)
            else {
                continue;
            };
            if matches!(label(name), Label::Symbol(_))
                && !number.is_symbolic()
                && self.told.insert(name.clone(), number.tex()).is_none()
            {
                self.story.given(name, &number.tex(), false);
            }
        }
    }

    /// Calls a function of the program.
    pub(super) fn call_own(
        &mut self,
        function: &Function,
        given: Vec<Worked>,
        named: Vec<(String, Worked)>,
    ) -> Result<Worked, Unexplained> {
        if self.scopes.len() > DEEPEST_CALL {
            return Err(Unexplained::new("calls within calls this deep"));
        }
        let mut scope = HashMap::new();
        for (index, (name, default)) in function.params.iter().enumerate() {
            let named = named.iter().find(|(own, _)| own == name).map(|(_, worked)| worked.value.clone());
            let value = match (given.get(index), named, default) {
                (Some(worked), _, _) => worked.value.clone(),
                (None, Some(value), _) => value,
                (None, None, Some(default)) => self.evaluate(default)?.value,
                (None, None, None) => return Err(Unexplained::new("a call with too few arguments")),
            };
            scope.insert(name.clone(), value);
        }
        self.introduce(function, &scope);
        self.scopes.push(scope);
        let flow = self.block(&function.body);
        self.scopes.pop();
        match flow? {
            Flow::Return(worked) => Ok(worked),
            _ => Ok(Worked::plain(Value::None)),
        }
    }
}

fn label_of(target: &Node) -> Label {
    if let Node::Name(name) = target { label(name) } else { Label::Nameless }
}

pub(super) fn unknown(name: &str) -> Unexplained {
    Unexplained::new(&format!("the name {name}"))
}

/// Numbers and lists of numbers as written: what a program starts from.
fn is_literal(node: &Node) -> bool {
    match node {
        Node::Number(_) => true,
        Node::Unary("-", inner) => is_literal(inner),
        Node::List(items) | Node::Tuple(items) | Node::Set(items) => items.iter().all(is_literal),
        Node::Call(function, args, _) => {
            let name = match &**function {
                Node::Name(name) => name,
                Node::Attribute(_, name) => name,
                _ => return false,
            };
            matches!(name.as_str(), "Rational" | "Integer" | "Fraction" | "Matrix" | "Float")
                && args.iter().all(is_literal)
        }
        _ => false,
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
