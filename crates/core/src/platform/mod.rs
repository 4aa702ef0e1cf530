//! The platform.

pub mod calendar;
pub mod money;
pub mod text;
