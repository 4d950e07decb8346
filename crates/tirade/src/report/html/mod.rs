//! The report as one HTML page: no script, nothing loaded, and a policy in its head that forbids both.
//!
//! The page is made for reading, on paper, phone and screen, light and dark. Figures are drawn as SVG inside tables, so that every
//! picture has its numbers beside it. Formulas become MathML; one that cannot be read is shown as it was written.
//!
//! Layout: this file is the page and its sections, `accuracy` its longest section, `plot` the drawings, `pair` a
//! trace beside its prose, `text` and `math` turn
//! hostile text into markup. Only `text::escape` and the checked output of `math` ever put foreign text into the page.

mod accuracy;
mod code;
mod math;
mod pair;
mod plot;
mod text;

use sha2::{Digest, Sha256};

use super::{Count, Report, Training, format};
use text::escape;

const STYLE: &str = include_str!("style.css");

/// Renders the whole page.
pub fn render(report: &Report) -> String {
    let sections = [
        section("yield", "Yield", "", &(funnel(report) + &rejections(report))),
        section("accuracy", "Accuracy", accuracy::about(report), &accuracy::render(report)),
        section("training", "Training", "", &report.training.as_ref().map(training).unwrap_or_default()),
        section("pairs", "Traces and their prose", PAIRS, &pairs(report)),
        section("effort", "Time, tokens and tools", "", &(stages(report) + &tools(report))),
        section("bad-rows", "Malformed rows of the data set", "", &bad_rows(report)),
        section("setup", "Configuration and versions", "", &setup(report)),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n{head}<main>\n{sections}</main>\n</body>\n</html>\n",
        policy = policy(),
        title = escape(&report.title),
        head = head(report),
        sections = sections.concat(),
    )
}

const PAIRS: &str = "On the left what the solver did, step by step; on the right the prose made of it, which is all that the small \
                     model sees. A circled number leads to the step a sentence stands for.";

/// Nothing may be loaded or run; the only style is ours, named by its hash, so that not even a style attribute works.
fn policy() -> String {
    let hash = base64(&Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63] as char;
            text.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

fn head(report: &Report) -> String {
    let summary: String =
        report.summary().iter().map(|sentence| format!("<p>{}</p>\n", escape(sentence))).collect();
    format!(
        "<header>\n<p class=\"kind\">tirade <span>{}</span></p>\n<h1>{}</h1>\n<div class=\"lead\">{summary}</div>\n</header>\n",
        escape(&report.date),
        escape(&report.title)
    )
}

/// A section with its heading; nothing if there is nothing in it.
fn section(id: &str, heading: &str, about: &str, content: &str) -> String {
    if content.is_empty() {
        return String::new();
    }
    let about =
        if about.is_empty() { String::new() } else { format!("<p class=\"about\">{}</p>\n", escape(about)) };
    format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{about}{content}</section>\n")
}

fn table(class: &str, head: &[&str], rows: &[String]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = head.iter().map(|cell| format!("<th scope=\"col\">{cell}</th>")).collect();
    let rows = rows.concat();
    format!(
        "<div class=\"scroll\"><table class=\"{class}\"><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )
}

fn row(name: &str, note: &str, cells: &[String]) -> String {
    let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(note)) };
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    format!("<tr><th scope=\"row\">{}{note}</th>{cells}</tr>\n", escape(name))
}

fn funnel(report: &Report) -> String {
    let most = report.funnel.iter().map(|stage| stage.count).max().unwrap_or(0).max(1) as f64;
    let mut before: Option<u64> = None;
    let mut rows = Vec::new();
    for Count { name, count, note } in &report.funnel {
        // More attempts than problems is no share of anything.
        let kept = before.filter(|before| count <= before && *before > 0);
        let kept = kept.map(|before| format::percent(*count as f64 / before as f64)).unwrap_or_default();
        rows.push(row(name, note, &[plot::bar(*count as f64 / most), format::integer(*count), kept]));
        before = Some(*count);
    }
    table("funnel", &["Stage", "", "Rows", "Kept"], &rows)
}

fn rejections(report: &Report) -> String {
    let most = report.rejections.iter().map(|kind| kind.count).max().unwrap_or(0).max(1) as f64;
    let rows: Vec<_> = report
        .rejections
        .iter()
        .map(|kind| {
            row(&kind.name, &kind.note, &[plot::bar(kind.count as f64 / most), format::integer(kind.count)])
        })
        .collect();
    let rows = table("funnel rejected", &["Rejected because", "", "Rows"], &rows);
    if rows.is_empty() { rows } else { format!("<h3>What fell out</h3>\n{rows}") }
}

fn training(training: &Training) -> String {
    let legend = "<p class=\"note\">Mean cross-entropy per answer token, in nats.</p>\n";
    let curve = plot::loss(training);
    let curve = if curve.is_empty() { curve } else { format!("<figure>{curve}</figure>\n{legend}") };
    curve + &definitions(&training.settings)
}

fn pairs(report: &Report) -> String {
    report.pairs.iter().enumerate().map(|(index, pair)| pair::render(pair, index + 1)).collect()
}

fn stages(report: &Report) -> String {
    let total: f64 = report.stages.iter().map(|stage| stage.seconds).sum();
    let has_cost = report.stages.iter().any(|stage| stage.cost.is_some());
    let mut head = vec!["Stage", "", "Time", "Rows", "Tokens read", "Tokens written"];
    head.extend(has_cost.then_some("Cost"));
    let rows: Vec<_> = report
        .stages
        .iter()
        .map(|stage| {
            let [rows, prompt, reply] =
                [stage.rows, stage.prompt_tokens, stage.completion_tokens].map(format::integer);
            let share = if total > 0.0 { stage.seconds / total } else { 0.0 };
            let mut cells = vec![plot::bar(share), format::duration(stage.seconds), rows, prompt, reply];
            cells.extend(has_cost.then(|| format::dollars(stage.cost)));
            row(&stage.name, "", &cells)
        })
        .collect();
    let spent = report
        .spending
        .as_ref()
        .map(|spending| format!("<p class=\"note\">{}.</p>\n", escape(&spending.told())));
    table("stages", &head, &rows) + &spent.unwrap_or_default()
}

fn tools(report: &Report) -> String {
    let most = report.tools.iter().map(|tool| tool.calls).max().unwrap_or(0).max(1) as f64;
    let rows: Vec<_> = report
        .tools
        .iter()
        .map(|tool| {
            let [calls, failed] = [tool.calls, tool.failed].map(format::integer);
            row(
                &tool.name,
                "",
                &[plot::bar(tool.calls as f64 / most), calls, failed, format::duration(tool.seconds)],
            )
        })
        .collect();
    let rows = table("tools", &["Tool", "", "Calls", "Failed", "Time"], &rows);
    if rows.is_empty() { rows } else { format!("<h3>Tool calls</h3>\n{rows}") }
}

fn bad_rows(report: &Report) -> String {
    const SHOWN: usize = 50;
    let items: String = report
        .bad_rows
        .iter()
        .take(SHOWN)
        .map(|bad| format!("<li>{}</li>\n", escape(&bad.to_string())))
        .collect();
    if items.is_empty() {
        return items;
    }
    let more = report.bad_rows.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("<p class=\"note\">… and {more} more.</p>\n") } else { String::new() };
    format!("<ul class=\"bad-rows\">\n{items}</ul>\n{more}")
}

fn setup(report: &Report) -> String {
    definitions(&report.configuration) + &definitions(&report.versions)
}

fn definitions(pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let item = |(name, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value))
    };
    format!("<dl>\n{}</dl>\n", pairs.iter().map(item).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let check = |text: &str, expected: &str| assert_eq!(base64(text.as_bytes()), expected);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
    }

    #[test]
    fn an_empty_report_is_a_page_without_sections() {
        let page = render(&Report { title: "<b>".into(), ..Report::default() });
        assert!(page.contains("<title>&lt;b&gt;</title>") && !page.contains("<section"), "{page}");
    }

    #[test]
    fn what_was_spent_stands_below_the_stages() {
        let spending =
            super::super::Spending { calls: 4, cost: 0.02, cost_per_call: 0.005, cost_per_accepted: None };
        let page = render(&Report { spending: Some(spending.clone()), ..Report::default() });
        assert!(page.contains(&spending.told()), "{page}");
    }
}
