//! Peyvand: core.

pub mod platform;
