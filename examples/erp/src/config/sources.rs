use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use secrecy::SecretString;

use super::{Complaint, Flags};

/// Where settings come from. A flag wins over the environment, that over the file `.env`.
///
/// The process's own environment is read once and never changed, so nothing that runs beside can
/// be disturbed, and tests hand in their own.
#[derive(Debug, Default)]
pub struct Sources {
    flags: Flags,
    environment: HashMap<&'static str, Value>,
    dot_env: HashMap<String, SecretString>,
    complaints: Vec<Complaint>,
}

type Value = Result<SecretString, NotText>;

/// A variable of the environment that is not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotText;

impl Sources {
    /// Takes flags, and each variable of the environment through `environment`.
    pub fn new(flags: Flags, environment: impl Fn(&str) -> Option<OsString>) -> Self {
        let given = Flags::VARIABLES
            .iter()
            .filter_map(|&variable| Some((variable, text(environment(variable)?))));
        Self {
            flags,
            environment: given.collect(),
            ..Self::default()
        }
    }

    /// Reads the file `.env` too, where there is one.
    #[must_use]
    pub fn with_dot_env(mut self, path: &Path) -> Self {
        let entries = match dotenvy::from_path_iter(path) {
            Ok(entries) => entries,
            Err(error) if error.not_found() => return self,
            Err(error) => return self.complain(error.to_string()),
        };
        let mut after = String::from("at its beginning");
        for entry in entries {
            match entry {
                Ok((name, value)) => {
                    after = format!("after {name}");
                    self.dot_env.insert(name, SecretString::from(value));
                }
                // The error's own text shows the line, which may hold a secret.
                Err(_) => return self.complain(format!("{after} a line is not NAME=value")),
            }
        }
        self
    }

    /// A setting's text; one that is empty counts as not given.
    pub(super) fn get(&self, variable: &'static str) -> Option<Value> {
        let flag = || self.flags.get(variable).cloned().map(Ok);
        let environment = || self.environment.get(variable).cloned();
        let dot_env = || self.dot_env.get(variable).cloned().map(Ok);
        flag()
            .filter(is_given)
            .or_else(|| environment().filter(is_given))
            .or_else(|| dot_env().filter(is_given))
    }

    pub(super) fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    fn complain(mut self, why: String) -> Self {
        self.complaints.push(Complaint::DotEnv(why));
        self
    }
}

fn text(value: OsString) -> Value {
    value
        .into_string()
        .map(SecretString::from)
        .map_err(|_| NotText)
}

fn is_given(value: &Value) -> bool {
    use secrecy::ExposeSecret;
    value
        .as_ref()
        .map_or(true, |text| !text.expose_secret().trim().is_empty())
}
