//! What every room stands on.

pub mod access;
pub mod calendar;
pub mod events;
pub mod import;
pub mod jobs;
pub mod keys;
pub mod live;
pub mod locale;
pub mod money;
pub mod organisation;
pub mod schema;
pub mod terms;
pub mod text;
pub mod time;

use crate::Operations;

/// The operations of the platform rooms.
pub fn operations(ops: &mut Operations) {
    organisation::operations(ops);
    terms::operations(ops);
    events::operations(ops);
}
