//! Why there is no number.

use std::fmt;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Fewer customers, baskets or observations than the method needs to mean anything.
    TooFewCustomers {
        /// Whose number is too small: `customers`, `customers with a repeat purchase`, `observations` ….
        of: &'static str,
        /// How many there are.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// The optimum of the likelihood was not found, or there is none: no parameters may be used.
    DidNotConverge {
        /// The best point that was reached, to be looked at, not to be used.
        best: Box<Attempt>,
        /// What kept it from being an optimum.
        reason: Reason,
    },
    /// An argument that the method is not defined for.
    Invalid {
        /// What is wrong, as a phrase: `a repeat count without a time of the last purchase`.
        what: &'static str,
        /// Which element of the input, counted from 0, where it is one of many.
        row: Option<usize>,
    },
    /// More item sets than the caller allowed; a higher support finds fewer.
    TooMany {
        /// The limit that was passed.
        limit: usize,
    },
}

/// What kept a fit from converging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The likelihood still rises while a parameter leaves every sensible range: the customers differ too little, or
    /// in another way than the model can describe.
    RunsAway,
    /// The likelihood is flat in some direction: the data cannot tell parameters apart.
    Flat,
    /// The steps were used up.
    Steps,
    /// The likelihood was not a number from where the search began.
    NotFinite,
    /// The mean that the model implies is infinite or negative (Gamma-Gamma with q ≤ 1).
    NoFiniteMean,
}

/// A point that a search reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Names and values of the parameters.
    pub parameters: Vec<(&'static str, f64)>,
    /// Log-likelihood there.
    pub log_likelihood: f64,
    /// Largest absolute slope of the log-likelihood by the logarithm of a parameter.
    pub gradient: f64,
    /// Steps taken.
    pub steps: u32,
}

impl Error {
    pub(crate) fn invalid(what: &'static str) -> Self {
        Self::Invalid { what, row: None }
    }

    pub(crate) fn invalid_at(what: &'static str, row: usize) -> Self {
        Self::Invalid { what, row: Some(row) }
    }
}

/// Refuses fewer than `need`.
pub(crate) fn enough(of: &'static str, have: usize, need: usize) -> Result<()> {
    if have < need { Err(Error::TooFewCustomers { of, have, need }) } else { Ok(()) }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewCustomers { of, have, need } => write!(out, "too few {of}: {have}, at least {need} are needed"),
            Self::DidNotConverge { best, reason } => {
                write!(out, "the fit did not converge ({reason}); best point after {} steps:", best.steps)?;
                for (name, value) in &best.parameters {
                    write!(out, " {name}={value:.6}")?;
                }
                write!(out, ", log-likelihood {:.4}", best.log_likelihood)
            }
            Self::Invalid { what, row: None } => write!(out, "{what}"),
            Self::Invalid { what, row: Some(row) } => write!(out, "{what} (element {row})"),
            Self::TooMany { limit } => write!(out, "more than {limit} item sets; raise the support"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::RunsAway => "a parameter runs away",
            Self::Flat => "the likelihood is flat",
            Self::Steps => "steps used up",
            Self::NotFinite => "the likelihood is not finite",
            Self::NoFiniteMean => "the mean is not finite",
        })
    }
}

impl std::error::Error for Error {}
