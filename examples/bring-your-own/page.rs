//! What `docs/migrating-an-application.md` shows is what the examples hold.

use std::collections::HashSet;
use std::path::Path;

/// The lines of every source of the applications under `which`, of either framework.
fn lines_of(which: &str) -> HashSet<String> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut lines = HashSet::new();
    for framework in ["axum", "actix"] {
        let folder = examples.join(framework).join(which).join("src");
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    lines
}

#[test]
fn each_line_that_the_page_takes_away_or_adds_stands_in_an_example() {
    let page = include_str!("../../docs/migrating-an-application.md");
    let (before, after) = (lines_of("before"), lines_of("after"));
    let mut shown = 0;
    for block in page.split("```diff\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines() {
            let known = match line.split_at(1) {
                ("-", line) => before.contains(line),
                ("+", line) => after.contains(line),
                (_, line) => before.contains(line) && after.contains(line),
            };
            assert!(known, "{line:?}");
            shown += 1;
        }
    }
    assert!(shown > 20, "{shown} lines");
}
