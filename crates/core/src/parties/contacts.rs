//! Ways to reach a party, and what it allowed us to do with them. Each channel has one to use first.

use super::check::{Channel, Consent, FACTS_MAX, LINE_MAX, NewContact, with_checks};
use super::party::{ContactPoint, Party, PartyId, PartyRow, get, seen_in};
use crate::platform::calendar::{parse_instant, parse_moment};
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Id, Instant, Operations, OrField, Perm, Problem, Result, Room};
use peyvand_db::{Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

const PERM: Perm = Perm(Room::Parties, Act::Change);

row! {
    /// A contact point as it is stored.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct StoredContact {
        /// Its id.
        pub id: Id<ContactPoint> = "c.id",
        /// The channel.
        pub channel: Channel = "c.channel",
        /// Normalised value.
        pub value: String = "c.value",
        /// What the party calls it.
        pub label: Option<String> = "c.label",
        /// Whether it is the one of its channel to use first.
        pub is_main: bool = "c.is_main",
        /// Whether they allowed us to use it.
        pub consent: Consent = "c.consent",
        /// When they told us.
        pub consent_at: Option<Instant> = "c.consent_at",
        /// How they told us.
        pub consent_how: Option<String> = "c.consent_how",
        /// When it was added.
        pub created_at: Instant = "c.created_at",
    }
}

/// What there is in the order of its making, the party locked so that two acts on it do not each miss the other's.
pub(super) async fn points(tx: &mut Tx, party: Id<Party>) -> Result<Vec<StoredContact>> {
    let (_,): (Id<Party>,) = tx.one(sql("SELECT id FROM parties WHERE id = $1 {for_update}").bind(party)).await?;
    let mut query = Sql::select::<StoredContact>("FROM contact_points c WHERE c.party_id = ");
    query.arg(party).push(" ORDER BY c.id");
    Ok(tx.all(query).await?)
}

/// Leaves each channel one contact point to use first: the chosen one, else the one that it has, else the oldest.
pub(super) fn settle(points: &mut [StoredContact], chosen: Option<Id<ContactPoint>>) {
    for channel in Channel::ALL {
        let of_channel = points.iter().filter(|point| point.channel == *channel);
        let main = of_channel.min_by_key(|point| (chosen != Some(point.id), !point.is_main)).map(|point| point.id);
        for point in points.iter_mut().filter(|point| point.channel == *channel) {
            point.is_main = main == Some(point.id);
        }
    }
}

/// Writes what differs.
pub(super) async fn store(tx: &mut Tx, party: Id<Party>, before: &[StoredContact], after: &[StoredContact]) -> Result<()> {
    let gone: Vec<Id<ContactPoint>> = before.iter().map(|point| point.id).filter(|id| !after.iter().any(|point| point.id == *id)).collect();
    if !gone.is_empty() {
        let mut delete = sql("DELETE FROM contact_points WHERE id IN ");
        delete.list_padded(&gone);
        tx.run(delete).await?;
    }
    let rows = after
        .iter()
        .filter(|point| !before.contains(point))
        .map(|point| {
            vec![
                point.id.to_value(),
                party.to_value(),
                point.channel.to_value(),
                point.value.to_value(),
                point.label.to_value(),
                point.is_main.to_value(),
                point.consent.to_value(),
                point.consent_at.to_value(),
                point.consent_how.to_value(),
                point.created_at.to_value(),
            ]
        })
        .collect();
    for statement in Sql::inserts(
        "INSERT INTO contact_points (id, party_id, channel, value, label, is_main, consent, consent_at, consent_how, created_at) VALUES ",
        rows,
        " ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, value = excluded.value, label = excluded.label,
            is_main = excluded.is_main, consent = excluded.consent, consent_at = excluded.consent_at, consent_how = excluded.consent_how",
    ) {
        // A file may have brought the same meanwhile: imports do not lock the party.
        tx.run(statement).await.or_field("contact_points_party_id_channel_value_key", "value", "parties-contact-there")?;
    }
    Ok(())
}

/// A party after an act on what belongs to it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartyActed {
    /// The party as it is now.
    #[serde(flatten)]
    pub party: Party,
    /// Takes the act back: see `undo.run`.
    pub undo: Id<Undo>,
}

/// Stores an act with its events and its inverse.
async fn put(
    ctx: &Ctx,
    mut tx: Tx,
    party: Id<Party>,
    before: Vec<StoredContact>,
    after: Vec<StoredContact>,
    happened: Vec<Event>,
) -> Result<PartyActed> {
    store(&mut tx, party, &before, &after).await?;
    events::record_all(&mut tx, ctx, happened).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Contacts { party, before, after }).await?;
    Ok(PartyActed { party: finish(ctx, tx, party).await?, undo })
}

/// What happened to a contact point.
fn event(kind: &'static str, party: Id<Party>, point: &StoredContact) -> Event {
    Event::of_party(kind, party, json!({"channel": point.channel, "value": point.value})).about(point.id)
}

/// What a party said of the use of a contact point.
fn consent_event(party: Id<Party>, point: &StoredContact) -> Event {
    let kind = match point.consent {
        Consent::Given => "consent.given",
        Consent::Withdrawn => "consent.withdrawn",
        Consent::Unknown => "consent.forgotten",
    };
    let data = json!({"channel": point.channel, "value": point.value, "how": point.consent_how});
    Event::of_party(kind, party, data).about(point.id)
}

/// When they told us. A day alone means what is stored for that day, else now for today and the beginning of any other.
fn told_at(ctx: &Ctx, text: &str, stored: Option<Instant>) -> Result<Instant, Problem> {
    let (zone, calendar, today) = (&ctx.prefs.time_zone, ctx.prefs.calendar, ctx.today());
    let at = parse_instant(text, calendar, None, zone, today.0).map_err(|problem| Problem::new("consent_at", problem.key()))?;
    let at = Instant(at.as_millisecond());
    let at = match parse_moment(text, calendar, None, today.0) {
        Ok((day, None)) => match stored.filter(|stored| stored.day(zone) == Day(day)) {
            Some(stored) => stored,
            None if Day(day) == today => ctx.now(),
            None => at,
        },
        _ => at,
    };
    if at > ctx.now() { Err(Problem::new("consent_at", "parties-consent-future")) } else { Ok(at) }
}

/// An empty text is none: forms send a field that was left empty.
fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// A contact point to add.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddContact {
    /// The party.
    pub id: Id<Party>,
    /// The channel.
    pub channel: Channel,
    /// Number, address or account in any spelling.
    pub value: String,
    /// What the party calls it.
    pub label: Option<String>,
    /// Whether it is the one of its channel to use first. The only one always is.
    pub is_main: Option<bool>,
    /// Whether they allowed us to use it.
    pub consent: Option<Consent>,
    /// How they told us.
    pub consent_how: Option<String>,
    /// When they told us: a day or a moment in the caller's calendar, or RFC 3339; now unless given.
    pub consent_at: Option<String>,
}

/// Adds a way to reach a party.
///
/// # Errors
/// [`Error::Invalid`] at `value` or `consent_at`, also for one too many; [`Error::Conflict`] when the party has it already.
pub async fn add_contact(ctx: &Ctx, input: AddContact) -> Result<PartyActed> {
    let writer = ctx.write(PERM)?;
    let new = NewContact {
        channel: input.channel,
        value: input.value,
        label: input.label,
        is_main: input.is_main,
        consent: input.consent,
        consent_how: input.consent_how,
    };
    let checked = with_checks(ctx, |checks| new.checked("value", checks)).await??;
    let asked = checked.consent != Consent::Unknown;
    let told = said(input.consent_at.as_deref()).map(|text| told_at(ctx, text, None)).transpose()?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let before = points(&mut tx, input.id).await?;
    refuse_twice(&before, None, checked.channel, &checked.value)?;
    if before.len() >= FACTS_MAX {
        return Err(Problem::new("value", "parties-too-many").with("max", FACTS_MAX).into());
    }
    let point = StoredContact {
        id: ctx.id(),
        channel: checked.channel,
        value: checked.value,
        label: checked.label,
        is_main: false,
        consent: checked.consent,
        consent_at: asked.then(|| told.unwrap_or(ctx.now())),
        consent_how: checked.consent_how.filter(|_| asked),
        created_at: ctx.now(),
    };
    let mut happened = vec![event("contact.added", input.id, &point)];
    happened.extend(asked.then(|| consent_event(input.id, &point)));
    let mut after = before.clone();
    let chosen = checked.is_main.then_some(point.id);
    after.push(point);
    settle(&mut after, chosen);
    put(ctx, tx, input.id, before, after, happened).await
}

/// A party has each number, address and account once.
fn refuse_twice(there: &[StoredContact], but: Option<Id<ContactPoint>>, channel: Channel, value: &str) -> Result<()> {
    if there.iter().any(|point| Some(point.id) != but && point.channel == channel && point.value == value) {
        return Err(Error::Conflict(Fields(vec![Problem::new("value", "parties-contact-there")])));
    }
    Ok(())
}

/// Brings the party's own phone and e-mail in line with its contact points, and counts its version up.
pub(super) async fn follow(tx: &mut Tx, ctx: &Ctx, party: Id<Party>) -> Result<()> {
    tx.run(
        sql("UPDATE parties SET
               phone = (SELECT c.value FROM contact_points c WHERE c.party_id = parties.id AND c.channel IN ('mobile', 'phone')
                        ORDER BY CASE c.channel WHEN 'mobile' THEN 0 ELSE 1 END, c.is_main DESC, c.id LIMIT 1),
               email = (SELECT c.value FROM contact_points c WHERE c.party_id = parties.id AND c.channel = 'email'
                        ORDER BY c.is_main DESC, c.id LIMIT 1),
               version = version + 1, updated_at = $1
             WHERE id = $2")
        .bind(ctx.now())
        .bind(party),
    )
    .await?;
    Ok(())
}

/// See [`follow`]; ends the write.
pub(super) async fn finish(ctx: &Ctx, mut tx: Tx, party: Id<Party>) -> Result<Party> {
    follow(&mut tx, ctx, party).await?;
    tx.commit().await?;
    // Who may change a party may see it: both rights reach as far.
    get(ctx, PartyId { id: party }).await
}

/// What is to change in a contact point; absent fields stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeContact {
    /// The party.
    pub id: Id<Party>,
    /// The contact point.
    pub contact_id: Id<ContactPoint>,
    /// The new value.
    pub value: Option<String>,
    /// What the party calls it; an empty text takes it away.
    pub label: Option<String>,
    /// Whether it is the one of its channel to use first. Where this one is not to be it any more, the oldest of the
    /// others takes its place.
    pub is_main: Option<bool>,
    /// Whether they allowed us to use it.
    pub consent: Option<Consent>,
    /// How they told us. A new consent forgets how the old one came.
    pub consent_how: Option<String>,
    /// When they told us: a day or a moment in the caller's calendar, or RFC 3339; for a new consent now unless given.
    pub consent_at: Option<String>,
}

impl ChangeContact {
    /// A change that changes nothing yet.
    #[must_use]
    pub fn of(id: Id<Party>, contact_id: Id<ContactPoint>) -> ChangeContact {
        ChangeContact { id, contact_id, value: None, label: None, is_main: None, consent: None, consent_how: None, consent_at: None }
    }
}

/// Changes a contact point: its value, label, place, or the consent for it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Invalid`] at a field; [`Error::Conflict`] when the party has the new value
/// already.
pub async fn change_contact(ctx: &Ctx, input: ChangeContact) -> Result<PartyActed> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let before = points(&mut tx, input.id).await?;
    let old = before.iter().find(|point| point.id == input.contact_id).ok_or(Error::NotFound("contact_point"))?;
    let consent = input.consent.unwrap_or(old.consent);
    let is_new = consent != old.consent;
    let new = NewContact {
        channel: old.channel,
        value: input.value.unwrap_or_else(|| old.value.clone()),
        label: input.label.or_else(|| old.label.clone()),
        is_main: input.is_main,
        consent: Some(consent),
        consent_how: input.consent_how.or_else(|| old.consent_how.clone().filter(|_| !is_new)),
    };
    let checked = with_checks(ctx, |checks| new.checked("value", checks)).await??;
    let told = said(input.consent_at.as_deref()).map(|text| told_at(ctx, text, old.consent_at)).transpose()?;
    refuse_twice(&before, Some(old.id), checked.channel, &checked.value)?;
    let asked = consent != Consent::Unknown;
    let point = StoredContact {
        id: old.id,
        // Where the new number belongs to another channel, that one has its main one already.
        is_main: old.is_main && old.channel == checked.channel,
        channel: checked.channel,
        value: checked.value,
        label: checked.label,
        consent,
        consent_at: told.or(if is_new { Some(ctx.now()) } else { old.consent_at }).filter(|_| asked),
        consent_how: checked.consent_how.filter(|_| asked),
        created_at: old.created_at,
    };
    let chosen = match input.is_main {
        Some(true) => Some(point.id),
        Some(false) if point.is_main => {
            before.iter().find(|other| other.channel == point.channel && other.id != point.id).map(|other| other.id)
        }
        _ => None,
    };
    let mut after: Vec<StoredContact> =
        before.iter().map(|there| if there.id == point.id { point.clone() } else { there.clone() }).collect();
    settle(&mut after, chosen);
    let is_main = after.iter().any(|there| there.id == point.id && there.is_main);
    let mut happened = Vec::new();
    if (&old.value, &old.label, old.is_main) != (&point.value, &point.label, is_main) {
        let was = (old.value != point.value).then_some(&old.value);
        let data = json!({"channel": point.channel, "value": point.value, "was": was});
        happened.push(Event::of_party("contact.changed", input.id, data).about(point.id));
    }
    if (old.consent, old.consent_at, &old.consent_how) != (point.consent, point.consent_at, &point.consent_how) {
        happened.push(consent_event(input.id, &point));
    }
    put(ctx, tx, input.id, before, after, happened).await
}

/// Which contact point of which party.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactOf {
    /// The party.
    pub id: Id<Party>,
    /// The contact point.
    pub contact_id: Id<ContactPoint>,
}

/// Takes a contact point away. Where it was the main one of its channel, the oldest of the others takes its place.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn remove_contact(ctx: &Ctx, input: ContactOf) -> Result<PartyActed> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let before = points(&mut tx, input.id).await?;
    let mut after = before.clone();
    let at = after.iter().position(|point| point.id == input.contact_id).ok_or(Error::NotFound("contact_point"))?;
    let gone = after.remove(at);
    settle(&mut after, None);
    put(ctx, tx, input.id, before, after, vec![event("contact.removed", input.id, &gone)]).await
}

/// Puts the contact points of a party back as they were before an act that left them as `after`.
///
/// # Errors
/// [`Error::Conflict`] at `version` when they have changed since; [`Error::NotFound`] out of sight; without the right.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, party: Id<Party>, before: &[StoredContact], after: &[StoredContact]) -> Result<()> {
    let writer = ctx.write(PERM)?;
    seen_in(tx, &writer.sight, party).await?;
    if points(tx, party).await? != after {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "parties-changed-meanwhile")])));
    }
    store(tx, party, after, before).await?;
    follow(tx, ctx, party).await?;
    let restored = before.iter().find(|point| !after.contains(point)).or_else(|| after.iter().find(|point| !before.contains(point)));
    let happened = restored.map(|point| event("contact.restored", party, point)).into_iter().collect();
    events::record_all(tx, ctx, happened).await
}

/// Tags to put on or take off one party.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTags {
    /// The party.
    pub id: Id<Party>,
    /// Tags to put on.
    #[serde(default)]
    pub add: Vec<String>,
    /// Tags to take off.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// Puts tags on a party and takes others off.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Invalid`] for a tag that is too long or too many of them.
pub async fn change_tags(ctx: &Ctx, input: ChangeTags) -> Result<Party> {
    let writer = ctx.write(PERM)?;
    let new = super::check::NewParty { tags: Some(input.add), ..Default::default() };
    let checked = with_checks(ctx, |checks| new.checked(checks)).await?.map_err(Error::Invalid)?;
    let mut tx = writer.begin().await?;
    let row: PartyRow = seen_in(&mut tx, &writer.sight, input.id).await?;
    let mut removed = Vec::new();
    for tag in input.remove {
        let tag = clean_line(&tag, LINE_MAX).map_err(|problem| Problem::new("remove", problem.key()).with("max", LINE_MAX))?;
        if tx.run(sql("DELETE FROM party_tags WHERE party_id = $1 AND tag = $2").bind(row.id).bind(&tag)).await? > 0 {
            removed.push(tag);
        }
    }
    let mut added = Vec::new();
    for tag in checked.tags {
        if tx.run(sql("INSERT INTO party_tags (party_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING").bind(row.id).bind(&tag)).await? > 0 {
            added.push(tag);
        }
    }
    if !added.is_empty() || !removed.is_empty() {
        events::record(&mut tx, ctx, Event::of_party("party.tagged", row.id, json!({"added": added, "removed": removed}))).await?;
    }
    finish(ctx, tx, row.id).await
}

/// The operations.
pub fn operations(ops: &mut Operations) {
    let perm = Some(PERM);
    ops.add("parties.contacts.add", "POST /parties/{id}/contacts", perm, "Adds a way to reach a customer.", add_contact)
        .example(|| json!({"id": "01920000-0000-7000-8000-000000000000", "channel": "mobile", "value": "۰۹۳۵۱۲۳۴۵۶۷", "consent": "given", "consent_how": "پای تلفن"}));
    ops.add(
        "parties.contacts.change",
        "PUT /parties/{id}/contacts/{contact_id}",
        perm,
        "Changes a contact point, or the consent for it.",
        change_contact,
    );
    ops.add("parties.contacts.remove", "DELETE /parties/{id}/contacts/{contact_id}", perm, "Takes a contact point away.", remove_contact);
    ops.add("parties.tags", "POST /parties/{id}/tags", perm, "Puts tags on a customer and takes others off.", change_tags)
        .example(|| json!({"id": "01920000-0000-7000-8000-000000000000", "add": ["سفارشی"]}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parties::check::NewParty;
    use crate::parties::party::create;
    use crate::platform::undo::RunUndo;
    use crate::testing;

    async fn sara(ctx: &Ctx) -> Party {
        let new = NewParty { name: Some("سارا".into()), mobile: Some("09125550142".into()), ..NewParty::default() };
        ctx.run(create, new).await.unwrap()
    }

    fn add(party: &Party, value: &str) -> AddContact {
        serde_json::from_value(json!({"id": party.id, "channel": "mobile", "value": value})).unwrap()
    }

    fn change(of: &Party, contact: usize, what: serde_json::Value) -> ChangeContact {
        let mut input = json!({"id": of.id, "contact_id": of.contacts[contact].id});
        input.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        serde_json::from_value(input).unwrap()
    }

    /// Value of each contact point and whether it is the main one of its channel, then the party's own phone.
    async fn told(ctx: &Ctx, id: Id<Party>) -> (Vec<(String, bool)>, Option<String>) {
        let party = ctx.run(get, PartyId { id }).await.unwrap();
        (party.contacts.iter().map(|contact| (contact.value.clone(), contact.is_main)).collect(), party.phone.clone())
    }

    async fn kinds(ctx: &Ctx) -> Vec<String> {
        let mut query = sql("SELECT kind FROM events WHERE substr(kind, 1, 8) IN ");
        query.list_padded(&["contact.", "consent."]).push(" ORDER BY id");
        let kinds: Vec<(String,)> = ctx.app.db.all(query).await.unwrap();
        kinds.into_iter().map(|(kind,)| kind).collect()
    }

    fn first_problem(error: Error) -> (String, String) {
        match error {
            Error::Invalid(fields) | Error::Conflict(fields) => (fields.0[0].field.to_string(), fields.0[0].key.to_string()),
            error => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn one_of_each_channel_is_the_main_one_and_the_main_phone_is_the_partys_phone() {
        let ctx = testing::ctx().await;
        let sara = sara(&ctx).await;
        let (old, new) = ("+989125550142".to_owned(), "+989351234567".to_owned());
        let party = ctx.run(add_contact, AddContact { is_main: Some(true), ..add(&sara, "09351234567") }).await.unwrap().party;
        assert_eq!(told(&ctx, sara.id).await, (vec![(new.clone(), true), (old.clone(), false)], Some(new.clone())));
        let party = ctx.run(change_contact, change(&party, 1, json!({"is_main": true}))).await.unwrap().party;
        assert_eq!(told(&ctx, sara.id).await, (vec![(old.clone(), true), (new.clone(), false)], Some(old.clone())));
        let party = ctx.run(change_contact, change(&party, 0, json!({"is_main": false}))).await.unwrap().party;
        assert_eq!(told(&ctx, sara.id).await, (vec![(new.clone(), true), (old.clone(), false)], Some(new.clone())));
        ctx.run(remove_contact, ContactOf { id: party.id, contact_id: party.contacts[0].id }).await.unwrap();
        assert_eq!(told(&ctx, sara.id).await, (vec![(old.clone(), true)], Some(old)));
        let error = ctx.run(add_contact, add(&party, "0912 555 0142")).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(fields) if fields.0[0].field == "value"));
    }

    #[tokio::test]
    async fn a_mended_number_may_belong_to_another_channel_and_not_be_there_twice() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let party = ctx.run(add_contact, add(&party, "09351234567")).await.unwrap().party;
        let twice = ctx.run(change_contact, change(&party, 1, json!({"value": "0912 555 0142"}))).await.unwrap_err();
        assert_eq!(first_problem(twice), ("value".into(), "parties-contact-there".into()));
        let wrong = ctx.run(change_contact, change(&party, 0, json!({"value": "12"}))).await.unwrap_err();
        assert_eq!(first_problem(wrong).0, "value");
        let line = json!({"value": "021 8877 6655", "label": "مغازه"});
        let party = ctx.run(change_contact, change(&party, 0, line)).await.unwrap().party;
        let told: Vec<_> = party.contacts.iter().map(|one| (one.channel, one.value.as_str(), one.label.as_deref(), one.is_main)).collect();
        let land = (Channel::Phone, "+982188776655", Some("مغازه"), true);
        assert!(told.contains(&land) && told.contains(&(Channel::Mobile, "+989351234567", None, true)), "{told:?}");
        assert_eq!(party.phone.as_deref(), Some("+989351234567"));
    }

    #[tokio::test]
    async fn consent_keeps_when_and_how_and_its_history() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let zone = &ctx.prefs.time_zone;
        let yesterday = ctx.today().plus(-1);
        let given = json!({"consent": "given", "consent_how": "فرم فروشگاه", "consent_at": yesterday.to_string()});
        let after = ctx.run(change_contact, change(&party, 0, given)).await.unwrap().party;
        let (at, how) = (after.contacts[0].consent_at, after.contacts[0].consent_how.clone());
        assert_eq!((at.unwrap().day(zone), how.as_deref()), (yesterday, Some("فرم فروشگاه")));
        // A change that does not speak of it, and one that says the same again, leave it.
        let same = json!({"label": "دفتر", "consent": "given", "consent_at": yesterday.to_string()});
        let after = ctx.run(change_contact, change(&party, 0, same)).await.unwrap().party;
        assert_eq!((after.contacts[0].consent_at, after.contacts[0].consent_how.clone()), (at, how));
        let taken_back = ctx.run(change_contact, change(&party, 0, json!({"consent": "withdrawn"}))).await.unwrap().party;
        let contact = &taken_back.contacts[0];
        assert_eq!((contact.consent, contact.consent_at, contact.consent_how.as_deref()), (Consent::Withdrawn, Some(ctx.now()), None));
        let ahead = json!({"consent": "given", "consent_at": ctx.today().plus(1).to_string()});
        let error = ctx.run(change_contact, change(&party, 0, ahead)).await.unwrap_err();
        assert_eq!(first_problem(error), ("consent_at".into(), "parties-consent-future".into()));
        let forgotten = ctx.run(change_contact, change(&party, 0, json!({"consent": "unknown"}))).await.unwrap().party;
        assert_eq!((forgotten.contacts[0].consent_at, forgotten.contacts[0].consent_how.clone()), (None, None));
        assert_eq!(kinds(&ctx).await, ["consent.given", "contact.changed", "consent.withdrawn", "consent.forgotten"]);
    }

    #[tokio::test]
    async fn what_was_done_to_contact_points_is_taken_back_while_nobody_went_on() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let start = told(&ctx, party.id).await;
        let consent = json!({"is_main": true, "consent": "given", "consent_how": "پای تلفن"});
        let mut new = add(&party, "09351234567");
        (new.is_main, new.consent, new.consent_how) = (Some(true), Some(Consent::Given), Some("پای تلفن".into()));
        let added = ctx.run(add_contact, new).await.unwrap();
        let full = told(&ctx, party.id).await;
        let changed = ctx.run(change_contact, change(&added.party, 1, consent)).await.unwrap();
        assert_ne!(told(&ctx, party.id).await, full);
        assert_eq!(ctx.run(undo::run, RunUndo { id: added.undo }).await.unwrap_err().code(), "conflict");
        ctx.run(undo::run, RunUndo { id: changed.undo }).await.unwrap();
        assert_eq!(told(&ctx, party.id).await, full);
        let removed = ctx.run(remove_contact, ContactOf { id: party.id, contact_id: added.party.contacts[0].id }).await.unwrap();
        assert_eq!(told(&ctx, party.id).await, start);
        ctx.run(undo::run, RunUndo { id: removed.undo }).await.unwrap();
        assert_eq!(told(&ctx, party.id).await, full, "the party's own phone follows");
        let back = ctx.run(get, PartyId { id: party.id }).await.unwrap();
        assert_eq!((back.contacts[0].consent, back.contacts[0].consent_how.as_deref()), (Consent::Given, Some("پای تلفن")));
        ctx.run(undo::run, RunUndo { id: added.undo }).await.unwrap();
        assert_eq!(told(&ctx, party.id).await, start);
        let kinds = kinds(&ctx).await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "contact.restored").count(), 3, "{kinds:?}");
    }

    #[tokio::test]
    async fn contact_points_of_others_cannot_be_reached() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let error = agent.run(remove_contact, ContactOf { id: party.id, contact_id: party.contacts[0].id }).await.unwrap_err();
        assert!(matches!(error, Error::NotFound("party")));
        let other = testing::party(&ctx, "رضا").await;
        let stolen = ChangeContact { id: other, ..change(&party, 0, json!({"label": "من"})) };
        assert!(matches!(ctx.run(change_contact, stolen).await, Err(Error::NotFound("contact_point"))));
    }

    #[tokio::test]
    async fn tags_are_put_on_once_and_taken_off() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let change = |add: &[&str], remove: &[&str]| -> ChangeTags {
            serde_json::from_value(json!({"id": party.id, "add": add, "remove": remove})).unwrap()
        };
        assert_eq!(ctx.run(change_tags, change(&["الف", "#ب", "الف"], &[])).await.unwrap().tags, ["الف", "ب"]);
        assert_eq!(ctx.run(change_tags, change(&[], &["الف"])).await.unwrap().tags, ["ب"]);
    }
}
