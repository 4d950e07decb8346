//! Plane geometry over rational numbers and sums of square roots, with derivations.
//!
//! Main types: [`Point`] (coordinates are [`Surd`](crate::surd::Surd)s), [`Line`], [`Conic`] (rational coefficients).
//!
//! ```
//! use tirade_math::geometry::{distance_worked, Point};
//! let (a, b) = (Point::from_ints(1, 2), Point::from_ints(4, 6));
//! let worked = distance_worked(&a, &b).unwrap();
//! assert_eq!(worked.value.tex(), "5");
//! assert!(worked.derivation.render_english().contains(r"\sqrt{3^{2} + 4^{2}} = 5"));
//! ```
//!
//! Results that leave these numbers (most angles, most incircle radii) are refused with `Unsupported`, never rounded.

mod central;
mod circle;
mod conic;
mod line;
mod parabola;
mod point;
mod polygon;
mod tangent;
mod triangle;

pub use central::{Central, CentralKind, ellipse_worked, hyperbola_worked};
pub use circle::{Circle, circle_from_three_points_worked, circle_worked};
pub use conic::{Conic, ConicKind, classify_worked};
pub use line::{
    Line, angle_between_worked, intersection_worked, perpendicular_bisector_worked,
    point_line_distance_worked,
};
pub use parabola::{Parabola, parabola_from_focus_worked, parabola_worked};
pub use point::{Point, collinear_worked, distance_worked, midpoint_worked};
pub use polygon::{heron_worked, polygon_area_worked};
pub use tangent::{
    Position, line_intersections_worked, position_worked, tangent_at_worked, tangents_from_worked,
};
pub use triangle::{centroid_worked, circumcenter_worked, incenter_worked, orthocenter_worked};
