//! The filters of the list, declared once and read as conditions of a query.

use super::Sort;
use crate::insight::models;
use crate::insight::rhythm::Habit;
use crate::insight::whale::TIERS;
use crate::marketing::segments::compile::Of;
use crate::marketing::segments::rule::{Rule, born_by};
use crate::marketing::segments::{self, Asked, Segment};
use crate::parties::check::{Gender, Kind, Role, Stance, word_of};
use crate::parties::party::Party;
use crate::parties::search;
use crate::platform::access::{Sight, Unit, User};
use crate::platform::money::{Currency, Money, parse_decimal};
use crate::platform::text::search_key;
use crate::sales::Product;
use crate::{Act, Ctx, Day, Fields, Id, Instant, Perm, Problem, Reader, Result, Room};
use peyvand_db::{Sql, ToValue, Value, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

peyvand_db::words! {
    /// State of what is to be done next.
    pub enum Next {
        /// Nothing is planned.
        None = "none",
        /// It should have been done.
        Overdue = "overdue",
        /// Today.
        Today = "today",
        /// Later.
        Future = "future",
    }
}

/// Declares the filters once, for the list, its count, the export and acts on all that it shows.
macro_rules! filters {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// Which parties; filters that are given must all hold.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct PartyFilters {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        /// Which parties, in what order, from where.
        #[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct ListParties {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
            /// What to sort by; the name unless given.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub sort: Option<Sort>,
            /// Whether the last come first.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub desc: Option<bool>,
            /// Where the page starts: `next` of the page before.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub after: Option<String>,
            /// Where the page ends: `previous` of the page after.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub before: Option<String>,
            /// Rows of a page, 50 unless given, at most 200.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub limit: Option<i64>,
        }

        impl ListParties {
            /// The filters alone.
            #[must_use]
            pub fn filters(&self) -> PartyFilters {
                PartyFilters { $($field: self.$field.clone(),)* }
            }
        }

        impl From<PartyFilters> for ListParties {
            fn from(filters: PartyFilters) -> ListParties {
                ListParties { $($field: filters.$field,)* ..ListParties::default() }
            }
        }
    };
}

filters! {
    /// Name, part of a name, phone, e-mail, national ID or code.
    q: String,
    /// Person or organisation.
    kind: Kind,
    /// What they are to us.
    role: Role,
    /// Who looks after them.
    owner_id: Id<User>,
    /// Nobody looks after them.
    unowned: bool,
    /// Their unit.
    unit_id: Id<Unit>,
    /// City.
    city: String,
    /// Province.
    province: String,
    /// Where they came from.
    source: String,
    /// A tag they have.
    tag: String,
    /// A need that they have, a word of list `need` or their own words.
    need: String,
    /// A segment they belonged to when it was last built.
    segment_id: Id<Segment>,
    /// A rule as JSON text, such as that of a segment.
    rule: String,
    /// Gender.
    gender: Gender,
    /// Education: a word of list `education` or their own words.
    education: String,
    /// The job, as it was written down.
    job: String,
    /// Income: a word of list `income_band` or their own words.
    income: String,
    /// So many years old or older.
    age_from: i64,
    /// So many years old or younger.
    age_until: i64,
    /// How they stand towards us.
    stance: Stance,
    /// Added on this day or later.
    created_from: Day,
    /// Added on this day or earlier.
    created_until: Day,
    /// Last purchase on this day or later.
    last_purchase_from: Day,
    /// Last purchase on this day or earlier; those who never bought are left out.
    last_purchase_until: Day,
    /// First purchase on this day or later.
    first_purchase_from: Day,
    /// First purchase on this day or earlier; those who never bought are left out.
    first_purchase_until: Day,
    /// Bought something on this day or later.
    bought_from: Day,
    /// Bought something on this day or earlier; with both, between them.
    bought_until: Day,
    /// Bought all of these products and did not give them back whole: their ids, at most eight, with commas between.
    products: String,
    /// Bought them in one purchase, whatever was given back later.
    at_once: bool,
    /// Last contact on this day or later.
    last_contact_from: Day,
    /// Last contact on this day or earlier; those without contact are left out.
    last_contact_until: Day,
    /// State of what is to be done next.
    next: Next,
    /// Spent at least this much, a decimal text in the organisation's currency.
    spent_from: String,
    /// Spent at most this much.
    spent_until: String,
    /// Silent for longer than is their habit.
    silent: bool,
    /// Customers and prospects for whom nothing is planned; the silent ones, who have a list of their own, are left out.
    waiting: bool,
    /// Band of recency, 1 to 5, of the last refresh of scores.
    recency: i64,
    /// Band of frequency, 1 to 5.
    frequency: i64,
    /// Band of value, 1 to 5.
    value: i64,
    /// Mean of the bands of frequency and value, rounded up.
    frequency_value: i64,
    /// That mean is at least this.
    frequency_value_from: i64,
    /// How they buy: regularly, in a season, slower and slower …
    habit: Habit,
    /// Probability of still being active is at least this, between 0 and 1.
    active_from: f64,
    /// Probability of still being active is at most this.
    active_until: f64,
    /// Expected value of the next twelve months is at least this, a decimal text in the organisation's currency.
    worth_from: String,
    /// Expected value of the next twelve months is at most this.
    worth_until: String,
    /// Tier of profit, 1 the best.
    tier: i64,
    /// Archived ones instead of the others.
    archived: bool,
    /// Brought by this import.
    import_id: Uuid,
}

/// Products of one filter at most.
const PRODUCTS_MAX: usize = 8;

/// Products that were bought.
#[derive(Clone, Debug)]
pub(super) struct Products {
    pub(super) ids: Vec<Id<Product>>,
    /// All of them in one purchase.
    pub(super) at_once: bool,
}

/// One condition: the column's side, how it compares, the value.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) text: &'static str,
    pub(super) value: Option<Value>,
    /// The column with which an index begins; empty when none does.
    pub(super) index: &'static str,
}

/// Filters as conditions on table `parties` with alias `p`.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) all: Vec<Condition>,
    /// Ids that the words searched for stand for.
    pub(super) ids: Option<Vec<Id<Party>>>,
    pub(super) tag: Option<String>,
    /// On table `party_scores`; each begins with the dot behind its alias.
    pub(super) scores: Vec<Condition>,
    /// On table `party_profits`; each begins with the dot behind its alias.
    pub(super) profits: Vec<Condition>,
    /// Whose scores and profits the actor sees; nobody's without the right.
    pub(super) scores_of: Option<Sight>,
    pub(super) segment: Option<Id<Segment>>,
    /// A word of list `need`, or own words.
    pub(super) need: Option<String>,
    /// Between these days they bought something.
    pub(super) bought: Option<(Option<Day>, Option<Day>)>,
    /// A rule that means many.
    pub(super) rule: Option<Asked>,
    pub(super) products: Option<Products>,
}

/// The oldest age that is asked for.
const AGE_MAX: i64 = 130;
/// A rule that means no more than so many is asked once, and those are looked up.
const FEW: usize = 4_000;

impl PartyFilters {
    /// The conditions, on plain values.
    pub(super) fn conditions(&self, ctx: &Ctx, currency: Currency) -> Result<Conditions, Fields> {
        let mut fields = Fields::default();
        let mut all: Vec<Condition> = Vec::new();
        let zone = &ctx.prefs.time_zone;
        let mut add = |text: &'static str, value: Value, index: &'static str| all.push(Condition { text, value: Some(value), index });
        if let Some(owner) = self.owner_id {
            add("p.owner_id = ", owner.to_value(), "owner_id");
        }
        if let Some(unit) = self.unit_id {
            add("p.unit_id = ", unit.to_value(), "unit_id");
        }
        if let Some(city) = &self.city {
            add("p.city_key = ", search_key(city).to_value(), "city_key");
        }
        if let Some(import) = self.import_id {
            add("p.import_id = ", import.to_value(), "import_id");
        }
        if let Some(kind) = self.kind {
            add("p.kind = ", kind.to_value(), "");
        }
        if let Some(role) = self.role {
            add("p.role = ", role.to_value(), "role");
        }
        if let Some(province) = &self.province {
            add("p.province = ", province.to_value(), "");
        }
        if let Some(source) = &self.source {
            add("p.source = ", source.to_value(), "");
        }
        if let Some(gender) = self.gender {
            add("p.gender = ", gender.to_value(), "");
        }
        let mut word = |column: &'static str, text: &'static str, list: &'static str, word: &Option<String>| {
            if let Some(word) = word {
                add(text, word_of(list, word).unwrap_or(word.trim()).to_value(), column);
            }
        };
        word("education", "p.education = ", "education", &self.education);
        word("income_band", "p.income_band = ", "income_band", &self.income);
        word("job", "p.job = ", "", &self.job);
        if let Some(stance) = self.stance {
            add("p.stance = ", stance.to_value(), "stance");
        }
        if let Some(day) = self.created_from {
            let start = Instant::start_of(day, zone);
            add("p.created_at >= ", start.to_value(), "");
            // An id begins with the moment of its making or, in a busy one, a later: the index of the key tells few from many.
            add("p.id >= ", Uuid::from_u128(u128::from(start.0.unsigned_abs()) << 80).to_value(), "id");
        }
        if let Some(day) = self.created_until {
            add("p.created_at < ", Instant::start_of(day.plus(1), zone).to_value(), "");
        }
        if let Some(day) = self.last_contact_from {
            add("p.last_contact_at >= ", Instant::start_of(day, zone).to_value(), "last_contact_at");
        }
        if let Some(day) = self.last_contact_until {
            add("p.last_contact_at < ", Instant::start_of(day.plus(1), zone).to_value(), "last_contact_at");
            add("p.last_contact_at > ", Instant::NEVER.to_value(), "last_contact_at");
        }
        if let Some(day) = self.last_purchase_from {
            add("p.last_purchase_on >= ", day.to_value(), "last_purchase_on");
        }
        if let Some(day) = self.last_purchase_until {
            add("p.last_purchase_on <= ", day.to_value(), "last_purchase_on");
            add("p.last_purchase_on > ", "".to_value(), "last_purchase_on");
        }
        for (field, age) in [("age_from", self.age_from), ("age_until", self.age_until)] {
            if age.is_some_and(|age| !(0..=AGE_MAX).contains(&age)) {
                fields.0.push(Problem::new(field, "input-range").with("min", 0).with("max", AGE_MAX));
            }
        }
        if let Some(age) = self.age_from.filter(|age| (0..=AGE_MAX).contains(age)) {
            add("p.birth_on <= ", born_by(ctx.today(), age).to_value(), "birth_on");
        }
        if let Some(age) = self.age_until.filter(|age| (0..=AGE_MAX).contains(age)) {
            add("p.birth_on > ", born_by(ctx.today(), age + 1).to_value(), "birth_on");
        }
        let mut money = |field: &'static str, text: &Option<String>| -> Option<i64> {
            let text = text.as_ref()?;
            let read = parse_decimal(text).and_then(|amount| Money::from_major(amount, currency));
            fields.take(read.map(|money| money.minor).map_err(|problem| Problem::new(field, problem.key())))
        };
        if let Some(minor) = money("spent_from", &self.spent_from) {
            add("p.spent_minor >= ", minor.to_value(), "spent_minor");
        }
        if let Some(minor) = money("spent_until", &self.spent_until) {
            add("p.spent_minor <= ", minor.to_value(), "spent_minor");
        }
        let worth = [
            (".value_12m_minor >= ", money("worth_from", &self.worth_from)),
            (".value_12m_minor <= ", money("worth_until", &self.worth_until)),
        ];
        let (today, tomorrow) = (Instant::start_of(ctx.today(), zone), Instant::start_of(ctx.today().plus(1), zone));
        match self.next {
            None => {}
            Some(Next::None) => add("p.next_follow_up_at = ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at"),
            Some(Next::Overdue) => add("p.next_follow_up_at < ", ctx.now().to_value(), "next_follow_up_at"),
            Some(Next::Today) => {
                add("p.next_follow_up_at >= ", today.to_value(), "next_follow_up_at");
                add("p.next_follow_up_at < ", tomorrow.to_value(), "next_follow_up_at");
            }
            Some(Next::Future) => {
                add("p.next_follow_up_at >= ", tomorrow.to_value(), "next_follow_up_at");
                add("p.next_follow_up_at < ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at");
            }
        }
        if self.waiting == Some(true) {
            add("p.next_follow_up_at = ", Instant::NOT_PLANNED.to_value(), "next_follow_up_at");
            add("COALESCE(NULLIF(p.silent_from, ''), '9999-12-31') > ", ctx.today().to_value(), "");
        }
        if self.silent == Some(true) {
            add("p.silent_from <= ", ctx.today().to_value(), "silent_from");
            // In the words of the index, which leaves the others out.
            all.push(Condition { text: "p.silent_from <> ''", value: None, index: "silent_from" });
        }
        if self.first_purchase_from.or(self.first_purchase_until).is_some() {
            let column = "first_purchase_on";
            let ends = [("p.first_purchase_on >= ", self.first_purchase_from), ("p.first_purchase_on <= ", self.first_purchase_until)];
            let given = ends.into_iter().filter_map(|(text, day)| Some(Condition { text, value: Some(day?.to_value()), index: column }));
            all.extend(given);
            // In the words of the index.
            all.push(Condition { text: "p.first_purchase_on <> ''", value: None, index: column });
        }
        if self.waiting == Some(true) {
            all.push(Condition { text: "p.role IN ('customer', 'prospect')", value: None, index: "" });
        }
        if self.unowned == Some(true) {
            all.push(Condition { text: "p.owner_id IS NULL", value: None, index: "owner_id" });
        }
        let text = if self.archived == Some(true) { "p.archived_at IS NOT NULL" } else { "p.archived_at IS NULL" };
        all.push(Condition { text, value: None, index: "" });
        let mut scores = fields.take(self.scores()).unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "the column has a double")]
        let worth = worth.into_iter().filter_map(|(text, minor)| Some((text, minor? as f64)));
        scores.extend(worth.map(|(text, minor)| Condition { text, value: Some(minor.to_value()), index: "" }));
        let mut profits = Vec::new();
        if let Some(tier) = self.tier {
            if !(1..=TIERS).contains(&tier) {
                fields.0.push(Problem::new("tier", "input-range").with("min", 1).with("max", TIERS));
            }
            profits.push(Condition { text: ".tier = ", value: Some(tier.to_value()), index: "" });
        }
        let bought = self.bought_from.or(self.bought_until).map(|_| (self.bought_from, self.bought_until));
        let products = fields.take(self.products()).flatten();
        if fields.0.is_empty() {
            let (tag, need) = (self.tag.clone(), self.need.clone());
            Ok(Conditions {
                all,
                ids: None,
                tag,
                scores,
                profits,
                scores_of: None,
                segment: self.segment_id,
                need,
                bought,
                products,
                rule: None,
            })
        } else {
            Err(fields)
        }
    }

    /// The products that were bought.
    fn products(&self) -> Result<Option<Products>, Problem> {
        let Some(text) = self.products.as_deref() else { return Ok(None) };
        let ids: Option<Vec<Id<Product>>> = text.split(',').map(|id| id.trim().parse().ok()).collect();
        let mut ids = ids.filter(|ids| ids.len() <= PRODUCTS_MAX).ok_or_else(|| Problem::new("products", "input-choice"))?;
        ids.sort_unstable();
        ids.dedup();
        Ok(Some(Products { ids, at_once: self.at_once == Some(true) }))
    }

    /// The conditions on scores.
    fn scores(&self) -> Result<Vec<Condition>, Problem> {
        let mut scores = Vec::new();
        let bands = models::BANDS as i64;
        for (field, text, band) in [
            ("recency", ".recency = ", self.recency),
            ("frequency", ".frequency = ", self.frequency),
            ("value", ".value = ", self.value),
            ("frequency_value", ".frequency_value = ", self.frequency_value),
            ("frequency_value_from", ".frequency_value >= ", self.frequency_value_from),
        ] {
            let Some(band) = band else { continue };
            if !(1..=bands).contains(&band) {
                return Err(Problem::new(field, "input-range").with("min", 1).with("max", bands));
            }
            scores.push(Condition { text, value: Some(band.to_value()), index: "" });
        }
        if let Some(habit) = self.habit {
            scores.push(Condition { text: ".habit = ", value: Some(habit.to_value()), index: "" });
        }
        for (field, text, bound) in
            [("active_from", ".p_active >= ", self.active_from), ("active_until", ".p_active <= ", self.active_until)]
        {
            let Some(bound) = bound else { continue };
            if !(0.0..=1.0).contains(&bound) {
                return Err(Problem::new(field, "input-range").with("min", 0).with("max", 1));
            }
            scores.push(Condition { text, value: Some(bound.to_value()), index: "" });
        }
        Ok(scores)
    }

    pub(super) async fn ready(&self, ctx: &Ctx, reader: &Reader<'_>) -> Result<Conditions> {
        let currency = ctx.app.organisation().await?.currency;
        let mut conditions = self.conditions(ctx, currency).map_err(crate::Error::Invalid)?;
        if let Some(text) = self.q.as_deref().filter(|text| !text.trim().is_empty()) {
            conditions.ids = Some(search::ids(ctx, reader, text).await?);
        }
        conditions.scores_of = match ctx.actor.check(Perm(Room::Insight, Act::See)) {
            Err(error) if !conditions.scores.is_empty() || !conditions.profits.is_empty() => return Err(error),
            sight => sight.ok(),
        };
        if let Some(segment) = self.segment_id {
            segments::check_seen(ctx, segment).await?;
        }
        if let Some(text) = &self.rule {
            let rule = serde_json::from_str(text).map_err(|error| Problem::new("rule", "segments-not-read").with("detail", error))?;
            let asked = Asked::read(ctx, &rule).await?;
            let mut some = sql("SELECT p.id FROM parties p WHERE ");
            asked.condition(Of::All, &mut some);
            some.push(" LIMIT ").arg(FEW as i64 + 1);
            let meant: Vec<(Id<Party>,)> = reader.db.all(some).await?;
            if meant.len() > FEW {
                conditions.rule = Some(asked);
            } else {
                let meant: HashSet<Id<Party>> = meant.into_iter().map(|(id,)| id).collect();
                conditions.ids = Some(match conditions.ids.take() {
                    Some(ids) => ids.into_iter().filter(|id| meant.contains(id)).collect(),
                    None => meant.into_iter().collect(),
                });
            }
        }
        Ok(conditions)
    }

    /// The segments that they name, be it in a rule.
    pub(in crate::parties) fn segments(&self) -> Vec<Id<Segment>> {
        let rule = self.rule.as_deref().and_then(|text| serde_json::from_str::<Rule>(text).ok());
        self.segment_id.into_iter().chain(rule.iter().flat_map(Rule::segments)).collect()
    }

    /// Refuses filters that are none, and a segment out of sight.
    ///
    /// # Errors
    /// Problems at the filters' fields.
    pub async fn check(&self, ctx: &Ctx) -> Result<()> {
        let reader = ctx.read(Perm(Room::Parties, Act::See))?;
        self.ready(ctx, &reader).await.map(|_| ())
    }

    /// Adds the filters to a query in which table `parties` has the alias `p` and whose text goes on after a condition:
    /// for acts on all that a list shows. What the actor may see is the caller's to add.
    ///
    /// # Errors
    /// Problems at the filters' fields.
    pub async fn add_to(&self, ctx: &Ctx, reader: &Reader<'_>, query: &mut Sql) -> Result<()> {
        let conditions = self.ready(ctx, reader).await?;
        for condition in &conditions.all {
            query.push(" AND ").push(condition.text);
            if let Some(value) = &condition.value {
                query.value(value.clone());
            }
        }
        conditions.rest(query);
        conditions.profits_of(query);
        if !conditions.scores.is_empty() {
            query.push(" AND EXISTS (SELECT 1 FROM party_scores s WHERE s.party_id = p.id AND ");
            conditions.on_scores("s", query);
            if let Some(scores_of) = &conditions.scores_of {
                scores_of.parties(query);
            }
            query.push(")");
        }
        Ok(())
    }
}

impl Conditions {
    /// The conditions on one column, through its index.
    pub(super) fn on(&self, index: &'static str, query: &mut Sql) {
        for (position, found) in self.all.iter().filter(|found| found.index == index).enumerate() {
            query.push(if position == 0 { "" } else { " AND " }).push(found.text);
            if let Some(value) = &found.value {
                query.value(value.clone());
            }
        }
    }

    /// What is not a comparison of a column.
    pub(super) fn rest(&self, query: &mut Sql) {
        if let Some(tag) = &self.tag {
            query.push(" AND EXISTS (SELECT 1 FROM party_tags t WHERE t.party_id = p.id AND t.tag = ").arg(tag).push(")");
        }
        if let Some(segment) = self.segment {
            query.push(" AND EXISTS (SELECT 1 FROM segment_members m WHERE m.party_id = p.id AND m.segment_id = ").arg(segment).push(")");
        }
        if self.bought.is_some() {
            query.push(" AND ");
            self.on_bought(query);
        }
        if self.need.is_some() {
            query.push(" AND ");
            self.on_need(query);
        }
        if let Some(rule) = &self.rule {
            query.push(" AND ");
            rule.condition(Of::Some, query);
        }
        if self.products.is_some() {
            query.push(" AND ");
            self.on_products(query);
        }
        if let Some(ids) = &self.ids {
            query.push(" AND p.id IN ").list(ids.iter().copied());
        }
    }

    /// What is asked of profits that the actor sees.
    pub(super) fn profits_of(&self, query: &mut Sql) {
        if self.profits.is_empty() {
            return;
        }
        query.push(" AND EXISTS (SELECT 1 FROM party_profits d WHERE d.party_id = p.id AND ");
        on(&self.profits, "d", query);
        if let Some(profits_of) = &self.scores_of {
            profits_of.parties(query);
        }
        query.push(")");
    }

    /// Whether they bought the products.
    pub(super) fn on_products(&self, query: &mut Sql) {
        let Some(Products { ids, at_once }) = &self.products else { return };
        if *at_once {
            let (first, rest) = ids.split_first().map_or((None, &[][..]), |(first, rest)| (Some(*first), rest));
            query.push("EXISTS (SELECT 1 FROM purchase_lines l WHERE l.party_id = p.id AND l.sign > 0 AND l.product_id = ").arg(first);
            for other in rest {
                query.push(" AND EXISTS (SELECT 1 FROM purchase_lines m WHERE m.purchase_id = l.purchase_id AND m.sign > 0");
                query.push(" AND m.product_id = ").arg(*other).push(")");
            }
            query.push(")");
            return;
        }
        query.push("(1 = 1");
        for id in ids {
            query.push(" AND (SELECT CASE WHEN MAX(l.sign) > 0 THEN SUM(l.quantity) END FROM purchase_lines l WHERE l.party_id = p.id");
            query.push(" AND l.product_id = ").arg(*id).push(") > 0");
        }
        query.push(")");
    }

    /// Whether they have the need.
    pub(super) fn on_need(&self, query: &mut Sql) {
        let Some(need) = &self.need else { return };
        query.push("EXISTS (SELECT 1 FROM preferences r WHERE r.party_id = p.id AND r.kind = 'need' AND r.ended_at IS NULL");
        query.push(" AND COALESCE(r.term, r.words) = ").arg(need).push(")");
    }

    /// Whether they bought between the days that were given.
    pub(super) fn on_bought(&self, query: &mut Sql) {
        let Some((from, until)) = self.bought else { return };
        // What was bought for nothing, after a discount, was bought all the same.
        query.push(
            "EXISTS (SELECT 1 FROM purchases b WHERE b.party_id = p.id
               AND (b.gross_minor > 0 OR EXISTS (SELECT 1 FROM purchase_lines l WHERE l.purchase_id = b.id AND l.sign > 0))",
        );
        if let Some(from) = from {
            query.push(" AND b.day >= ").arg(from);
        }
        if let Some(until) = until {
            query.push(" AND b.day <= ").arg(until);
        }
        query.push(")");
    }

    /// The conditions on scores, for `party_scores` with an alias.
    pub(super) fn on_scores(&self, alias: &'static str, query: &mut Sql) {
        on(&self.scores, alias, query);
    }
}

/// Conditions on a table with an alias, all of them.
pub(super) fn on(conditions: &[Condition], alias: &'static str, query: &mut Sql) {
    for (position, found) in conditions.iter().enumerate() {
        query.push(if position == 0 { "" } else { " AND " }).push(alias).push(found.text);
        if let Some(value) = &found.value {
            query.value(value.clone());
        }
    }
}
