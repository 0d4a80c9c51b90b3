use crate::limits::{PAGE_DEFAULT, PAGE_MAX};

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    number: u32,
    limit: u32,
}

/// A page that cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a page has a number from 1 and a limit from 1 to {PAGE_MAX}")]
pub struct InvalidPage;

impl Page {
    /// The page with this number, from 1, of so many entries.
    ///
    /// # Errors
    /// [`InvalidPage`] for a number of 0, or a limit of 0 or beyond [`PAGE_MAX`].
    pub const fn new(number: u32, limit: u32) -> Result<Self, InvalidPage> {
        if number == 0 || limit == 0 || limit > PAGE_MAX {
            return Err(InvalidPage);
        }
        Ok(Self { number, limit })
    }

    /// Most entries on it, for `LIMIT`.
    #[must_use]
    pub fn limit(self) -> i64 {
        self.limit.into()
    }

    /// How many entries come before it, for `OFFSET`.
    #[must_use]
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.limit)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self {
            number: 1,
            limit: PAGE_DEFAULT,
        }
    }
}

/// A page of a list, and how long the list is.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The entries on the page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_can_be_asked_for() {
        assert_eq!(
            Page::new(3, 50).map(|p| (p.limit(), p.offset())),
            Ok((50, 100))
        );
        assert_eq!(
            Page::new(u32::MAX, 200).map(Page::offset),
            Ok(858_993_458_800)
        );
        for (number, limit) in [(0, 50), (1, 0), (1, 201)] {
            assert_eq!(Page::new(number, limit), Err(InvalidPage));
        }
    }
}
