use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use secrecy::SecretString;
use serde::Serialize;

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
    defaults: HashMap<&'static str, SecretString>,
    complaints: Vec<Complaint>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// The command line.
    Flag,
    /// The process's environment.
    Environment,
    /// The file `.env`.
    DotEnv,
    /// Nobody has given it.
    Default,
}

impl Origin {
    /// The word that people see.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::Default => "default",
        }
    }
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

    /// Takes another default for a setting than there is otherwise.
    #[must_use]
    pub fn with_default(mut self, variable: &'static str, value: &str) -> Self {
        self.defaults.insert(variable, value.into());
        self
    }

    /// Where a setting comes from.
    #[must_use]
    pub fn origin(&self, variable: &'static str) -> Origin {
        self.find(variable)
            .map_or(Origin::Default, |(origin, _)| origin)
    }

    /// A setting's text; one that is empty counts as not given.
    pub(super) fn get(&self, variable: &'static str) -> Option<Value> {
        self.find(variable).map(|(_, value)| value)
    }

    fn find(&self, variable: &'static str) -> Option<(Origin, Value)> {
        let given = [
            (Origin::Flag, self.flags.get(variable).cloned().map(Ok)),
            (Origin::Environment, self.environment.get(variable).cloned()),
            (Origin::DotEnv, self.dot_env.get(variable).cloned().map(Ok)),
            (
                Origin::Default,
                self.defaults.get(variable).cloned().map(Ok),
            ),
        ];
        let mut given = given
            .into_iter()
            .filter_map(|(origin, value)| Some((origin, value?)));
        given.find(|(_, value)| is_given(value))
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
