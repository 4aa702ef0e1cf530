//! What passed between us and a party: calls, messages, visits, notes.

mod correct;
mod given;
mod log;
pub mod reach;
mod store;

pub(crate) use self::correct::restore;
pub use self::correct::{Corrected, TakenBack, is_correctable, update, withdraw};
pub(crate) use self::given::check_terms;
pub use self::given::{LogInteraction, TEXT_MAX, UpdateInteraction, moment};
pub use self::log::{Logged, log};
pub(crate) use self::store::{Entry, NewInteraction, insert_interactions, put, refresh_last_contacts, take_back};

use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::access::User;
use crate::platform::events::{cursor, cursor_at};
use crate::platform::time::Instant;
use crate::{Act, Ctx, Error, Operations, Perm, Result, Room};
use peyvand_db::{Db, Id, Sql, Tx, row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

peyvand_db::words! {
    /// By which way a contact went.
    pub enum Channel {
        /// Telephone.
        Phone = "phone",
        /// Text message.
        Sms = "sms",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Telegram.
        Telegram = "telegram",
        /// Bale.
        Bale = "bale",
        /// Eitaa.
        Eitaa = "eitaa",
        /// Rubika.
        Rubika = "rubika",
        /// Instagram.
        Instagram = "instagram",
        /// E-mail.
        Email = "email",
        /// Face to face with us.
        InPerson = "in_person",
        /// Face to face with them.
        Visit = "visit",
        /// The web site.
        Web = "web",
        /// A letter.
        Letter = "letter",
        /// Another way.
        Other = "other",
        /// A note of ours; no contact.
        Note = "note",
    }
}

peyvand_db::words! {
    /// Which way a contact went.
    pub enum Direction {
        /// They came to us.
        Inbound = "inbound",
        /// We went to them.
        Outbound = "outbound",
    }
}

/// Declares an entry as it is read and as it is kept: what both hold is spelt once.
macro_rules! rows {
    (
        whose { $($(#[$whose_doc:meta])* $whose:ident: $whose_type:ty = $whose_column:literal,)* }
        what { $($(#[$doc:meta])* $field:ident: $type:ty = $column:literal,)* }
        since { $($(#[$since_doc:meta])* $since:ident: $since_type:ty = $since_column:literal,)* }
    ) => {
        row! {
            /// Something that passed between us and a party.
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct Interaction {
                $($(#[$whose_doc])* pub $whose: $whose_type = $whose_column,)*
                /// Their name.
                pub party: String = "p.name",
                $($(#[$doc])* pub $field: $type = $column,)*
                /// Their name.
                pub staff: Option<String> = "u.name",
                $($(#[$since_doc])* pub $since: $since_type = $since_column,)*
            }
        }

        row! {
            /// An entry with all of its columns: as it was before an act, so that the act can be taken back.
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
            pub struct Stored {
                $($(#[$whose_doc])* pub $whose: $whose_type = $whose_column,)*
                $($(#[$doc])* pub $field: $type = $column,)*
                /// The import that brought it.
                pub import_id: Option<Uuid> = "i.import_id",
                /// What makes its row of a file known again.
                pub source_key: Option<i64> = "i.source_key",
                $($(#[$since_doc])* pub $since: $since_type = $since_column,)*
            }
        }
    };
}

rows! {
    whose {
        /// Its id.
        id: Id<Interaction> = "i.id",
        /// With whom.
        party_id: Id<Party> = "i.party_id",
    }
    what {
        /// When.
        at: Instant = "i.at",
        /// By which way.
        channel: Channel = "i.channel",
        /// Who began.
        direction: Direction = "i.direction",
        /// Why, a word of list `reason`.
        reason: Option<String> = "i.reason",
        /// What led them to us, a word of list `origin`.
        origin: Option<String> = "i.origin",
        /// What came of it, a word of list `result`.
        result: Option<String> = "i.result",
        /// How long, in seconds.
        duration_s: Option<i64> = "i.duration_s",
        /// In words.
        text: Option<String> = "i.text",
        /// Who of us.
        staff_id: Option<Id<User>> = "i.staff_id",
    }
    since {
        /// When it was written down.
        created_at: Instant = "i.created_at",
    }
}

const FROM: &str = "FROM interactions i JOIN parties p ON p.id = i.party_id LEFT JOIN users u ON u.id = i.staff_id WHERE 1 = 1";

/// Which entry.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InteractionId {
    /// Its id.
    pub id: Id<Interaction>,
}

/// One entry.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or whose party is out of sight.
pub async fn get(ctx: &Ctx, input: InteractionId) -> Result<Interaction> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id = ").arg(input.id);
    reader.sight.parties(&mut query);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("interaction"))
}

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInteractions {
    /// Only with this party.
    pub party_id: Option<Id<Party>>,
    /// Only by this user.
    pub staff_id: Option<Id<User>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Entries, newest first: of one party, or of one of us (the caller unless said otherwise).
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListInteractions) -> Result<Page<Interaction>> {
    let reader = ctx.read(Perm(Room::Interactions, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Interaction>(FROM);
    reader.sight.parties(&mut query);
    if let Some(party) = input.party_id {
        query.push(" AND i.party_id = ").arg(party);
    }
    // Always by an index: all entries of a large shop in order of time are the audit log's to show.
    if let Some(staff) = input.staff_id.or(if input.party_id.is_none() { ctx.actor.user() } else { None }) {
        query.push(" AND i.staff_id = ").arg(staff);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Interaction>(after)?;
        query.push(" AND (i.at, i.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY i.at DESC, i.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Interaction> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| cursor_at(last.at, last.id)))
}

/// Entries by id, for those who have found the ids within their sight.
pub(crate) async fn by_ids(db: &Db, ids: &[Id<Interaction>]) -> Result<Vec<Interaction>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id IN ").list_padded(ids);
    Ok(db.all(query).await?)
}

async fn read(tx: &mut Tx, id: Id<Interaction>) -> Result<Interaction> {
    let mut query = Sql::select::<Interaction>(FROM);
    query.push(" AND i.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    ops.add(
        "interactions.log",
        "POST /interactions",
        Some(Perm(Room::Interactions, Act::Create)),
        "Writes down what passed between us and a customer, with needs learned and the next step.",
        log,
    )
    .example(|| serde_json::json!({"customer": "09121234567", "channel": "phone", "reason": "question", "text": "قیمت تازه را پرسید."}));
    ops.add("interactions.list", "GET /interactions", Some(Perm(Room::Interactions, Act::See)), "Entries, newest first.", list)
        .example(|| serde_json::json!({"limit": 20}));
    ops.add(
        "interactions.update",
        "PUT /interactions/{id}",
        Some(Perm(Room::Interactions, Act::Change)),
        "Corrects an entry of one's own within a day.",
        update,
    )
    .example(|| serde_json::json!({"id": SOME, "channel": "visit", "result": null}));
    ops.add("interactions.get", "GET /interactions/{id}", Some(Perm(Room::Interactions, Act::See)), "One entry.", get)
        .example(|| serde_json::json!({"id": SOME}));
    ops.add(
        "interactions.withdraw",
        "DELETE /interactions/{id}",
        Some(Perm(Room::Interactions, Act::Change)),
        "Takes out an entry of one's own within a day.",
        withdraw,
    )
    .example(|| serde_json::json!({"id": SOME}));
    reach::operations(ops);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use peyvand_db::sql;

    pub(super) fn talk(party: Id<Party>) -> LogInteraction {
        LogInteraction { party_id: Some(party), ..Default::default() }
    }

    pub(super) async fn last_contact(ctx: &Ctx, party: Id<Party>) -> Instant {
        let (at,): (Instant,) = ctx.app.db.one(sql("SELECT last_contact_at FROM parties WHERE id = $1").bind(party)).await.unwrap();
        at
    }

    #[tokio::test]
    async fn an_agent_logs_and_sees_only_what_is_theirs() {
        let owner = testing::ctx().await;
        let agent = testing::as_post(&owner.app, "agent", "sara").await;
        let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
        assert!(matches!(agent.run(log, talk(theirs)).await, Err(Error::NotFound("party"))));
        owner.run(log, talk(theirs)).await.unwrap();
        agent.run(log, talk(mine)).await.unwrap();
        let of = |party| ListInteractions { party_id: Some(party), ..Default::default() };
        assert_eq!(agent.run(list, of(theirs)).await.unwrap().items.len(), 0);
        assert_eq!(agent.run(list, of(mine)).await.unwrap().items.len(), 1);
    }
}
