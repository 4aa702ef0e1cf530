//! The list of parties: filters, sorts, pages by key at any depth, and counts that do not slow it.

mod choices;
mod filters;
mod query;

pub use self::choices::{Choices, choices};
pub use self::filters::{ListParties, Next, PartyFilters};

use self::filters::Conditions;
use self::query::{Edge, Way, condition, edge_of, read_edge, rows, way};
use super::check::{Kind, Role, Stance};
use super::party::Party;
use crate::insight::rhythm::Habit;
use crate::platform::access::{Sight, User};
use crate::{Act, Ctx, Day, Id, Instant, Operations, Perm, Reader, Result, Room};
use peyvand_db::{Db, row, sql};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;

/// Up to this many a count is exact; beyond it the answer is "more than".
pub const COUNT_MAX: i64 = 10_000;

row! {
    /// A party in a list.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct PartySummary {
        /// Its id.
        pub id: Id<Party> = "p.id",
        /// Its number.
        pub no: i64 = "p.no",
        /// Person or organisation.
        pub kind: Kind = "p.kind",
        /// What it is to us.
        pub role: Role = "p.role",
        /// How to address them.
        pub honorific: Option<String> = "p.honorific",
        /// Name as it is shown.
        pub name: String = "p.name",
        /// The phone to use first, E.164.
        pub phone: Option<String> = "p.phone",
        /// The e-mail to use first.
        pub email: Option<String> = "p.email",
        /// Province.
        pub province: Option<String> = "p.province",
        /// City.
        pub city: Option<String> = "p.city",
        /// Day of birth.
        pub birth_on: Option<Day> = "p.birth_on",
        /// Education: a word of its list or own words.
        pub education: Option<String> = "p.education",
        /// Job.
        pub job: Option<String> = "p.job",
        /// Income: a word of list `income_band` or own words.
        pub income_band: Option<String> = "p.income_band",
        /// Where they came from.
        pub source: Option<String> = "p.source",
        /// How they stand towards us.
        pub stance: Option<Stance> = "p.stance",
        /// Who looks after them.
        pub owner_id: Option<Id<User>> = "p.owner_id",
        /// Their name.
        pub owner: Option<String> = "u.name",
        /// The unit's name.
        pub unit: Option<String> = "n.name",
        /// When we last had contact.
        pub last_contact_at: Option<Instant> = "NULLIF(p.last_contact_at, 0)",
        /// Day of the last purchase.
        pub last_purchase_on: Option<Day> = "NULLIF(p.last_purchase_on, '')",
        /// How many purchases.
        pub purchases: i64 = "p.purchases",
        /// What they spent, in minor units of the organisation's currency.
        pub spent_minor: i64 = "p.spent_minor",
        /// When something is to be done next.
        pub next_follow_up_at: Option<Instant> = "NULLIF(p.next_follow_up_at, 253402300799000)",
        /// The day from which they count as silent.
        pub silent_from: Option<Day> = "NULLIF(p.silent_from, '')",
        /// Band of recency, 5 the most recent; this and what follows is absent without scores, or without the right to see them.
        pub recency: Option<i64> = "c.recency",
        /// Band of frequency.
        pub frequency: Option<i64> = "c.frequency",
        /// Band of value.
        pub value: Option<i64> = "c.value",
        /// Mean of the bands of frequency and value, rounded up.
        pub frequency_value: Option<i64> = "c.frequency_value",
        /// Probability of still being active.
        pub p_active: Option<f64> = "c.p_active",
        /// Expected value of the next twelve months, in minor units.
        pub value_12m_minor: Option<f64> = "c.value_12m_minor",
        /// How they buy.
        pub habit: Option<Habit> = "c.habit",
        /// Days since the last purchase in their usual gaps; 0 where no gap is usual.
        pub silence: Option<f64> = "c.silence",
        /// Tier of profit, 1 the best; absent for who neither bought nor cost anything in the year.
        pub tier: Option<i64> = "d.tier",
        /// Profit of the year, in minor units.
        pub profit_minor: Option<i64> = "d.profit_minor",
        /// When they were added.
        pub created_at: Instant = "p.created_at",
        /// When they were archived.
        pub archived_at: Option<Instant> = "p.archived_at",
    }
}

peyvand_db::words! {
    /// What the list is sorted by.
    pub enum Sort {
        /// Name.
        Name = "name",
        /// When they were added.
        Created = "created",
        /// Last contact.
        LastContact = "last_contact",
        /// Last purchase.
        LastPurchase = "last_purchase",
        /// What they spent.
        Spent = "spent",
        /// What is to be done next.
        NextFollowUp = "next_follow_up",
        /// Probability of still being active; who has none comes last.
        Active = "active",
        /// Expected value of the next twelve months; who has none comes last.
        Worth = "worth",
        /// Bands of recency, then those of frequency and value together; who has none comes last.
        Rfm = "rfm",
        /// How they buy, and then how long they have been silent; who never bought comes last.
        Rhythm = "rhythm",
        /// Profit of the year, and so the tier; who has none comes last.
        Profit = "profit",
    }
}

/// Where what was worked out stands: the table with its alias, and the column with whose it is.
type WorkedOut = (&'static str, &'static str);
const SCORES: WorkedOut = ("party_scores c", "c.party_id");
const PROFITS: WorkedOut = ("party_profits d", "d.party_id");

impl Sort {
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Sort::Name => &["p.name_key"],
            Sort::Created => &["p.id"],
            Sort::LastContact => &["p.last_contact_at"],
            Sort::LastPurchase => &["p.last_purchase_on"],
            Sort::Spent => &["p.spent_minor"],
            Sort::NextFollowUp => &["p.next_follow_up_at"],
            Sort::Active => &["c.p_active"],
            Sort::Worth => &["c.value_12m_minor"],
            Sort::Rfm => &["c.recency", "c.frequency_value"],
            Sort::Rhythm => &["c.habit", "c.silence"],
            Sort::Profit => &["d.profit_minor"],
        }
    }

    /// Where it stands when it is worked out, and not everybody has it.
    const fn worked_out(self) -> Option<WorkedOut> {
        match self {
            Sort::Active | Sort::Worth | Sort::Rfm | Sort::Rhythm => Some(SCORES),
            Sort::Profit => Some(PROFITS),
            _ => None,
        }
    }

    const fn is_worked_out(self) -> bool {
        self.worked_out().is_some()
    }

    /// Refuses an order by what the actor may not see.
    fn check(self, ctx: &Ctx) -> Result<()> {
        if self.is_worked_out() { ctx.actor.check(Perm(Room::Insight, Act::See)).map(|_| ()) } else { Ok(()) }
    }
}

/// A page of the list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PartyPage {
    /// The rows.
    pub items: Vec<PartySummary>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Pass as `before` to go back; absent at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// A page of the list.
///
/// # Errors
/// Without the right, for a filter or cursor that is none.
pub async fn list(ctx: &Ctx, input: ListParties) -> Result<PartyPage> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let limit = crate::operation::page_size(input.limit)?;
    let (sort, desc) = (input.sort.unwrap_or(Sort::Name), input.desc.unwrap_or(false));
    sort.check(ctx)?;
    let edge = match (&input.after, &input.before) {
        (Some(_), Some(_)) => return Err(crate::Error::invalid("before", "input-cursor")),
        (Some(after), None) => Some(read_edge("after", after, sort)?),
        (None, Some(before)) => Some(read_edge("before", before, sort)?),
        (None, None) => None,
    };
    let back = input.before.is_some();
    let conditions = input.filters().ready(ctx, &reader).await?;
    let way = way(reader.db, &reader.sight, &conditions, sort).await?;
    let mut items = rows(reader.db, &reader.sight, &conditions, (way, sort, desc), back, edge.as_ref(), limit + 1).await?;
    let more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    if back {
        items.reverse();
    }
    let first = items.first().map(|item| edge_of(item, sort));
    let last = items.last().map(|item| edge_of(item, sort));
    Ok(PartyPage { next: last.filter(|_| more || back), previous: first.filter(|_| if back { more } else { edge.is_some() }), items })
}

/// Rows of one step through all that fit.
const STEP: i64 = 1_000;

/// All parties that fit, in the order of the list, a step at a time.
pub(super) struct Pages {
    sight: Sight,
    conditions: Conditions,
    way: Way,
    sort: Sort,
    desc: bool,
    edge: Option<Edge>,
    at_end: bool,
}

pub(super) async fn each_page(ctx: &Ctx, sight: &Sight, input: ListParties) -> Result<Pages> {
    let reader = Reader { db: &ctx.app.db, sight: sight.clone() };
    let (sort, desc) = (input.sort.unwrap_or(Sort::Name), input.desc.unwrap_or(false));
    sort.check(ctx)?;
    let conditions = input.filters().ready(ctx, &reader).await?;
    let way = way(reader.db, sight, &conditions, sort).await?;
    Ok(Pages { sight: sight.clone(), conditions, way, sort, desc, edge: None, at_end: false })
}

impl Pages {
    /// The next rows; nothing at the end.
    pub(super) async fn next(&mut self, db: &Db) -> Result<Option<Vec<PartySummary>>> {
        if self.at_end {
            return Ok(None);
        }
        let (order, edge) = ((self.way, self.sort, self.desc), self.edge.as_ref());
        let items = rows(db, &self.sight, &self.conditions, order, false, edge, STEP).await?;
        self.at_end = (items.len() as i64) < STEP;
        if let Some(last) = items.last() {
            self.edge = Some(read_edge("after", &edge_of(last, self.sort), self.sort)?);
        }
        Ok(Some(items).filter(|items| !items.is_empty()))
    }
}

/// How many parties fit.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Counted {
    /// The count; when `more` holds, they are more than this.
    pub count: i64,
    /// Whether counting ended there.
    pub more: bool,
}

/// How many parties fit the filters: exact up to [`COUNT_MAX`], then "more than".
///
/// # Errors
/// Without the right, for a filter that is none.
pub async fn count(ctx: &Ctx, filters: PartyFilters) -> Result<Counted> {
    let reader = ctx.read(Perm(Room::Parties, Act::See))?;
    let conditions = filters.ready(ctx, &reader).await?;
    let mut query = if conditions.scores.is_empty() {
        let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM parties p WHERE 1 = 1");
        conditions.profits_of(&mut query);
        query
    } else {
        // Begun from the scores: few customers may have them, and an index finds those.
        let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM party_scores c CROSS JOIN parties p WHERE p.id = c.party_id AND ");
        conditions.on_scores("c", &mut query);
        if let Some(scores_of) = &conditions.scores_of {
            scores_of.parties(&mut query);
        }
        conditions.profits_of(&mut query);
        query
    };
    for found in &conditions.all {
        condition(&mut query, found, true);
    }
    conditions.rest(&mut query);
    if let Some(product) = query::seldom(reader.db, &conditions).await? {
        query.push(" AND p.id IN (SELECT b.party_id FROM purchase_lines b WHERE b.product_id = ").arg(product).push(")");
    }
    reader.sight.parties(&mut query);
    query.push(" LIMIT ").arg(COUNT_MAX + 1).push(") s");
    let (count,): (i64,) = reader.db.one(query).await?;
    Ok(Counted { count: count.min(COUNT_MAX), more: count > COUNT_MAX })
}

/// The tags of parties, in one statement.
///
/// # Errors
/// When the database refuses.
pub async fn tags_of(db: &Db, ids: &[Id<Party>]) -> Result<HashMap<Id<Party>, Vec<String>>> {
    let mut query = sql("SELECT party_id, tag FROM party_tags WHERE party_id IN ");
    query.list_padded(ids).push(" ORDER BY tag");
    let mut tags: HashMap<Id<Party>, Vec<String>> = HashMap::new();
    for (id, tag) in db.all::<(Id<Party>, String)>(query).await? {
        tags.entry(id).or_default().push(tag);
    }
    Ok(tags)
}

/// The operations of the list.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Parties, Act::See));
    ops.add("parties.list", "GET /parties", see, "Customers, filtered and sorted, a page at a time.", list)
        .example(|| serde_json::json!({"role": "customer", "sort": "last_purchase", "desc": true, "limit": 20}));
    ops.add("parties.count", "GET /parties/count", see, "How many customers fit; exact up to 10,000.", count)
        .example(|| serde_json::json!({"role": "customer"}));
    ops.add("parties.choices", "GET /parties/choices", see, "Cities and tags that are in use.", choices);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marketing::segments;
    use crate::parties::check::{NewParty, Role};
    use crate::parties::party::create;
    use crate::testing;
    use serde_json::json;

    pub(super) async fn add(ctx: &Ctx, name: &str) -> Id<Party> {
        ctx.run(create, NewParty { name: Some(name.into()), ..NewParty::default() }).await.unwrap().id
    }

    /// Gives a customer a tier with a profit, and a band of recency with an expected value, in major units.
    pub(super) async fn figures(ctx: &Ctx, party: Id<Party>, (tier, profit): (i64, i64), (recency, worth): (i64, f64)) {
        let mut tx = ctx.app.db.begin().await.unwrap();
        let profits = sql("INSERT INTO party_profits (party_id, run_id, sales_minor, discount_minor, goods_minor, staff_minor,
                             channels_minor, entered_minor, profit_minor, minutes, contacts, tier)
                           VALUES ($1, $2, 0, 0, 0, 0, 0, 0, $3, 0, 0, $4)");
        tx.run(profits.bind(party).bind(ctx.id::<()>()).bind(profit).bind(tier)).await.unwrap();
        let scores = sql("INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, recency,
                            frequency, value, frequency_value, p_active, value_12m_minor, habit, silence, rfm_fit_id, activity_fit_id,
                            spending_fit_id)
                          VALUES ($1, 1, 1, 1, 0, 0, $2, 3, 3, 3, 0.5, $3, 'regular', 0.5, $4, $5, $6)");
        let worth = worth * 100.0;
        let scores = scores.bind(party).bind(recency).bind(worth);
        tx.run(scores.bind(ctx.id::<()>()).bind(ctx.id::<()>()).bind(ctx.id::<()>())).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn names(page: &PartyPage) -> Vec<&str> {
        page.items.iter().map(|item| &*item.name).collect()
    }

    #[tokio::test]
    async fn pages_hold_every_row_once_while_rows_of_equal_value_are_added() {
        let ctx = testing::ctx().await;
        for name in ["ت", "الف", "پ", "ب", "ث"] {
            add(&ctx, name).await;
        }
        for sort in Sort::ALL {
            for desc in [false, true] {
                let mut input = ListParties { sort: Some(*sort), desc: Some(desc), limit: Some(2), ..ListParties::default() };
                let first = ctx.run(list, input.clone()).await.unwrap();
                assert!(first.previous.is_none());
                input.after = first.next.clone();
                let second = ctx.run(list, input.clone()).await.unwrap();
                input.after = second.next.clone();
                let third = ctx.run(list, input.clone()).await.unwrap();
                assert!(third.next.is_none());
                let mut seen: Vec<_> = [&first, &second, &third].iter().flat_map(|page| page.items.iter().map(|item| item.id)).collect();
                assert_eq!(seen.len(), 5);
                seen.sort();
                seen.dedup();
                assert_eq!(seen.len(), 5, "{sort} {desc}");
                input.after = None;
                input.before = third.previous.clone();
                let back = ctx.run(list, input.clone()).await.unwrap();
                assert_eq!(names(&back), names(&second), "{sort} {desc}");
                input.before = back.previous.clone();
                let start = ctx.run(list, input).await.unwrap();
                assert_eq!(names(&start), names(&first));
                assert!(start.previous.is_none());
            }
        }
        // All have never bought: equal values. A new one does not shift the pages after the cursor.
        let input = ListParties { sort: Some(Sort::Spent), limit: Some(3), ..ListParties::default() };
        let first = ctx.run(list, input.clone()).await.unwrap();
        add(&ctx, "تازه").await;
        let rest = ctx.run(list, ListParties { after: first.next.clone(), ..input }).await.unwrap();
        assert!(rest.items.iter().all(|item| first.items.iter().all(|old| old.id != item.id)));
    }

    #[tokio::test]
    async fn names_come_in_the_order_of_the_alphabet() {
        let ctx = testing::ctx().await;
        for name in ["گلی", "هما", "پری", "وحید", "بهار"] {
            add(&ctx, name).await;
        }
        let page = ctx.run(list, ListParties::default()).await.unwrap();
        assert_eq!(names(&page), ["بهار", "پری", "گلی", "وحید", "هما"]);
    }

    #[tokio::test]
    async fn filters_hold_together_and_the_count_agrees() {
        let ctx = testing::ctx().await;
        let new = |name: &str, city: &str, tag: &str| NewParty {
            name: Some(name.into()),
            city: Some(city.into()),
            tags: Some(vec![tag.into()]),
            ..NewParty::default()
        };
        let born = |years: i64| Some(ctx.today().plus(-366 * years - 10).to_string());
        let text = |text: &str| Some(text.to_owned());
        let one =
            NewParty { education: text("master"), job: text("پزشک"), birth_date: born(35), ..new("یک", "تهران", "الف") };
        let one = ctx.run(create, one).await.unwrap().id;
        let two = NewParty { education: text("master"), job: text("معلم"), birth_date: born(20), ..new("دو", "تهران", "ب") };
        let two = ctx.run(create, two).await.unwrap().id;
        let three = NewParty { income_band: text("high"), birth_date: born(60), ..new("سه", "شیراز", "الف") };
        ctx.run(create, three).await.unwrap();
        figures(&ctx, one, (1, 900), (4, 150.0)).await;
        figures(&ctx, two, (2, 100), (5, 700.0)).await;
        let rule = |rule: serde_json::Value| PartyFilters { rule: Some(rule.to_string()), ..PartyFilters::default() };
        let today = ctx.today();
        for (filters, expected) in [
            (PartyFilters { city: Some("تهران".into()), ..PartyFilters::default() }, 2),
            (PartyFilters { city: Some("تهران".into()), tag: Some("الف".into()), ..PartyFilters::default() }, 1),
            (PartyFilters { tag: Some("الف".into()), ..PartyFilters::default() }, 2),
            (PartyFilters { q: Some("سه".into()), ..PartyFilters::default() }, 1),
            (PartyFilters { next: Some(Next::None), role: Some(Role::Prospect), ..PartyFilters::default() }, 3),
            (PartyFilters { next: Some(Next::Overdue), ..PartyFilters::default() }, 0),
            (PartyFilters { created_from: Some(today), created_until: Some(today), ..PartyFilters::default() }, 3),
            (PartyFilters { created_until: Some(today.plus(-1)), ..PartyFilters::default() }, 0),
            (PartyFilters { last_purchase_until: Some(today), ..PartyFilters::default() }, 0),
            (PartyFilters { spent_from: Some("۰".into()), ..PartyFilters::default() }, 3),
            (PartyFilters { silent: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { unowned: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { archived: Some(true), ..PartyFilters::default() }, 0),
            (PartyFilters { owner_id: ctx.actor.user(), ..PartyFilters::default() }, 3),
            (PartyFilters { education: Some("master".into()), ..PartyFilters::default() }, 2),
            (
                PartyFilters {
                    education: Some("کارشناسی ارشد".into()), job: Some("پزشک".into()), ..PartyFilters::default()
                },
                1,
            ),
            (PartyFilters { income: Some("high".into()), age_from: Some(30), ..PartyFilters::default() }, 1),
            (PartyFilters { age_from: Some(30), age_until: Some(40), ..PartyFilters::default() }, 1),
            (PartyFilters { age_until: Some(40), ..PartyFilters::default() }, 2),
            (PartyFilters { tier: Some(1), ..PartyFilters::default() }, 1),
            (PartyFilters { tier: Some(2), recency: Some(5), ..PartyFilters::default() }, 1),
            (PartyFilters { worth_from: Some("100".into()), worth_until: Some("300".into()), ..PartyFilters::default() }, 1),
            (rule(json!({"not": {"tag": "الف"}})), 1),
            (PartyFilters { q: Some("سه".into()), ..rule(json!({"tag": "الف"})) }, 1),
        ] {
            for sort in Sort::ALL {
                let page = ctx.run(list, ListParties { sort: Some(*sort), ..filters.clone().into() }).await.unwrap();
                assert_eq!(page.items.len(), expected, "{filters:?} {sort}");
            }
            let counted = ctx.run(count, filters.clone()).await.unwrap();
            assert_eq!((counted.count, counted.more), (expected as i64, false), "{filters:?}");
        }
        let error = ctx.run(list, ListParties { spent_from: Some("x".into()), ..ListParties::default() }).await.unwrap_err();
        assert!(matches!(error, crate::Error::Invalid(fields) if fields.0[0].field == "spent_from"));
    }

    #[tokio::test]
    async fn the_list_is_sorted_by_what_was_worked_out_with_the_others_last() {
        let ctx = testing::ctx().await;
        let (poor, none, rich) = (add(&ctx, "الف").await, add(&ctx, "ب").await, add(&ctx, "پ").await);
        figures(&ctx, poor, (4, -5), (2, 1.0)).await;
        figures(&ctx, rich, (1, 900), (5, 9.0)).await;
        for sort in [Sort::Profit, Sort::Rfm, Sort::Worth] {
            for (desc, expected) in [(true, [rich, poor, none]), (false, [poor, rich, none])] {
                let input = ListParties { sort: Some(sort), desc: Some(desc), ..ListParties::default() };
                let page = ctx.run(list, input).await.unwrap();
                assert_eq!(page.items.iter().map(|item| item.id).collect::<Vec<_>>(), expected, "{sort} {desc}");
            }
        }
        let page = ctx.run(list, ListParties { sort: Some(Sort::Rhythm), ..ListParties::default() }).await.unwrap();
        assert_eq!(page.items.iter().map(|item| item.habit).collect::<Vec<_>>(), [Some(Habit::Regular), Some(Habit::Regular), None]);
        assert_eq!((page.items[0].tier, page.items[0].profit_minor), (Some(4), Some(-5)));
        let best = ListParties { tier: Some(1), sort: Some(Sort::Profit), desc: Some(true), ..ListParties::default() };
        assert_eq!(ctx.run(list, best).await.unwrap().items.iter().map(|item| item.id).collect::<Vec<_>>(), [rich]);
    }

    #[tokio::test]
    async fn a_rule_that_means_many_is_asked_row_by_row_and_finds_the_same() {
        let ctx = testing::ctx().await;
        for number in 0..6 {
            let tags = (number % 2 == 0).then(|| vec!["الف".to_owned()]);
            ctx.run(create, NewParty { name: Some(format!("نام {number}")), tags, ..NewParty::default() }).await.unwrap();
        }
        let asked = segments::Asked::read(&ctx, &json!({"tag": "الف"})).await.unwrap();
        let filters = PartyFilters::default();
        let mut conditions = filters.conditions(&ctx, crate::platform::money::Currency::IRR).unwrap();
        conditions.rule = Some(asked);
        for sort in Sort::ALL {
            let found = rows(&ctx.app.db, &Sight::All, &conditions, (Way::Sort, *sort, true), false, None, 9).await.unwrap();
            assert_eq!(found.len(), 3, "{sort}");
        }
        let wrong = ListParties { rule: Some("{\"tag\":".into()), ..ListParties::default() };
        assert!(matches!(ctx.run(list, wrong).await, Err(crate::Error::Invalid(_))));
        let wrong = ListParties { rule: Some(json!({"all": [{"smell": 1}]}).to_string()), ..ListParties::default() };
        assert!(matches!(ctx.run(list, wrong).await, Err(crate::Error::Invalid(fields)) if fields.0[0].field == "rule.all[0]"));
    }

    #[tokio::test]
    async fn what_is_out_of_sight_is_neither_listed_nor_counted() {
        let ctx = testing::ctx().await;
        ctx.run(create, NewParty { name: Some("پنهان".into()), city: Some("یزد".into()), ..NewParty::default() }).await.unwrap();
        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        let own = add(&agent, "آشکار").await;
        for sort in Sort::ALL {
            let page = agent.run(list, ListParties { sort: Some(*sort), ..ListParties::default() }).await.unwrap();
            assert_eq!(page.items.iter().map(|item| item.id).collect::<Vec<_>>(), [own], "{sort}");
        }
        assert_eq!(agent.run(count, PartyFilters::default()).await.unwrap().count, 1);
        assert!(agent.run(choices, crate::operation::Nothing {}).await.unwrap().cities.is_empty());
        let manager = testing::as_post(&ctx.app, "manager", "mina").await;
        assert_eq!(manager.run(count, PartyFilters::default()).await.unwrap().count, 2, "both belong to the manager's unit");
    }
}
