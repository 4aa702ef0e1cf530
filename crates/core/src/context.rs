use crate::external::{Clock, MailSender};
use crate::operation::Operation;
use crate::platform::access::{Actor, Perm, Sight};
use crate::platform::keys::Keys;
use crate::platform::live::Live;
use crate::platform::locale::Prefs;
use crate::platform::organisation::Organisation;
use crate::platform::sessions::Memory;
use crate::{Error, Instant, Result};
use peyvand_db::{Db, Id, Tx};
use rand::RngExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use uuid::Uuid;
use uuid::timestamp::context::ContextV7;

/// A transaction that another writer overtook is run again this often; the waits between are 5, 10, 20 … ms and a
/// random part, so that two that collide do not collide again.
const ATTEMPTS: u32 = 8;

/// The running program: what all requests share. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// What an [`App`] is made of.
pub struct AppParts {
    /// The database.
    pub db: Db,
    /// Keys for what is encrypted at rest.
    pub keys: RwLock<Arc<Keys>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// E-mail, where it is set up.
    pub mail: Option<Arc<dyn MailSender>>,
    /// Folder for files: uploads, keys.
    pub data: PathBuf,
    /// Streams to open pages.
    pub live: Live,
    /// Wakes the workers when a job was enqueued.
    pub wake: tokio::sync::watch::Sender<()>,
    /// The organisation as last read; refreshed by [`App::organisation`].
    pub organisation: RwLock<Option<(Instant, Arc<Organisation>)>>,
    /// Sessions and tokens as last looked up.
    pub sessions: Memory,
}

impl std::ops::Deref for App {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl App {
    /// A program from its parts.
    #[must_use]
    pub fn new(parts: AppParts) -> App {
        App(Arc::new(parts))
    }

    /// A context for work of the program itself: jobs, command line set-up.
    #[must_use]
    pub fn system(&self, door: Door) -> Ctx {
        Ctx { app: self.clone(), actor: Actor::System, now: self.clock.now(), door, prefs: self.default_prefs() }
    }

    /// A context for a caller.
    #[must_use]
    pub fn context(&self, actor: Actor, door: Door, prefs: Prefs) -> Ctx {
        Ctx { app: self.clone(), actor, now: self.clock.now(), door, prefs }
    }

    /// The key set in force.
    #[must_use]
    pub fn keys(&self) -> Arc<Keys> {
        match self.keys.read() {
            Ok(keys) => keys.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// How things are shown when nobody has chosen: the organisation's choice as last read.
    #[must_use]
    pub fn default_prefs(&self) -> Prefs {
        match self.organisation.read() {
            Ok(cached) => cached.as_ref().map_or_else(Prefs::default, |(_, organisation)| organisation.prefs()),
            Err(_) => Prefs::default(),
        }
    }
}

/// The way a request came in; kept with every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A page in the browser.
    Web,
    /// The JSON API.
    Api,
    /// The command line.
    Cli,
    /// A background job.
    Job,
}

impl Door {
    /// The word stored with events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Door::Web => "web",
            Door::Api => "api",
            Door::Cli => "cli",
            Door::Job => "job",
        }
    }
}

/// One request: who asks, when, through which door.
#[derive(Clone)]
pub struct Ctx {
    /// The program.
    pub app: App,
    /// Who asks.
    pub actor: Actor,
    /// How the asker reads dates, numbers and words.
    pub prefs: Prefs,
    pub(crate) now: Instant,
    pub(crate) door: Door,
}

/// A handle for reading, bound to what the actor may see.
pub struct Reader<'a> {
    /// The database.
    pub db: &'a Db,
    /// Which rows of the room the actor may see.
    pub sight: Sight,
}

/// A handle for writing, bound to what the actor may see.
pub struct Writer<'a> {
    /// The database, for reads before the transaction.
    pub db: &'a Db,
    /// Which rows of the room the actor may see.
    pub sight: Sight,
}

impl Writer<'_> {
    /// Opens the write transaction.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.db.begin().await?)
    }
}

impl Ctx {
    /// The one moment that this whole request calls now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The door of this request.
    #[must_use]
    pub fn door(&self) -> Door {
        self.door
    }

    /// Today in the actor's time zone.
    #[must_use]
    pub fn today(&self) -> crate::Day {
        self.now.day(&self.prefs.time_zone)
    }

    /// A fresh id.
    #[must_use]
    pub fn id<T>(&self) -> Id<T> {
        Id::new(self.app.clock.id(self.now))
    }

    /// A handle for reading, if the actor holds the right.
    ///
    /// # Errors
    /// [`Error::SignedOut`] or [`Error::Forbidden`].
    pub fn read(&self, perm: Perm) -> Result<Reader<'_>> {
        Ok(Reader { db: &self.app.db, sight: self.actor.check(perm)? })
    }

    /// A handle for writing, if the actor holds the right.
    ///
    /// # Errors
    /// [`Error::SignedOut`] or [`Error::Forbidden`].
    pub fn write(&self, perm: Perm) -> Result<Writer<'_>> {
        Ok(Writer { db: &self.app.db, sight: self.actor.check(perm)? })
    }

    /// Runs an operation: the way in for every door. Repeats it when another writer was in the way; an operation
    /// has no effect outside its transaction, so it may run again.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn run<In, Out, F>(&self, operation: F, input: In) -> Result<Out>
    where
        In: Clone,
        F: for<'a> Operation<'a, In, Out>,
    {
        let mut attempt = 0;
        loop {
            let outcome = operation.call(self, input.clone()).await;
            match outcome {
                Err(error) if error.is_busy() => {
                    attempt += 1;
                    if attempt == ATTEMPTS {
                        tracing::warn!("gave up on a transaction after {ATTEMPTS} attempts");
                        return Err(Error::Unavailable);
                    }
                    let wait = (5_u64 << attempt) + rand::rng().random_range(0..10);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Counts the ids of one moment up, so that those of one long write (a file of a million rows) still sort by their
/// making and land side by side in the index.
static IDS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A UUIDv7 for the given moment.
#[must_use]
pub fn new_id<T>(now: Instant) -> Id<T> {
    let seconds = now.0.div_euclid(1000).unsigned_abs();
    let nanos = u32::try_from(now.0.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
    Id::new(Uuid::new_v7(uuid::Timestamp::from_unix(&IDS, seconds, nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_sort_by_their_making() {
        let ids: Vec<Id<()>> = (0..1000).map(|_| new_id(Instant(1_795_237_200_000))).collect();
        assert!(ids.is_sorted());
    }
}
