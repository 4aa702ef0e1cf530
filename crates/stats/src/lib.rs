//! Peyvand: stats.
