//! The figures: as JSON for a program, as tables for a reader.

mod figures;
mod run;
mod table;
mod targets;

pub(crate) use figures::Report;
pub(crate) use run::Run;
