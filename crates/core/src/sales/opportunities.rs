//! Opportunities: what may be sold to whom and what it may bring, who else offers it, and how it ended.

use crate::interactions::{Interaction, check_terms};
use crate::operation::{Page, page_size};
use crate::parties::Party;
use crate::parties::whom::{self, Whom};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::{Currency, Money, MoneyUnit, NumberProblem};
use crate::platform::text::clean_line;
use crate::platform::undo::{self, Inverse, Undo};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Patch, Perm, Problem, Result, Room, Sight};
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Characters of a title.
const TITLE_MAX: usize = 300;
/// Characters of what a competitor offered.
const OFFER_MAX: usize = 300;
/// The largest amount in minor units: sums of thousands of them still fit.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
/// The day on which what is open is closed: after all others.
const NOT_CLOSED: Day = Day(jiff::civil::Date::MAX);

peyvand_db::words! {
    /// Where an opportunity stands.
    pub enum OpportunityState {
        /// It may still come to something.
        Open = "open",
        /// They bought.
        Won = "won",
        /// They did not.
        Lost = "lost",
    }
}

peyvand_db::words! {
    /// Which opportunities are listed, by where they stand.
    pub enum OpportunityView {
        /// Those that may still come to something.
        Open = "open",
        /// Those that were won.
        Won = "won",
        /// Those that were lost.
        Lost = "lost",
        /// Those that were won or lost.
        Closed = "closed",
        /// All.
        All = "all",
    }
}

row! {
    /// Something that may be sold.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Opportunity {
        /// Its id.
        pub id: Id<Opportunity> = "t.id",
        /// To whom.
        pub party_id: Id<Party> = "t.party_id",
        /// Their name.
        pub party: String = "p.name",
        /// The talk it came from.
        pub interaction_id: Option<Id<Interaction>> = "t.interaction_id",
        /// What.
        pub title: String = "t.title",
        /// What it may bring, or brought, in minor units of the organisation's currency.
        pub amount_minor: Option<i64> = "t.amount_minor",
        /// Where it stands.
        pub state: OpportunityState = "t.state",
        /// Why it was lost, a word of list `lost_reason`.
        pub lost_reason: Option<String> = "t.lost_reason",
        /// The organisation's own label of that word.
        pub lost_reason_label: Option<String> = "r.label",
        /// Who else offers it, a word of list `competitor`.
        pub competitor: Option<String> = "t.competitor",
        /// The organisation's own label of that word.
        pub competitor_label: Option<String> = "c.label",
        /// What they offer.
        pub offer: Option<String> = "t.offer",
        /// Who looks after it.
        pub owner_id: Option<Id<User>> = "t.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// When it was written down.
        pub created_at: Instant = "t.created_at",
        /// When it was won or lost.
        pub closed_at: Option<Instant> = "t.closed_at",
        /// The day of that in the organisation's time zone.
        pub closed_on: Option<Day> = "NULLIF(t.closed_on, '9999-12-31')",
    }
}

const FROM: &str = "FROM opportunities t JOIN parties p ON p.id = t.party_id LEFT JOIN users u ON u.id = t.owner_id
    LEFT JOIN terms r ON r.list = 'lost_reason' AND r.word = t.lost_reason
    LEFT JOIN terms c ON c.list = 'competitor' AND c.word = t.competitor WHERE 1 = 1";

row! {
    /// An opportunity as it is stored, to be put back.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct StoredOpportunity {
        /// Its id.
        pub id: Id<Opportunity>,
        /// To whom.
        pub party_id: Id<Party>,
        /// What.
        pub title: String,
        /// What it may bring, or brought.
        pub amount_minor: Option<i64>,
        /// Where it stands.
        pub state: OpportunityState,
        /// Why it was lost.
        pub lost_reason: Option<String>,
        /// Who else offers it.
        pub competitor: Option<String>,
        /// What they offer.
        pub offer: Option<String>,
        /// When it was won or lost.
        pub closed_at: Option<Instant>,
        /// The day of that.
        pub closed_on: Day,
    }
}

impl StoredOpportunity {
    async fn save(&self, tx: &mut Tx) -> Result<()> {
        tx.run(
            sql("UPDATE opportunities SET title = $1, amount_minor = $2, state = $3, lost_reason = $4, competitor = $5, offer = $6,
                   closed_at = $7, closed_on = $8
                 WHERE id = $9")
            .bind(&self.title)
            .bind(self.amount_minor)
            .bind(self.state)
            .bind(&self.lost_reason)
            .bind(&self.competitor)
            .bind(&self.offer)
            .bind(self.closed_at)
            .bind(self.closed_on)
            .bind(self.id),
        )
        .await?;
        Ok(())
    }
}

/// The opportunity, for a write that has to decide about it.
async fn take(tx: &mut Tx, sight: &Sight, id: Id<Opportunity>) -> Result<StoredOpportunity> {
    let query = Sql::select::<StoredOpportunity>("FROM opportunities WHERE id = $1 {for_update}").bind(id);
    let stored: StoredOpportunity = tx.maybe(query).await?.ok_or(Error::NotFound("opportunity"))?;
    match whom::by_id(tx, sight, stored.party_id).await {
        Ok(_) => Ok(stored),
        Err(Error::NotFound(_)) => Err(Error::NotFound("opportunity")),
        Err(error) => Err(error),
    }
}

async fn read(tx: &mut Tx, id: Id<Opportunity>) -> Result<Opportunity> {
    let mut query = Sql::select::<Opportunity>(FROM);
    query.push(" AND t.id = ").arg(id);
    Ok(tx.one(query).await?)
}

/// What the history says of it: labels along with words, which may change later.
async fn record(tx: &mut Tx, ctx: &Ctx, kind: &'static str, of: &Opportunity) -> Result<()> {
    let mut data = json!({
        "title": of.title, "state": of.state, "amount_minor": of.amount_minor,
        "reason": of.lost_reason, "reason_label": of.lost_reason_label,
        "competitor": of.competitor, "competitor_label": of.competitor_label, "offer": of.offer,
    });
    if let Value::Object(fields) = &mut data {
        fields.retain(|_, value| !value.is_null());
    }
    events::record(tx, ctx, Event::of_party(kind, of.party_id, data).about(of.id)).await
}

/// What is known of an opportunity when it is written down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fresh<'a> {
    pub title: &'a str,
    pub amount_minor: Option<i64>,
    pub competitor: Option<String>,
    pub offer: Option<String>,
    pub interaction: Option<Id<Interaction>>,
}

/// Writes an opportunity down for a party that the caller has found within sight.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn open(tx: &mut Tx, ctx: &Ctx, party: &Whom, fresh: Fresh<'_>) -> Result<Opportunity> {
    let id: Id<Opportunity> = ctx.id();
    tx.run(
        sql("INSERT INTO opportunities (id, party_id, interaction_id, title, amount_minor, state, competitor, offer, owner_id, created_by,
               created_at, closed_on)
             VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11)")
        .bind(id)
        .bind(party.id)
        .bind(fresh.interaction)
        .bind(fresh.title)
        .bind(fresh.amount_minor)
        .bind(fresh.competitor)
        .bind(fresh.offer)
        .bind(ctx.actor.user().or(party.owner_id))
        .bind(ctx.actor.user())
        .bind(ctx.now())
        .bind(NOT_CLOSED),
    )
    .await?;
    let opportunity = read(tx, id).await?;
    record(tx, ctx, "opportunity.created", &opportunity).await?;
    Ok(opportunity)
}

/// What came of an act on an opportunity.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpportunityActed {
    /// The opportunity, as it is.
    #[serde(flatten)]
    pub opportunity: Opportunity,
    /// Takes the act back; for a day, by the one who did it.
    pub undo: Id<Undo>,
}

/// An opportunity to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpportunity {
    /// To whom.
    pub party_id: Option<Id<Party>>,
    /// To whom, by any identity key, phone or code.
    pub customer: Option<String>,
    /// What.
    pub title: String,
    /// What it may bring, a decimal text in major units of the organisation's currency.
    pub amount: Option<String>,
    /// Who else offers it, a word of list `competitor`.
    pub competitor: Option<String>,
    /// What they offer.
    pub offer: Option<String>,
}

fn checked_title(title: &str) -> Result<String, Problem> {
    let title = clean_line(title, TITLE_MAX).map_err(|problem| Problem::new("title", problem.key()).with("max", TITLE_MAX))?;
    if title.is_empty() { Err(Problem::new("title", "input-needed")) } else { Ok(title) }
}

fn checked_amount(text: &str, currency: Currency) -> Result<i64, Problem> {
    let money = Money::parse(text, currency, MoneyUnit::Currency).map_err(|problem| Problem::new("amount", problem.key()))?;
    match money.minor {
        ..0 => Err(Problem::new("amount", "opportunities-amount-negative")),
        0..=AMOUNT_MAX => Ok(money.minor),
        _ => Err(Problem::new("amount", NumberProblem::TooLarge.key())),
    }
}

/// What a change says of an opportunity, checked.
struct Checked {
    amount: Patch<i64>,
    competitor: Patch<String>,
    offer: Patch<String>,
}

impl Checked {
    /// Reads what may be missing; an empty text takes it away.
    fn read(
        amount: &Patch<String>,
        competitor: &Patch<String>,
        offer: &Patch<String>,
        currency: Currency,
        problems: &mut Fields,
    ) -> Checked {
        let mut read = |patch: &Patch<String>, check: &dyn Fn(&str) -> Result<String, Problem>| match patch.new_value() {
            None => patch.clone(),
            Some(text) if text.trim().is_empty() => Patch::Clear,
            Some(text) => problems.take(check(text.trim())).map_or(Patch::Keep, Patch::Set),
        };
        let line = |text: &str| clean_line(text, OFFER_MAX).map_err(|problem| Problem::new("offer", problem.key()).with("max", OFFER_MAX));
        let competitor = read(competitor, &|text| Ok(text.to_owned()));
        let offer = read(offer, &line);
        let amount = match amount.new_value().map(|text| text.trim()) {
            None if *amount == Patch::Keep => Patch::Keep,
            None | Some("") => Patch::Clear,
            Some(text) => problems.take(checked_amount(text, currency)).map_or(Patch::Keep, Patch::Set),
        };
        Checked { amount, competitor, offer }
    }

    fn apply(self, stored: &mut StoredOpportunity) {
        let Checked { amount, competitor, offer } = self;
        stored.amount_minor = amount.over(amount.new_value().copied(), stored.amount_minor);
        stored.competitor = competitor.over(competitor.new_value().cloned(), stored.competitor.take());
        stored.offer = offer.over(offer.new_value().cloned(), stored.offer.take());
    }
}

fn given(text: Option<String>) -> Patch<String> {
    text.map_or(Patch::Clear, Patch::Set)
}

/// Writes an opportunity down.
///
/// # Errors
/// Without a title, for an amount or a competitor that cannot be read, or for an unknown customer.
pub async fn create(ctx: &Ctx, new: NewOpportunity) -> Result<OpportunityActed> {
    let writer = ctx.write(Perm(Room::Sales, Act::Create))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut problems = Fields::default();
    let title = problems.take(checked_title(&new.title));
    let more = Checked::read(&given(new.amount), &given(new.competitor), &given(new.offer), currency, &mut problems);
    problems.check()?;
    let title = title.unwrap_or_default();
    let mut tx = writer.begin().await?;
    let party = whom::need(&mut tx, ctx, &writer.sight, new.party_id, new.customer.as_deref()).await?;
    check_terms(&mut tx, &[("competitor", "competitor", more.competitor.new_value().map(String::as_str))]).await?;
    let fresh = Fresh {
        title: &title,
        amount_minor: more.amount.new_value().copied(),
        competitor: more.competitor.new_value().cloned(),
        offer: more.offer.new_value().cloned(),
        interaction: None,
    };
    let id = open(&mut tx, ctx, &party, fresh).await?.id;
    let after = take(&mut tx, &writer.sight, id).await?;
    acted(tx, ctx, None, after).await
}

/// Ends an act: remembers how it is taken back.
async fn acted(mut tx: Tx, ctx: &Ctx, before: Option<StoredOpportunity>, after: StoredOpportunity) -> Result<OpportunityActed> {
    let opportunity = read(&mut tx, after.id).await?;
    let undo = undo::remember(&mut tx, ctx, &Inverse::Opportunity { before: before.map(Box::new), after: Box::new(after) }).await?;
    tx.commit().await?;
    Ok(OpportunityActed { opportunity, undo })
}

/// Which opportunities; filters that are given must all hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListOpportunities {
    /// Only of this party.
    pub party_id: Option<Id<Party>>,
    /// Only those that stand so; open unless given.
    pub state: Option<OpportunityView>,
    /// Only those that this user looks after.
    pub owner_id: Option<Id<User>>,
    /// Only those that nobody looks after.
    pub unowned: Option<bool>,
    /// Only those that this competitor offers too, a word of list `competitor`.
    pub competitor: Option<String>,
    /// Only those that were lost for this reason, a word of list `lost_reason`.
    pub lost_reason: Option<String>,
    /// Only of parties that came so, a word of list `source`.
    pub source: Option<String>,
    /// Only of parties of whom it is not known how they came.
    pub unsourced: Option<bool>,
    /// Won or lost on this day or later.
    pub closed_from: Option<Day>,
    /// Won or lost on this day or earlier.
    pub closed_until: Option<Day>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Opportunities: what is open first, the newest of it first, then what was closed, the last of it first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListOpportunities) -> Result<Page<Opportunity>> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Opportunity>(FROM);
    reader.sight.parties(&mut query);
    match input.state.unwrap_or(OpportunityView::Open) {
        OpportunityView::Open => query.push(" AND t.state = 'open'"),
        OpportunityView::Won => query.push(" AND t.state = 'won'"),
        OpportunityView::Lost => query.push(" AND t.state = 'lost'"),
        OpportunityView::Closed => query.push(" AND t.closed_on < ").arg(NOT_CLOSED),
        OpportunityView::All => &mut query,
    };
    if let Some(party) = input.party_id {
        query.push(" AND t.party_id = ").arg(party);
    }
    if let Some(owner) = input.owner_id {
        query.push(" AND t.owner_id = ").arg(owner);
    }
    if input.unowned == Some(true) {
        query.push(" AND t.owner_id IS NULL");
    }
    if let Some(competitor) = &input.competitor {
        query.push(" AND t.competitor = ").arg(competitor);
    }
    if let Some(reason) = &input.lost_reason {
        query.push(" AND t.lost_reason = ").arg(reason);
    }
    if let Some(source) = &input.source {
        query.push(" AND p.source = ").arg(source);
    }
    if input.unsourced == Some(true) {
        query.push(" AND p.source IS NULL");
    }
    if let Some(from) = input.closed_from {
        query.push(" AND t.closed_on >= ").arg(from).push(" AND t.closed_on < ").arg(NOT_CLOSED);
    }
    if let Some(until) = input.closed_until {
        query.push(" AND t.closed_on <= ").arg(until);
    }
    if let Some(after) = &input.after {
        let place = after.split_once('_').and_then(|(day, id)| Some((day.parse::<Day>().ok()?, id.parse::<Id<Opportunity>>().ok()?)));
        let (day, id) = place.ok_or_else(|| Problem::new("after", "input-cursor"))?;
        query.push(" AND (t.closed_on, t.id) < (").arg(day).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY t.closed_on DESC, t.id DESC LIMIT ").arg(limit + 1);
    let items: Vec<Opportunity> = reader.db.all(query).await?;
    Ok(Page::cut(items, limit, |last| format!("{}_{}", last.closed_on.unwrap_or(NOT_CLOSED), last.id)))
}

/// Which opportunity.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpportunityId {
    /// Its id.
    pub id: Id<Opportunity>,
}

/// One opportunity.
///
/// # Errors
/// [`Error::NotFound`] outside of sight.
pub async fn get(ctx: &Ctx, input: OpportunityId) -> Result<Opportunity> {
    let reader = ctx.read(Perm(Room::Sales, Act::See))?;
    let mut query = Sql::select::<Opportunity>(FROM);
    reader.sight.parties(&mut query);
    query.push(" AND t.id = ").arg(input.id);
    reader.db.maybe(query).await?.ok_or(Error::NotFound("opportunity"))
}

/// A change; what is absent stays, `null` or an empty text takes away what an opportunity may do without.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeOpportunity {
    /// Which.
    pub id: Id<Opportunity>,
    /// What.
    pub title: Option<String>,
    /// What it may bring, or brought, a decimal text in major units of the organisation's currency.
    #[serde(default)]
    pub amount: Patch<String>,
    /// Who else offers it, a word of list `competitor`.
    #[serde(default)]
    pub competitor: Patch<String>,
    /// What they offer.
    #[serde(default)]
    pub offer: Patch<String>,
}

/// Changes what is known of an opportunity.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; for a title, an amount or a competitor that cannot be read.
pub async fn change(ctx: &Ctx, input: ChangeOpportunity) -> Result<OpportunityActed> {
    let writer = ctx.write(Perm(Room::Sales, Act::Change))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut problems = Fields::default();
    let title = input.title.as_deref().and_then(|title| problems.take(checked_title(title)));
    let more = Checked::read(&input.amount, &input.competitor, &input.offer, currency, &mut problems);
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id).await?;
    check_terms(&mut tx, &[("competitor", "competitor", more.competitor.new_value().map(String::as_str))]).await?;
    let mut after = before.clone();
    after.title = title.unwrap_or(after.title);
    more.apply(&mut after);
    saved(tx, ctx, "opportunity.changed", before, after).await
}

async fn saved(mut tx: Tx, ctx: &Ctx, kind: &'static str, before: StoredOpportunity, after: StoredOpportunity) -> Result<OpportunityActed> {
    if before != after {
        after.save(&mut tx).await?;
        let opportunity = read(&mut tx, after.id).await?;
        record(&mut tx, ctx, kind, &opportunity).await?;
    }
    acted(tx, ctx, Some(before), after).await
}

/// How an opportunity ended; what else is given changes what is known of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseOpportunity {
    /// Which.
    pub id: Id<Opportunity>,
    /// Won or lost; open again when it was closed by mistake.
    pub state: OpportunityState,
    /// Why it was lost, a word of list `lost_reason`; needed when it was.
    pub reason: Option<String>,
    /// Who else offered it, a word of list `competitor`.
    #[serde(default)]
    pub competitor: Patch<String>,
    /// What they offered.
    #[serde(default)]
    pub offer: Patch<String>,
    /// What it brought or would have brought, a decimal text in major units of the organisation's currency.
    #[serde(default)]
    pub amount: Patch<String>,
}

impl CloseOpportunity {
    /// The end of an opportunity of which nothing else is said.
    #[must_use]
    pub fn of(id: Id<Opportunity>, state: OpportunityState) -> CloseOpportunity {
        CloseOpportunity { id, state, reason: None, competitor: Patch::Keep, offer: Patch::Keep, amount: Patch::Keep }
    }
}

/// Closes an opportunity, or opens it again.
///
/// # Errors
/// [`Error::NotFound`] outside of sight; without a reason for what was lost, or with one for what was not.
pub async fn close(ctx: &Ctx, input: CloseOpportunity) -> Result<OpportunityActed> {
    let writer = ctx.write(Perm(Room::Sales, Act::Change))?;
    let organisation = ctx.app.organisation().await?;
    let mut problems = Fields::default();
    let reason = input.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    match (input.state, reason) {
        (OpportunityState::Lost, None) => problems.add("reason", "opportunities-reason-needed"),
        (OpportunityState::Open | OpportunityState::Won, Some(_)) => problems.add("reason", "opportunities-reason-of-lost"),
        _ => {}
    }
    let more = Checked::read(&input.amount, &input.competitor, &input.offer, organisation.currency, &mut problems);
    problems.check()?;
    let mut tx = writer.begin().await?;
    let before = take(&mut tx, &writer.sight, input.id).await?;
    let words = [("reason", "lost_reason", reason), ("competitor", "competitor", more.competitor.new_value().map(String::as_str))];
    check_terms(&mut tx, &words).await?;
    let mut after = before.clone();
    more.apply(&mut after);
    after.lost_reason = reason.map(str::to_owned);
    after.state = input.state;
    let kind = match input.state {
        // Another reason or amount leaves the day on which it ended.
        state if state == before.state => "opportunity.changed",
        OpportunityState::Open => {
            (after.closed_at, after.closed_on) = (None, NOT_CLOSED);
            "opportunity.reopened"
        }
        OpportunityState::Won | OpportunityState::Lost => {
            (after.closed_at, after.closed_on) = (Some(ctx.now()), ctx.now().day(&organisation.zone()));
            "opportunity.closed"
        }
    };
    saved(tx, ctx, kind, before, after).await
}

/// Takes an act back: puts an opportunity as it was before, or takes out what was written down.
pub(crate) async fn restore(tx: &mut Tx, ctx: &Ctx, before: Option<&StoredOpportunity>, after: &StoredOpportunity) -> Result<()> {
    let act = if before.is_some() { Act::Change } else { Act::Create };
    let writer = ctx.write(Perm(Room::Sales, act))?;
    if take(tx, &writer.sight, after.id).await? != *after {
        return Err(Error::Conflict(Fields(vec![Problem::new("version", "parties-changed-meanwhile")])));
    }
    let Some(before) = before else {
        let gone = read(tx, after.id).await?;
        tx.run(sql("DELETE FROM opportunities WHERE id = $1").bind(after.id)).await?;
        return record(tx, ctx, "opportunity.taken_back", &gone).await;
    };
    before.save(tx).await?;
    let restored = read(tx, after.id).await?;
    record(tx, ctx, "opportunity.restored", &restored).await
}

/// The operations of opportunities.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Sales, Act::See));
    let change_perm = Some(Perm(Room::Sales, Act::Change));
    ops.add("opportunities.create", "POST /opportunities", Some(Perm(Room::Sales, Act::Create)), "Writes an opportunity down.", create)
        .example(|| json!({"customer": "09121234567", "title": "سرویس سالانهٔ دستگاه", "amount": "48000000"}));
    ops.add("opportunities.list", "GET /opportunities", see, "Opportunities: open ones, newest first, then closed ones.", list)
        .example(|| json!({"state": "open"}));
    ops.add("opportunities.get", "GET /opportunities/{id}", see, "One opportunity.", get);
    ops.add("opportunities.change", "PUT /opportunities/{id}", change_perm, "Changes an opportunity; absent fields stay.", change)
        .example(|| json!({"amount": "52000000", "competitor": "online_shop", "offer": "۱۰ درصد ارزان‌تر"}));
    ops.add(
        "opportunities.close",
        "POST /opportunities/{id}/close",
        change_perm,
        "Closes an opportunity as won, or as lost with the reason; or opens it again.",
        close,
    )
    .example(|| json!({"state": "lost", "reason": "price", "competitor": "online_shop", "offer": "۱۰ درصد ارزان‌تر و ارسال رایگان"}));
}

#[cfg(test)]
#[path = "opportunities_tests.rs"]
mod tests;
