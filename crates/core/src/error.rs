use crate::Perm;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;
use std::time::Duration;

/// Result of an operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not do what was asked. One type, so that every door phrases it the same way.
#[derive(Debug)]
pub enum Error {
    /// There is no such thing, or it is outside what the caller may see. Carries its name (`party`).
    NotFound(&'static str),
    /// The caller is not signed in.
    SignedOut,
    /// The caller's post does not carry the right.
    Forbidden(Perm),
    /// The input cannot be accepted; each problem names its field and says what to do.
    Invalid(Fields),
    /// The input is well-formed but collides with what is stored.
    Conflict(Fields),
    /// Too often; come back after this long.
    Limited(Duration),
    /// The database is out of reach or too busy; trying again may help.
    Unavailable,
    /// A fault of ours, logged once at the edge and never shown.
    Fault(Fault),
}

/// Problems of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<Problem>);

/// One problem with one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Name of the field as in the input; empty for the input as a whole.
    pub field: Cow<'static, str>,
    /// Message in `locales/`.
    pub key: Cow<'static, str>,
    /// Values for the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<(Cow<'static, str>, String)>,
}

impl Problem {
    /// A problem without values.
    #[must_use]
    pub fn new(field: impl Into<Cow<'static, str>>, key: impl Into<Cow<'static, str>>) -> Problem {
        Problem { field: field.into(), key: key.into(), args: Vec::new() }
    }

    /// With a value for the message.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> Problem {
        self.args.push((name.into(), value.to_string()));
        self
    }
}

impl Fields {
    /// Notes a problem.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, key: impl Into<Cow<'static, str>>) {
        self.0.push(Problem::new(field, key));
    }

    /// The value, or nothing and a note of its problem.
    pub fn take<T>(&mut self, outcome: Result<T, Problem>) -> Option<T> {
        outcome.map_err(|problem| self.0.push(problem)).ok()
    }

    /// Fine when there are no problems.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the problems.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Error {
        Error::Invalid(Fields(vec![problem]))
    }
}

/// What went wrong inside, and where it was first noticed.
#[derive(Debug)]
pub struct Fault {
    /// The cause.
    pub source: Box<dyn std::error::Error + Send + Sync>,
    /// The line that met it.
    pub at: &'static Location<'static>,
}

impl Error {
    /// A fault with its cause.
    #[track_caller]
    pub fn fault(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Fault(Fault { source: source.into(), at: Location::caller() })
    }

    /// One problem with one field.
    pub fn invalid(field: impl Into<Cow<'static, str>>, key: impl Into<Cow<'static, str>>) -> Error {
        Problem::new(field, key).into()
    }

    /// The word for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound(_) => "not_found",
            Error::SignedOut => "signed_out",
            Error::Forbidden(_) => "forbidden",
            Error::Invalid(_) => "invalid",
            Error::Conflict(_) => "conflict",
            Error::Limited(_) => "limited",
            Error::Unavailable => "unavailable",
            Error::Fault(_) => "fault",
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Error::Fault(Fault { source, .. }) if matches!(source.downcast_ref(), Some(peyvand_db::Error::Busy)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotFound(what) => write!(f, "{what} not found"),
            Error::SignedOut => f.write_str("signed out"),
            Error::Forbidden(perm) => write!(f, "forbidden: {perm}"),
            Error::Invalid(fields) | Error::Conflict(fields) => {
                for (position, problem) in fields.0.iter().enumerate() {
                    let separator = if position == 0 { "" } else { ", " };
                    write!(f, "{separator}{}: {}", problem.field, problem.key)?;
                }
                Ok(())
            }
            Error::Limited(wait) => write!(f, "limited for {} s", wait.as_secs()),
            Error::Unavailable => f.write_str("unavailable"),
            Error::Fault(fault) => write!(f, "{} (at {})", fault.source, fault.at),
        }
    }
}

impl std::error::Error for Error {}

impl From<peyvand_db::Error> for Error {
    #[track_caller]
    fn from(error: peyvand_db::Error) -> Error {
        match error {
            peyvand_db::Error::Lost(source) => {
                tracing::error!(%source, "database out of reach");
                Error::Unavailable
            }
            other => Error::fault(other),
        }
    }
}

/// Turns a database constraint into a message at a form field.
pub trait OrField<T> {
    /// When `constraint` was violated, a conflict at `field` with message `key`.
    ///
    /// # Errors
    /// [`Error::Conflict`], or the database error as it was.
    fn or_field(self, constraint: &str, field: &'static str, key: &'static str) -> Result<T>;
}

impl<T> OrField<T> for peyvand_db::Result<T> {
    #[track_caller]
    fn or_field(self, constraint: &str, field: &'static str, key: &'static str) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(peyvand_db::Error::Conflict { constraint: hit }) if hit == constraint => {
                Err(Error::Conflict(Fields(vec![Problem::new(field, key)])))
            }
            Err(error) => Err(error.into()),
        }
    }
}
