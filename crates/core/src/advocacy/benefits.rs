//! What bringing somebody brings: schedules, version by version. What a schedule says is approved by two and does not change
//! any more; an introduction goes by the one that was in force when it was written down.

use super::books::Wallet;
use crate::experience::never::{self, Rule};
use crate::experience::treatments;
use crate::experience::violations;
use crate::interactions::moment;
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{self, Event};
use crate::platform::money::Currency;
use crate::platform::text::clean_text;
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, OrField, Perm, Problem, Result, Room};
use jiff::civil::time;
use peyvand_db::{Id, Sql, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Steps of one schedule.
const TIERS_MAX: usize = 8;
/// A share of the whole, in ten-thousandths.
const WHOLE: i64 = 10_000;
/// Characters of what advocates read, and of a note on tax.
const TEXT_MAX: usize = 2_000;
/// How long a lot may be good, in days: shorter is gone before anybody comes again.
const VALID: std::ops::RangeInclusive<i64> = 30..=3_650;
/// How long it is good unless said.
const VALID_USUAL: i64 = 365;
/// How many say yes to a schedule.
const YES: i64 = 2;
/// Amounts that one preview works out.
const PREVIEW_MAX: usize = 50;

peyvand_db::words! {
    /// For what a step holds.
    pub enum Basis {
        /// The step that is reached holds for the whole amount.
        Whole = "whole",
        /// Each step holds for its own part of the amount.
        Marginal = "marginal",
    }
}

peyvand_db::words! {
    /// How far a schedule has come.
    pub enum ScheduleState {
        /// Written down.
        Draft = "draft",
        /// Approved: it holds from its day on, until it ends or the next one begins.
        Approved = "approved",
        /// Ended, or given up before it was approved.
        Retired = "retired",
    }
}

/// A step: from which amount on it holds, and what it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tier {
    /// From what the friend paid, in minor units; the first from 0.
    pub from_minor: i64,
    /// A share of it, in ten-thousandths.
    pub share: Option<i64>,
    /// A fixed amount, in minor units.
    pub amount_minor: Option<i64>,
}

/// What an introduction brings when the friend paid so much, in minor units: rounded down once, at the end, and never more than
/// the cap. Nothing where nothing was paid.
#[must_use]
pub fn benefit(tiers: &[Tier], basis: Basis, cap_minor: Option<i64>, paid_minor: i64) -> i64 {
    if paid_minor <= 0 {
        return 0;
    }
    let reached = || tiers.iter().rev().find(|tier| tier.from_minor <= paid_minor);
    let worth = match (basis, reached()) {
        (_, None) => 0,
        (Basis::Whole, Some(Tier { amount_minor: Some(amount), .. })) => i128::from(*amount),
        (Basis::Whole, Some(tier)) => i128::from(paid_minor) * i128::from(tier.share.unwrap_or(0)) / i128::from(WHOLE),
        (Basis::Marginal, Some(_)) => {
            let ends = tiers.iter().skip(1).map(|tier| tier.from_minor).chain([i64::MAX]);
            let parts = tiers.iter().zip(ends).map(|(tier, end)| {
                let part = (paid_minor.min(end) - tier.from_minor).max(0);
                i128::from(part) * i128::from(tier.share.unwrap_or(0))
            });
            parts.sum::<i128>() / i128::from(WHOLE)
        }
    };
    let worth = i64::try_from(worth.max(0)).unwrap_or(i64::MAX);
    cap_minor.map_or(worth, |cap| worth.min(cap))
}

row! {
    struct Stored {
        id: Id<Schedule> = "b.id",
        number: i64 = "b.number",
        state: ScheduleState = "b.state",
        basis: Basis = "b.basis",
        tiers: serde_json::Value = "b.tiers",
        currency: Currency = "b.currency",
        cap_minor: Option<i64> = "b.cap_minor",
        wallet: Wallet = "b.wallet",
        valid_days: i64 = "b.valid_days",
        tax_note: Option<String> = "b.tax_note",
        text_fa: String = "b.text_fa",
        text_ar: String = "b.text_ar",
        text_en: String = "b.text_en",
        effective_on: Day = "b.effective_on",
        in_force_on: Option<Day> = "b.in_force_on",
        ended_on: Option<Day> = "b.ended_on",
        created_by: Option<Id<User>> = "b.created_by",
        creator: Option<String> = "u.name",
        created_at: Instant = "b.created_at",
        approved_at: Option<Instant> = "b.approved_at",
    }
}

const FROM: &str = "FROM benefit_schedules b LEFT JOIN users u ON u.id = b.created_by WHERE 1 = 1";

row! {
    /// Somebody's yes.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct ScheduleApproval {
        #[serde(skip)]
        schedule_id: Id<Schedule> = "a.schedule_id",
        /// Who.
        pub user_id: Id<User> = "a.user_id",
        /// Their name.
        pub name: String = "u.name",
        /// When.
        pub at: Instant = "a.at",
    }
}

/// A schedule of benefits: what bringing somebody brings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Schedule {
    /// Its id.
    pub id: Id<Schedule>,
    /// Which version it is, from 1.
    pub number: i64,
    /// How far it has come.
    pub state: ScheduleState,
    /// Whether it is the one that holds today.
    pub is_in_force: bool,
    /// For what a step holds.
    pub basis: Basis,
    /// The steps, by what the friend paid.
    pub tiers: Vec<Tier>,
    /// Currency of the amounts.
    pub currency: Currency,
    /// The most for one introduction, in minor units.
    pub cap_minor: Option<i64>,
    /// What comes of it.
    pub wallet: Wallet,
    /// How long it is good once it is theirs, in days.
    pub valid_days: i64,
    /// What is said of tax.
    pub tax_note: Option<String>,
    /// What advocates read, in Persian.
    pub text_fa: String,
    /// The same in Arabic.
    pub text_ar: String,
    /// The same in English.
    pub text_en: String,
    /// From which day it is to hold.
    pub effective_on: Day,
    /// From which day it holds: that day, or the one on which it was approved when that is later.
    pub in_force_on: Option<Day>,
    /// From which day it holds no more.
    pub ended_on: Option<Day>,
    /// Who wrote it down.
    pub created_by: Option<Id<User>>,
    /// Their name.
    pub creator: Option<String>,
    /// When.
    pub created_at: Instant,
    /// Who has said yes.
    pub approvals: Vec<ScheduleApproval>,
    /// How many have still to.
    pub missing: i64,
    /// When it had all that it needs.
    pub approved_at: Option<Instant>,
}

/// A step to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewTier {
    /// From what the friend paid, as decimal text in major units of the organisation's currency; the first from 0.
    pub from: Option<String>,
    /// Per cent of it, as decimal text.
    pub percent: Option<String>,
    /// Or a fixed amount, as decimal text in major units.
    pub amount: Option<String>,
}

/// A schedule to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewSchedule {
    /// The steps, by what the friend paid for their first purchase, after discounts and what they gave back.
    pub tiers: Vec<NewTier>,
    /// For what a step holds: the whole amount, or each for its own part. To be said with several steps.
    pub basis: Option<Basis>,
    /// The most for one introduction, as decimal text in major units.
    pub cap: Option<String>,
    /// What comes of it; credit unless given.
    pub wallet: Option<Wallet>,
    /// How long it is good once it is theirs, in days; 365 unless given.
    pub valid_days: Option<i64>,
    /// What is said of tax.
    pub tax_note: Option<String>,
    /// What advocates read, in Persian; of the texts that are given the first stands for the others.
    pub text_fa: Option<String>,
    /// The same in Arabic.
    pub text_ar: Option<String>,
    /// The same in English.
    pub text_en: Option<String>,
    /// From which day it is to hold, as a date in the caller's calendar; today unless given.
    pub effective: Option<String>,
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// Reads the steps: the first from nothing, each from more than the one before, each a share or an amount, and shares alone where
/// each holds for its own part.
fn read_tiers(new: &[NewTier], basis: Basis, currency: Currency, fields: &mut Fields) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = Vec::new();
    let asked = new.iter().filter(|tier| given(&tier.from).or(given(&tier.percent)).or(given(&tier.amount)).is_some());
    for (place, tier) in asked.enumerate() {
        let money = |text: Option<&str>| text.map(|text| treatments::amount("tiers", text, currency)).transpose();
        let share = given(&tier.percent).map(|text| treatments::share("tiers", text, WHOLE)).transpose();
        let (Some(from), Some(share), Some(amount)) =
            (fields.take(money(given(&tier.from))), fields.take(share), fields.take(money(given(&tier.amount))))
        else {
            continue;
        };
        let from_minor = from.unwrap_or(0);
        let one = Tier { from_minor, share: share.filter(|share| *share > 0), amount_minor: amount.filter(|minor| *minor > 0) };
        let key = match (one.share, one.amount_minor, tiers.last()) {
            (Some(_), Some(_), _) | (None, None, _) => Some("benefits-percent-or-amount"),
            (_, Some(_), _) if basis == Basis::Marginal => Some("benefits-marginal-shares"),
            (_, _, None) if from_minor != 0 => Some("benefits-first-from-zero"),
            (_, _, Some(before)) if before.from_minor >= from_minor => Some("benefits-tiers-rise"),
            _ => None,
        };
        if let Some(key) = key {
            fields.0.push(Problem::new("tiers", key).with("place", place + 1));
        }
        tiers.push(one);
    }
    if tiers.is_empty() || tiers.len() > TIERS_MAX {
        fields.0.push(Problem::new("tiers", "benefits-tiers-count").with("max", TIERS_MAX));
    }
    tiers
}

/// Writes a schedule down, as a draft.
///
/// # Errors
/// For fields that cannot be read; for a text that makes a job of being a customer, which is written down as well.
pub async fn create(ctx: &Ctx, new: NewSchedule) -> Result<Schedule> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let mut fields = Fields::default();
    let several = new.tiers.iter().filter(|tier| given(&tier.percent).or(given(&tier.amount)).is_some()).count() > 1;
    if several && new.basis.is_none() {
        fields.add("basis", "benefits-basis-needed");
    }
    let basis = new.basis.unwrap_or(Basis::Whole);
    let tiers = read_tiers(&new.tiers, basis, organisation.currency, &mut fields);
    let cap = given(&new.cap).map(|text| treatments::amount("cap", text, organisation.currency)).transpose();
    let cap_minor = fields.take(cap).flatten().filter(|minor| *minor > 0);
    let valid_days = new.valid_days.unwrap_or(VALID_USUAL);
    if !VALID.contains(&valid_days) {
        fields.0.push(Problem::new("valid_days", "input-range").with("min", VALID.start()).with("max", VALID.end()));
    }
    let mut text = |field: &'static str, text: &Option<String>| {
        let read = clean_text(text.as_deref().unwrap_or_default(), TEXT_MAX);
        fields.take(read.map_err(|problem| Problem::new(field, problem.key()).with("max", TEXT_MAX))).unwrap_or_default()
    };
    let tax_note = text("tax_note", &new.tax_note);
    let mut texts = [text("text_fa", &new.text_fa), text("text_ar", &new.text_ar), text("text_en", &new.text_en)];
    match texts.iter().find(|text| !text.is_empty()).cloned() {
        Some(first) => texts.iter_mut().filter(|text| text.is_empty()).for_each(|text| text.clone_from(&first)),
        None => fields.add("text_fa", "input-needed"),
    }
    let effective = given(&new.effective).and_then(|text| fields.take(moment(ctx, "effective", text, time(12, 0, 0, 0))));
    let effective_on = effective.map_or(today, |at| at.day(&organisation.zone()));
    if effective_on < today {
        fields.add("effective", "benefits-day-past");
    }
    fields.check()?;
    for (field, text) in ["text_fa", "text_ar", "text_en"].into_iter().zip(&texts) {
        if never::job(text).is_some() {
            let problem = Problem::new(field, "experience-never-no-job");
            return Err(violations::refuse(ctx, Rule::NoJob, None, json!({"what": "benefits.create"}), problem).await);
        }
    }
    let id: Id<Schedule> = ctx.id();
    let mut tx = writer.begin().await?;
    let (number,): (i64,) = tx.one(sql("SELECT COALESCE(MAX(number), 0) + 1 FROM benefit_schedules")).await?;
    let [text_fa, text_ar, text_en] = texts;
    tx.run(
        sql("INSERT INTO benefit_schedules (id, number, state, basis, tiers, currency, cap_minor, wallet, valid_days, tax_note, text_fa,
               text_ar, text_en, effective_on, created_by, created_at)
             VALUES ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
        .bind(id)
        .bind(number)
        .bind(basis)
        .bind(serde_json::to_value(&tiers).map_err(Error::fault)?)
        .bind(organisation.currency)
        .bind(cap_minor)
        .bind(new.wallet.unwrap_or(Wallet::Credit))
        .bind(valid_days)
        .bind(Some(tax_note).filter(|note| !note.is_empty()))
        .bind(text_fa)
        .bind(text_ar)
        .bind(text_en)
        .bind(effective_on)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await
    .or_field("benefit_schedules_number_key", "text_fa", "benefits-other-meanwhile")?;
    events::record(&mut tx, ctx, Event::of("benefit.created", id, json!({"number": number}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}

/// Which schedule.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleId {
    /// Its id.
    pub id: Id<Schedule>,
}

fn conflict(key: &'static str) -> Error {
    Error::Conflict(Fields(vec![Problem::new("id", key)]))
}

async fn take(tx: &mut Tx, id: Id<Schedule>) -> Result<(i64, ScheduleState, Day)> {
    let query = sql("SELECT number, state, effective_on FROM benefit_schedules WHERE id = $1 {for_update}");
    tx.maybe(query.bind(id)).await?.ok_or(Error::NotFound("benefit schedule"))
}

/// Says yes to a schedule; two have to. With the second yes it holds from its day on, or from today when that has passed.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when it is no draft any more, or the caller has said so before.
pub async fn approve(ctx: &Ctx, input: ScheduleId) -> Result<Schedule> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let user: Id<User> = ctx.actor.person()?.id;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut tx = writer.begin().await?;
    let (number, state, effective_on) = take(&mut tx, input.id).await?;
    if state != ScheduleState::Draft {
        return Err(conflict("benefits-not-a-draft"));
    }
    let said = tx
        .run(
            sql("INSERT INTO benefit_approvals (schedule_id, user_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(input.id)
                .bind(user)
                .bind(ctx.now()),
        )
        .await?;
    if said == 0 {
        return Err(conflict("experience-approved-already"));
    }
    let (yes,): (i64,) = tx.one(sql("SELECT COUNT(*) FROM benefit_approvals WHERE schedule_id = $1").bind(input.id)).await?;
    if yes >= YES {
        tx.run(
            sql("UPDATE benefit_schedules SET state = 'approved', approved_at = $1, in_force_on = $2 WHERE id = $3")
                .bind(ctx.now())
                .bind(effective_on.max(today))
                .bind(input.id),
        )
        .await?;
    }
    let data = json!({"number": number, "missing": (YES - yes).max(0)});
    events::record(&mut tx, ctx, Event::of("benefit.approved", input.id, data)).await?;
    tx.commit().await?;
    read(ctx, input.id).await
}

/// Ends a schedule from today on, or gives a draft up. What was written down while it held goes by it all the same.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when it is over.
pub async fn retire(ctx: &Ctx, input: ScheduleId) -> Result<Schedule> {
    let writer = ctx.write(Perm(Room::Advocacy, Act::Change))?;
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let mut tx = writer.begin().await?;
    let (number, state, _) = take(&mut tx, input.id).await?;
    if state == ScheduleState::Retired {
        return Err(conflict("benefits-over-already"));
    }
    tx.run(sql("UPDATE benefit_schedules SET state = 'retired', ended_on = $1 WHERE id = $2").bind(today).bind(input.id)).await?;
    events::record(&mut tx, ctx, Event::of("benefit.retired", input.id, json!({"number": number}))).await?;
    tx.commit().await?;
    read(ctx, input.id).await
}

const IN_FORCE: &str = "SELECT id FROM benefit_schedules
    WHERE in_force_on <= $1 AND (ended_on IS NULL OR ended_on > $1) ORDER BY in_force_on DESC, number DESC LIMIT 1";

/// The schedule that holds on a day: of those that are approved and not ended, the one that began last.
pub(super) async fn in_force(tx: &mut Tx, day: Day) -> Result<Option<Id<Schedule>>> {
    Ok(tx.maybe::<(Id<Schedule>,)>(sql(IN_FORCE).bind(day)).await?.map(|(id,)| id))
}

/// What a schedule says of amounts.
pub(super) struct Terms {
    tiers: Vec<Tier>,
    basis: Basis,
    cap_minor: Option<i64>,
    pub(super) wallet: Wallet,
    pub(super) valid_days: i64,
    pub(super) currency: Currency,
}

impl Terms {
    /// What an introduction brings by it.
    pub(super) fn benefit(&self, paid_minor: i64) -> i64 {
        benefit(&self.tiers, self.basis, self.cap_minor, paid_minor)
    }
}

/// What a schedule says of amounts.
pub(super) async fn terms(tx: &mut Tx, id: Id<Schedule>) -> Result<Terms> {
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND b.id = ").arg(id);
    let stored: Stored = tx.one(query).await?;
    Ok(Terms {
        tiers: serde_json::from_value(stored.tiers).map_err(Error::fault)?,
        basis: stored.basis,
        cap_minor: stored.cap_minor,
        wallet: stored.wallet,
        valid_days: stored.valid_days,
        currency: stored.currency,
    })
}

async fn read(ctx: &Ctx, id: Id<Schedule>) -> Result<Schedule> {
    let mut query = Sql::select::<Stored>(FROM);
    query.push(" AND b.id = ").arg(id);
    let rows: Vec<Stored> = ctx.app.db.all(query).await?;
    told(ctx, rows).await?.pop().ok_or(Error::NotFound("benefit schedule"))
}

async fn told(ctx: &Ctx, rows: Vec<Stored>) -> Result<Vec<Schedule>> {
    let ids: Vec<Id<Schedule>> = rows.iter().map(|row| row.id).collect();
    let query = "FROM benefit_approvals a JOIN users u ON u.id = a.user_id WHERE a.schedule_id IN ";
    let mut query = Sql::select::<ScheduleApproval>(query);
    query.list_padded(&ids).push(" ORDER BY a.at, a.user_id");
    let mut approvals: HashMap<Id<Schedule>, Vec<ScheduleApproval>> = HashMap::new();
    for approval in ctx.app.db.all::<ScheduleApproval>(query).await? {
        approvals.entry(approval.schedule_id).or_default().push(approval);
    }
    let today = ctx.now().day(&ctx.app.organisation().await?.zone());
    let in_force = ctx.app.db.maybe::<(Id<Schedule>,)>(sql(IN_FORCE).bind(today)).await?.map(|(id,)| id);
    rows.into_iter()
        .map(|row| {
            let approvals = approvals.remove(&row.id).unwrap_or_default();
            let said = i64::try_from(approvals.len()).unwrap_or(YES);
            Ok(Schedule {
                missing: if row.state == ScheduleState::Draft { (YES - said).max(0) } else { 0 },
                approvals,
                is_in_force: in_force == Some(row.id),
                tiers: serde_json::from_value(row.tiers).map_err(Error::fault)?,
                id: row.id,
                number: row.number,
                state: row.state,
                basis: row.basis,
                currency: row.currency,
                cap_minor: row.cap_minor,
                wallet: row.wallet,
                valid_days: row.valid_days,
                tax_note: row.tax_note,
                text_fa: row.text_fa,
                text_ar: row.text_ar,
                text_en: row.text_en,
                effective_on: row.effective_on,
                in_force_on: row.in_force_on,
                ended_on: row.ended_on,
                created_by: row.created_by,
                creator: row.creator,
                created_at: row.created_at,
                approved_at: row.approved_at,
            })
        })
        .collect()
}

/// Which schedules.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListSchedules {
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Schedules, the newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListSchedules) -> Result<Page<Schedule>> {
    let reader = ctx.read(Perm(Room::Advocacy, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>(FROM);
    if let Some(after) = &input.after {
        let after: i64 = after.parse().map_err(|_| Problem::new("after", "input-cursor"))?;
        query.push(" AND b.number < ").arg(after);
    }
    query.push(" ORDER BY b.number DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Stored> = reader.db.all(query).await?;
    let page = Page::cut(rows, limit, |last| last.number.to_string());
    Ok(Page { items: told(ctx, page.items).await?, next: page.next })
}

/// One schedule, with who approved it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(ctx: &Ctx, input: ScheduleId) -> Result<Schedule> {
    ctx.read(Perm(Room::Advocacy, Act::See))?;
    read(ctx, input.id).await
}

/// Which amounts a schedule is tried with.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBenefits {
    /// Which schedule.
    pub id: Id<Schedule>,
    /// What friends might pay, as decimal text in major units, at most 50; the edges of the steps unless given.
    #[serde(default)]
    pub paid: Vec<String>,
}

/// What a schedule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Previewed {
    /// What the friend pays, in minor units.
    pub paid_minor: i64,
    /// What it brings, in minor units.
    pub benefit_minor: i64,
}

/// What a schedule comes to for some amounts, so that its reader sees what the steps mean.
///
/// # Errors
/// [`Error::NotFound`]; for amounts that cannot be read.
pub async fn preview(ctx: &Ctx, input: PreviewBenefits) -> Result<Vec<Previewed>> {
    ctx.read(Perm(Room::Advocacy, Act::See))?;
    let schedule = read(ctx, input.id).await?;
    let mut fields = Fields::default();
    if input.paid.len() > PREVIEW_MAX {
        fields.0.push(Problem::new("paid", "input-range").with("min", 0).with("max", PREVIEW_MAX));
    }
    let read = input.paid.iter().filter_map(|text| fields.take(treatments::amount("paid", text, schedule.currency)));
    let mut paid: Vec<i64> = read.collect();
    fields.check()?;
    if paid.is_empty() {
        paid = edges(&schedule.tiers);
    }
    let one =
        |paid_minor| Previewed { paid_minor, benefit_minor: benefit(&schedule.tiers, schedule.basis, schedule.cap_minor, paid_minor) };
    Ok(paid.into_iter().map(one).collect())
}

/// Amounts that show what the steps mean: where each begins, and twice the last; of a single step some round ones.
fn edges(tiers: &[Tier]) -> Vec<i64> {
    let from: Vec<i64> = tiers.iter().map(|tier| tier.from_minor).filter(|from| *from > 0).collect();
    match from.last() {
        Some(last) => {
            let before = from.first().map(|first| first / 2);
            before.into_iter().chain(from.iter().copied()).chain([last.saturating_mul(2)]).collect()
        }
        None => [1, 5, 10].map(|times| times * 100_000_000).to_vec(),
    }
}

/// The operations of schedules.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Advocacy, act));
    ops.add("benefits.create", "POST /benefits", perm(Act::Change), "Writes a schedule of benefits down, as a draft.", create).example(
        || {
            json!({
                "tiers": [{"from": "0", "percent": "5"}, {"from": "10000000", "percent": "8"}], "basis": "marginal", "cap": "3000000",
                "wallet": "credit", "valid_days": 365, "text_fa": "از نخستین خرید هر دوستی که با معرفی شما می‌آید، ۵ درصد اعتبار شماست."
            })
        },
    );
    ops.add("benefits.list", "GET /benefits", perm(Act::See), "Schedules of benefits, the newest first.", list)
        .example(|| json!({"limit": 5}));
    ops.add("benefits.get", "GET /benefits/{id}", perm(Act::See), "One schedule of benefits, with who approved it.", get);
    ops.add("benefits.preview", "POST /benefits/{id}/preview", perm(Act::See), "What a schedule comes to for some amounts.", preview)
        .example(|| json!({"id": SOME, "paid": ["5000000", "20000000"]}));
    ops.add("benefits.approve", "POST /benefits/{id}/approve", perm(Act::Change), "Says yes to a schedule; two have to.", approve)
        .example(|| json!({"id": SOME}));
    ops.add("benefits.retire", "POST /benefits/{id}/retire", perm(Act::Change), "Ends a schedule, or gives a draft up.", retire)
        .example(|| json!({"id": SOME}));
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &[Tier] = &[
        Tier { from_minor: 0, share: Some(100), amount_minor: None },
        Tier { from_minor: 100, share: Some(1_000), amount_minor: None },
        Tier { from_minor: 1_000, share: Some(2_000), amount_minor: None },
    ];

    #[test]
    fn the_whole_goes_by_the_step_it_reaches_or_each_part_by_its_own() {
        let whole = |paid| benefit(STEPS, Basis::Whole, None, paid);
        assert_eq!([whole(99), whole(100), whole(999), whole(1_000), whole(1_085)], [0, 10, 99, 200, 217]);
        let marginal = |paid| benefit(STEPS, Basis::Marginal, None, paid);
        assert_eq!([marginal(99), marginal(100), marginal(999), marginal(1_000), marginal(1_085)], [0, 1, 90, 91, 108]);
        assert_eq!(benefit(STEPS, Basis::Whole, Some(150), 1_000), 150);
        assert_eq!([whole(0), whole(-500)], [0, 0]);
        let fixed = [Tier { from_minor: 0, share: None, amount_minor: Some(70) }];
        assert_eq!(benefit(&fixed, Basis::Whole, None, 1), 70);
        let all = [Tier { from_minor: 0, share: Some(10_000), amount_minor: None }];
        assert_eq!(benefit(&all, Basis::Marginal, None, i64::MAX - 1), i64::MAX - 1);
    }

    #[test]
    fn steps_that_mean_two_things_are_refused() {
        let step = |from: &str, percent: &str, amount: &str| NewTier {
            from: Some(from.into()),
            percent: Some(percent.into()),
            amount: Some(amount.into()),
        };
        let key = |tiers: &[NewTier], basis| {
            let mut fields = Fields::default();
            let read = read_tiers(tiers, basis, Currency::IRR, &mut fields);
            (read.len(), fields.0.first().map(|problem| problem.key.to_string()))
        };
        assert_eq!(key(&[step("", "5", ""), step("1000", "8", ""), step("", "", "")], Basis::Marginal), (2, None));
        assert_eq!(key(&[step("10", "5", "")], Basis::Whole).1.as_deref(), Some("benefits-first-from-zero"));
        assert_eq!(key(&[step("", "5", "70")], Basis::Whole).1.as_deref(), Some("benefits-percent-or-amount"));
        assert_eq!(key(&[step("", "", "70")], Basis::Marginal).1.as_deref(), Some("benefits-marginal-shares"));
        assert_eq!(key(&[step("", "5", ""), step("0", "8", "")], Basis::Whole).1.as_deref(), Some("benefits-tiers-rise"));
        assert_eq!(key(&[], Basis::Whole).1.as_deref(), Some("benefits-tiers-count"));
        assert_eq!(key(&[step("", "500", "")], Basis::Whole).1.as_deref(), Some("input-range"));
    }

    #[test]
    fn a_preview_shows_where_steps_begin() {
        assert_eq!(edges(STEPS), [50, 100, 1_000, 2_000]);
        assert_eq!(edges(&STEPS[..1]).len(), 3);
    }
}
