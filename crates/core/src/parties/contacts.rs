//! Ways to reach a party, and what it allowed us to do with them.

use super::check::{Channel, Consent, LINE_MAX, NewContact, with_checks};
use super::party::{ContactPoint, Party, PartyId, PartyRow, get, seen_in};
use super::write::{contact_rows, insert_contacts};
use crate::parties::check::CheckedParty;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Fields, Id, Instant, Operations, OrField, Perm, Problem, Result, Room};
use peyvand_db::{Tx, sql};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

const PERM: Perm = Perm(Room::Parties, Act::Change);

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
    /// Whether it is the one of its channel to use first.
    pub is_main: Option<bool>,
    /// Whether they allowed us to use it.
    pub consent: Option<Consent>,
    /// How they told us.
    pub consent_how: Option<String>,
}

/// Adds a way to reach a party.
///
/// # Errors
/// [`Error::Invalid`] at `value`, [`Error::Conflict`] when the party has it already.
pub async fn add_contact(ctx: &Ctx, input: AddContact) -> Result<Party> {
    let writer = ctx.write(PERM)?;
    let new = NewContact {
        channel: input.channel,
        value: input.value,
        label: input.label,
        is_main: input.is_main,
        consent: input.consent,
        consent_how: input.consent_how,
    };
    let contact = with_checks(ctx, |checks| new.checked("value", checks)).await??;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let there: Vec<(Channel, String)> = tx.all(sql("SELECT channel, value FROM contact_points WHERE party_id = $1").bind(input.id)).await?;
    if there.iter().any(|(channel, value)| *channel == contact.channel && *value == contact.value) {
        return Err(Error::Conflict(Fields(vec![Problem::new("value", "parties-contact-there")])));
    }
    let mains: Vec<Channel> = there.into_iter().map(|(channel, _)| channel).collect();
    let (channel, is_main) = (contact.channel, contact.is_main);
    let data = json!({"channel": channel, "value": contact.value});
    let consent = contact.consent;
    let facts = CheckedParty { contacts: vec![contact.clone()], ..CheckedParty::default() };
    insert_contacts(&mut tx, contact_rows(ctx, input.id, &facts, &[0], &mains)).await?;
    if is_main {
        let (added,): (Id<ContactPoint>,) = tx
            .one(
                sql("SELECT id FROM contact_points WHERE party_id = $1 AND channel = $2 AND value = $3")
                    .bind(input.id)
                    .bind(channel)
                    .bind(&contact.value),
            )
            .await?;
        set_main(&mut tx, input.id, channel, added).await?;
    }
    events::record(&mut tx, ctx, Event::of_party("contact.added", input.id, data)).await?;
    if consent != Consent::Unknown {
        note_consent(&mut tx, ctx, input.id, channel, &contact.value, consent, contact.consent_how.as_deref()).await?;
    }
    finish(ctx, tx, input.id).await
}

async fn note_consent(
    tx: &mut Tx,
    ctx: &Ctx,
    party: Id<Party>,
    channel: Channel,
    value: &str,
    consent: Consent,
    how: Option<&str>,
) -> Result<()> {
    let kind = match consent {
        Consent::Given => "consent.given",
        Consent::Withdrawn => "consent.withdrawn",
        Consent::Unknown => "consent.forgotten",
    };
    events::record(tx, ctx, Event::of_party(kind, party, json!({"channel": channel, "value": value, "how": how}))).await
}

async fn set_main(tx: &mut Tx, party: Id<Party>, channel: Channel, main: Id<ContactPoint>) -> Result<()> {
    tx.run(sql("UPDATE contact_points SET is_main = (id = $1) WHERE party_id = $2 AND channel = $3").bind(main).bind(party).bind(channel))
        .await?;
    Ok(())
}

/// Brings the party's own phone and e-mail in line with its contact points, counts its version up and ends the write.
pub(super) async fn finish(ctx: &Ctx, mut tx: Tx, party: Id<Party>) -> Result<Party> {
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
    /// Whether it is the one of its channel to use first.
    pub is_main: Option<bool>,
    /// Whether they allowed us to use it.
    pub consent: Option<Consent>,
    /// How they told us.
    pub consent_how: Option<String>,
    /// When they told us; now unless given.
    pub consent_at: Option<Instant>,
}

/// Changes a contact point: its value, label, place, or the consent for it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Invalid`] at a field; [`Error::Conflict`] when the party has the new value
/// already.
pub async fn change_contact(ctx: &Ctx, input: ChangeContact) -> Result<Party> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let stored: Option<(Channel, String, Option<String>)> = tx
        .maybe(
            sql("SELECT channel, value, label FROM contact_points WHERE id = $1 AND party_id = $2").bind(input.contact_id).bind(input.id),
        )
        .await?;
    let Some((channel, value, label)) = stored else { return Err(Error::NotFound("contact_point")) };
    let new = NewContact {
        channel,
        value: input.value.clone().unwrap_or_else(|| value.clone()),
        label: input.label.clone().or(label),
        is_main: input.is_main,
        consent: input.consent,
        consent_how: input.consent_how.clone(),
    };
    let checked = with_checks(ctx, |checks| new.checked("value", checks)).await??;
    tx.run(
        sql("UPDATE contact_points SET channel = $1, value = $2, label = $3 WHERE id = $4")
            .bind(checked.channel)
            .bind(&checked.value)
            .bind(&checked.label)
            .bind(input.contact_id),
    )
    .await
    .or_field("contact_points_party_id_channel_value_key", "value", "parties-contact-there")?;
    if input.is_main == Some(true) {
        set_main(&mut tx, input.id, checked.channel, input.contact_id).await?;
    }
    if checked.value != value {
        let data = json!({"channel": channel, "from": value, "to": checked.value});
        events::record(&mut tx, ctx, Event::of_party("contact.changed", input.id, data)).await?;
    }
    if let Some(consent) = input.consent {
        let at = input.consent_at.unwrap_or(ctx.now());
        if at > ctx.now() {
            return Err(Error::invalid("consent_at", "parties-consent-future"));
        }
        tx.run(
            sql("UPDATE contact_points SET consent = $1, consent_at = $2, consent_how = $3 WHERE id = $4")
                .bind(consent)
                .bind(at)
                .bind(&checked.consent_how)
                .bind(input.contact_id),
        )
        .await?;
        note_consent(&mut tx, ctx, input.id, checked.channel, &checked.value, consent, checked.consent_how.as_deref()).await?;
    }
    finish(ctx, tx, input.id).await
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

/// Takes a contact point away.
///
/// # Errors
/// [`Error::NotFound`] out of sight.
pub async fn remove_contact(ctx: &Ctx, input: ContactOf) -> Result<Party> {
    let writer = ctx.write(PERM)?;
    let mut tx = writer.begin().await?;
    seen_in(&mut tx, &writer.sight, input.id).await?;
    let removed: Option<(Channel, String)> = tx
        .maybe(
            sql("DELETE FROM contact_points WHERE id = $1 AND party_id = $2 RETURNING channel, value")
                .bind(input.contact_id)
                .bind(input.id),
        )
        .await?;
    let Some((channel, value)) = removed else { return Err(Error::NotFound("contact_point")) };
    events::record(&mut tx, ctx, Event::of_party("contact.removed", input.id, json!({"channel": channel, "value": value}))).await?;
    finish(ctx, tx, input.id).await
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
    use crate::testing;

    async fn sara(ctx: &Ctx) -> Party {
        let new = NewParty { name: Some("سارا".into()), mobile: Some("09125550142".into()), ..NewParty::default() };
        ctx.run(create, new).await.unwrap()
    }

    fn add(party: &Party, value: &str) -> AddContact {
        serde_json::from_value(json!({"id": party.id, "channel": "mobile", "value": value})).unwrap()
    }

    #[tokio::test]
    async fn the_main_phone_is_the_partys_phone() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let party = ctx.run(add_contact, AddContact { is_main: Some(true), ..add(&party, "09351234567") }).await.unwrap();
        assert_eq!(party.phone.as_deref(), Some("+989351234567"));
        assert_eq!(party.contacts.iter().filter(|contact| contact.is_main).count(), 1);
        let main = party.contacts.iter().find(|contact| contact.is_main).unwrap().id;
        let party = ctx.run(remove_contact, ContactOf { id: party.id, contact_id: main }).await.unwrap();
        assert_eq!(party.phone.as_deref(), Some("+989125550142"));
        let error = ctx.run(add_contact, add(&party, "0912 555 0142")).await.unwrap_err();
        assert!(matches!(error, Error::Conflict(fields) if fields.0[0].field == "value"));
    }

    #[tokio::test]
    async fn consent_keeps_when_and_how_and_its_history() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let contact_id = party.contacts[0].id;
        for (consent, how) in [(Consent::Given, "فرم فروشگاه"), (Consent::Withdrawn, "پیامک لغو")] {
            let input =
                serde_json::from_value(json!({"id": party.id, "contact_id": contact_id, "consent": consent, "consent_how": how})).unwrap();
            let after = ctx.run(change_contact, input).await.unwrap();
            assert_eq!(after.contacts[0].consent, consent);
            assert_eq!(after.contacts[0].consent_at, Some(ctx.now()));
            assert_eq!(after.contacts[0].consent_how.as_deref(), Some(how));
        }
        let (noted,): (i64,) =
            ctx.app.db.one(sql("SELECT count(*) FROM events WHERE kind IN ('consent.given', 'consent.withdrawn')")).await.unwrap();
        assert_eq!(noted, 2);
    }

    #[tokio::test]
    async fn contact_points_of_others_cannot_be_reached() {
        let ctx = testing::ctx().await;
        let party = sara(&ctx).await;
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let error = agent.run(remove_contact, ContactOf { id: party.id, contact_id: party.contacts[0].id }).await.unwrap_err();
        assert!(matches!(error, Error::NotFound("party")));
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
