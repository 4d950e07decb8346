//! The loss curve: `loss.jsonl`, one line per step or validation, and `loss.svg` drawn from it.
//!
//! The file holds nothing that depends on time, so a resumed run leaves the same bytes as an uninterrupted one.

use std::fmt::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::TrainError;

/// One line of `loss.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps done, counted from 1.
    pub step: usize,
    /// Mean loss per supervised token of the step's examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Norm of the gradient before clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Learning rate of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Supervised tokens of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervised: Option<usize>,
    /// Mean loss on the validation examples after the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
}

impl Point {
    /// A validation.
    pub fn validated(step: usize, loss: f64) -> Self {
        Self {
            step,
            loss: None,
            grad_norm: None,
            learning_rate: None,
            supervised: None,
            validation: Some(loss),
        }
    }
}

/// The points as the text of `loss.jsonl`.
pub(crate) fn jsonl(points: &[Point]) -> String {
    points.iter().map(|p| serde_json::to_string(p).expect("numbers and names") + "\n").collect()
}

/// Reads `loss.jsonl` up to and including `step`; a file that is not there holds no points, a damaged line ends it.
pub(crate) fn read(path: &Path, step: usize) -> Result<Vec<Point>, TrainError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(TrainError::io(path, error)),
    };
    let points = text.lines().map_while(|line| serde_json::from_str::<Point>(line).ok());
    Ok(points.filter(|p| p.step <= step).collect())
}

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 400.0;
const MARGIN: f64 = 50.0;

/// The curve as a picture: the loss of every step in grey, its running mean in blue, validations as orange dots.
pub(crate) fn svg(points: &[Point]) -> String {
    let losses: Vec<(usize, f64)> = points.iter().filter_map(|p| Some((p.step, p.loss?))).collect();
    let validations: Vec<(usize, f64)> =
        points.iter().filter_map(|p| Some((p.step, p.validation?))).collect();
    let all = || losses.iter().chain(&validations).map(|(_, l)| *l);
    let (low, high) = (all().fold(f64::INFINITY, f64::min).min(1e9), all().fold(0.0, f64::max));
    let last = points.iter().map(|p| p.step).max().unwrap_or(1).max(2);
    let x = |step: usize| MARGIN + (step as f64 - 1.0) / (last as f64 - 1.0) * (WIDTH - 2.0 * MARGIN);
    let y = |loss: f64| HEIGHT - MARGIN - (loss - low) / (high - low).max(1e-9) * (HEIGHT - 2.0 * MARGIN);
    let line = |points: &[(usize, f64)]| {
        points.iter().map(|&(s, l)| format!("{:.1},{:.1}", x(s), y(l))).collect::<Vec<_>>().join(" ")
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    for i in 0..=4 {
        let loss = low + (high - low) * i as f64 / 4.0;
        let at = y(loss);
        let (right, label) = (WIDTH - MARGIN, at + 4.0);
        let _ = writeln!(
            out,
            "<path d=\"M{MARGIN} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"8\" y=\"{label:.1}\">{loss:.3}</text>"
        );
    }
    let _ = writeln!(out, "<text x=\"{MARGIN}\" y=\"{:.0}\">1</text>", HEIGHT - 30.0);
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">step {last}</text>",
        WIDTH - MARGIN,
        HEIGHT - 30.0
    );
    let _ = writeln!(out, "<polyline points=\"{}\" fill=\"none\" stroke=\"#bbb\"/>", line(&losses));
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#1f6fb4\" stroke-width=\"2\"/>",
        line(&running_mean(&losses))
    );
    for (step, loss) in validations {
        let _ =
            writeln!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#e07b00\"/>", x(step), y(loss));
    }
    out + "</svg>\n"
}

/// Exponential mean over about a twentieth of the run, free of the start's bias.
fn running_mean(points: &[(usize, f64)]) -> Vec<(usize, f64)> {
    let keep = 1.0 - 1.0 / (points.len() as f64 / 20.0).max(2.0);
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut smooth = |&(step, loss): &(usize, f64)| {
        sum = sum * keep + loss;
        weight = weight * keep + 1.0;
        (step, sum / weight)
    };
    points.iter().map(&mut smooth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: usize, loss: f64) -> Point {
        Point { loss: Some(loss), grad_norm: Some(1.0), supervised: Some(3), ..Point::validated(step, 0.0) }
    }

    #[test]
    fn lines_come_back_up_to_the_step() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loss.jsonl");
        assert_eq!(read(&path, 9).unwrap(), []);
        let points = vec![step(1, 2.0), Point::validated(1, 1.9), step(2, 1.5)];
        std::fs::write(&path, jsonl(&points) + "{\"step\": 3, \"lo").unwrap();
        assert_eq!(read(&path, 1).unwrap(), points[..2]);
        assert_eq!(read(&path, 9).unwrap(), points);
    }

    #[test]
    fn pictures_hold_every_point_and_survive_few() {
        for points in [vec![], vec![step(1, 2.0)], vec![step(1, 2.0), step(2, 1.0), Point::validated(2, 1.5)]]
        {
            let picture = svg(&points);
            assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
            assert!(picture.trim_end().ends_with("</svg>"));
        }
    }
}
