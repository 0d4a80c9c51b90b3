use secrecy::{ExposeSecret, SecretString};

use super::sources::NotText;
use super::{Complaint, ConfigError, Sources};

/// Reads settings one after another and gathers what is wrong with them.
pub(super) struct Reader<'s> {
    sources: &'s Sources,
    complaints: Vec<Complaint>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Self {
            sources,
            complaints: sources.complaints().to_vec(),
        }
    }

    /// A setting that anybody may see.
    pub(super) fn value<T>(
        &mut self,
        variable: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let invalid = |value: &str| Complaint::Invalid {
            variable,
            value: value.to_owned(),
            expected: expected.to_owned(),
        };
        let parsed = match self.sources.get(variable)? {
            Ok(text) => {
                let text = text.expose_secret().trim();
                parse(text).ok_or_else(|| invalid(text))
            }
            Err(NotText) => Err(invalid("bytes that are not UTF-8")),
        };
        parsed.map_err(|complaint| self.complain(complaint)).ok()
    }

    /// Several values of which each is parsed alone, separated by commas.
    pub(super) fn list<T>(
        &mut self,
        variable: &'static str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let expected = format!("{expected}, several separated by commas");
        self.value(variable, &expected, |text| {
            let entries = text.split(',').map(str::trim);
            entries
                .filter(|entry| !entry.is_empty())
                .map(parse)
                .collect()
        })
    }

    /// A setting that nobody may see, taken as it is.
    pub(super) fn secret(
        &mut self,
        variable: &'static str,
        expected: &str,
        is_valid: impl FnOnce(&str) -> bool,
    ) -> Option<SecretString> {
        let given = self.sources.get(variable)?;
        let valid = given.ok().filter(|text| is_valid(text.expose_secret()));
        if valid.is_none() {
            self.complain(Complaint::InvalidSecret {
                variable,
                expected: expected.to_owned(),
            });
        }
        valid
    }

    /// Complains unless the setting is given, well or badly.
    pub(super) fn require(&mut self, variable: &'static str, needed: &str) {
        if self.sources.get(variable).is_none() {
            self.complain(Complaint::Missing {
                variable,
                needed: needed.to_owned(),
            });
        }
    }

    pub(super) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    /// What was read, unless something was wrong.
    pub(super) fn finish<T>(self, read: T) -> Result<T, ConfigError> {
        if self.complaints.is_empty() {
            return Ok(read);
        }
        Err(ConfigError {
            complaints: self.complaints,
        })
    }
}
