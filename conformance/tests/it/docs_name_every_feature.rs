//! A crate's docs have a table of its features, which says what is in its manifest.

use std::collections::BTreeSet;
use std::fs::read_to_string;

/// What stands in the manifest under `[features]`, but for the default and the parts that others
/// share.
fn declared(manifest: &str) -> BTreeSet<String> {
    let (_, features) = manifest.split_once("\n[features]\n").unwrap();
    let lines = features.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    let is_public = |name: &&str| *name != "default" && !name.starts_with(['_', '#']);
    names.filter(is_public).map(str::to_owned).collect()
}

/// The first column of the table under "Features".
fn documented(docs: &str) -> BTreeSet<String> {
    let (_, table) = docs.split_once("//! ## Features\n").unwrap();
    let rows = table
        .lines()
        .map(|line| line.trim_start_matches("//!").trim());
    let rows = rows.skip_while(|row| !row.starts_with("| ---")).skip(1);
    let rows = rows.take_while(|row| row.starts_with('|'));
    let names = rows.filter_map(|row| row.split('`').nth(1));
    names.map(str::to_owned).collect()
}

#[test]
fn every_feature_of_a_library_stands_in_its_docs_and_no_other() {
    for library in ["multitenant-core", "multitenant-axum", "multitenant-actix"] {
        let folder = crate::workspace().join(library);
        let manifest = read_to_string(folder.join("Cargo.toml")).unwrap();
        let docs = read_to_string(folder.join("src/lib.rs")).unwrap();
        assert_eq!(documented(&docs), declared(&manifest), "{library}");
        assert!(manifest.contains("\ndefault = []\n"), "{library}");
    }
}

/// The ladder in the README names features, and an example for each rung.
#[test]
fn the_ladder_names_features_and_examples_that_exist() {
    let workspace = crate::workspace();
    let readme = read_to_string(workspace.join("README.md")).unwrap();
    let manifest = read_to_string(workspace.join("multitenant-core/Cargo.toml")).unwrap();
    let (_, ladder) = readme.split_once("\n## The ladder\n").unwrap();
    let (ladder, _) = ladder.split_once("\n## ").unwrap();
    let rungs: Vec<Vec<&str>> = ladder
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit())
        .map(|line| line.trim_matches('|').split('|').collect())
        .collect();
    assert_eq!(rungs.len(), 5);
    for rung in rungs {
        let [name, _, features, example] = rung[..] else {
            panic!("a rung has a name, a gift, features and an example: {rung:?}");
        };
        for feature in features.split('`').skip(1).step_by(2) {
            assert!(declared(&manifest).contains(feature), "{name}: {feature}");
        }
        let (_, path) = example.split_once("](").unwrap();
        let (path, _) = path.split_once(')').unwrap();
        assert!(workspace.join(path).exists(), "{name}: {path}");
    }
}
