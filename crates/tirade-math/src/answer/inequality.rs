//! Inequalities between polynomials or rational functions of one variable, solved where the roots are known exactly.

use crate::cas::{canonical, root_to_expr, symbols, to_fraction};
use crate::equiv::{compare_constants, constant_value};
use crate::expr::{Expr, RelOp};
use crate::poly::{MPoly, Poly, count_real_roots, exact_roots, factor};
use std::cmp::Ordering;

/// The highest degree of numerator and denominator.
const MAX_DEGREE: usize = 12;

/// Low end, high end and which of them belong to the piece; `None` is infinity. Equal ends are a point.
pub type Piece = (Option<Expr>, Option<Expr>, bool);

/// A place where the sign may change: how often the function is zero there, and whether it is a pole.
struct Place {
    at: Expr,
    odd: bool,
    pole: bool,
}

/// The variable and the pieces of the line where `left op right` holds, from left to right; `None` for an inequality that
/// is linear, has several variables, or roots without an exact form.
pub fn solve(left: &Expr, op: RelOp, right: &Expr) -> Option<(Expr, Vec<Piece>)> {
    let difference = canonical(&Expr::sum([left.clone(), right.clone().neg()])).ok()?;
    let names = symbols(&difference);
    let [name] = names.as_slice() else { return None };
    let fraction = to_fraction(&difference, &names).ok()?;
    let dense = |p: &MPoly| p.to_dense(0).filter(|p| p.degree() <= MAX_DEGREE);
    let (top, bottom) = (dense(&fraction.top)?, dense(&fraction.bottom)?);
    if (top.degree() < 2 && bottom.is_constant()) || top.is_zero() {
        return None;
    }
    let mut places = Vec::new();
    add_places(&top, false, &mut places)?;
    add_places(&bottom, true, &mut places)?;
    // What was cancelled away is a pole all the same.
    for below in denominators(&difference) {
        let below = dense(&to_fraction(&below, &names).ok()?.top)?;
        for place in places_of(&below)? {
            insert(Place { pole: true, odd: false, ..place }, &mut places)?;
        }
    }
    let positive = (top.lead() * bottom.lead()) > crate::Rational::ZERO;
    Some((Expr::sym(name.clone()), pieces(&places, positive, op)))
}

/// The places, each once, in increasing order.
fn add_places(p: &Poly, pole: bool, places: &mut Vec<Place>) -> Option<()> {
    places_of(p)?.into_iter().try_for_each(|place| insert(Place { pole, ..place }, places))
}

fn insert(new: Place, places: &mut Vec<Place>) -> Option<()> {
    for (i, old) in places.iter_mut().enumerate() {
        match compare_constants(&new.at, &old.at)? {
            Ordering::Less => {
                places.insert(i, new);
                return Some(());
            }
            Ordering::Equal => {
                old.odd ^= new.odd;
                old.pole |= new.pole;
                return Some(());
            }
            Ordering::Greater => {}
        }
    }
    places.push(new);
    Some(())
}

/// The real roots of a polynomial.
fn places_of(p: &Poly) -> Option<Vec<Place>> {
    let mut out = Vec::new();
    if p.is_constant() {
        return Some(out);
    }
    for (f, n) in factor(p).ok()?.factors {
        if count_real_roots(&f, None, None).ok()? == 0 {
            continue;
        }
        for (root, _) in exact_roots(&f).ok()? {
            let at = root_to_expr(&root).ok()?;
            if constant_value(&at).is_some() {
                out.push(Place { at, odd: n % 2 == 1, pole: false });
            }
        }
    }
    Some(out)
}

/// The bases of negative powers.
fn denominators(e: &Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    let mut todo = vec![e];
    while let Some(e) = todo.pop() {
        if let Expr::Pow(base, exponent) = e
            && exponent.as_rational().is_some_and(|n| *n < crate::Rational::ZERO)
        {
            found.push((**base).clone());
        }
        e.for_each_child(&mut |c| todo.push(c));
    }
    found
}

/// From right to left the sign changes at each place of odd order.
fn pieces(places: &[Place], positive: bool, op: RelOp) -> Vec<Piece> {
    let holds = |positive: bool| match op {
        RelOp::Gt | RelOp::Ge => positive,
        RelOp::Lt | RelOp::Le => !positive,
        _ => op == RelOp::Ne,
    };
    let zero_counts = matches!(op, RelOp::Ge | RelOp::Le | RelOp::Eq);
    let mut out = Vec::new();
    let (mut sign, mut high) = (positive, None);
    for place in places.iter().rev() {
        if holds(sign) {
            out.push((Some(place.at.clone()), high, false));
        }
        if zero_counts && !place.pole {
            out.push((Some(place.at.clone()), Some(place.at.clone()), true));
        }
        high = Some(place.at.clone());
        sign ^= place.odd;
    }
    if holds(sign) {
        out.push((None, high, false));
    }
    out.reverse();
    out
}
