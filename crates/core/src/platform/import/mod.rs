//! Bringing files in: reading tables from disk row by row, and telling what their columns mean.
//!
//! Nothing here touches the database. A file is opened as a [`reader::Source`], its columns are
//! guessed or named by [`columns`], and whoever stores the rows keeps the [`reader::Mark`] of the
//! last one to continue from there.

pub mod columns;
mod delimited;
pub mod reader;
mod xlsx;
