//! One party: the row, reading it whole, adding and changing it.

mod change;
mod create;

pub use self::change::{archive, change_role, changes, restore, update, update_party};
pub use self::create::{create, placed, who_is};

use super::check::{Channel, Consent, Kind, Role, Stance};
use crate::platform::access::{Sight, Unit, User};
use crate::platform::money::Money;
use crate::{Act, Ctx, Day, Error, Fields, Id, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Db, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

row! {
    /// What table `parties` holds of one party.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct PartyRow {
        /// Its id.
        pub id: Id<Party> = "p.id",
        /// Its number, counted from 1.
        pub no: i64 = "p.no",
        /// Person or organisation.
        pub kind: Kind = "p.kind",
        /// What it is to us now.
        pub role: Role = "p.role",
        /// Name as it is shown.
        pub name: String = "p.name",
        /// How to address them: a word of list `honorific` or own words.
        pub honorific: Option<String> = "p.honorific",
        /// First name.
        pub first_name: Option<String> = "p.first_name",
        /// Last name.
        pub last_name: Option<String> = "p.last_name",
        /// Name of the father.
        pub father_name: Option<String> = "p.father_name",
        /// Day of birth.
        pub birth_on: Option<Day> = "p.birth_on",
        /// `female`, `male`, `other`.
        pub gender: Option<String> = "p.gender",
        /// A word of list `education` or own words.
        pub education: Option<String> = "p.education",
        /// Job.
        pub job: Option<String> = "p.job",
        /// A word of list `income_band` or own words.
        pub income_band: Option<String> = "p.income_band",
        /// Province.
        pub province: Option<String> = "p.province",
        /// City.
        pub city: Option<String> = "p.city",
        /// Country.
        pub country: Option<String> = "p.country",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// The e-mail to use first.
        pub email: Option<String> = "p.email",
        /// Who looks after them.
        pub owner_id: Option<Id<User>> = "p.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// The unit.
        pub unit_id: Option<Id<Unit>> = "p.unit_id",
        /// Its name.
        pub unit: Option<String> = "n.name",
        /// Where they came from: a word of list `source` or own words.
        pub source: Option<String> = "p.source",
        /// How they heard of us, in their own words.
        pub source_words: Option<String> = "p.source_words",
        /// How they stand towards us.
        pub stance: Option<Stance> = "p.stance",
        /// Why.
        pub stance_reason: Option<String> = "p.stance_reason",
        /// The channel they like best.
        pub preferred_channel: Option<Channel> = "p.preferred_channel",
        /// The hours they like best.
        pub preferred_hours: Option<String> = "p.preferred_hours",
        /// A free note.
        pub note: Option<String> = "p.note",
        /// When we last had contact; absent for never.
        pub last_contact_at: Option<Instant> = "NULLIF(p.last_contact_at, 0)",
        /// Day of the first purchase.
        pub first_purchase_on: Option<Day> = "NULLIF(p.first_purchase_on, '')",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// How many purchases.
        pub purchases: i64 = "p.purchases",
        /// What they spent, less what they gave back, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// When something is to be done next; absent when nothing is planned.
        pub next_follow_up_at: Option<Instant> = "NULLIF(p.next_follow_up_at, 253402300799000)",
        /// The day from which they count as silent.
        pub silent_from: Option<Day> = "NULLIF(p.silent_from, '')",
        /// The import that brought them.
        pub import_id: Option<uuid::Uuid> = "p.import_id",
        /// Counts up with each change; a change must name it.
        pub version: i64 = "p.version",
        /// When they were added.
        pub created_at: Instant = "p.created_at",
        /// When they were last changed.
        pub updated_at: Instant = "p.updated_at",
        /// When they were archived.
        pub archived_at: Option<Instant> = "p.archived_at",
        /// Who they turned out to be: all that was theirs is there.
        pub merged_into: Option<Id<Party>> = "p.merged_into",
    }
}

/// The tables behind [`PartyRow`].
pub const PARTY_FROM: &str = "FROM parties p LEFT JOIN users u ON u.id = p.owner_id LEFT JOIN units n ON n.id = p.unit_id WHERE ";

/// A party with all that belongs to it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Party {
    /// The party itself.
    #[serde(flatten)]
    pub row: PartyRow,
    /// What they spent as a decimal text in the organisation's currency.
    pub spent: String,
    /// ISO 4217 code of that currency.
    pub currency: String,
    /// Own customer code as people read it.
    pub code: Option<String>,
    /// What they were and are to us.
    pub roles: Vec<DatedRole>,
    /// Ways to reach them, main ones first.
    pub contacts: Vec<ContactPoint>,
    /// Addresses, the main one first.
    pub addresses: Vec<Address>,
    /// Identity keys, secret ones masked.
    pub identities: Vec<Identity>,
    /// Tags in order.
    pub tags: Vec<String>,
}

impl std::ops::Deref for Party {
    type Target = PartyRow;
    fn deref(&self) -> &PartyRow {
        &self.row
    }
}

/// A role and its time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DatedRole {
    /// The role.
    pub role: Role,
    /// Since when.
    pub since_on: Day,
    /// Until when; absent while it lasts.
    pub until_on: Option<Day>,
}

/// A way to reach a party.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ContactPoint {
    /// Its id.
    pub id: Id<ContactPoint>,
    /// The channel.
    pub channel: Channel,
    /// Normalised value: E.164 for phones.
    pub value: String,
    /// What the party calls it.
    pub label: Option<String>,
    /// Whether it is the one of its channel to use first.
    pub is_main: bool,
    /// Whether they allowed it.
    pub consent: Consent,
    /// Since when that holds.
    pub consent_at: Option<Instant>,
    /// How they told us.
    pub consent_how: Option<String>,
}

/// A postal address.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Address {
    /// Its id.
    pub id: Id<Address>,
    /// What the party calls it.
    pub label: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Province.
    pub province: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Street, alley, number.
    pub line: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Whether it is the first one.
    pub is_main: bool,
}

/// An identity key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Identity {
    /// `ir_national_id` …, `external` or `external:SYSTEM`.
    pub kind: String,
    /// The value, masked when it is secret.
    pub value: String,
    /// Whether it is masked.
    pub is_secret: bool,
    /// Whether it is of a customer who turned out to be this one, beside the own one of the kind: they are found by it.
    pub is_former: bool,
}

row! {
    /// One fact that belongs to a party, from any of the tables around it: one statement instead of five.
    struct Fact {
        part: i64,
        id: Option<uuid::Uuid>,
        a: Option<String>,
        b: Option<String>,
        c: Option<String>,
        d: Option<String>,
        e: Option<String>,
        f: Option<String>,
        flag: bool,
        at: Option<Instant>,
    }
}

const FACTS: &str = "SELECT 1 AS part, id, channel AS a, value AS b, label AS c, consent AS d, consent_how AS e, CAST(NULL AS TEXT) AS f,
         is_main AS flag, consent_at AS at
       FROM contact_points WHERE party_id = $1
     UNION ALL SELECT 2, id, label, country, province, city, line, postal_code, is_main, NULL FROM addresses WHERE party_id = $1
     UNION ALL SELECT 3, NULL, kind, masked, CASE WHEN former_by IS NOT NULL THEN 'former' END, NULL, NULL, NULL, sealed IS NOT NULL, NULL
       FROM identity_keys WHERE party_id = $1
     UNION ALL SELECT 4, id, role, since_on, until_on, NULL, NULL, NULL, FALSE, NULL FROM party_roles WHERE party_id = $1
     UNION ALL SELECT 5, NULL, tag, NULL, NULL, NULL, NULL, NULL, FALSE, NULL FROM party_tags WHERE party_id = $1";

/// Which party.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyId {
    /// Its id.
    pub id: Id<Party>,
}

/// One party with all that belongs to it.
///
/// # Errors
/// [`Error::NotFound`] for one that does not exist or is out of sight.
pub async fn get(ctx: &Ctx, input: PartyId) -> Result<Party> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    // Side by side, so that the answer waits once. What belongs to a party out of sight is dropped unread.
    let (row, facts) = tokio::try_join!(seen(reader.db, &reader.sight, input.id), facts_of(ctx, input.id))?;
    with_facts(ctx, row, facts).await
}

/// The row of a party within sight.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn seen(db: &Db, sight: &Sight, id: Id<Party>) -> Result<PartyRow> {
    let mut query = Sql::select::<PartyRow>(PARTY_FROM);
    query.push("p.id = ").arg(id);
    sight.parties(&mut query);
    db.maybe(query).await?.ok_or(Error::NotFound("party"))
}

/// Those of the parties whose pages the caller may open: what is due for a party may be somebody's who does not see it.
///
/// # Errors
/// When the database is out of reach.
pub async fn within_sight(ctx: &Ctx, ids: impl IntoIterator<Item = Id<Party>>) -> Result<BTreeSet<Id<Party>>> {
    let ids: Vec<Id<Party>> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let Ok(reader) = ctx.read(Perm(Room::Parties, Act::See)) else { return Ok(BTreeSet::new()) };
    if ids.is_empty() || matches!(reader.sight, Sight::All) {
        return Ok(ids.into_iter().collect());
    }
    let mut query = sql("SELECT p.id FROM parties p WHERE p.id IN ");
    query.list_padded(&ids);
    reader.sight.parties(&mut query);
    Ok(reader.db.all::<(Id<Party>,)>(query).await?.into_iter().map(|(id,)| id).collect())
}

/// The row of a party within sight, read in the transaction that will change it.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] for one that turned out to be another, where nothing is changed any more.
pub async fn seen_in(tx: &mut Tx, sight: &Sight, id: Id<Party>) -> Result<PartyRow> {
    let row = any_seen_in(tx, sight, id).await?;
    if row.merged_into.is_some() {
        return Err(Error::Conflict(Fields(vec![Problem::new("id", "merge-was-merged").with("name", &row.name)])));
    }
    Ok(row)
}

/// As [`seen_in`], also for one that turned out to be another.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) async fn any_seen_in(tx: &mut Tx, sight: &Sight, id: Id<Party>) -> Result<PartyRow> {
    let mut query = Sql::select::<PartyRow>(PARTY_FROM);
    query.push("p.id = ").arg(id);
    sight.parties(&mut query);
    tx.maybe(query).await?.ok_or(Error::NotFound("party"))
}

/// A party as it is in a transaction.
pub(super) async fn whole_in(tx: &mut Tx, ctx: &Ctx, id: Id<Party>) -> Result<Party> {
    let row = any_seen_in(tx, &Sight::All, id).await?;
    let facts = tx.all(sql(FACTS).bind(id)).await?;
    with_facts(ctx, row, facts).await
}

async fn facts_of(ctx: &Ctx, party: Id<Party>) -> Result<Vec<Fact>> {
    Ok(ctx.app.db.all(sql(FACTS).bind(party)).await?)
}

async fn whole(ctx: &Ctx, row: PartyRow) -> Result<Party> {
    let facts = facts_of(ctx, row.id).await?;
    with_facts(ctx, row, facts).await
}

async fn with_facts(ctx: &Ctx, row: PartyRow, facts: Vec<Fact>) -> Result<Party> {
    let currency = ctx.app.organisation().await?.currency;
    let mut party = Party {
        spent: Money { minor: row.spent_minor, currency }.decimal_string(),
        currency: currency.code().to_owned(),
        code: None,
        roles: Vec::new(),
        contacts: Vec::new(),
        addresses: Vec::new(),
        identities: Vec::new(),
        tags: Vec::new(),
        row,
    };
    let broken = || Error::fault("a fact of a party without its parts");
    for fact in facts {
        let id = || fact.id.ok_or_else(broken);
        match fact.part {
            1 => party.contacts.push(ContactPoint {
                id: Id::new(id()?),
                channel: fact.a.and_then(|word| word.parse().ok()).ok_or_else(broken)?,
                value: fact.b.ok_or_else(broken)?,
                label: fact.c,
                is_main: fact.flag,
                consent: fact.d.and_then(|word| word.parse().ok()).unwrap_or(Consent::Unknown),
                consent_at: fact.at,
                consent_how: fact.e,
            }),
            2 => party.addresses.push(Address {
                id: Id::new(id()?),
                label: fact.a,
                country: fact.b,
                province: fact.c,
                city: fact.d,
                line: fact.e,
                postal_code: fact.f,
                is_main: fact.flag,
            }),
            3 => {
                let kind = fact.a.ok_or_else(broken)?;
                let value = fact.b.ok_or_else(broken)?;
                let is_former = fact.c.is_some();
                if kind == "code" && !is_former {
                    party.code = Some(value.clone());
                }
                party.identities.push(Identity { kind, value, is_secret: fact.flag, is_former });
            }
            4 => party.roles.push(DatedRole {
                role: fact.a.and_then(|word| word.parse().ok()).ok_or_else(broken)?,
                since_on: fact.b.and_then(|day| day.parse().ok()).ok_or_else(broken)?,
                until_on: fact.c.and_then(|day| day.parse().ok()),
            }),
            _ => party.tags.extend(fact.a),
        }
    }
    party.contacts.sort_by_key(|contact| (!contact.is_main, contact.channel, contact.id));
    party.addresses.sort_by_key(|address| (!address.is_main, address.id));
    party.identities.sort_by(|one, other| (&one.kind, one.is_former, &one.value).cmp(&(&other.kind, other.is_former, &other.value)));
    party.roles.sort_by_key(|role| role.since_on);
    party.tags.sort();
    Ok(party)
}

/// The operations of single parties.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Parties, act));
    ops.add("parties.create", "POST /parties", perm(Act::Create), "Adds a customer, person or organisation.", create).example(|| {
        json!({"first_name": "سارا", "last_name": "محمدی", "mobile": "۰۹۱۲۵۵۵۰۱۴۲", "city": "تهران", "source": "recommendation", "tags": ["سفارشی"]})
    });
    ops.add(
        "parties.get",
        "GET /parties/{id}",
        perm(Act::See),
        "One customer with contact points, keys (masked), roles and tags; of one that turned out to be another, who that is.",
        get,
    );
    ops.add("parties.update", "PUT /parties/{id}", perm(Act::Change), "Changes a customer; absent fields stay.", update)
        .example(|| json!({"id": "01920000-0000-7000-8000-000000000000", "version": 1, "job": "معلم"}));
    ops.add("parties.archive", "POST /parties/{id}/archive", perm(Act::Delete), "Takes a customer out of lists and search.", archive);
    ops.add("parties.restore", "POST /parties/{id}/restore", perm(Act::Delete), "Puts an archived customer back.", restore);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::{NewParty, PartyChange, with_checks};
    use crate::parties::write::Match;
    use crate::testing;

    fn sara() -> NewParty {
        NewParty {
            first_name: Some("سارا".into()),
            last_name: Some("محمدی".into()),
            mobile: Some("۰۹۱۲۵۵۵۰۱۴۲".into()),
            email: Some("Sara@Example.ir".into()),
            national_id: Some("0084575948".into()),
            city: Some("تهران".into()),
            address: Some("خیابان انقلاب ۱۲".into()),
            tags: Some(vec!["سفارشی".into()]),
            ..NewParty::default()
        }
    }

    #[tokio::test]
    async fn a_new_party_is_there_with_all_that_was_said() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        assert_eq!(party.name, "سارا محمدی");
        assert_eq!(party.phone.as_deref(), Some("+989125550142"));
        assert_eq!(party.email.as_deref(), Some("sara@example.ir"));
        assert_eq!(party.role, Role::Prospect);
        assert_eq!(party.owner.as_deref(), Some("owner"));
        assert_eq!(party.contacts.len(), 2);
        assert_eq!(party.addresses.len(), 1);
        assert_eq!(party.tags, ["سفارشی"]);
        assert!(party.code.is_some());
        assert!(party.identities.iter().any(|key| key.kind == "ir_national_id" && key.is_secret && !key.value.contains("0084575948")));
        assert_eq!(party.last_contact_at, None);
        assert_eq!(party.next_follow_up_at, None);
        let events: Vec<(String,)> = ctx.app.db.all(sql("SELECT kind FROM events WHERE party_id = $1").bind(party.id)).await.unwrap();
        assert_eq!(events, [("party.created".to_owned(),)]);
    }

    #[tokio::test]
    async fn a_national_id_belongs_to_one_party_only() {
        let ctx = testing::ctx().await;
        ctx.run(create, sara()).await.unwrap();
        let error = ctx.run(create, NewParty { first_name: Some("مینا".into()), ..sara() }).await.unwrap_err();
        let Error::Conflict(fields) = error else { panic!("{error}") };
        assert_eq!(fields.0.len(), 1);
        assert_eq!((&*fields.0[0].field, &*fields.0[0].key), ("national_id", "parties-key-taken-by"));
        let sara_again = testing::as_post(&ctx.app, "agent", "reza").await;
        let Error::Conflict(fields) = sara_again.run(create, sara()).await.unwrap_err() else { panic!() };
        assert_eq!(&*fields.0[0].key, "parties-key-taken", "who cannot see the other is not told who it is");
    }

    #[tokio::test]
    async fn siblings_may_share_a_phone() {
        let ctx = testing::ctx().await;
        ctx.run(create, sara()).await.unwrap();
        let mina = NewParty { first_name: Some("مینا".into()), national_id: None, email: None, ..sara() };
        let known = ctx.run(create, mina.clone()).await.unwrap();
        let zahra = NewParty { first_name: Some("زهرا".into()), ..mina.clone() };
        let mut tx = ctx.app.db.begin().await.unwrap();
        let checked = with_checks(&ctx, |checks| mina.checked(checks)).await.unwrap().unwrap();
        let found = who_is(&mut tx, &checked).await.unwrap();
        assert!(matches!(found, Match::One(one) if one.id == known.id), "of those who share the phone, the name tells which");
        let checked = with_checks(&ctx, |checks| zahra.checked(checks)).await.unwrap().unwrap();
        assert_eq!(who_is(&mut tx, &checked).await.unwrap(), Match::Nobody, "a third sister is none of the two");
    }

    #[tokio::test]
    async fn a_phone_of_one_party_finds_it_when_the_names_agree() {
        let ctx = testing::ctx().await;
        let sara = ctx.run(create, sara()).await.unwrap();
        let mut tx = ctx.app.db.begin().await.unwrap();
        for (name, expected) in [("خانم سارا محمدي", true), ("مینا محمدی", false)] {
            let new = NewParty { name: Some(name.into()), phone: Some("+98 912 555 0142".into()), ..NewParty::default() };
            let checked = with_checks(&ctx, |checks| new.checked(checks)).await.unwrap().unwrap();
            let found = who_is(&mut tx, &checked).await.unwrap();
            assert_eq!(matches!(found, Match::One(known) if known.id == sara.id), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_out_of_sight_is_not_found() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(get, PartyId { id: party.id }).await, Err(Error::NotFound("party"))));
        let own = agent.run(create, NewParty { name: Some("علی".into()), ..NewParty::default() }).await.unwrap();
        assert!(agent.run(get, PartyId { id: own.id }).await.is_ok());
        let other = NewParty { name: Some("علی".into()), owner_id: ctx.actor.user(), ..NewParty::default() };
        assert!(matches!(agent.run(create, other).await, Err(Error::Invalid(_))));
    }

    fn change(party: &Party) -> PartyChange {
        serde_json::from_value(json!({"id": party.id, "version": party.version})).unwrap()
    }

    #[tokio::test]
    async fn a_change_keeps_what_it_does_not_name() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        let after = ctx
            .run(
                update,
                PartyChange {
                    last_name: Some("رضایی".into()), job: Some("معلم".into()), city: Some(String::new()), ..change(&party)
                },
            )
            .await
            .unwrap();
        assert_eq!((&*after.name, after.job.as_deref(), after.city.as_deref()), ("سارا رضایی", Some("معلم"), None));
        assert_eq!(after.version, 2);
        assert_eq!(after.email, party.email);
        let error = ctx.run(update, PartyChange { job: Some("پزشک".into()), ..change(&party) }).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(fields) if fields.0[0].field == "version"));
        let same =
            ctx.run(update, PartyChange { job: Some("معلم".into()), mobile: Some("09125550142".into()), ..change(&after) }).await.unwrap();
        assert_eq!(same.version, 2, "the same again changes nothing");
    }

    #[tokio::test]
    async fn a_new_national_id_takes_the_place_of_the_old_one() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        ctx.run(update, PartyChange { national_id: Some("0499370899".into()), ..change(&party) }).await.unwrap();
        let (keys,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM identity_keys WHERE kind = 'ir_national_id'")).await.unwrap();
        assert_eq!(keys, 1);
        let other =
            NewParty { first_name: Some("مینا".into()), last_name: Some("کریمی".into()), mobile: None, email: None, ..sara() };
        ctx.run(create, other).await.unwrap();
    }

    #[tokio::test]
    async fn a_role_ends_when_another_begins() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        let after = ctx
            .run(update, PartyChange { role: Some(Role::Customer), role_since: Some("2026-11-25".into()), ..change(&party) })
            .await
            .unwrap();
        assert_eq!(after.role, Role::Customer);
        let roles: Vec<_> = after.roles.iter().map(|role| (role.role, role.until_on.is_some())).collect();
        assert_eq!(roles, [(Role::Prospect, true), (Role::Customer, false)]);
    }

    #[tokio::test]
    async fn a_shops_own_code_never_collides_with_a_made_one() {
        let ctx = testing::ctx().await;
        let next = crate::parties::identity::code_with_check(2);
        ctx.run(create, NewParty { name: Some("یک".into()), code: Some(next.clone()), ..NewParty::default() }).await.unwrap();
        let second = ctx.run(create, NewParty { name: Some("دو".into()), ..NewParty::default() }).await.unwrap();
        assert!(second.code.is_some_and(|code| code.replace('-', "") != next));
    }

    #[tokio::test]
    async fn an_archived_party_comes_back() {
        let ctx = testing::ctx().await;
        let party = ctx.run(create, sara()).await.unwrap();
        assert!(ctx.run(archive, PartyId { id: party.id }).await.unwrap().archived_at.is_some());
        assert!(ctx.run(restore, PartyId { id: party.id }).await.unwrap().archived_at.is_none());
    }
}
