//! All renderers over one sample report with invented figures (`fixtures/sample_report.json`), hostile texts among them.

use super::{Report, csv, html, terminal};

fn sample() -> Report {
    serde_json::from_str(include_str!("fixtures/sample_report.json")).unwrap()
}

#[test]
fn the_page_holds_nothing_that_loads_or_runs() {
    let mut report = sample();
    let hostile = "\"><script>x</script><img src=//x onerror=x> $\\href{javascript:x}{y}$ `</code>` </style>";
    report.title = hostile.into();
    report.date = hostile.into();
    report.configuration[0] = (hostile.into(), hostile.into());
    report.funnel[0].note = hostile.into();
    report.rejections[0].name = hostile.into();
    report.tools[0].name = hostile.into();
    report.pairs[0].reason = hostile.into();
    report.pairs[0].prose[0].text = hostile.into();
    report.pairs[0].prose[0].finding = hostile.into();
    report.pairs[0].trace.problem.id = hostile.into();
    report.pairs[0].trace.problem.problem = hostile.into();
    report.bad_rows[0].found = hostile.into();
    report.evaluation.as_mut().unwrap().scores[0].name = hostile.into();
    let page = html::render(&report);
    let body = page.split_once("<body>").unwrap().1;
    for forbidden in [
        "<script", "<img", "<style", "<link", "<iframe", " style=", " src=\"", "url(", "href=\"h", "href=\"j",
    ] {
        assert!(!body.contains(forbidden), "{forbidden}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    let tags = body.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    assert!(tags.into_iter().all(|tag| !tag.contains(" on")), "an event handler");
    let policy = "default-src 'none'; style-src 'sha256-";
    assert!(page.contains(policy) && !page.contains("unsafe-inline"));
}

#[test]
fn every_element_is_closed() {
    assert_closed(&html::render(&sample()));
}

/// Two thousand damaged formulas, the same in every run: none may crash the renderer or leave the page malformed.
#[test]
fn damaged_formulas_do_not_damage_the_page() {
    let whole = r"So $x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}$ and \[ \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} < \boxed{\text{if } 5} \]";
    let parts = [
        "\\",
        "{",
        "}",
        "$",
        r"\left(",
        r"\right]",
        "^",
        "_",
        "&",
        "<",
        ">",
        "\"",
        r"\begin{array}{c|}",
        r"\end{array}",
        r"\boxed{",
        r"\text{",
        r"\color{",
        r"\hline",
        r"\not",
        r"\verb|",
        r"\middle|",
        r"\kern",
        r"\limits",
        "'",
        "%",
        "#1",
        "\u{e0b0}",
        "é",
    ];
    let mut state = 20_261_123_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut report = Report { pairs: sample().pairs, ..Report::default() };
    for _ in 0..2000 {
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..=random(8) {
            let at = random(text.len());
            match random(3) {
                0 => drop(text.remove(at)),
                1 => drop(text.splice(at..at, parts[random(parts.len())].chars())),
                _ => text.swap(at, 0),
            }
        }
        report.pairs[0].prose[0].text = text.into_iter().collect();
        report.pairs.truncate(1);
        assert_closed(&html::render(&report));
    }
}

fn assert_closed(page: &str) {
    let mut open = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        let name = tag.trim_end_matches('/').split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "at <{tag}>"),
            None if tag.ends_with('/') || ["!doctype", "meta", "br"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn the_page_shows_every_part() {
    let page = html::render(&sample());
    for part in ["yield", "accuracy", "training", "pairs", "effort", "bad-rows", "setup"] {
        assert!(page.contains(&format!("<section id=\"{part}\">")), "{part}");
    }
    for text in [
        "53.9\u{a0}%",
        "14.3\u{a0}% – 47.6\u{a0}%",
        "pass@4",
        "<math",
        "class=\"mark bad\"",
        "ZeroDivisionError",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_terminal_keeps_its_width() {
    for width in [40, 60, 80, 120] {
        let text = terminal::render(&sample(), width);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} > {width}");
    }
}

#[test]
fn the_terminal_report_reads_well() {
    insta::assert_snapshot!(terminal::render(&sample(), 80));
}

#[test]
fn tables_cover_the_report() {
    let files: Vec<_> = csv::tables(&sample()).into_iter().map(|table| table.file).collect();
    assert_eq!(
        files,
        [
            "funnel.csv",
            "rejections.csv",
            "accuracy.csv",
            "attempts.csv",
            "stages.csv",
            "tools.csv",
            "loss.csv"
        ]
    );
}

#[test]
fn a_report_survives_its_json() {
    let report = sample();
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(again, report);
}

#[test]
fn the_summary_says_what_the_figures_allow() {
    let mut report = sample();
    let says = |report: &Report| report.summary().join(" ").replace('\u{a0}', " ");
    assert!(
        says(&report).ends_with("which can be chance (exact McNemar test, p = 0.12)."),
        "{}",
        says(&report)
    );
    let evaluation = report.evaluation.as_mut().unwrap();
    evaluation.paired.as_mut().unwrap().p = 0.001_2;
    assert!(says(&report).ends_with("problem by problem 6 won and 1 lost (exact McNemar test, p = 0.0012)."));
    report.evaluation.as_mut().unwrap().scores.truncate(1);
    assert!(says(&report).ends_with("base solved 7 of 25 problems without tools (28.0 %)."));
    assert_eq!(Report::default().summary(), Vec::<String>::new());
}
