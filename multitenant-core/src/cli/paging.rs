use clap::Args;

use super::CliError;
use crate::catalog::Page;
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};

/// Which page of a list is wanted.
#[derive(Debug, Clone, Args)]
pub(super) struct Paging {
    /// Which page, from 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,
    /// Most entries on a page
    #[arg(long, default_value_t = PAGE_DEFAULT, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGE_MAX)))]
    limit: u32,
}

impl Paging {
    pub(super) fn read(&self) -> Result<Page, CliError> {
        Page::new(self.page, self.limit).map_err(|error| CliError::Usage(error.to_string()))
    }
}
