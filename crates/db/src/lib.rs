//! Peyvand: db.
