//! The voice of the customer: surveys, what was answered, what the answers come to, and the cases, talks and changes that come of them.

pub mod answers;
pub mod ask_rules;
pub mod asking;
pub mod asks;
mod bad;
pub mod case_steps;
pub mod cases;
pub mod clock;
pub mod feedback;
pub mod fill;
pub mod interviews;
pub mod invitations;
pub mod links;
pub mod questions;
pub mod quotes;
pub mod scores;
pub mod sheets;
pub mod surveys;
pub mod voice_settings;
pub mod voices;

pub use cases::Case;
pub use feedback::Feedback;
pub use invitations::Invitation;
pub use questions::{Question, QuestionKind};
pub use quotes::Quote;
pub use sheets::Sheet;
pub use surveys::Survey;

use crate::Operations;

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    surveys::operations(ops);
    questions::operations(ops);
    invitations::operations(ops);
    answers::operations(ops);
    sheets::operations(ops);
    scores::operations(ops);
    cases::operations(ops);
    case_steps::operations(ops);
    ask_rules::operations(ops);
    asks::operations(ops);
    interviews::operations(ops);
    quotes::operations(ops);
    feedback::operations(ops);
    voices::operations(ops);
    voice_settings::operations(ops);
}

#[cfg(test)]
mod ask_tests;
#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod feedback_tests;
#[cfg(test)]
mod tests;
