//! Times native calls, derivations included: `cargo run --release -p tirade-math --example cas_speed`.

use std::hint::black_box;
use std::time::Instant;

use tirade_math::geometry::{Point, polygon_area_worked};
use tirade_math::matrix::{Matrix, determinant_worked};
use tirade_math::{Expr, cas, integer, parse};

fn time<T>(name: &str, call: impl Fn() -> T) {
    let rounds = 2_000u32;
    (0..100).for_each(|_| drop(black_box(call())));
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        (0..rounds).for_each(|_| drop(black_box(call())));
        best = best.min(start.elapsed().as_secs_f64() / f64::from(rounds));
    }
    println!("{name:44} {:8.2} us", best * 1e6);
}

fn main() {
    let e = |text: &str| -> Expr { parse(text).expect("an expression") };
    let x = || "x".into();
    time("gcd(252, 105)", || integer::gcd_worked(&252.into(), &105.into()));
    time("factorint(600851475143)", || integer::factorint_worked(&600_851_475_143i64.into()));
    time("7^100 mod 13", || integer::pow_mod_worked(&7.into(), &100.into(), &13.into()));
    let product = e("(x+1)(x-2)^2");
    time("expand (x+1)(x-2)^2", || cas::expand_worked(&product));
    let quadratic = e("6x^2 + 7x - 3");
    time("factor 6x^2 + 7x - 3", || cas::factor_worked(&quadratic));
    let cubic = e("x^3 - 2x^2 - 5x + 6");
    time("factor x^3 - 2x^2 - 5x + 6", || cas::factor_worked(&cubic));
    let quotient = e("(x^2-1)/(x^2+2x+1)");
    time("simplify (x^2-1)/(x^2+2x+1)", || cas::simplify_worked(&quotient));
    let equation = e("x^2 = 5x - 6");
    time("solve x^2 = 5x - 6", || cas::solve_worked(&equation, &x()));
    let system = [e("x + y = 5"), e("2x - y = 1")];
    time("solve a 2x2 linear system", || cas::solve_linear_system_worked(&system, &["x".into(), "y".into()]));
    let function = e("x^2 sin(3x) + (x^2+1)^5");
    time("differentiate x^2 sin(3x) + (x^2+1)^5", || cas::differentiate_worked(&function, &x()));
    let m = Matrix::from_ints(&[&[2, 1, 3], &[0, 4, 1], &[5, 2, 1]]).expect("a matrix");
    time("determinant 3x3", || determinant_worked(&m));
    let corners = [(2, 3), (5, 7), (8, 1)].map(|(x, y)| Point::from_ints(x, y));
    time("polygon area of 3 corners", || polygon_area_worked(&corners));
    let answer = cas::canonical(&product).expect("canonical");
    time("to_sympy_string", || cas::to_sympy_string(&answer));
}
