//! A bar on a terminal; elsewhere nothing.

use indicatif::{ProgressBar, ProgressStyle};

const TEMPLATE: &str = "{msg:<32} {wide_bar} {pos}/{len} {eta}";

pub(crate) fn bar(length: usize, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length as u64).with_message(what);
    match ProgressStyle::with_template(TEMPLATE) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
