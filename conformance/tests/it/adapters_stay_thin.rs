//! Adapters hold no decisions, so there is not much of them.

use std::path::{Path, PathBuf};

/// Most lines of code of an adapter.
const LIMIT: usize = 700;

/// Lines that are no comment, not blank, and in no module of tests, which are the last in a file.
fn lines_of_code(text: &str) -> usize {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let lines = code.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[test]
fn an_adapter_has_at_most_700_lines_of_code() {
    let workspace = crate::workspace();
    for adapter in ["multitenant-axum", "multitenant-actix"] {
        let files = sources(&workspace.join(adapter).join("src"));
        let texts = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap());
        let lines: usize = texts.map(|text| lines_of_code(&text)).sum();
        assert!(
            (1..=LIMIT).contains(&lines),
            "{adapter} has {lines} lines of code, more than {LIMIT}: move what decides into core"
        );
    }
}

#[test]
fn comments_blank_lines_and_tests_are_no_code() {
    let text = "//! Docs.\n\n/// More.\npub fn one() {} // what\n\n#[cfg(test)]\nmod tests {\n    fn two() {}\n}\n";
    assert_eq!(lines_of_code(text), 1);
    assert_eq!(lines_of_code("#[cfg(feature = \"a\")]\nmod a;\n"), 2);
}
