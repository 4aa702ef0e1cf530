//! Numbers that describe customers; plain functions on plain values.

pub mod rhythm;
