//! Policies: which treatments are given to whom, on which occasions, within which budget. What a policy says stands in
//! versions that never change; who wants another makes the next.

use super::legality::{Form, Verdict, verdict};
use super::occasions::{self, Almanac, OccasionPlan, Person};
use super::policy_steps;
use super::treatments::{self, Treatment, WHOLE};
use super::{PolicyId, Stage, Standing};
use crate::marketing::segments::{self, Asked};
use crate::operation::{Page, page_size};
use crate::platform::access::User;
use crate::platform::events::{self, Event, cursor, cursor_at};
use crate::platform::money::{Currency, Money, MoneyUnit};
use crate::platform::text::{clean_line, clean_text};
use crate::{Act, Ctx, Day, Error, Fields, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Db, Id, Sql, ToValue, Tx, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Characters of a name.
const NAME_MAX: usize = 120;
/// Characters of a note.
const NOTE_MAX: usize = 2_000;
/// Treatments of one bundle.
const BUNDLE_MAX: usize = 8;
/// The most that a policy may hold out: half of those whom it means.
const HOLDOUT_MAX: i64 = 5_000;
/// Versions that one answer shows.
const VERSIONS: i64 = 50;
/// A discount above this share is approved by two.
pub const LARGE_DISCOUNT: i64 = 2_000;

peyvand_db::words! {
    /// How far a version has come.
    pub enum PolicyState {
        /// Written down.
        Draft = "draft",
        /// Approved, and not begun.
        Approved = "approved",
        /// At work.
        Live = "live",
        /// Over, or given up before it began.
        Retired = "retired",
    }
}

peyvand_db::words! {
    /// Why a version is approved by two people.
    pub enum TwoBecause {
        /// A discount is above the limit, or an amount of which nobody knows what share it is.
        LargeDiscount = "large_discount",
        /// It gives a financial benefit.
        Benefit = "benefit",
        /// It tries prices.
        PriceTest = "price_test",
    }
}

/// Why two people approve it; empty when one is enough.
#[must_use]
pub fn two_because<'a>(treatments: impl Iterator<Item = (Form, Option<i64>)> + 'a, is_price_test: bool) -> Vec<TwoBecause> {
    let mut why = Vec::new();
    for (form, share) in treatments {
        match form {
            Form::PublicDiscount | Form::SpecialDiscount if share.is_none_or(|share| share > LARGE_DISCOUNT) => {
                why.push(TwoBecause::LargeDiscount);
            }
            Form::Benefit => why.push(TwoBecause::Benefit),
            _ => {}
        }
    }
    if is_price_test {
        why.push(TwoBecause::PriceTest);
    }
    why.sort_unstable();
    why.dedup();
    why
}

/// A policy.
#[derive(Debug)]
pub enum PolicyRow {}

row! {
    /// A policy with the version that counts: the live one, else the newest.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Policy {
        /// Its id.
        pub id: Id<PolicyRow> = "o.id",
        /// Its name.
        pub name: String = "o.name",
        /// Which version counts.
        pub number: i64 = "v.number",
        /// How far that has come.
        pub state: PolicyState = "v.state",
        /// How many versions there are.
        pub versions: i64 = "(SELECT COUNT(*) FROM policy_versions x WHERE x.policy_id = o.id)",
        /// What may be spent on it, in minor units; without a limit when absent.
        pub budget_minor: Option<i64> = "v.budget_minor",
        /// What was given, at what it costs, in minor units.
        pub spent_minor: i64 = "v.spent_minor",
        /// When it began.
        pub started_at: Option<Instant> = "v.started_at",
        /// Who wrote it down first.
        pub created_by: Option<Id<User>> = "o.created_by",
        /// Their name.
        pub creator: Option<String> = "u.name",
        /// When.
        pub created_at: Instant = "o.created_at",
    }
}

const FROM: &str = "FROM policies o JOIN policy_versions v ON v.policy_id = o.id LEFT JOIN users u ON u.id = o.created_by
    WHERE v.id = (SELECT x.id FROM policy_versions x WHERE x.policy_id = o.id
        ORDER BY CASE WHEN x.state = 'live' THEN 0 ELSE 1 END, x.number DESC LIMIT 1)";

row! {
    /// A version as it is stored.
    #[derive(Clone, Debug)]
    pub(crate) struct StoredVersion {
        pub(crate) id: Id<Version> = "v.id",
        pub(crate) number: i64 = "v.number",
        pub(crate) state: PolicyState = "v.state",
        pub(crate) rule: Option<serde_json::Value> = "v.rule",
        pub(crate) occasions: serde_json::Value = "v.occasions",
        pub(crate) budget_minor: Option<i64> = "v.budget_minor",
        pub(crate) spent_minor: i64 = "v.spent_minor",
        pub(crate) holdout: i64 = "v.holdout",
        pub(crate) is_price_test: bool = "v.is_price_test",
        pub(crate) note: Option<String> = "v.note",
        pub(crate) created_by: Option<Id<User>> = "v.created_by",
        pub(crate) creator: Option<String> = "u.name",
        pub(crate) created_at: Instant = "v.created_at",
        pub(crate) approved_at: Option<Instant> = "v.approved_at",
        pub(crate) started_at: Option<Instant> = "v.started_at",
        pub(crate) retired_at: Option<Instant> = "v.retired_at",
    }
}

const VERSION_FROM: &str = "FROM policy_versions v LEFT JOIN users u ON u.id = v.created_by WHERE v.policy_id = ";

row! {
    /// Somebody's yes.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Approval {
        #[serde(skip)]
        version_id: Id<Version> = "a.version_id",
        /// Who.
        pub user_id: Id<User> = "a.user_id",
        /// Their name.
        pub name: String = "u.name",
        /// When.
        pub at: Instant = "a.at",
    }
}

/// An occasion of a version, with the next day on which it comes where that is the same for all.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OccasionSeen {
    /// The occasion.
    #[serde(flatten)]
    pub plan: OccasionPlan,
    /// Its next day.
    pub next_on: Option<Day>,
}

/// What may be done with a treatment at a stage, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageSeen {
    /// The stage.
    pub stage: Stage,
    /// Whether the rules allow it there.
    pub verdict: Verdict,
    /// Whether the treatment is made for it.
    pub is_meant: bool,
}

/// A treatment of a version, stage by stage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BundleSeen {
    /// The treatment.
    pub treatment: Treatment,
    /// What the rules say of it at each stage of the way.
    pub at: Vec<StageSeen>,
}

/// What a policy says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Version {
    /// Its id.
    pub id: Id<Version>,
    /// Which version it is, from 1.
    pub number: i64,
    /// How far it has come.
    pub state: PolicyState,
    /// What is given.
    pub bundle: Vec<BundleSeen>,
    /// Whom it means; everybody when absent.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// The same in one sentence, in the caller's language.
    pub sentence: Option<String>,
    /// When.
    pub occasions: Vec<OccasionSeen>,
    /// What may be spent on it, in minor units.
    pub budget_minor: Option<i64>,
    /// What was given, at what it costs, in minor units.
    pub spent_minor: i64,
    /// The share who get nothing, so that its effect can be told, in ten-thousandths.
    pub holdout: i64,
    /// Whether it tries prices.
    pub is_price_test: bool,
    /// A note.
    pub note: Option<String>,
    /// Who wrote it.
    pub created_by: Option<Id<User>>,
    /// Their name.
    pub creator: Option<String>,
    /// When.
    pub created_at: Instant,
    /// Why two people approve it; empty when one is enough.
    pub two_because: Vec<TwoBecause>,
    /// Who has said yes.
    pub approvals: Vec<Approval>,
    /// How many have still to.
    pub missing: i64,
    /// When it had all that it needs.
    pub approved_at: Option<Instant>,
    /// When it began.
    pub started_at: Option<Instant>,
    /// When it was over.
    pub retired_at: Option<Instant>,
}

/// A policy with its versions, the newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PolicySeen {
    /// The policy.
    #[serde(flatten)]
    pub policy: Policy,
    /// Its versions, 50 at most.
    pub items: Vec<Version>,
}

/// What a policy is to say.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What is given.
    #[serde(default)]
    pub treatment_ids: Vec<Id<Treatment>>,
    /// Whom it means, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// When.
    #[serde(default)]
    pub occasions: Vec<OccasionPlan>,
    /// What may be spent on it, as decimal text in major units of the organisation's currency; without a limit unless given.
    pub budget: Option<String>,
    /// Per cent of those meant who get nothing, so that its effect can be told, as decimal text; at most 50, none unless given.
    pub holdout: Option<String>,
    /// Whether it tries prices.
    #[serde(default)]
    pub is_price_test: bool,
    /// A note.
    pub note: Option<String>,
}

/// A policy to be written down.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// What is given.
    #[serde(default)]
    pub treatment_ids: Vec<Id<Treatment>>,
    /// Whom it means, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// When.
    #[serde(default)]
    pub occasions: Vec<OccasionPlan>,
    /// What may be spent on it, as decimal text in major units of the organisation's currency; without a limit unless given.
    pub budget: Option<String>,
    /// Per cent of those meant who get nothing, so that its effect can be told, as decimal text; at most 50, none unless given.
    pub holdout: Option<String>,
    /// Whether it tries prices.
    #[serde(default)]
    pub is_price_test: bool,
    /// A note.
    pub note: Option<String>,
}

/// The next version of a policy: it says all anew.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVersion {
    /// Of which policy.
    pub id: Id<PolicyRow>,
    /// What is given.
    #[serde(default)]
    pub treatment_ids: Vec<Id<Treatment>>,
    /// Whom it means, a rule of segments; everybody unless given.
    #[schemars(with = "Option<segments::rule::Rule>")]
    pub rule: Option<serde_json::Value>,
    /// When.
    #[serde(default)]
    pub occasions: Vec<OccasionPlan>,
    /// What may be spent on it, as decimal text in major units of the organisation's currency; without a limit unless given.
    pub budget: Option<String>,
    /// Per cent of those meant who get nothing, so that its effect can be told, as decimal text; at most 50, none unless given.
    pub holdout: Option<String>,
    /// Whether it tries prices.
    #[serde(default)]
    pub is_price_test: bool,
    /// A note.
    pub note: Option<String>,
}

/// What a policy is to say, once read.
struct Checked {
    treatments: Vec<Id<Treatment>>,
    rule: Option<serde_json::Value>,
    occasions: Vec<OccasionPlan>,
    budget_minor: Option<i64>,
    holdout: i64,
    is_price_test: bool,
    note: Option<String>,
}

fn money(text: &str, currency: Currency) -> Result<i64, Problem> {
    match Money::parse(text, currency, MoneyUnit::Currency) {
        Ok(money) if money.minor <= 0 => Err(Problem::new("budget", "costs-negative")),
        Ok(money) => Ok(money.minor),
        Err(problem) => Err(Problem::new("budget", problem.key())),
    }
}

impl Terms {
    async fn checked(&self, ctx: &Ctx, fields: &mut Fields) -> Result<Checked> {
        let currency = ctx.app.organisation().await?.currency;
        let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let mut treatments = self.treatment_ids.clone();
        treatments.sort_unstable();
        treatments.dedup();
        if treatments.is_empty() || treatments.len() > BUNDLE_MAX {
            fields.0.push(Problem::new("treatment_ids", "experience-bundle-count").with("max", BUNDLE_MAX));
        }
        let occasions = occasions::check(&self.occasions, fields);
        let budget_minor = given(&self.budget).and_then(|text| fields.take(money(&text, currency)));
        let holdout = given(&self.holdout).and_then(|text| fields.take(treatments::share("holdout", &text, HOLDOUT_MAX)));
        let note = clean_text(self.note.as_deref().unwrap_or_default(), NOTE_MAX)
            .map_err(|problem| Problem::new("note", problem.key()).with("max", NOTE_MAX));
        let note = fields.take(note).filter(|note| !note.is_empty());
        let rule = match &self.rule {
            Some(rule) => match Asked::read(ctx, rule).await {
                Ok(asked) => Some(asked.stored()?),
                Err(Error::Invalid(problems)) => {
                    fields.0.extend(problems.0);
                    None
                }
                Err(error) => return Err(error),
            },
            None => None,
        };
        Ok(Checked { treatments, rule, occasions, budget_minor, holdout: holdout.unwrap_or(0), is_price_test: self.is_price_test, note })
    }
}

async fn put_version(tx: &mut Tx, ctx: &Ctx, policy: Id<PolicyRow>, number: i64, checked: Checked) -> Result<()> {
    let mut known = sql("SELECT t.id FROM treatments t WHERE t.archived_at IS NULL AND t.id IN ");
    known.list_padded(&checked.treatments).push(" ORDER BY t.id {for_update}");
    let found: Vec<(Id<Treatment>,)> = tx.all(known).await?;
    if found.len() < checked.treatments.len() {
        return Err(Error::invalid("treatment_ids", "experience-treatment-unknown"));
    }
    let id: Id<Version> = ctx.id();
    // Nobody else knows it, so that nobody can tell beforehand who will be in which part.
    let salt: Id<Version> = ctx.id();
    tx.run(
        sql("INSERT INTO policy_versions (id, policy_id, number, state, rule, occasions, budget_minor, spent_minor, holdout, salt,
               is_price_test, note, created_by, created_at)
             VALUES ($1, $2, $3, 'draft', $4, $5, $6, 0, $7, $8, $9, $10, $11, $12)")
        .bind(id)
        .bind(policy)
        .bind(number)
        .bind(checked.rule)
        .bind(serde_json::to_value(&checked.occasions).map_err(Error::fault)?)
        .bind(checked.budget_minor)
        .bind(checked.holdout.min(WHOLE))
        .bind(salt.to_string())
        .bind(checked.is_price_test)
        .bind(checked.note)
        .bind(ctx.actor.user())
        .bind(ctx.now()),
    )
    .await?;
    let places = checked.treatments.iter().zip(1_i64..);
    let rows = places.map(|(treatment, place)| vec![id.to_value(), treatment.to_value(), place.to_value()]).collect();
    for statement in Sql::inserts("INSERT INTO policy_treatments (version_id, treatment_id, place) VALUES ", rows, "") {
        tx.run(statement).await?;
    }
    Ok(())
}

/// Writes a policy down, as a draft.
///
/// # Errors
/// For fields that cannot be read, a treatment that there is not, a segment out of sight.
pub async fn create(ctx: &Ctx, new: NewPolicy) -> Result<PolicySeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Create))?;
    let mut fields = Fields::default();
    let name = clean_line(&new.name, NAME_MAX).map_err(|problem| Problem::new("name", problem.key()).with("max", NAME_MAX));
    let name = fields.take(name).unwrap_or_default();
    if name.is_empty() && fields.0.is_empty() {
        fields.add("name", "input-needed");
    }
    let NewPolicy { name: _, treatment_ids, rule, occasions, budget, holdout, is_price_test, note } = new;
    let terms = Terms { treatment_ids, rule, occasions, budget, holdout, is_price_test, note };
    let checked = terms.checked(ctx, &mut fields).await?;
    fields.check()?;
    let id: Id<PolicyRow> = ctx.id();
    let mut tx = writer.begin().await?;
    tx.run(
        sql("INSERT INTO policies (id, name, created_by, created_at) VALUES ($1, $2, $3, $4)")
            .bind(id)
            .bind(&name)
            .bind(ctx.actor.user())
            .bind(ctx.now()),
    )
    .await?;
    put_version(&mut tx, ctx, id, 1, checked).await?;
    events::record(&mut tx, ctx, Event::of("policy.created", id, json!({"name": name}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}

/// Writes the next version of a policy down, as a draft. A draft or an approved version before it is given up; a live one goes
/// on until this one begins.
///
/// # Errors
/// As [`create`]; [`Error::NotFound`] for a policy that there is not.
pub async fn change(ctx: &Ctx, new: NewVersion) -> Result<PolicySeen> {
    let writer = ctx.write(Perm(Room::Experience, Act::Change))?;
    let mut fields = Fields::default();
    let NewVersion { id, treatment_ids, rule, occasions, budget, holdout, is_price_test, note } = new;
    let terms = Terms { treatment_ids, rule, occasions, budget, holdout, is_price_test, note };
    let checked = terms.checked(ctx, &mut fields).await?;
    fields.check()?;
    let mut tx = writer.begin().await?;
    let name = policy_steps::take(&mut tx, id).await?;
    let (last,): (i64,) = tx.one(sql("SELECT MAX(number) FROM policy_versions WHERE policy_id = $1").bind(id)).await?;
    tx.run(
        sql("UPDATE policy_versions SET state = 'retired', retired_at = $1 WHERE policy_id = $2 AND state IN ('draft', 'approved')")
            .bind(ctx.now())
            .bind(id),
    )
    .await?;
    put_version(&mut tx, ctx, id, last + 1, checked).await?;
    events::record(&mut tx, ctx, Event::of("policy.version_added", id, json!({"name": name, "number": last + 1}))).await?;
    tx.commit().await?;
    read(ctx, id).await
}

/// A policy with its versions, as its reader may know them.
pub(crate) async fn read(ctx: &Ctx, id: Id<PolicyRow>) -> Result<PolicySeen> {
    let db = &ctx.app.db;
    let mut query = Sql::select::<Policy>(FROM);
    query.push(" AND o.id = ").arg(id);
    let policy: Policy = db.maybe(query).await?.ok_or(Error::NotFound("policy"))?;
    let mut query = Sql::select::<StoredVersion>(VERSION_FROM);
    query.arg(id).push(" ORDER BY v.number DESC LIMIT ").arg(VERSIONS);
    let versions: Vec<StoredVersion> = db.all(query).await?;
    let ids: Vec<Id<Version>> = versions.iter().map(|version| version.id).collect();
    let mut bundles = bundles(ctx, &ids).await?;
    let mut approvals = approvals(db, &ids).await?;
    let rules: Vec<serde_json::Value> = versions.iter().filter_map(|version| version.rule.clone()).collect();
    let mut sentences = segments::sentences(ctx, &rules).await?.into_iter();
    let organisation = ctx.app.organisation().await?;
    let today = ctx.now().day(&organisation.zone());
    let almanac = Almanac { calendar: organisation.calendar, hijri_shift: organisation.hijri_shift };
    let mut items = Vec::with_capacity(versions.len());
    for version in versions {
        let bundle = bundles.remove(&version.id).unwrap_or_default();
        let approvals = approvals.remove(&version.id).unwrap_or_default();
        let two = two_because(bundle.iter().map(|one| (one.treatment.form, one.treatment.share)), version.is_price_test);
        let plans: Vec<OccasionPlan> = serde_json::from_value(version.occasions).map_err(Error::fault)?;
        let next = |plan: &OccasionPlan| occasions::next_on(plan, Person::default(), almanac, today);
        items.push(Version {
            missing: policy_steps::missing(&two, approvals.len()),
            sentence: version.rule.as_ref().and_then(|_| sentences.next()),
            occasions: plans.into_iter().map(|plan| OccasionSeen { next_on: next(&plan), plan }).collect(),
            two_because: two,
            approvals,
            bundle,
            id: version.id,
            number: version.number,
            state: version.state,
            rule: version.rule,
            budget_minor: version.budget_minor,
            spent_minor: version.spent_minor,
            holdout: version.holdout,
            is_price_test: version.is_price_test,
            note: version.note,
            created_by: version.created_by,
            creator: version.creator,
            created_at: version.created_at,
            approved_at: version.approved_at,
            started_at: version.started_at,
            retired_at: version.retired_at,
        });
    }
    Ok(PolicySeen { policy, items })
}

row! {
    struct Bundled {
        version_id: Id<Version> = "b.version_id",
        treatment_id: Id<Treatment> = "b.treatment_id",
    }
}

async fn bundles(ctx: &Ctx, versions: &[Id<Version>]) -> Result<HashMap<Id<Version>, Vec<BundleSeen>>> {
    let mut query = Sql::select::<Bundled>("FROM policy_treatments b WHERE b.version_id IN ");
    query.list_padded(versions).push(" ORDER BY b.version_id, b.place");
    let bundled: Vec<Bundled> = ctx.app.db.all(query).await?;
    let mut ids: Vec<Id<Treatment>> = bundled.iter().map(|one| one.treatment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut query = Sql::select::<treatments::Stored>("FROM treatments t WHERE t.id IN ");
    query.list_padded(&ids);
    let told = treatments::told(ctx, ctx.app.db.all(query).await?).await?;
    let known: HashMap<Id<Treatment>, Treatment> = told.into_iter().map(|treatment| (treatment.id, treatment)).collect();
    let mut bundles: HashMap<Id<Version>, Vec<BundleSeen>> = HashMap::new();
    for one in bundled {
        let Some(treatment) = known.get(&one.treatment_id).cloned() else { continue };
        bundles.entry(one.version_id).or_default().push(BundleSeen { at: stage_by_stage(treatment.form, &treatment.stages), treatment });
    }
    Ok(bundles)
}

/// What the rules say of a treatment at each stage of the way.
#[must_use]
pub fn stage_by_stage(form: Form, meant: &[Stage]) -> Vec<StageSeen> {
    let at = |stage| StageSeen { stage, verdict: verdict(form, stage, Standing::Active), is_meant: meant.contains(&stage) };
    Stage::ALL.iter().copied().map(at).collect()
}

async fn approvals(db: &Db, versions: &[Id<Version>]) -> Result<HashMap<Id<Version>, Vec<Approval>>> {
    let mut query = Sql::select::<Approval>("FROM policy_approvals a JOIN users u ON u.id = a.user_id WHERE a.version_id IN ");
    query.list_padded(versions).push(" ORDER BY a.at, a.user_id");
    let mut approvals: HashMap<Id<Version>, Vec<Approval>> = HashMap::new();
    for approval in db.all::<Approval>(query).await? {
        approvals.entry(approval.version_id).or_default().push(approval);
    }
    Ok(approvals)
}

/// Which policies.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListPolicies {
    /// Only those that have come so far.
    pub state: Option<PolicyState>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// Policies, newest first.
///
/// # Errors
/// Without the right, or for a cursor that is none.
pub async fn list(ctx: &Ctx, input: ListPolicies) -> Result<Page<Policy>> {
    let reader = ctx.read(Perm(Room::Experience, Act::See))?;
    let limit = page_size(input.limit)?;
    let mut query = Sql::select::<Policy>(FROM);
    if let Some(state) = input.state {
        query.push(" AND v.state = ").arg(state);
    }
    if let Some(after) = &input.after {
        let (at, id) = cursor::<PolicyRow>(after)?;
        query.push(" AND (o.created_at, o.id) < (").arg(at).push(", ").arg(id).push(")");
    }
    query.push(" ORDER BY o.created_at DESC, o.id DESC LIMIT ").arg(limit + 1);
    let rows: Vec<Policy> = reader.db.all(query).await?;
    Ok(Page::cut(rows, limit, |last| cursor_at(last.created_at, last.id)))
}

/// One policy with its versions, what is legal in each and who approved it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn get(ctx: &Ctx, input: PolicyId) -> Result<PolicySeen> {
    ctx.read(Perm(Room::Experience, Act::See))?;
    read(ctx, input.id).await
}

/// The operations of policies.
pub fn operations(ops: &mut Operations) {
    const SOME: &str = "0193a1b2-0000-7000-8000-000000000000";
    let perm = |act| Some(Perm(Room::Experience, act));
    ops.add("policies.create", "POST /policies", perm(Act::Create), "Writes a policy down, as a draft.", create).example(|| {
        json!({
            "name": "یلدا با وفاداران", "treatment_ids": [SOME], "occasions": [{"occasion": "yalda", "days_before": 7}],
            "rule": {"field": {"field": "city", "is": {"one_of": ["تهران"]}}}, "budget": "50000000", "holdout": "10"
        })
    });
    ops.add("policies.list", "GET /policies", perm(Act::See), "Policies, newest first.", list).example(|| json!({"state": "live"}));
    ops.add("policies.get", "GET /policies/{id}", perm(Act::See), "One policy: its versions, what is legal in them, who approved.", get);
    ops.add("policies.change", "POST /policies/{id}/versions", perm(Act::Change), "Writes the next version of a policy down.", change)
        .example(|| json!({"id": SOME, "treatment_ids": [SOME], "occasions": [{"occasion": "nowruz", "days_before": 10}]}));
    policy_steps::operations(ops);
}
