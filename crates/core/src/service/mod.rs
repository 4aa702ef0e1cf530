//! The voice of the customer: surveys, what was answered, and what the answers come to.

pub mod answers;
pub mod fill;
pub mod invitations;
pub mod links;
pub mod questions;
pub mod scores;
pub mod sheets;
pub mod surveys;

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
}

#[cfg(test)]
mod tests;
