//! The platform.

pub mod calendar;
pub mod text;
