//! Providers behind the core's traits to outside systems.

mod smtp;

pub use smtp::{Security, Smtp, SmtpSettings};
