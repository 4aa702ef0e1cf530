//! Peyvand's domain, in the rooms of the product's own menu.
//!
//! Everything a machine can do is an [`operation`]: one function, one input type, one output type. The rooms hold
//! the operations with their rules and their SQL; the doors (pages, JSON API, command line) call them through
//! [`Ctx::run`].

pub mod advocacy;
mod context;
pub mod demo;
mod error;
pub mod experience;
pub mod external;
pub mod follow_ups;
pub mod ideas;
pub mod insight;
pub mod interactions;
pub mod lifecycle;
pub mod marketing;
pub mod operation;
pub mod organisation;
pub mod parties;
pub mod patch;
pub mod platform;
pub mod sales;
pub mod service;
pub mod testing;
pub mod today;

pub use context::{App, AppParts, Ctx, Door, Reader, Writer};
pub use error::{Error, Fault, Fields, OrField, Problem, Result};
pub use operation::{Operation, Operations};
pub use patch::Patch;
pub use peyvand_db::Id;
pub use platform::access::{Act, Actor, Perm, Rights, Room, Sight};
pub use platform::time::{Day, Instant};

/// Every operation of every room, in the order of the menu.
#[must_use]
pub fn operations() -> Operations {
    let mut ops = Operations::default();
    platform::operations(&mut ops);
    parties::operations(&mut ops);
    interactions::operations(&mut ops);
    follow_ups::operations(&mut ops);
    ideas::operations(&mut ops);
    today::operations(&mut ops);
    sales::operations(&mut ops);
    insight::operations(&mut ops);
    lifecycle::operations(&mut ops);
    marketing::operations(&mut ops);
    experience::operations(&mut ops);
    advocacy::operations(&mut ops);
    service::operations(&mut ops);
    organisation::operations(&mut ops);
    ops
}

/// Whether the database answers.
///
/// # Errors
/// When it does not.
pub async fn ping(app: &App) -> Result<()> {
    peyvand_db::testing::ping(&app.db).await?;
    Ok(())
}
