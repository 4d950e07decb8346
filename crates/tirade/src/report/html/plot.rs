//! The drawings, as SVG without a font or a fixed width: each stretches with its table cell, and colours come from the style sheet.
//! What a drawing shows is also written beside it, so screen readers skip them.

use std::fmt::Write;

use super::super::{Loss, Training};
use crate::eval::score::{Ending, Rate};

/// A horizontal bar: `share` of the cell's width.
pub(super) fn bar(share: f64) -> String {
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect width=\"{:.2}\" height=\"10\"/></svg>",
        100.0 * finite(share).clamp(0.0, 1.0)
    )
}

/// A dot with its interval on a scale from 0 to 100 %; the n-th model has the n-th colour.
pub(super) fn whiskers(rate: Rate, model: usize) -> String {
    let interval = rate.interval();
    let [low, point, high] = [interval.low, rate.share(), interval.high].map(|share| 100.0 * share);
    let grid: String =
        [0, 25, 50, 75, 100].map(|x| format!("<path class=\"grid\" d=\"M{x} 0V10\"/>")).concat();
    // A line of no length with round ends is a dot that stays round when the drawing is stretched.
    format!(
        "<svg class=\"whiskers\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{grid}\
         <g class=\"model{}\"><path class=\"line\" d=\"M{low:.2} 5H{high:.2}\"/><path class=\"dot\" d=\"M{point:.2} 5h0\"/></g></svg>",
        model.min(3)
    )
}

/// The scale above a column of [`whiskers`].
pub(super) fn axis() -> String {
    "<span class=\"axis\"><span>0</span><span>25</span><span>50</span><span>75</span><span>100&nbsp;%</span></span>".into()
}

/// How attempts ended, as one bar of all.
pub(super) fn stack(endings: &[(Ending, u64)]) -> String {
    let total = endings.iter().map(|(_, count)| *count).sum::<u64>().max(1) as f64;
    let mut x = 0.0;
    let mut parts = String::new();
    for (ending, count) in endings {
        let width = 100.0 * *count as f64 / total;
        let _ = write!(
            parts,
            "<rect class=\"{}\" x=\"{x:.2}\" width=\"{width:.2}\" height=\"10\"/>",
            class(*ending)
        );
        x += width;
    }
    format!(
        "<svg class=\"bar stack\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{parts}</svg>"
    )
}

/// One part of a [`stack`] in words.
pub(super) fn key(ending: Ending, count: u64) -> String {
    format!("<span class=\"key {}\">{} {count}</span>", class(ending), ending.label())
}

fn class(ending: Ending) -> &'static str {
    match ending {
        Ending::Right => "right",
        Ending::Wrong => "wrong",
        Ending::Undecided => "undecided",
        Ending::NoAnswer => "no-answer",
        Ending::ToolError => "tool-error",
        Ending::Limit => "limit",
        Ending::Error => "error",
    }
}

// The loss curve has room for its labels inside.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 128.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;

/// Training and validation loss over steps; nothing without at least two points.
pub(super) fn loss(training: &Training) -> String {
    let finite_points =
        |points: &[Loss]| points.iter().copied().filter(|point| point.loss.is_finite()).collect::<Vec<_>>();
    let (train, validation) = (finite_points(&training.loss), finite_points(&training.validation));
    if train.len() < 2 {
        return String::new();
    }
    let all = || train.iter().chain(&validation);
    let last = all().map(|point| point.step).max().unwrap_or(1).max(1);
    let top = all().map(|point| point.loss).fold(0.0, f64::max);
    let frame = Frame { last, ticks: ticks(top) };
    format!(
        "<svg class=\"curve\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Loss over training steps\">{}{}{}</svg>",
        frame.grid(),
        frame.line("train", "training", &train),
        frame.line("validation", "validation", &validation),
    )
}

struct Frame {
    last: u64,
    /// From 0 up, evenly; the last is the top of the drawing.
    ticks: Vec<f64>,
}

impl Frame {
    fn x(&self, step: u64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * step as f64 / self.last as f64
    }

    fn y(&self, loss: f64) -> f64 {
        let top = self.ticks.last().copied().unwrap_or(1.0);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * loss / top
    }

    fn grid(&self) -> String {
        let mut grid = String::new();
        let decimals = usize::from(self.ticks.get(1).is_some_and(|step| step.fract() != 0.0)) * 2;
        for tick in &self.ticks {
            let y = self.y(*tick);
            let _ = write!(
                grid,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick:.decimals$}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                y + 4.0
            );
        }
        let y = HEIGHT - BOTTOM + 20.0;
        let _ = write!(
            grid,
            "<text x=\"{LEFT}\" y=\"{y}\">step 0</text><text x=\"{:.1}\" y=\"{y}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            self.last
        );
        grid
    }

    fn line(&self, class: &str, label: &str, points: &[Loss]) -> String {
        let Some(last) = points.last() else { return String::new() };
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let _ = write!(
                path,
                "{}{:.1} {:.1}",
                if index == 0 { 'M' } else { 'L' },
                self.x(point.step),
                self.y(point.loss)
            );
        }
        let (x, y) = (self.x(last.step), self.y(last.loss));
        format!(
            "<g class=\"{class}\"><path class=\"line\" d=\"{path}\"/><path class=\"dot\" d=\"M{x:.1} {y:.1}h0\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{label} {:.2}</text></g>",
            x + 9.0,
            y + 4.0,
            last.loss
        )
    }
}

/// Round steps from 0 to at least `top`, about four of them.
fn ticks(top: f64) -> Vec<f64> {
    let rough = if top > 0.0 { top / 4.0 } else { 0.25 };
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let count = (top / step).ceil().clamp(1.0, 10.0) as usize;
    (0..=count).map(|index| index as f64 * step).collect()
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_top() {
        assert_eq!(ticks(1.9), [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(ticks(0.0), [0.0, 0.25]);
        assert_eq!(ticks(13.0), [0.0, 5.0, 10.0, 15.0]);
    }

    #[test]
    fn drawings_stay_in_their_frame() {
        assert!(bar(f64::NAN).contains("width=\"0.00\""));
        assert!(bar(7.0).contains("width=\"100.00\""));
        let loss_at = |step, loss| Loss { step, loss };
        let training = Training { loss: vec![loss_at(1, 2.0), loss_at(2, f64::NAN)], ..Training::default() };
        assert_eq!(loss(&training), "", "one finite point is no curve");
        let training = Training { loss: vec![loss_at(0, 2.0), loss_at(10, 1.0)], ..training };
        assert!(loss(&training).contains("d=\"M46.0 14.0L592.0 120.0\""), "{}", loss(&training));
    }

    #[test]
    fn parts_of_a_stack_add_up() {
        let drawn = stack(&[(Ending::Right, 3), (Ending::NoAnswer, 1)]);
        assert!(drawn.contains("<rect class=\"no-answer\" x=\"75.00\" width=\"25.00\""), "{drawn}");
    }
}
