//! What every room stands on.

pub mod access;
pub mod backup;
pub mod calendar;
pub mod events;
pub mod import;
pub mod jobs;
pub mod keys;
pub mod layout;
pub mod live;
pub mod locale;
pub mod mails;
pub mod money;
pub mod notifications;
pub mod organisation;
pub mod readiness;
pub mod schema;
pub mod sessions;
pub mod set_up;
pub mod sign_in;
pub mod terms;
pub mod text;
pub mod time;
pub mod tokens;
pub mod tools;
pub mod undo;
pub mod users;

use crate::Operations;

/// The operations of the platform rooms.
pub fn operations(ops: &mut Operations) {
    users::operations(ops);
    tokens::operations(ops);
    readiness::operations(ops);
    organisation::operations(ops);
    terms::operations(ops);
    events::operations(ops);
    notifications::operations(ops);
    undo::operations(ops);
    import::record::operations(ops);
    tools::operations(ops);
}
