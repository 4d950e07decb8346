//! The closed list of rules with the sentence of each.
//!
//! A sentence has slots: `{0}` is the first formula, `{2..}` the list of all formulas from the third on with
//! "and" before the last, `{2..or}` the same with "or".

macro_rules! rules {
    ($($name:ident => $text:literal;)*) => {
        /// Why a step is allowed, and the sentence that says so.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $(#[doc = $text] $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// The sentence with its slots.
            pub fn template(self) -> &'static str {
                match self { $(Rule::$name => $text,)* }
            }
        }
    };
}

rules! {
    // General
    Conclude => "Therefore {0..}.";
    Compute => "Compute {0..}.";
    Given => "We are given {0..}.";
    Recall => "Recall that {0..}.";
    Simplify => "Simplify: {0..}.";
    Trivial => "There is nothing to compute: {0..}.";

    // Divisibility
    EuclidStart => "Apply the Euclidean algorithm to {0} and {1}.";
    EuclidDivisions => "Divide with remainder until the remainder is zero: {0..}.";
    EuclidEnd => "The last nonzero remainder is the greatest common divisor, so {0}.";
    GcdWithZero => "Every integer divides $0$, so the greatest common divisor is the absolute value of the other number: {0}.";
    LcmFromGcd => "The least common multiple of two positive integers is their product divided by their greatest common divisor, so {0}.";
    BackSubstitute => "Express each remainder in turn as a combination of {0} and {1}: {2..}.";
    Bezout => "Thus {0}.";
    DivideWithRemainder => "Divide with remainder: {0}.";

    InverseIs => "The inverse of {0} modulo {1} is {2}, because {3}.";

    Grouping => "Grouping the terms gives {0}.";

    // Primes
    TrialDivision => "Divide out the smallest prime factor again and again: {0..}.";
    PrimeCofactor => "The remaining factor {0} is prime.";
    PrimeFactorisation => "The prime factorisation is {0}.";
    NoSmallDivisor => "No prime up to {0} divides {1}: {2..}.";
    NoDivisorUpTo => "Since {0} and {1}, it is enough to test the primes below {2}, and none of them divides {3}.";
    ProbablePrime => "The number {0} passes the Baillie-PSW primality test, for which no composite number is known.";
    IsPrime => "Hence {0} is prime.";
    HasDivisor => "Since {0}, the number {1} is not prime.";
    NotPrimeSmall => "A prime number is at least $2$, so {0} is not prime.";
    StrongWitness => "The number {0} fails the strong primality test, so it is not prime.";
    DivisorList => "Every divisor is a product of powers of these primes, with exponents no larger than in the factorisation, so the divisors are {0..}.";
    DivisorCount => "Each exponent may be chosen independently from zero up to the exponent in the factorisation, so the number of divisors is {0}.";
    DivisorSum => "The sum of the divisors is the product of the sums of the powers of each prime: {0}.";
    TotientFormula => "Euler's function multiplies over prime powers with $\\varphi(p^k) = p^{k-1}(p-1)$, so {0}.";
    MobiusSquare => "A square of a prime divides the number, so {0}.";
    MobiusCount => "The number is a product of {0} distinct primes, so {1}.";
    PrimeSearch => "Test the numbers in order: the first prime found is {0}.";

    // Modular arithmetic
    ReduceBase => "Reduce the base: {0}.";
    BinaryExponent => "Write the exponent as a sum of powers of two: {0}.";
    Squarings => "Square repeatedly: {0..}.";
    MultiplyPowers => "Multiply the powers that are needed: {0..}.";
    InverseByBezout => "Reducing this modulo {0} gives {1}, so the inverse is {2}.";
    InverseCheck => "Indeed {0}.";
    CrtStart => "Solve the congruences one after another, starting with {0}.";
    CrtMerge => "Every solution so far has the form {0}; the congruence {1} requires {2}, which gives {3}.";
    CrtMerged => "This means {0}.";
    CrtCheck => "Check: {0..}.";
    OrderDivides => "The order divides {0}, so only divisors of it need to be tested: {1..}.";
    OrderFound => "The smallest exponent that gives $1$ is {0}.";
    EulerCriterion => "By Euler's criterion the symbol is congruent to {0}; here {1}.";
    LegendreMeaning => "Hence {0}.";
    LinearCongruenceReduce => "Divide the congruence by the common factor {0}: {1}.";
    LinearCongruenceSolve => "Multiply by the inverse: {0}.";

    // Roots, bases, combinatorics
    RootBetween => "Since {0}, the integer part of the root is {1}.";
    BaseDivisions => "Divide repeatedly by {0} and keep the remainders: {1..}.";
    BaseReadUp => "Reading the remainders from last to first gives {0}.";
    BasePositional => "Expand by place value: {0}.";
    FactorialProduct => "By definition {0}.";
    BinomialFormula => "Use the product formula for binomial coefficients: {0}.";
    PermutationProduct => "The choices multiply: {0}.";
    Recurrence => "Apply the recurrence {0} step by step: {1..}.";
    DigitSum => "Add the digits: {0}.";

    // Diophantine
    DiophantineGcd => "Let us first find the greatest common divisor of the coefficients.";
    DiophantineNoSolution => "The left side is always a multiple of {0}, but {1}, so there are no integer solutions.";
    DiophantineScale => "Multiply by {0} to reach the right-hand side: {1}.";
    DiophantineGeneral => "All integer solutions are {0} for integers {1}.";

    // Polynomials
    ExpandProduct => "Expand the product: {0..}.";
    ExpandPower => "Expand the power: {0..}.";
    CollectPowers => "Collect powers of {0}: {1}.";
    CommonFactor => "Take out the common factor: {0}.";
    DifferenceOfSquares => "This is a difference of squares: {0}.";
    PerfectSquare => "This is a perfect square: {0}.";
    RootGivesFactor => "Substituting {0} gives {1}, so {2} is a factor.";
    DivideOutFactor => "Dividing it out gives {0}.";
    SplitMiddle => "Two numbers with sum {0} and product {1} are {2} and {3}, so {4}.";
    FactorFound => "This gives the factorisation {0}.";
    Irreducible => "The polynomial {0} cannot be factored further over the rational numbers.";
    LongDivisionStep => "Divide the leading terms, {0}, and subtract: {1}.";
    LongDivisionResult => "Hence {0}.";
    PolyGcdDivisions => "Apply the Euclidean algorithm to the polynomials: {0..}.";
    PolyGcdEnd => "The last nonzero remainder, made free of common constant factors, is the greatest common divisor {0}.";
    DegreeIs => "The highest power of {0} that occurs in {1} is {2}.";
    CoefficientsAre => "From the highest power down, the coefficients are {0..}.";
    DiscriminantIs => "The discriminant is {0}.";
    SturmChain => "Build the Sturm sequence: {0..}.";
    SturmCount => "The number of sign changes drops from {0} to {1}, so there are {2} distinct real roots.";

    // Rational functions
    CommonDenominator => "Bring the terms over the common denominator: {0}.";
    CancelFactor => "Cancel the common factor {0}: {1}.";
    FactorNumerator => "Factor the numerator: {0}.";
    FactorDenominator => "Factor the denominator: {0}.";

    // Equations
    MoveToOneSide => "Bring everything to one side: {0}.";
    ClearDenominators => "Multiply by {0}, which must not be zero: {1}.";
    LinearSolve => "Move the constant to the other side and divide by {0}: {1}.";
    ZeroProduct => "A product is zero exactly when one of its factors is zero, so {0..or}.";
    QuadraticCoefficients => "Use the quadratic formula with {0}, {1} and {2}.";
    QuadraticFormula => "The quadratic formula gives {0}.";
    DiscriminantNegative => "The discriminant is negative, so the roots are not real: {0}.";
    PureSquare => "Isolate the square and take square roots: {0}, so {1}.";
    BiquadraticSubstitute => "Substitute {0}, which gives the quadratic equation {1}.";
    BiquadraticBack => "Taking square roots, {0..}.";
    ExcludePoles => "The value {0} makes a denominator zero and is excluded.";
    CheckSolution => "Check: {0..}.";
    SolutionsAre => "The solutions are {0..}.";
    SolutionIs => "The solution is {0..}.";
    NoSolution => "There is no solution.";
    Contradiction => "This is the contradiction {0}, so there is no solution.";

    // Inequalities
    CriticalPoints => "The sign can change only at {0..}.";
    SignOnInterval => "At the test point {0} the value is {1}, so the expression is {2} on {3}.";
    InequalitySolution => "The inequality holds exactly for {0..or}.";

    // Linear systems and matrices
    RowSwap => "Swap rows {0} and {1}: {2}.";
    RowScale => "Multiply row {0} by {1}: {2}.";
    RowEliminate => "Use row {0} to clear the rest of its pivot column: {1}.";
    RowReduced => "The reduced row echelon form is {0}.";
    UseEquation => "From {0} we get {1}.";
    EliminateVariable => "Substituting this into the remaining equations leaves {0..}.";
    BackSubstituteSystem => "Substituting back, {0..}.";
    FreeVariables => "The variables {0..} are free.";
    MatrixIs => "Consider the matrix {0}.";
    DeterminantTwo => "For a two by two matrix the determinant is the product of the diagonal minus the product of the other diagonal: {0}.";
    DeterminantCofactor => "Expand along the first row: {0}.";
    DeterminantRowReduce => "Subtract multiples of row {0} from the rows below it, which does not change the determinant: {1}.";
    DeterminantSwap => "Swapping rows {0} and {1} changes the sign: {2}.";
    DeterminantTriangular => "The determinant of a triangular matrix is the product of its diagonal: {0}.";
    DeterminantZeroColumn => "A column below the pivots is zero, so {0}.";
    InverseTwo => "To invert a two by two matrix, swap the diagonal entries, negate the other two, and divide by the determinant, which gives {0}.";
    InverseAugment => "Row reduce the matrix next to the identity: {0}.";
    InverseRead => "The right half is now the inverse, {0}.";
    RankCount => "There are {0} pivots, so the rank is {1}.";
    NullspaceSolve => "Setting each free variable to one in turn gives the basis {0..}.";
    NullspaceTrivial => "Every column has a pivot, so only the zero vector is mapped to zero.";
    MatrixProduct => "Multiply rows by columns: {0}.";
    DotProduct => "Multiply matching components and add: {0}.";
    CharacteristicPolynomial => "The characteristic polynomial is {0}.";
    EigenvaluesAre => "Its roots are the eigenvalues: {0..}.";
    EigenvectorSolve => "For the eigenvalue {0}, solving {1} gives the eigenvectors {2..}.";

    // Calculus
    DerivativeSum => "Differentiate term by term: {0}.";
    DerivativePower => "By the power rule {0}.";
    ConstantMultiple => "A constant factor stays in front: {0}.";
    DerivativeProduct => "By the product rule {0}.";
    DerivativeChain => "By the chain rule {0}.";
    DerivativeBasic => "We use {0..}.";
    DerivativeResult => "Altogether {0}.";
    IntegratePowers => "By the power rule for integration, {0} is an antiderivative, since {1}.";
    EvaluateBounds => "Its value at the upper bound is {0}, and at the lower bound {1}, so the integral is {2}.";
    LimitContinuous => "The expression is continuous at the point, so substitute: {0}.";
    LimitCancel => "Both numerator and denominator vanish there; cancelling the common factor gives {0}.";

    // Sums
    SumTerms => "Add the terms: {0}.";
    ProductTerms => "Multiply the terms: {0}.";
    Telescope => "With {0} we have {1}, so the sum telescopes: it is the value of $F$ one past the upper bound minus its value at the lower bound.";
    TelescopeEnds => "These two values give {0}.";

    // Geometry
    Averages => "Average the coordinates: {0..}.";
    MidpointIs => "The midpoint is {0}.";
    CentroidIs => "The centroid is {0}.";
    IncenterIs => "The incentre is the average of the vertices weighted with the lengths of the opposite sides, which is {0}.";
    ParallelLines => "The coefficients of x and y are proportional, so the lines are parallel and have no single common point.";
    RadiusSquared => "The square of the radius is the squared distance from the centre to one of the points: {0}.";
    CircleEquation => "The circle has the equation {0}.";
    StandardForm => "Divide by the constant to reach the standard form {0} with centre {1}.";
    ParabolaForm => "In standard form this is {0} with vertex {1}.";
    ParabolaFocus => "Since {0}, the focus is {1} and the directrix is {2}.";
    EqualDistances => "The points at equal distance from the focus {0} and the directrix {1} satisfy {2}.";
    PolarLine => "The points where tangents through {0} touch the curve lie on the line {1}.";
    NoIntersection => "This has no real solution, so there is no common point.";
    DistanceFormula => "By the distance formula {0}.";
    LineThrough => "The line has the equation {0}.";
    AltitudeEquation => "The altitude through {0} is perpendicular to the opposite side, so its points satisfy {1}.";
    BisectorEquation => "The points at equal distance from {0} and {1} satisfy {2}.";
    IntersectLines => "Solving the two equations gives {0}.";
    ShoelaceFormula => "By the shoelace formula the area is {0}.";
    CrossProductTest => "The cross product of the difference vectors is {0}.";
    Collinear => "All cross products vanish, so the points are collinear.";
    NotCollinear => "It is not zero, so the points are not collinear.";
    DirectionVectors => "The direction vectors are {0} and {1}.";
    AngleCosine => "The cosine of the angle is {0}.";
    AngleIs => "Hence the angle is {0}.";
    PointLineDistance => "The distance of the point from this line is {0}.";
    SemiPerimeter => "The semiperimeter is {0}.";
    HeronFormula => "By Heron's formula the area is {0}.";
    CompleteSquare => "Complete the squares: {0}.";
    ConicKind => "The equation describes {0}.";
    ConicDiscriminant => "The second-degree part has {0}.";
    CircleRead => "Compare with $(x-h)^2+(y-k)^2=r^2$: the centre is {0} and {1}.";
    FocalDistance => "The focal distance satisfies {0}, so {1}.";
    FociAre => "The foci are {0} and {1}.";
    AsymptotesAre => "The asymptotes are {0} and {1}.";
    EccentricityIs => "The eccentricity is {0}.";
    VerticesAre => "The vertices are {0} and {1}.";
    PointPosition => "Substituting the point gives {0}, so the point lies {1}.";
    SubstituteLine => "Write the line as {0} and substitute it: {1}.";
    IntersectionsAre => "The intersection points are {0..}.";
    TangentAt => "The tangent at {0} is {1}.";
    SideLengths => "The side lengths are {0..}.";
}
