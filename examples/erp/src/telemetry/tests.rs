use std::sync::Arc;

use tempfile::NamedTempFile;
use tracing::dispatcher::with_default;

use super::*;

fn logged(filter: &str, environment: AppEnv, log: impl FnOnce()) -> Vec<String> {
    let file = NamedTempFile::new().unwrap();
    let out = Arc::new(file.reopen().unwrap());
    with_default(&dispatch(filter, environment, out), log);
    let text = std::fs::read_to_string(file.path()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn hostile() {
    let name = "acme\r\n2026-01-01 INFO forged\u{1b}[31m\u{7f}\u{9b}";
    tracing::info!(name, shown = %name, "said {name}");
}

#[test]
fn nothing_from_outside_forges_a_line_or_commands_a_terminal() {
    for environment in [AppEnv::Development, AppEnv::Production] {
        let lines = logged("info", environment, hostile);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(!lines[0].contains(char::is_control), "{lines:?}");
        assert!(lines[0].contains("forged"));
    }
}

#[test]
fn in_production_each_line_is_an_object_of_json() {
    let lines = logged("info", AppEnv::Production, || {
        hostile();
        let span = tracing::info_span!("request", id = "r-1", tenant = tracing::field::Empty);
        span.record("tenant", "acme");
        span.in_scope(|| tracing::info!(status = 200, "answered"));
    });
    let objects: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects[1]["message"], "answered");
    assert_eq!(objects[1]["status"], 200);
    assert_eq!(objects[1]["span"]["id"], "r-1");
    assert_eq!(objects[1]["span"]["tenant"], "acme");
}

#[test]
fn statements_are_logged_only_for_those_who_name_sqlx() {
    let log = || {
        tracing::debug!(target: "sqlx::query", "CREATE ROLE x PASSWORD 'canary'");
        tracing::debug!("ours");
    };
    for (filter, lines) in [("debug", 1), ("info", 0), ("debug,sqlx=debug", 2)] {
        assert_eq!(
            logged(filter, AppEnv::Development, log).len(),
            lines,
            "{filter}"
        );
    }
}
