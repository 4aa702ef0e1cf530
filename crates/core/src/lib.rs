//! Peyvand: core.
