//! Tables of calls with the JSON they must give: CAMEL's own golden tests, the result shapes of its 27 functions, and the faults of the
//! original that are none here.

use super::*;

fn check(cases: &[(&str, Value, Value)]) {
    let Some(toolbox) = toolbox() else { return };
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, arguments, expected)| {
            let found = call(toolbox, name, arguments.clone());
            (found != *expected)
                .then(|| format!("{name} {arguments}\n  found    {found}\n  expected {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ok(result: impl Into<Value>) -> Value {
    json!({ "result": result.into() })
}

fn success(result: &str) -> Value {
    json!({ "status": "success", "result": result })
}

#[test]
fn camels_golden_tests_pass() {
    check(&[
        ("simplify_expression", json!({ "expression": "(x**2 + 2*x + 1)/(x + 1)" }), success("x + 1")),
        ("expand_expression", json!({ "expression": "(x + 1)**2" }), ok("x**2 + 2*x + 1")),
        ("factor_expression", json!({ "expression": "x**2 - 4" }), ok("(x - 2)*(x + 2)")),
        (
            "solve_linear_system",
            json!({ "equations": ["2*x + y - 3", "x - y - 1"], "variables": ["x", "y"] }),
            ok(json!(["(4/3, 1/3)"])),
        ),
        (
            "solve_nonlinear_system",
            json!({ "sympy_equations": ["x**2 + y**2 - 25", "x - y + 1"], "variables": ["x", "y"] }),
            ok(json!(["(-4, -3)", "(3, 4)"])),
        ),
        (
            "solve_univariate_inequality",
            json!({ "inequality": "x**2 - 4 >= 0", "variable": "x" }),
            ok("((2 <= x) & (x < oo)) | ((-oo < x) & (x <= -2))"),
        ),
        ("reduce_inequalities", json!({ "inequalities": ["x > 1", "x < 5"] }), ok("(1 < x) & (x < 5)")),
        (
            "polynomial_representation",
            json!({ "expression": "x**2 + 1", "variable": "x" }),
            ok("Poly(x**2 + 1, x, domain='ZZ')"),
        ),
        ("polynomial_degree", json!({ "expression": "x**3 - 2*x + 1", "variable": "x" }), ok(3)),
        (
            "polynomial_coefficients",
            json!({ "expression": "x**3 - 2*x + 1", "variable": "x" }),
            ok(json!(["1", "0", "-2", "1"])),
        ),
        ("solve_equation", json!({ "sympy_equation": "x**2 - 4", "variable": "x" }), ok(json!(["-2", "2"]))),
        ("find_roots", json!({ "expression": "x**2 - 4" }), success("[-2, 2]")),
        ("find_roots", json!({ "expression": "x*y - 2" }), success("[{x: 2/y}]")),
        ("differentiate", json!({ "expression": "x**3", "variable": "x" }), ok("3*x**2")),
        ("integrate", json!({ "expression": "x**2", "variable": "x" }), ok("x**3/3")),
        (
            "definite_integral",
            json!({ "expression": "x**2", "variable": "x", "lower": 0.0, "upper": 2.0 }),
            ok("8/3"),
        ),
        (
            "series_expansion",
            json!({ "expression": "sin(x)", "variable": "x", "point": 0.0, "order": 5 }),
            ok("x - x**3/6 + O(x**5)"),
        ),
        (
            "series_expansion",
            json!({ "expression": "exp(x)", "variable": "x", "point": 0, "order": 4 }),
            ok("1 + x + x**2/2 + x**3/6 + O(x**4)"),
        ),
        (
            "compute_limit",
            json!({ "expression": "sin(x)/x", "variable": "x", "point": 0.0, "direction": "both" }),
            ok("1"),
        ),
        (
            "find_critical_points",
            json!({ "expression": "x**3 - 3*x", "variable": "x" }),
            ok(json!(["-1", "1"])),
        ),
        ("check_continuity", json!({ "expression": "x**2", "variable": "x", "point": 1.0 }), ok("True")),
        ("check_continuity", json!({ "expression": "1/x", "variable": "x", "point": 0 }), ok("False")),
        ("compute_determinant", json!({ "matrix": [[1, 2], [3, 4]] }), ok("-2")),
        ("compute_inverse", json!({ "matrix": [[1, 2], [3, 4]] }), ok("Matrix([[-2, 1], [3/2, -1/2]])")),
        ("compute_eigenvalues", json!({ "matrix": [[5, 4], [2, 3]] }), ok(json!({ "7": "1", "1": "1" }))),
        (
            "compute_eigenvectors",
            json!({ "matrix": [[5, 4], [2, 3]] }),
            ok(json!([
                { "eigenvalue": "1", "multiplicity": 1, "eigenvectors": ["Matrix([[-1], [1]])"] },
                { "eigenvalue": "7", "multiplicity": 1, "eigenvectors": ["Matrix([[2], [1]])"] },
            ])),
        ),
        ("compute_nullspace", json!({ "matrix": [[1, 2], [2, 4]] }), ok(json!(["Matrix([[-2], [1]])"]))),
        ("compute_rank", json!({ "matrix": [[1, 2], [2, 4]] }), ok(1)),
        ("compute_inner_product", json!({ "vector1": [1, 2, 3], "vector2": [4, 5, 6] }), ok("32")),
        (
            "matrix_multiplication",
            json!({ "matrix1": [[1, 2], [3, 4]], "matrix2": [[0, 1], [1, 0]] }),
            ok("Matrix([[2, 1], [4, 3]])"),
        ),
    ]);
}

#[test]
fn faults_of_the_original_are_none_here() {
    check(&[
        // Floats stay exact.
        (
            "definite_integral",
            json!({ "expression": "x + 5", "variable": "x", "lower": 0, "upper": 0.5 }),
            ok("21/8"),
        ),
        ("compute_determinant", json!({ "matrix": [[0.5, 1], [0, "sqrt(2)"]] }), ok("sqrt(2)/2")),
        // The limit's direction counts.
        (
            "compute_limit",
            json!({ "expression": "1/x", "variable": "x", "point": 0, "direction": "both" }),
            ok("zoo"),
        ),
        (
            "compute_limit",
            json!({ "expression": "1/x", "variable": "x", "point": 0, "direction": "-" }),
            ok("-oo"),
        ),
        (
            "compute_limit",
            json!({ "expression": "1/x", "variable": "x", "point": "oo", "direction": "both" }),
            ok("0"),
        ),
        (
            "compute_limit",
            json!({ "expression": "|x|/x", "variable": "x", "point": 0, "direction": "-" }),
            ok("-1"),
        ),
        (
            "compute_limit",
            json!({ "expression": "|x|/x", "variable": "x", "point": 0, "direction": "both" }),
            json!({ "status": "error", "message": "Error in compute_limit: The limit does not exist since left hand limit = -1 and right hand limit = 1" }),
        ),
        // Carets, implicit multiplication, equations as they are written, LaTeX.
        (
            "solve_equation",
            json!({ "sympy_equation": "2x^2 == 8", "variable": null }),
            ok(json!(["-2", "2"])),
        ),
        (
            "solve_equation",
            json!({ "sympy_equation": "\\frac{x}{2} = 3", "variable": "x" }),
            ok(json!(["6"])),
        ),
        ("solve_equation", json!({ "sympy_equation": "Eq(3t, 6)", "variable": "t" }), ok(json!(["2"]))),
        (
            "solve_univariate_inequality",
            json!({ "inequality": "1 < 2x + 1 <= 5", "variable": "x" }),
            ok("(x <= 2) & (0 < x)"),
        ),
        // Letters that mean something in SymPy are variables where the call says so.
        ("solve_equation", json!({ "sympy_equation": "E*2 = N", "variable": "E" }), ok(json!(["N/2"]))),
        (
            "solve_linear_system",
            json!({ "equations": ["S + I = 3", "S - I = 1"], "variables": ["S", "I"] }),
            ok(json!(["(2, 1)"])),
        ),
        // ceil is a function like ceiling.
        ("simplify_expression", json!({ "expression": "Sum(ceil(sqrt(k)), (k, 2, 10))" }), success("25")),
        // Inconsistent and underdetermined systems.
        (
            "solve_linear_system",
            json!({ "equations": ["x + y = 1", "x + y = 2"], "variables": ["x", "y"] }),
            ok(json!([])),
        ),
        (
            "solve_linear_system",
            json!({ "equations": ["x + y = 1"], "variables": ["x", "y"] }),
            ok(json!(["(1 - y, y)"])),
        ),
    ]);
}

#[test]
fn hostile_and_wrong_calls_are_errors_in_words() {
    let error = |message: &str| json!({ "status": "error", "message": message });
    check(&[
        (
            "simplify_expression",
            json!({ "expression": "__import__('os').system('id')" }),
            error(
                "Error in simplify_expression: argument expression: '_' cannot be read at position 0 of \"__import__('os').system('id')\"",
            ),
        ),
        (
            "simplify_expression",
            json!({}),
            error("Error in simplify_expression: argument expression: it is missing"),
        ),
        (
            "simplify_expression",
            json!({ "expr": "x" }),
            error(
                "Error in simplify_expression: there is no argument \"expr\"; the arguments are: expression",
            ),
        ),
        (
            "compute_inverse",
            json!({ "matrix": [[1, 2], [3]] }),
            error("Error in compute_inverse: argument matrix: all rows must be equally long"),
        ),
        (
            "simplify_expression",
            json!({ "expression": "9**9**9" }),
            error(
                "Error in simplify_expression: 9**387420489 has too many digits; for a remainder use mod_power",
            ),
        ),
        (
            "simplify_expression",
            json!([1]),
            error("Error in simplify_expression: the arguments must be a JSON object, found [1]"),
        ),
    ]);
}

#[test]
fn what_the_original_lacks() {
    check(&[
        ("gcd", json!({ "numbers": [12, 18, 30] }), ok("6")),
        ("lcm", json!({ "numbers": [4, 6, 10] }), ok("60")),
        ("factorint", json!({ "number": 360 }), ok(json!({ "2": 3, "3": 2, "5": 1 }))),
        (
            "divisors",
            json!({ "number": 12 }),
            json!({ "result": ["1", "2", "3", "4", "6", "12"], "count": 6, "sum": "28" }),
        ),
        ("is_prime", json!({ "number": "2305843009213693951" }), ok(true)),
        ("totient", json!({ "number": 36 }), ok("12")),
        ("mod_inverse", json!({ "number": 3, "modulus": 11 }), ok("4")),
        ("mod_power", json!({ "base": 7, "exponent": "100000000000000000000", "modulus": 1000 }), ok("1")),
        (
            "crt",
            json!({ "remainders": [2, 3, 2], "moduli": [3, 5, 7] }),
            json!({ "result": "23", "modulus": "105" }),
        ),
        ("binomial", json!({ "n": 10, "k": 3 }), ok("120")),
        ("convert_base", json!({ "number": "ff", "from_base": 16, "to_base": 2 }), ok("11111111")),
        (
            "compute_sum",
            json!({ "expression": "1/k^2", "variable": "k", "lower": 1, "upper": "oo" }),
            ok("pi**2/6"),
        ),
        ("simplify_trig", json!({ "expression": "sin^2(x) + cos^2(x)" }), ok("1")),
        ("evaluate_numeric", json!({ "expression": "sqrt(2)", "digits": 10 }), ok("1.414213562")),
        (
            "solve_recurrence",
            json!({ "recurrence": "a(n+1) = 2a(n)", "function": "a", "variable": "n", "initial_points": [0], "initial_values": [3] }),
            ok("3*2**n"),
        ),
        (
            "complex_form",
            json!({ "expression": "(1+i)^3" }),
            ok(
                json!({ "real": "-2", "imaginary": "2", "modulus": "2*sqrt(2)", "argument": "3*pi/4", "conjugate": "-2 - 2*I" }),
            ),
        ),
    ]);
}

#[test]
fn geometry_is_exact() {
    check(&[
        (
            "compute_line_bisectors",
            json!({ "point1": [0, 0], "point2": [4, 6] }),
            ok("Line2D(Point2D(2, 3), Point2D(-4, 7))"),
        ),
        (
            "compute_centroid",
            json!({ "point1": [0, 0], "point2": [4, 0], "point3": [0, 3] }),
            ok("Point2D(4/3, 1)"),
        ),
        (
            "compute_orthocenter",
            json!({ "point1": [0, 0], "point2": [4, 0], "point3": [1, 3] }),
            ok("Point2D(1, 1)"),
        ),
        (
            "compute_midpoint_GH",
            json!({ "point1": ["sqrt(2)", 0], "point2": [0, 0.5] }),
            ok("Point2D(sqrt(2)/2, 1/4)"),
        ),
        ("compute_point_distance", json!({ "point1": [1, 2], "point2": [3, 5] }), ok("sqrt(13)")),
        ("check_points_collinear", json!({ "points": [[0, 0], [1, 1], [2, 2]] }), ok("True")),
        (
            "compute_angle_between",
            json!({ "line1_point1": [0, 0], "line1_point2": [1, 0], "line2_point1": [0, 0], "line2_point2": [1, 1] }),
            ok("pi/4"),
        ),
        (
            "compute_triangle_area_vertices",
            json!({ "point1": [2, 3], "point2": [5, 7], "point3": [8, 1] }),
            ok("15"),
        ),
        (
            "compute_point_to_line_distance",
            json!({ "point": [0, 0], "line_point1": [0, 1], "line_point2": [1, 0] }),
            ok("sqrt(2)/2"),
        ),
        ("compute_triangle_area_sides", json!({ "side1": 3, "side2": 4, "side3": 5 }), ok("6")),
        (
            "compute_triangle_area_sides",
            json!({ "side1": 1, "side2": 2, "side3": 5 }),
            json!({ "status": "error", "message": "Error in compute_triangle_area_sides: no triangle has the sides 1, 2, 5: 1 + 2 is not more than 5" }),
        ),
        ("compute_polygon_area", json!({ "vertices": [[0, 0], [4, 0], [4, 3], [0, 3]] }), ok("12")),
        (
            "compute_ellipse_foci",
            json!({ "equation": "x^2/9 + y^2/4 = 1" }),
            ok(json!(["(-sqrt(5), 0)", "(sqrt(5), 0)"])),
        ),
        (
            "compute_hyperbola_asymptotes",
            json!({ "equation": "x^2/9 - y^2/16 = 1" }),
            ok(json!(["y = -4*x/3", "y = 4*x/3"])),
        ),
        ("compute_parabola_directrix", json!({ "equation": "y = x^2 - 2x + 3" }), ok("y = 7/4")),
        (
            "compute_parabola_foci",
            json!({ "equation": "x^2 + y^2 = 4" }),
            json!({ "status": "error", "message": "Error in compute_parabola_foci: the equation describes a circle, not a parabola" }),
        ),
        ("identify_conic_section_type", json!({ "equation": "x y = 1" }), ok("hyperbola")),
        (
            "compute_tangent_lines_from_point",
            json!({ "equation": "x^2 + y^2 = 25", "point": [7, 1] }),
            ok(json!(["y = 25/4 - 3*x/4", "y = 4*x/3 - 25/3"])),
        ),
        (
            "compute_line_conic_intersection",
            json!({ "equation": "x^2 + y^2 = 25", "line": "y = x + 1" }),
            json!({ "result": ["(-4, -3)", "(3, 4)"], "count": 2 }),
        ),
    ]);
}

#[test]
fn arithmetic_is_exact() {
    check(&[
        ("math_add", json!({ "a": 0.1, "b": 0.2 }), json!({ "result": "3/10", "decimal": "0.3" })),
        ("math_subtract", json!({ "a": 5, "b": 7 }), ok("-2")),
        (
            "math_multiply",
            json!({ "a": 1.005, "b": 3, "decimal_places": null }),
            json!({ "result": "603/200", "decimal": "3.015" }),
        ),
        (
            "math_divide",
            json!({ "a": 10, "b": 3, "decimal_places": 2 }),
            json!({ "result": "333/100", "decimal": "3.33" }),
        ),
        (
            "math_divide",
            json!({ "a": 1, "b": 0, "decimal_places": null }),
            json!({ "status": "error", "message": "Error in math_divide: Cannot divide by zero." }),
        ),
        ("math_round", json!({ "a": "2.5", "decimal_places": null }), ok("3")),
        (
            "math_round",
            json!({ "a": "-2.345", "decimal_places": 2 }),
            json!({ "result": "-47/20", "decimal": "-2.35" }),
        ),
        ("evaluate", json!({ "expression": "2^10 - 4!/3" }), ok("1016")),
        (
            "evaluate",
            json!({ "expression": "sqrt(8)" }),
            json!({ "result": "2*sqrt(2)", "decimal": "2.82842712474619" }),
        ),
    ]);
}
