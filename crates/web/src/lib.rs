//! Peyvand: web.
