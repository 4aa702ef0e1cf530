//! Messages to open pages: what a browser hears over its event stream.

use super::access::User;
use peyvand_db::Id;
use tokio::sync::broadcast;

/// Streams that lag further behind than this skip to the present and reload their counts.
const BACKLOG: usize = 256;

/// A word to open pages.
#[derive(Clone, Debug)]
pub enum Message {
    /// A user has a new notification, or what their badges count has changed.
    Notified(Id<User>),
    /// An import came further.
    Import(Id<super::import::record::Import>),
    /// The program stops: streams end, so that it need not wait for them.
    Stopping,
}

/// The stations that pages listen to.
#[derive(Clone, Debug)]
pub struct Live(broadcast::Sender<Message>);

impl Default for Live {
    fn default() -> Self {
        Live(broadcast::channel(BACKLOG).0)
    }
}

impl Live {
    /// Tells everybody who listens; nobody may.
    pub fn tell(&self, message: Message) {
        let _ = self.0.send(message);
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Message> {
        self.0.subscribe()
    }
}
