//! Statements: assignments, conditions, loops and the program's own functions.

use std::collections::HashMap;
use std::rc::Rc;

use super::Unexplained;
use super::ast::{Function, Node, Statement};
use super::evaluate::Worked;
use super::follow::{MOST_ROUNDS, Reader, unknown};
use super::names::{Label, label};
use super::value::Value;

/// Calls within calls.
const DEEPEST_CALL: usize = 24;
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

    pub(super) fn statement(&mut self, statement: &Statement) -> Result<Flow, Unexplained> {
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
