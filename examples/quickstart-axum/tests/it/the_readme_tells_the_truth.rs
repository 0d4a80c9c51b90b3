//! The README's first screen is the quickstart and what it really answers.

use std::net::SocketAddr;
use std::process::Command;

use multitenant_conformance::quickstart::Quickstart;

use crate::{PROGRAM, SOURCE};

const README: &str = include_str!("../../../../README.md");

/// What stands in fences of this language.
fn blocks<'r>(language: &str) -> Vec<&'r str> {
    let fence = format!("```{language}\n");
    let begun = README.split(fence.as_str()).skip(1);
    let block = |rest: &'r str| rest.split("```\n").next().unwrap();
    begun.map(block).collect()
}

/// A command and what is printed after it.
fn commands(block: &str) -> Vec<(&str, String)> {
    let said = block.split("$ ").skip(1);
    let command = |text| match str::split_once(text, '\n') {
        Some((command, output)) => (command, output.trim().to_owned()),
        None => (text, String::new()),
    };
    said.map(command).collect()
}

/// Runs a command of the README where the quickstart listens elsewhere.
fn run(command: &str, address: SocketAddr) -> String {
    let command = command.replace("localhost:3000", &address.to_string());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command}: {error}; is curl installed?"
    );
    printed.trim().to_owned()
}

#[test]
fn its_code_is_the_quickstart_word_for_word() {
    let shown = blocks("rust");
    assert!(
        shown.contains(&SOURCE),
        "copy examples/quickstart-axum/src/main.rs into README.md"
    );
    assert!(!README.contains("rust,ignore"));
}

#[tokio::test]
async fn its_commands_print_what_it_says() {
    let quickstart = Quickstart::start(PROGRAM).await;
    let first = *blocks("console").first().unwrap();
    let mut asked = commands(first).into_iter();
    let (start, _) = asked.next().unwrap();
    assert_eq!(start, "cargo run -p quickstart-axum");
    let mut refused = false;
    for (command, shown) in asked {
        assert!(command.starts_with("curl "), "{command}");
        assert_eq!(run(command, quickstart.address), shown, "{command}");
        refused |= shown.contains("tenant_mismatch");
    }
    assert!(refused, "A is refused at B on the first screen");
    let before = README.split("```console").next().unwrap();
    assert!(
        before.lines().count() <= 12,
        "it stands on the first screen"
    );
}
