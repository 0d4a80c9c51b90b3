/// Why what a test needs could not be set up or cleared away.
#[derive(Debug, thiserror::Error)]
#[error("the test's platform could not {doing}")]
pub struct SetUpError {
    doing: &'static str,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Says what failed.
pub(super) trait Doing<T> {
    fn to(self, doing: &'static str) -> Result<T, SetUpError>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Doing<T> for Result<T, E> {
    fn to(self, doing: &'static str) -> Result<T, SetUpError> {
        self.map_err(|error| SetUpError {
            doing,
            source: error.into(),
        })
    }
}
