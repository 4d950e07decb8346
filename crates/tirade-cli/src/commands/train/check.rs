//! `tirade train --check`: what would be trained, for people to read.

use tirade::corpus::Split;
use tirade::pipeline::{self, TrainJob};
use tirade_nn::train::{CheckReport, Preview, check as examine};

use crate::work::Work;

/// Shows what would be trained, and trains nothing.
pub fn check(job: &TrainJob, work: &Work, json: bool) -> anyhow::Result<()> {
    let mut examples = pipeline::examples(&work.store, &job.corpus, Split::Train)?;
    examples.truncate(job.max_samples.unwrap_or(usize::MAX));
    let validation = pipeline::examples(&work.store, &job.corpus, Split::Validation)?;
    let report = examine(&job.options, &examples, &validation)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(())
}

/// The report in words: first what the model would learn, then the figures, then what to look at.
fn text(report: &CheckReport) -> String {
    let mut out = String::from("What is learnt stands between ⟦ and ⟧; the rest is only read.\n");
    for preview in &report.previews {
        out += &shown(preview);
    }
    let share = 100.0 * report.supervised as f64 / report.tokens.max(1) as f64;
    let yes = |whether: bool| if whether { "yes" } else { "NO" };
    let rows = [
        (
            "examples",
            format!("{} usable of {}, {} for validation", report.usable, report.examples, report.validation),
        ),
        (
            "tokens",
            format!(
                "{}, of which {} are learnt ({share:.0} %); longest example {}",
                report.tokens, report.supervised, report.longest
            ),
        ),
        ("end token", format!("learnt in {} of {} examples", report.ended, report.usable)),
        ("steps", format!("{}", report.steps)),
        ("trained numbers", format!("{}", report.parameters)),
        (
            "batch × accumulation",
            format!("other splits of a step give the same steps: {}", yes(report.accumulation_invariant)),
        ),
        ("memory", format!("about {} MiB ({})", report.memory.total() >> 20, report.memory.describe())),
        ("time", format!("about {}", duration(report.seconds))),
    ];
    for (name, value) in rows {
        out += &format!("{name:<21} {value}\n");
    }
    for warning in &report.warnings {
        out += &format!("look at this: {warning}\n");
    }
    out
}

fn shown(preview: &Preview) -> String {
    let pieces = preview.pieces.iter().map(|piece| match piece.learnt {
        true => format!("⟦{}⟧", piece.text),
        false => piece.text.clone(),
    });
    format!("── {} ──\n{}\n", preview.id, pieces.collect::<String>().trim_end())
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tirade_nn::train::Piece;

    #[test]
    fn what_is_learnt_is_marked() {
        let piece = |text: &str, learnt| Piece { text: text.into(), learnt };
        let pieces =
            vec![piece("<|im_start|>user\n2?", false), piece("4<|im_end|>", true), piece("\n", false)];
        let preview = Preview { id: "e1".into(), pieces };
        assert_eq!(shown(&preview), "── e1 ──\n<|im_start|>user\n2?⟦4<|im_end|>⟧\n");
    }

    #[test]
    fn durations() {
        assert_eq!([5.2, 600.0, 7200.0].map(duration), ["5 s", "10 min", "2.0 h"]);
    }
}
