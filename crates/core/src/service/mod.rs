//! The voice of the customer: surveys, what was answered, what the answers come to, and the cases that come of them.

pub mod answers;
pub mod ask_rules;
pub mod asking;
pub mod asks;
mod bad;
pub mod case_steps;
pub mod cases;
pub mod clock;
pub mod fill;
pub mod invitations;
pub mod links;
pub mod questions;
pub mod scores;
pub mod sheets;
pub mod surveys;
pub mod voice_settings;

pub use cases::Case;
pub use invitations::Invitation;
pub use questions::{Question, QuestionKind};
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
    voice_settings::operations(ops);
}

#[cfg(test)]
mod ask_tests;
#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod tests;
