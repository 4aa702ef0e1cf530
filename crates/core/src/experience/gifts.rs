//! Gifts: what lies ready, how it reaches its customer, and what they make of it.

use super::grants::{self, Grant, GrantState};
use super::holds;
use super::legality::TreatmentKind;
use super::redeem;
use super::treatments;
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::platform::events::{self, Event};
use crate::platform::text::clean_line;
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a note.
const NOTE_MAX: usize = 500;
/// The most that may lie ready of one thing, and come in at once.
const STOCK_MAX: i64 = 1_000_000;

peyvand_db::words! {
    /// What somebody made of a gift.
    pub enum Reaction {
        /// They said thanks.
        Thanked = "thanked",
        /// They use it.
        Used = "used",
        /// They gave it back.
        Returned = "returned",
        /// They were not pleased.
        Complained = "complained",
        /// Nothing was heard.
        Silent = "none",
    }
}

row! {
    /// Something that may be given.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct GiftItem {
        /// Its id.
        pub id: Id<GiftItem> = "i.id",
        /// Its name in Persian.
        pub name_fa: String = "i.name_fa",
        /// Its name in Arabic.
        pub name_ar: String = "i.name_ar",
        /// Its name in English.
        pub name_en: String = "i.name_en",
        /// What one costs us, in minor units.
        pub unit_cost_minor: i64 = "i.unit_cost_minor",
        /// What one costs in a shop, in minor units.
        pub retail_minor: i64 = "i.retail_minor",
        /// How many lie ready.
        pub stock: i64 = "i.stock",
        /// How many were sent.
        pub sent: i64 = "(SELECT COUNT(*) FROM gift_deliveries d WHERE d.gift_item_id = i.id)",
        /// How many of those who got one thanked for it or use it.
        pub liked: i64 = "(SELECT COUNT(*) FROM gift_deliveries d WHERE d.gift_item_id = i.id AND d.reaction IN ('thanked', 'used'))",
        /// When it was written down.
        pub created_at: Instant = "i.created_at",
    }
}

row! {
    /// How a gift reached its customer.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Delivery {
        /// Its id.
        pub id: Id<Delivery> = "d.id",
        /// The grant that it is.
        pub grant_id: Id<Grant> = "d.grant_id",
        /// To whom.
        pub party_id: Id<Party> = "d.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// What, when it lies ready somewhere.
        pub gift_item_id: Option<Id<GiftItem>> = "d.gift_item_id",
        /// When it was sent.
        pub sent_at: Instant = "d.sent_at",
        /// When it came to them.
        pub received_at: Option<Instant> = "d.received_at",
        /// What they made of it.
        pub reaction: Option<Reaction> = "d.reaction",
        /// When that was heard.
        pub reaction_at: Option<Instant> = "d.reaction_at",
        /// A note.
        pub note: Option<String> = "d.note",
    }
}

/// Something that may be given, to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewGiftItem {
    /// Its name in Persian. One name is needed; where there is none, another stands for it.
    pub name_fa: Option<String>,
    /// Its name in Arabic.
    pub name_ar: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// What one costs us, as decimal text in major units of the organisation's currency.
    pub unit_cost: Option<String>,
    /// What one costs in a shop, as decimal text in major units.
    pub retail: Option<String>,
    /// How many lie ready.
    pub stock: i64,
}

/// Writes down something that may be given.
///
/// # Errors
/// For fields that cannot be read.
pub async fn create(ctx: &Ctx, new: NewGiftItem) -> Result<GiftItem> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let names = treatments::names([&new.name_fa, &new.name_ar, &new.name_en], &mut fields);
    let mut money = |field: &'static str, text: &Option<String>| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        fields.take(treatments::amount(field, text, currency))
    };
    let unit_cost = money("unit_cost", &new.unit_cost).unwrap_or_default();
    let retail = money("retail", &new.retail).unwrap_or(unit_cost);
    if !(0..=STOCK_MAX).contains(&new.stock) {
        fields.0.push(Problem::new("stock", "input-range").with("min", 0).with("max", STOCK_MAX));
    }
    fields.check()?;
    let id: Id<GiftItem> = ctx.id();
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO gift_items (id, name_fa, name_ar, name_en, unit_cost_minor, retail_minor, stock, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(&names[0])
        .bind(&names[1])
        .bind(&names[2])
        .bind(unit_cost)
        .bind(retail)
        .bind(new.stock)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("gift.created", id, json!({"name": names[0], "stock": new.stock}))).await?;
    let item = item(&mut tx, id).await?;
    tx.commit().await?;
    Ok(item)
}

async fn item(tx: &mut peyvand_db::Tx, id: Id<GiftItem>) -> Result<GiftItem> {
    let mut query = Sql::select::<GiftItem>("FROM gift_items i WHERE i.id = ");
    query.arg(id);
    tx.maybe(query).await?.ok_or(Error::NotFound("gift"))
}

/// Which gifts.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListGifts {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What may be given, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListGifts) -> Result<Page<GiftItem>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<GiftItem>("FROM gift_items i WHERE i.archived_at IS NULL");
    if let Some(after) = &input.after {
        let after: Id<GiftItem> = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND i.id < ").arg(after);
    }
    query.push(" ORDER BY i.id DESC LIMIT ").arg(limit + 1);
    Ok(Page::cut(reader.db.all(query).await?, limit, |last: &GiftItem| last.id.to_string()))
}

/// How many came in, or went out otherwise.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestockGift {
    /// Of what.
    pub id: Id<GiftItem>,
    /// How many; negative for those that went.
    pub by: i64,
}

/// Changes how many lie ready.
///
/// # Errors
/// [`Error::NotFound`]; a problem at field `by` when fewer would be left than none.
pub async fn restock(ctx: &Ctx, input: RestockGift) -> Result<GiftItem> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    if !(-STOCK_MAX..=STOCK_MAX).contains(&input.by) {
        return Err(Problem::new("by", "input-range").with("min", -STOCK_MAX).with("max", STOCK_MAX).into());
    }
    let mut tx = writer.begin().await?;
    item(&mut tx, input.id).await?;
    let changed = tx
        .run(
            sql("UPDATE gift_items SET stock = stock + $1 WHERE id = $2 AND stock + $1 >= 0 AND stock + $1 <= $3")
                .bind(input.by)
                .bind(input.id)
                .bind(STOCK_MAX),
        )
        .await?;
    if changed == 0 {
        return Err(Error::invalid("by", "experience-stock-below"));
    }
    events::record(&mut tx, ctx, Event::of("gift.restocked", input.id, json!({"by": input.by}))).await?;
    let item = item(&mut tx, input.id).await?;
    tx.commit().await?;
    Ok(item)
}

/// A gift to be sent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendGift {
    /// The grant that it is.
    pub id: Id<Grant>,
    /// A note.
    pub note: Option<String>,
}

fn refused(field: &'static str, key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new(field, key)]))
}

fn note(text: Option<&str>) -> Result<Option<String>> {
    let read = clean_line(text.unwrap_or_default(), NOTE_MAX);
    let note = read.map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX))?;
    Ok(Some(note).filter(|note| !note.is_empty()))
}

/// Sends a gift: one fewer lies ready, and its cost is taken from the budget. What there is none of is not sent.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] when it is no gift, was sent or is over, or there is none left.
pub async fn send(ctx: &Ctx, input: SendGift) -> Result<Delivery> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let note = note(input.note.as_deref())?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut tx = writer.begin().await?;
    let grant = grants::take(&mut tx, &writer.sight, input.id).await?;
    if grant.kind != TreatmentKind::Gift {
        return Err(refused("id", "experience-not-a-gift"));
    }
    if !matches!(grant.state, GrantState::Offered | GrantState::Accepted) {
        return Err(refused("id", grants::why(grant.state)));
    }
    if today > grant.valid_to_on {
        return Err(refused("id", "experience-grant-expired"));
    }
    if holds::is_held(&mut tx, grant.party_id).await? {
        return Err(refused("id", "experience-held-gift"));
    }
    let (item,): (Option<Id<GiftItem>>,) =
        tx.one(sql("SELECT gift_item_id FROM treatments WHERE id = $1").bind(grant.treatment_id)).await?;
    redeem::take_one(&mut tx, &grant, None).await?;
    if let Some(item) = item {
        let taken = tx.run(sql("UPDATE gift_items SET stock = stock - 1 WHERE id = $1 AND stock > 0").bind(item)).await?;
        if taken == 0 {
            return Err(refused("id", "experience-out-of-stock"));
        }
    }
    tx.run(sql("UPDATE grants SET state = 'redeemed', redeemed_at = $1 WHERE id = $2").bind(ctx.now()).bind(grant.id)).await?;
    tx.run(
        sql("UPDATE exposures SET delivered_at = COALESCE(delivered_at, $1), staff_id = COALESCE(staff_id, $2) WHERE id = $3")
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(grant.exposure_id),
    )
    .await?;
    let id: Id<Delivery> = ctx.id();
    tx.run(
        sql("INSERT INTO gift_deliveries (id, grant_id, party_id, gift_item_id, sent_at, sent_by, note) VALUES ($1, $2, $3, $4, $5, $6, $7)")
            .bind(id)
            .bind(grant.id)
            .bind(grant.party_id)
            .bind(item)
            .bind(ctx.now())
            .bind(ctx.actor.user())
            .bind(&note),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of_party("gift.sent", grant.party_id, json!({"name": grant.name_fa})).about(grant.id)).await?;
    let delivery = delivery(&mut tx, grant.id).await?;
    tx.commit().await?;
    Ok(delivery)
}

async fn delivery(tx: &mut peyvand_db::Tx, grant: Id<Grant>) -> Result<Delivery> {
    let mut query = Sql::select::<Delivery>("FROM gift_deliveries d JOIN parties p ON p.id = d.party_id WHERE d.grant_id = ");
    query.arg(grant);
    tx.maybe(query).await?.ok_or_else(|| refused("id", "experience-not-sent"))
}

/// What was heard of a gift.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiftReceived {
    /// The grant that it is.
    pub id: Id<Grant>,
    /// What they made of it; only that it came unless given.
    pub reaction: Option<Reaction>,
    /// A note.
    pub note: Option<String>,
}

/// Writes down that a gift came to its customer, and what they made of it.
///
/// # Errors
/// [`Error::NotFound`] out of sight; [`Error::Conflict`] before it was sent.
pub async fn received(ctx: &Ctx, input: GiftReceived) -> Result<Delivery> {
    let writer = ctx.write(Perm(Room::Interactions, Act::Create))?;
    let note = note(input.note.as_deref())?;
    let mut tx = writer.begin().await?;
    let grant = grants::take(&mut tx, &writer.sight, input.id).await?;
    delivery(&mut tx, grant.id).await?;
    tx.run(
        sql("UPDATE gift_deliveries SET received_at = COALESCE(received_at, $1), reaction = COALESCE($2, reaction),
               reaction_at = CASE WHEN $2 IS NULL THEN reaction_at ELSE $1 END, note = COALESCE($3, note) WHERE grant_id = $4")
        .bind(ctx.now())
        .bind(input.reaction)
        .bind(&note)
        .bind(grant.id),
    )
    .await?;
    let data = json!({"name": grant.name_fa, "reaction": input.reaction});
    events::record(&mut tx, ctx, Event::of_party("gift.received", grant.party_id, data).about(grant.id)).await?;
    let delivery = delivery(&mut tx, grant.id).await?;
    tx.commit().await?;
    Ok(delivery)
}

/// The operations of gifts.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |room, act| Some(Perm(room, act));
    ops.add("gifts.create", "POST /gifts", perm(Room::Experience, Act::Create), "Writes down something that may be given.", create)
        .example(
            || json!({"name_fa": "ست قهوه‌ی دمی", "name_en": "Pour-over set", "unit_cost": "1800000", "retail": "2400000", "stock": 20}),
        );
    ops.add("gifts.list", "GET /gifts", perm(Room::Experience, Act::See), "What may be given, with how many lie ready.", list)
        .example(|| json!({"limit": 20}));
    ops.add(
        "gifts.restock",
        "POST /gifts/{id}/restock",
        perm(Room::Experience, Act::Change),
        "Changes how many of a gift lie ready.",
        restock,
    )
    .example(|| json!({"id": SOME, "by": 10}));
    ops.add("gifts.send", "POST /grants/{id}/send", perm(Room::Interactions, Act::Create), "Sends a gift that was granted.", send)
        .example(|| json!({"id": SOME, "note": "با پیک"}));
    ops.add(
        "gifts.received",
        "POST /grants/{id}/received",
        perm(Room::Interactions, Act::Create),
        "Writes down that a gift came to its customer, and what they made of it.",
        received,
    )
    .example(|| json!({"id": SOME, "reaction": "thanked"}));
}
