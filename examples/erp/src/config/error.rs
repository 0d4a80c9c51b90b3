use std::fmt;

/// Everything that is wrong with the configuration, so that it can be mended in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, in the order in which the settings are documented; never empty.
    pub complaints: Vec<Complaint>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server cannot start with this configuration:")?;
        self.complaints
            .iter()
            .try_for_each(|complaint| write!(f, "\n  - {complaint}"))
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong with the configuration. No secret's value is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Complaint {
    /// A setting that is needed is not there.
    #[error("{variable} is missing: {needed}.")]
    Missing {
        /// The environment's name of the setting.
        variable: &'static str,
        /// Why it is needed, and what it should be.
        needed: String,
    },
    /// A setting has a value that it cannot have.
    #[error("{variable} is {value:?}, but must be {expected}.")]
    Invalid {
        /// The environment's name of the setting.
        variable: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// A secret has a value that it cannot have.
    #[error("{variable} is not usable: it must be {expected}.")]
    InvalidSecret {
        /// The environment's name of the setting.
        variable: &'static str,
        /// What it should be.
        expected: String,
    },
    /// The file `.env` could not be read.
    #[error("the file .env cannot be read: {0}.")]
    DotEnv(String),
}
