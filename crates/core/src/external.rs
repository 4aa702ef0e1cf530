//! Outside systems, as traits. The database is not one of them.

use crate::Instant;

/// The time of day; a fixed one in tests.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;

    /// A fresh id for a moment. Ids sort by their moments, and those of one moment by their making.
    fn id(&self, at: Instant) -> uuid::Uuid {
        crate::context::new_id::<()>(at).0
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant(jiff::Timestamp::now().as_millisecond())
    }
}

/// An e-mail of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Address of the receiver.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub text: String,
    /// A word that is the same for every attempt to send the same mail; the sender makes the Message-ID of it.
    pub message_id: String,
}

/// Why a mail was not sent.
#[derive(Debug)]
pub enum MailProblem {
    /// The server is there and asks for another attempt later.
    Temporary(String),
    /// No server takes mail from us now: out of reach, or it does not accept who we say we are.
    Unreachable(String),
    /// It will never go.
    Refused(String),
}

/// Sends e-mail.
pub trait MailSender: Send + Sync {
    /// Hands one mail to the server.
    fn send<'a>(&'a self, mail: &'a Mail) -> std::pin::Pin<Box<dyn Future<Output = Result<(), MailProblem>> + Send + 'a>>;
}
