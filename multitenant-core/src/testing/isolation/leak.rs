use std::fmt;

/// Something by which one tenant reached another, or by which a test could not have noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// The route, such as `GET /invoices/{id}`; empty where no single one is to blame.
    pub route: String,
    /// What was sent, without credentials.
    pub asked: String,
    /// What is wrong with the answer.
    pub why: String,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, asked, why } = self;
        match route.is_empty() {
            true => f.write_str(why),
            false => write!(f, "{route}: {why} ({asked})"),
        }
    }
}
