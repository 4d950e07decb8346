//! Prints worked solutions: `cargo run -p tirade-math --example explain`.

use tirade_math::derivation::Derivation;
use tirade_math::exact::Worked;
use tirade_math::geometry::{self, Conic, Point};
use tirade_math::matrix::{self, Matrix};
use tirade_math::{Expr, cas, integer, parse};

fn show<T>(title: &str, worked: Result<Worked<T>, tirade_math::exact::ExactError>) {
    let text = |d: &Derivation| d.render_english();
    println!("## {title}\n{}\n", worked.map_or_else(|e| e.to_string(), |w| text(&w.derivation)));
}

fn e(text: &str) -> Expr {
    parse(text).expect("an expression")
}

fn main() {
    let x = || "x".into();
    show("gcd", integer::gcd_worked(&252.into(), &105.into()));
    show("extended gcd", integer::extended_gcd_worked(&240.into(), &46.into()));
    show("lcm", integer::lcm_all_worked(&[12.into(), 18.into(), 8.into()]));
    show("inverse", integer::inverse_mod_worked(&7.into(), &26.into()));
    show("power", integer::pow_mod_worked(&7.into(), &100.into(), &13.into()));
    let c = |r: i32, m: i32| integer::Congruence { residue: r.into(), modulus: m.into() };
    show("crt", integer::crt_worked(&[c(2, 3), c(3, 5), c(2, 7)]));
    show("congruence", integer::linear_congruence_worked(&6.into(), &4.into(), &10.into()));
    show("diophantine", integer::diophantine_worked(&12.into(), &42.into(), &30.into()));
    show("divisors", integer::divisors_worked(&60.into()));
    show("totient", integer::totient_worked(&60.into()));
    show("order", integer::multiplicative_order_worked(&2.into(), &17.into()));
    show("prime", integer::is_prime_worked(&97.into()));
    show("big prime", integer::is_prime_worked(&1_000_003.into()));
    show("base", integer::to_base_worked(&83.into(), 2));
    show("expand", cas::expand_worked(&e("(x+1)(x-2)^2")));
    show("factor", cas::factor_worked(&e("2x^3 - 4x^2 - 10x + 12")));
    show("factor quadratic", cas::factor_worked(&e("6x^2 + 7x - 3")));
    show("factor two variables", cas::factor_worked(&e("x^2 y - y^3")));
    show("simplify", cas::simplify_worked(&e("(x^2-1)/(x^2+2x+1)")));
    show("solve", cas::solve_worked(&e("x^2 = 5x - 6"), &x()));
    show("solve with roots", cas::solve_worked(&e("2x^2 - 4x - 3 = 0"), &x()));
    show("solve cubic", cas::solve_worked(&e("x^3 - 2x^2 - 5x + 6 = 0"), &x()));
    show("solve rational", cas::solve_worked(&e("1/x + 1/(x-1) = 3/2"), &x()));
    show("solve complex", cas::solve_worked(&e("x^2 + 2x + 5 = 0"), &x()));
    show("solve biquadratic", cas::solve_worked(&e("x^4 - 5x^2 + 3 = 0"), &x()));
    let system = [e("x + y + z = 6"), e("2x - y + z = 3"), e("x + 2y - z = 2")];
    show("system", cas::solve_linear_system_worked(&system, &["x".into(), "y".into(), "z".into()]));
    show("inequality", cas::solve_inequality_worked(&e("x^2 - x - 6 > 0"), &x()));
    show("derivative", cas::differentiate_worked(&e("x^2 sin(3x) + (x^2+1)^5"), &x()));
    show("integral", cas::definite_integral_worked(&e("3x^2 - 2x"), &x(), &1.into(), &3.into()));
    show("limit", cas::limit_worked(&e("(x^2-4)/(x-2)"), &x(), &2.into()));
    show("sum", cas::sum_worked(&e("k^2"), &"k".into(), &e("1"), &e("n")));
    show("sum of numbers", cas::sum_worked(&e("k^2"), &"k".into(), &e("1"), &e("100")));
    let m = Matrix::from_ints(&[&[2, 1, 3], &[0, 4, 1], &[5, 2, 1]]).expect("a matrix");
    show("determinant", matrix::determinant_worked(&m));
    show(
        "inverse matrix",
        matrix::inverse_worked(&Matrix::from_ints(&[&[1, 2], &[3, 4]]).expect("a matrix")),
    );
    show(
        "eigenvalues",
        matrix::eigenvalues_worked(&Matrix::from_ints(&[&[5, 4], &[2, 3]]).expect("a matrix")),
    );
    show(
        "eigenvectors",
        matrix::eigenvectors_worked(&Matrix::from_ints(&[&[5, 4], &[2, 3]]).expect("a matrix")),
    );
    show(
        "nullspace",
        matrix::nullspace_worked(&Matrix::from_ints(&[&[1, 2, 3], &[2, 4, 6]]).expect("a matrix")),
    );
    let p = Point::from_ints;
    show("distance", geometry::distance_worked(&p(1, 2), &p(4, 7)));
    show("bisector", geometry::perpendicular_bisector_worked(&p(0, 0), &p(4, 2)));
    show("orthocentre", geometry::orthocenter_worked(&p(0, 0), &p(4, 0), &p(1, 3)));
    show("angle", geometry::angle_between_worked((&p(0, 0), &p(1, 0)), (&p(0, 0), &p(1, 1))));
    show("area", geometry::polygon_area_worked(&[p(2, 3), p(5, 7), p(8, 1)]));
    show("heron", geometry::heron_worked(&13.into(), &14.into(), &15.into()));
    show("point to line", geometry::point_line_distance_worked(&p(3, 1), &p(0, 0), &p(4, 3)));
    let conic = |text: &str| Conic::from_equation(&e(text)).expect("a conic");
    show("circle", geometry::circle_worked(&conic("x^2 + y^2 - 4x + 6y - 12 = 0")));
    show("ellipse", geometry::ellipse_worked(&conic("4x^2 + 9y^2 - 16x + 18y - 11 = 0")));
    show("hyperbola", geometry::hyperbola_worked(&conic("9y^2 - 16x^2 = 144")));
    show("parabola", geometry::parabola_worked(&conic("y = x^2 - 4x + 7")));
    show("tangents", geometry::tangents_from_worked(&conic("x^2 + y^2 = 25"), &p(7, 1)));
}
