//! Peyvand: channels.
