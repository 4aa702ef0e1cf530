//! Treatments: what can be done for a customer, for which stages, at what cost, how often.

use super::gifts::GiftItem;
use super::legality::{Class, Form, TreatmentKind, verdict};
use super::never::{self, Purpose, Rule};
use super::{Stage, Standing, violations};
use crate::marketing::segments::{self, Asked};
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::money::{Currency, Money, MoneyUnit, parse_decimal};
use crate::platform::text::{Lang, clean_line};
use crate::{Act, Ctx, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Characters of a name.
const NAME_MAX: usize = 120;
/// Days that what is given may be valid: two years.
const VALID_MAX: i64 = 730;
/// Days that it is valid unless said otherwise.
const VALID: i64 = 30;
/// The most that a cap may say.
const CAP_MAX: i64 = 1_000_000;
/// A share of one in ten-thousandths.
pub const WHOLE: i64 = 10_000;

row! {
    /// A treatment as it is stored.
    #[derive(Clone, Debug)]
    pub(crate) struct Stored {
        pub(crate) id: Id<Treatment> = "t.id",
        pub(crate) kind: TreatmentKind = "t.kind",
        pub(crate) class: Class = "t.class",
        pub(crate) is_special: bool = "t.is_special",
        pub(crate) name_fa: String = "t.name_fa",
        pub(crate) name_ar: String = "t.name_ar",
        pub(crate) name_en: String = "t.name_en",
        pub(crate) share: Option<i64> = "t.share",
        pub(crate) amount_minor: Option<i64> = "t.amount_minor",
        pub(crate) unit_cost_minor: i64 = "t.unit_cost_minor",
        pub(crate) gift_item_id: Option<Id<GiftItem>> = "t.gift_item_id",
        pub(crate) stages: serde_json::Value = "t.stages",
        pub(crate) rule: Option<serde_json::Value> = "t.rule",
        pub(crate) valid_days: i64 = "t.valid_days",
        pub(crate) party_cap: Option<i64> = "t.party_cap",
        pub(crate) total_cap: Option<i64> = "t.total_cap",
        pub(crate) used: i64 = "t.used",
        pub(crate) created_by: Option<Id<User>> = "t.created_by",
        pub(crate) created_at: Instant = "t.created_at",
        pub(crate) archived_at: Option<Instant> = "t.archived_at",
    }
}

/// A treatment: something that can be done for a customer. It does not change; who wants another makes one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Treatment {
    /// Its id.
    pub id: Id<Treatment>,
    /// What it is.
    pub kind: TreatmentKind,
    /// What it is worth to who gets it.
    pub class: Class,
    /// Whether it is for some only, where the kind has both.
    pub is_special: bool,
    /// Kind, class and whom it is for in one word: the row of the table of what may be done at which stage.
    pub form: Form,
    /// Its name in the caller's language.
    pub name: String,
    /// Its name in Persian.
    pub name_fa: String,
    /// Its name in Arabic.
    pub name_ar: String,
    /// Its name in English.
    pub name_en: String,
    /// What a discount or a benefit comes to, as a share in ten-thousandths.
    pub share: Option<i64>,
    /// What it comes to, in minor units, when it is not a share.
    pub amount_minor: Option<i64>,
    /// What giving it once costs us, in minor units.
    pub unit_cost_minor: i64,
    /// Which thing of the stock a gift is.
    pub gift_item_id: Option<Id<GiftItem>>,
    /// For which stages.
    pub stages: Vec<Stage>,
    /// Whom it means among them; everybody when absent.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// The same in one sentence, in the caller's language.
    pub sentence: Option<String>,
    /// Days that what is given is valid.
    pub valid_days: i64,
    /// How often one customer may have it.
    pub party_cap: Option<i64>,
    /// How often it may be given in all.
    pub total_cap: Option<i64>,
    /// How often it was.
    pub used: i64,
    /// Who made it.
    pub created_by: Option<Id<User>>,
    /// When.
    pub created_at: Instant,
    /// Since when it is used no more.
    pub archived_at: Option<Instant>,
}

impl Stored {
    /// The row of the table that it is.
    pub(crate) fn form(&self) -> Form {
        Form::of(self.kind, self.class, self.is_special)
    }

    /// Its stages.
    pub(crate) fn stages(&self) -> Result<Vec<Stage>> {
        serde_json::from_value(self.stages.clone()).map_err(Error::fault)
    }

    /// Its name in a language.
    pub(crate) fn name(&self, lang: Lang) -> &str {
        match lang {
            Lang::Fa => &self.name_fa,
            Lang::Ar => &self.name_ar,
            Lang::En => &self.name_en,
        }
    }
}

/// Treatments as their reader may know them, with their rules in sentences.
pub(crate) async fn told(ctx: &Ctx, rows: Vec<Stored>) -> Result<Vec<Treatment>> {
    let rules: Vec<serde_json::Value> = rows.iter().filter_map(|row| row.rule.clone()).collect();
    let mut sentences = segments::sentences(ctx, &rules).await?.into_iter();
    rows.into_iter()
        .map(|row| {
            Ok(Treatment {
                form: row.form(),
                name: row.name(ctx.prefs.lang).to_owned(),
                stages: row.stages()?,
                sentence: row.rule.as_ref().and_then(|_| sentences.next()),
                id: row.id,
                kind: row.kind,
                class: row.class,
                is_special: row.is_special,
                name_fa: row.name_fa,
                name_ar: row.name_ar,
                name_en: row.name_en,
                share: row.share,
                amount_minor: row.amount_minor,
                unit_cost_minor: row.unit_cost_minor,
                gift_item_id: row.gift_item_id,
                rule: row.rule,
                valid_days: row.valid_days,
                party_cap: row.party_cap,
                total_cap: row.total_cap,
                used: row.used,
                created_by: row.created_by,
                created_at: row.created_at,
                archived_at: row.archived_at,
            })
        })
        .collect()
}

/// A treatment to be made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTreatment {
    /// What it is.
    pub kind: TreatmentKind,
    /// Of a gift: a gesture, or something of value. All else follows from the kind.
    pub class: Option<Class>,
    /// Of respect and discounts: whether it is for some only.
    #[serde(default)]
    pub is_special: bool,
    /// Its name in Persian. One name is needed; where there is none, another stands for it.
    pub name_fa: Option<String>,
    /// Its name in Arabic.
    pub name_ar: Option<String>,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Of a discount or a benefit: per cent of what is bought, as a decimal text.
    pub percent: Option<String>,
    /// Of a discount or a benefit: an amount instead, as decimal text in major units of the organisation's currency.
    pub amount: Option<String>,
    /// What giving it once costs us, as decimal text in major units; nothing unless given.
    pub unit_cost: Option<String>,
    /// Of a gift: which thing of the stock it is; none where there is always one.
    pub gift_item_id: Option<Id<GiftItem>>,
    /// For which stages of the way.
    pub stages: Vec<Stage>,
    /// Whom it means among them, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// Days that what is given is valid, 30 unless given.
    pub valid_days: Option<i64>,
    /// How often one customer may have it.
    pub party_cap: Option<i64>,
    /// How often it may be given in all.
    pub total_cap: Option<i64>,
}

/// What it comes to, once read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Worth {
    share: Option<i64>,
    amount_minor: Option<i64>,
    unit_cost_minor: i64,
}

/// An amount of the organisation's currency, not below nothing.
pub(crate) fn amount(field: &'static str, text: &str, currency: Currency) -> Result<i64, Problem> {
    match Money::parse(text, currency, MoneyUnit::Currency) {
        Ok(money) if money.minor < 0 => Err(Problem::new(field, "costs-negative")),
        Ok(money) => Ok(money.minor),
        Err(problem) => Err(Problem::new(field, problem.key())),
    }
}

/// Per cent as decimal text, as a share in ten-thousandths.
pub(crate) fn share(field: &'static str, text: &str, most: i64) -> Result<i64, Problem> {
    let number = parse_decimal(text).map_err(|problem| Problem::new(field, problem.key()))?;
    let share = number.checked_mul(Decimal::ONE_HUNDRED).and_then(|share| share.round().to_i64()).unwrap_or(-1);
    if (0..=most).contains(&share) { Ok(share) } else { Err(Problem::new(field, "input-range").with("min", 0).with("max", most / 100)) }
}

impl NewTreatment {
    fn worth(&self, currency: Currency, fields: &mut Fields) -> Worth {
        let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let of_money = matches!(self.kind, TreatmentKind::Discount | TreatmentKind::Benefit);
        let percent = given(&self.percent).filter(|_| of_money).and_then(|text| fields.take(share("percent", &text, WHOLE)));
        let off = given(&self.amount).filter(|_| of_money).and_then(|text| fields.take(amount("amount", &text, currency)));
        let cost = given(&self.unit_cost).and_then(|text| fields.take(amount("unit_cost", &text, currency)));
        let worth = Worth {
            share: percent.filter(|share| *share > 0),
            amount_minor: off.filter(|minor| *minor > 0),
            unit_cost_minor: cost.unwrap_or_default(),
        };
        if of_money && fields.0.is_empty() && worth.share.is_some() == worth.amount_minor.is_some() {
            fields.add("percent", "experience-percent-or-amount");
        }
        worth
    }

    fn class(&self) -> Class {
        match self.kind {
            TreatmentKind::Respect => Class::Moral,
            TreatmentKind::Discount | TreatmentKind::Benefit => Class::Material,
            TreatmentKind::Gift => self.class.unwrap_or(Class::Moral),
        }
    }

    fn form(&self) -> Form {
        Form::of(self.kind, self.class(), self.is_special)
    }
}

/// The names in the three languages; of those that were given the first stands for the others.
pub(super) fn names(given: [&Option<String>; 3], fields: &mut Fields) -> [String; 3] {
    let mut place = ["name_fa", "name_ar", "name_en"].into_iter();
    let mut names = given.map(|name| {
        let field = place.next().unwrap_or_default();
        let read = clean_line(name.as_deref().unwrap_or_default(), NAME_MAX);
        fields.take(read.map_err(|problem| Problem::new(field, problem.key()).with("max", NAME_MAX))).unwrap_or_default()
    });
    match names.iter().find(|name| !name.is_empty()).cloned() {
        Some(first) => names.iter_mut().filter(|name| name.is_empty()).for_each(|name| name.clone_from(&first)),
        None => fields.add("name_fa", "input-needed"),
    }
    names
}

/// A rule that it would break, what it says of it, and the field at which that stands.
fn broken(form: Form, stages: &[Stage], names: &[String; 3]) -> Option<(Rule, Option<Stage>, Problem)> {
    let refused = stages.iter().find(|stage| !verdict(form, **stage, Standing::Active).is_allowed());
    if let Some(stage) = refused {
        let problem = Problem::new("stages", format!("experience-refused-{}", form.as_str().replace('_', "-")));
        return Some((Rule::NotAtThisStage, Some(*stage), problem));
    }
    for (field, name) in ["name_fa", "name_ar", "name_en"].into_iter().zip(names) {
        if never::job(name).is_some() {
            return Some((Rule::NoJob, None, Problem::new(field, "experience-never-no-job")));
        }
        let purpose = never::purpose_of(name, Purpose::Promo);
        let pitched = stages.iter().find(|stage| never::pitch(purpose, **stage, None).is_some());
        if let Some(stage) = pitched {
            return Some((Rule::NoPitch, Some(*stage), Problem::new(field, "experience-never-no-pitch")));
        }
    }
    None
}

fn check_range(field: &'static str, value: Option<i64>, most: i64, fields: &mut Fields) {
    if value.is_some_and(|value| !(1..=most).contains(&value)) {
        fields.0.push(Problem::new(field, "input-range").with("min", 1).with("max", most));
    }
}

/// Makes a treatment.
///
/// # Errors
/// For fields that cannot be read, and for what the stages do not have; such an attempt is written down.
pub async fn create(ctx: &Ctx, new: NewTreatment) -> Result<Treatment> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let currency = ctx.app.organisation().await?.currency;
    let mut fields = Fields::default();
    let names = names([&new.name_fa, &new.name_ar, &new.name_en], &mut fields);
    let worth = new.worth(currency, &mut fields);
    let mut stages = new.stages.clone();
    stages.sort_unstable();
    stages.dedup();
    if stages.is_empty() {
        fields.add("stages", "input-needed");
    }
    check_range("valid_days", new.valid_days, VALID_MAX, &mut fields);
    check_range("party_cap", new.party_cap, CAP_MAX, &mut fields);
    check_range("total_cap", new.total_cap, CAP_MAX, &mut fields);
    fields.check()?;
    let rule = match &new.rule {
        Some(rule) => Some(Asked::read(ctx, rule).await?.stored()?),
        None => None,
    };
    let form = new.form();
    if let Some((rule, stage, problem)) = broken(form, &stages, &names) {
        return Err(violations::refuse(ctx, rule, None, json!({"what": names[0], "form": form, "stage": stage}), problem).await);
    }
    let id: Id<Treatment> = ctx.id();
    let gift_item_id = new.gift_item_id.filter(|_| new.kind == TreatmentKind::Gift);
    let mut tx = writer.begin().await?;
    if let Some(item) = gift_item_id {
        let known: Option<(i64,)> = tx.maybe(sql("SELECT 1 FROM gift_items WHERE id = $1 AND archived_at IS NULL").bind(item)).await?;
        known.ok_or_else(|| Problem::new("gift_item_id", "experience-gift-item-unknown"))?;
    }
    tx.run(
        sql("INSERT INTO treatments (id, kind, class, is_special, name_fa, name_ar, name_en, share, amount_minor, unit_cost_minor,
               gift_item_id, stages, rule, valid_days, party_cap, total_cap, used, created_by, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17, $18)")
        .bind(id)
        .bind(new.kind)
        .bind(new.class())
        .bind(new.is_special || matches!(new.kind, TreatmentKind::Gift | TreatmentKind::Benefit))
        .bind(&names[0])
        .bind(&names[1])
        .bind(&names[2])
        .bind(worth.share)
        .bind(worth.amount_minor)
        .bind(worth.unit_cost_minor)
        .bind(gift_item_id)
        .bind(serde_json::to_value(&stages).map_err(Error::fault)?)
        .bind(rule)
        .bind(new.valid_days.unwrap_or(VALID))
        .bind(new.party_cap)
        .bind(new.total_cap)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    events::record(&mut tx, ctx, Event::of("treatment.created", id, json!({"name": names[0], "form": form, "stages": stages}))).await?;
    let stored = by_id(&mut tx, id).await?;
    tx.commit().await?;
    told(ctx, vec![stored]).await?.pop().ok_or(Error::NotFound("treatment"))
}

async fn by_id(tx: &mut peyvand_db::Tx, id: Id<Treatment>) -> Result<Stored> {
    let mut query = Sql::select::<Stored>("FROM treatments t WHERE t.id = ");
    query.arg(id).push(" {for_update}");
    tx.maybe(query).await?.ok_or(Error::NotFound("treatment"))
}

/// Which treatments.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListTreatments {
    /// Only of this kind.
    pub kind: Option<TreatmentKind>,
    /// Also those that are used no more.
    pub archived: Option<bool>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Treatments, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListTreatments) -> Result<Page<Treatment>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Stored>("FROM treatments t WHERE 1 = 1");
    if input.archived != Some(true) {
        query.push(" AND t.archived_at IS NULL");
    }
    if let Some(kind) = input.kind {
        query.push(" AND t.kind = ").arg(kind);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<Treatment>(after)?;
        query.push(" AND (t.created_at, t.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY t.created_at DESC, t.id DESC LIMIT ").arg(limit + 1);
    let page = Page::cut(reader.db.all(query).await?, limit, |last: &Stored| cursor_at(last.created_at, last.id));
    Ok(Page { items: told(ctx, page.items).await?, next: page.next })
}

/// Which treatment.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TreatmentId {
    /// Its id.
    pub id: Id<Treatment>,
}

/// Puts a treatment away, so that no new policy uses it. What was given of it stays.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] while a policy uses it.
pub async fn archive(ctx: &Ctx, input: TreatmentId) -> Result<Treatment> {
    let writer = ctx.write(Perm(Room::Experience, Act::Delete))?;
    let mut tx = writer.begin().await?;
    let stored = by_id(&mut tx, input.id).await?;
    if stored.archived_at.is_none() {
        let used: Option<(i64,)> = tx
            .maybe(
                sql("SELECT 1 FROM policy_treatments b JOIN policy_versions v ON v.id = b.version_id
                     WHERE b.treatment_id = $1 AND v.state <> 'retired' LIMIT 1")
                .bind(input.id),
            )
            .await?;
        if used.is_some() {
            return Err(Error::Conflict(Fields(vec![Problem::new("id", "experience-treatment-in-use")])));
        }
        tx.run(sql("UPDATE treatments SET archived_at = $1 WHERE id = $2").bind(ctx.now()).bind(input.id)).await?;
        events::record(&mut tx, ctx, Event::of("treatment.archived", input.id, json!({"name": stored.name_fa}))).await?;
    }
    let stored = by_id(&mut tx, input.id).await?;
    tx.commit().await?;
    told(ctx, vec![stored]).await?.pop().ok_or(Error::NotFound("treatment"))
}

/// The operations of treatments.
pub fn operations(ops: &mut Operations) {
    let perm = |act| Some(Perm(Room::Experience, act));
    ops.add("treatments.create", "POST /treatments", perm(Act::Create), "Makes a treatment: respect, a discount, a gift or a benefit.", create)
        .example(|| {
            json!({
                "kind": "discount", "is_special": true, "name_fa": "ده درصد برای سالگرد آشنایی", "name_en": "Ten per cent for your anniversary with us",
                "percent": "10", "unit_cost": "120000", "stages": ["loyal", "advocate"], "valid_days": 30, "party_cap": 1, "total_cap": 500
            })
        });
    ops.add("treatments.list", "GET /treatments", perm(Act::See), "Treatments, newest first.", list)
        .example(|| json!({"kind": "gift", "limit": 20}));
    ops.add("treatments.archive", "DELETE /treatments/{id}", perm(Act::Delete), "Puts a treatment away that no policy uses.", archive);
}
