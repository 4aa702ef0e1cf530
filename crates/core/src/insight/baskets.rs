//! What is bought with what in one purchase, as it is found in the night: rules "82 of 400 purchases with A also held B" of the
//! newest purchases, worked out by the job that learns what is bought next, and told as they are stored.
//!
//! A rule stays only when more purchases hold its other product than chance explains, and when it is more certain than each
//! shorter rule for the same product.

use super::findings::{self, Editions, Found, RENEW_ROWS};
use super::guard::{LEVEL, ShortOf, Shortage};
use super::rates::{RateItem, Rates};
use super::rules::{BasketRule, Baskets, Held, ListRules, lines, names, shown};
use super::suggestions::PairOrder;
use crate::operation::page_size;
use crate::platform::jobs::{self, Outcome, QueuedJob};
use crate::platform::money::{Currency, Money};
use crate::sales::Product;
use crate::{Act, Ctx, Day, Error, Instant, Operations, Perm, Problem, Result, Room, Sight};
use futures_util::StreamExt;
use peyvand_db::{Db, Id, Sql, ToValue, Value, row, sql};
use peyvand_stats::association::{self, Rule, Search};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use tokio::sync::watch;

/// The row of `findings`.
const NAME: &str = "basket_rules";
/// The rules.
const RULES: Editions = Editions {
    insert: "INSERT INTO basket_rules (edition, by_certainty, by_worth, first_id, second_id, third_id, consequent_id, together,
               with_antecedent, with_consequent, amount_minor) VALUES ",
    forget: || {
        sql("DELETE FROM basket_rules WHERE (edition, by_certainty) IN
               (SELECT edition, by_certainty FROM basket_rules WHERE edition <> $1 LIMIT $2)")
    },
};
/// Lines of the newest purchases that are looked through: what was bought together long ago says little of today.
const LINES: i64 = 1_000_000;
/// Part of the purchases that must hold all products of a rule.
const SUPPORT: f64 = 0.001;
/// Of fewer purchases no rule is made.
const TOGETHER: u64 = 10;
/// Share of the purchases with the one side that must hold the other.
const CONFIDENCE: f64 = 0.05;
/// Products of a rule at most, both sides together: as many as the columns hold.
const ITEMS: usize = 4;
/// Sets of products looked at; beyond it rarer ones are left out.
const SETS: usize = 200_000;
/// Rules kept in each of both orders.
const KEPT: usize = 2_000;
/// Purchases of two products or more without which nothing is told.
const BASKETS: i64 = 100;

/// What was found, and in how much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoundRules {
    /// Day of the first purchase that was looked at; absent without any.
    pub from_on: Option<Day>,
    /// Day of the last one.
    pub until: Option<Day>,
    /// Purchases that were looked at.
    pub purchases: i64,
    /// How many of them hold two products or more.
    pub baskets: i64,
    /// Products in them.
    pub products: i64,
    /// Purchases that must hold all products of a rule.
    pub together: i64,
    /// Rules kept.
    pub rules: i64,
    /// Currency of the amounts.
    pub currency: Currency,
    /// What there is too little of; no rules are kept until it is enough.
    pub missing: Vec<Shortage>,
}

async fn last(db: &Db) -> Result<Option<Found<FoundRules>>> {
    findings::last(db, NAME).await
}

/// The part of the job: puts a new edition in the place of the last one.
pub(super) async fn keep(
    ctx: &Ctx,
    job: Id<QueuedJob>,
    stop: &watch::Receiver<bool>,
    hash: &str,
    currency: Currency,
    amounts: &HashMap<Id<Product>, i64>,
) -> Result<Outcome> {
    let db = &ctx.app.db;
    let before = last(db).await?;
    let edition = before.as_ref().map_or(0, |before| before.edition);
    // What a run left behind that was killed.
    RULES.forget(ctx, job, edition).await?;
    if before.is_some_and(|before| before.input_hash == hash) {
        return Ok(Outcome::Done);
    }
    let window = newest(db).await?;
    let Some(gathered) = read(ctx, job, stop, window).await? else { return Ok(Outcome::GoOn) };
    let Baskets { products, baskets, .. } = gathered;
    let pairs = baskets.iter().filter(|basket| basket.len() > 1).count() as i64;
    let mut found = FoundRules {
        from_on: window.map(|window| window.0),
        until: window.map(|window| window.1),
        purchases: baskets.len() as i64,
        baskets: pairs,
        products: products.len() as i64,
        together: 0,
        rules: 0,
        currency,
        missing: Shortage::unless(ShortOf::Baskets, pairs, BASKETS).into_iter().collect(),
    };
    if found.missing.is_empty() {
        let thinking = tokio::task::spawn_blocking(move || search(&baskets));
        let Some(searched) = jobs::keep(&ctx.app, job, stop, thinking).await? else { return Ok(Outcome::GoOn) };
        let (rules, together) = searched.map_err(Error::fault)?.map_err(Error::fault)?;
        found.together = together as i64;
        found.missing.extend(Shortage::unless(ShortOf::Rules, rules.len() as i64, 1));
        let rows = rows(edition + 1, rules, &products, amounts)?;
        found.rules = rows.len() as i64;
        if RULES.put(ctx, job, stop, rows).await? == Outcome::GoOn {
            return Ok(Outcome::GoOn);
        }
    }
    findings::put(ctx, NAME, hash, edition + 1, &found).await?;
    RULES.forget(ctx, job, edition + 1).await?;
    Ok(Outcome::Done)
}

/// The newest days with so many lines that more need not be looked at.
async fn newest(db: &Db) -> Result<Option<(Day, Day)>> {
    let query = sql("SELECT day, CAST(SUM(lines_up) AS BIGINT) FROM purchase_days WHERE lines_up > 0 GROUP BY day ORDER BY day DESC");
    let days: Vec<(Day, i64)> = db.all(query).await?;
    let mut lines = 0;
    let from = days.iter().find(|(_, of_day)| {
        lines += of_day;
        lines >= LINES
    });
    Ok(from.or(days.last()).zip(days.first()).map(|(from, until)| (from.0, until.0)))
}

/// The purchases of these days; `None` when the program stops meanwhile.
async fn read(ctx: &Ctx, job: Id<QueuedJob>, stop: &watch::Receiver<bool>, window: Option<(Day, Day)>) -> Result<Option<Baskets>> {
    let mut gathered = Baskets::default();
    let Some((from, until)) = window else { return Ok(Some(gathered)) };
    let asked = ListRules { from: Some(from), until: Some(until), ..ListRules::default() };
    let mut rows = std::pin::pin!(ctx.app.db.each::<Held>(lines(&asked, &Sight::All)));
    let mut read = 0;
    while let Some(held) = rows.next().await {
        gathered.add(&held?);
        read += 1;
        if read % RENEW_ROWS == 0 {
            if *stop.borrow() {
                return Ok(None);
            }
            jobs::renew(&ctx.app, job).await?;
        }
    }
    Ok(Some(gathered))
}

/// The rules worth telling, and how many purchases each took.
fn search(baskets: &[Vec<u32>]) -> Result<(Vec<Rule>, u64), peyvand_stats::Error> {
    let mut together = TOGETHER.max(Search::support(SUPPORT, baskets.len()));
    let found = loop {
        match association::rules(baskets, &Search { together, confidence: CONFIDENCE, items: ITEMS, limit: SETS }) {
            Err(peyvand_stats::Error::TooMany { .. }) => together *= 2,
            found => break found?,
        }
    };
    let mut lows: HashMap<(&[u32], u32), f64> = HashMap::with_capacity(found.len());
    for rule in &found {
        lows.insert((&rule.antecedent, rule.consequent), rule.interval(LEVEL)?.low);
    }
    let is_worth_telling = |rule: &&Rule| {
        let low = lows[&(rule.antecedent.as_slice(), rule.consequent)];
        // Each part of the one side, as the bits of a number.
        let part = |bits: usize| {
            let items: Vec<u32> = rule.antecedent.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, item)| *item).collect();
            lows.get(&(items.as_slice(), rule.consequent)).copied().unwrap_or_default()
        };
        let whole = (1 << rule.antecedent.len()) - 1;
        low > rule.with_consequent as f64 / rule.baskets as f64 && (1..whole).all(|bits| low > part(bits))
    };
    let told: Vec<Rule> = found.iter().filter(is_worth_telling).cloned().collect();
    Ok((told, together))
}

/// Rules as they are stored: the best in each of both orders, each with its places.
fn rows(edition: i64, rules: Vec<Rule>, products: &[Id<Product>], amounts: &HashMap<Id<Product>, i64>) -> Result<Vec<Vec<Value>>> {
    let id = |item: u32| products[item as usize];
    let amount_of = |item: u32| amounts.get(&id(item)).copied().unwrap_or_default();
    let ids = |rule: &Rule| {
        let mut ids: Vec<Id<Product>> = rule.antecedent.iter().map(|item| id(*item)).collect();
        ids.sort_unstable();
        ids
    };
    let order = |margin: &dyn Fn(u32) -> f64, rules: Vec<Rule>| -> Result<Vec<Rule>> {
        let mut ranked = association::ranked(rules, LEVEL, margin).map_err(Error::fault)?;
        // Numbers of products follow the order of reading, which ends equal ones no better than any other: ids do.
        ranked.sort_by(|(one, worth), (other, other_worth)| {
            other_worth
                .total_cmp(worth)
                .then(other.together.cmp(&one.together))
                .then_with(|| (id(one.consequent), ids(one)).cmp(&(id(other.consequent), ids(other))))
        });
        Ok(ranked.into_iter().map(|(rule, _)| rule).collect())
    };
    let by_worth = order(&|item| amount_of(item) as f64, rules)?;
    let kept: Vec<Rule> = {
        let by_certainty = order(&|_| 1.0, by_worth.clone())?;
        let mut worth: Vec<Rule> = by_worth.into_iter().take(KEPT).collect();
        let known: HashSet<(Vec<u32>, u32)> = worth.iter().map(|rule| (rule.antecedent.clone(), rule.consequent)).collect();
        let more = by_certainty.into_iter().take(KEPT);
        worth.extend(more.filter(|rule| !known.contains(&(rule.antecedent.clone(), rule.consequent))));
        order(&|item| amount_of(item) as f64, worth)?
    };
    let certain: HashMap<(Vec<u32>, u32), i64> = order(&|_| 1.0, kept.clone())?
        .into_iter()
        .enumerate()
        .map(|(place, rule)| ((rule.antecedent, rule.consequent), place as i64 + 1))
        .collect();
    let row = |(place, rule): (usize, &Rule)| {
        let mut antecedent: Vec<Option<Id<Product>>> = ids(rule).into_iter().map(Some).collect();
        antecedent.resize(ITEMS - 1, None);
        let by_certainty = certain[&(rule.antecedent.clone(), rule.consequent)];
        let mut row = vec![edition.to_value(), by_certainty.to_value(), (place as i64 + 1).to_value()];
        row.extend(antecedent.iter().map(ToValue::to_value));
        row.push(id(rule.consequent).to_value());
        row.extend([rule.together, rule.with_antecedent, rule.with_consequent].map(|count| (count as i64).to_value()));
        row.push(amount_of(rule.consequent).to_value());
        row
    };
    Ok(kept.iter().enumerate().map(row).collect())
}

/// Which rules.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListBaskets {
    /// In which order; by worth unless given.
    pub by: Option<PairOrder>,
    /// Only of purchases with this product.
    pub product_id: Option<Id<Product>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

row! {
    struct Stored {
        by_certainty: i64 = "n.by_certainty",
        by_worth: i64 = "n.by_worth",
        first_id: Id<Product> = "n.first_id",
        second_id: Option<Id<Product>> = "n.second_id",
        third_id: Option<Id<Product>> = "n.third_id",
        consequent_id: Id<Product> = "n.consequent_id",
        together: i64 = "n.together",
        with_antecedent: i64 = "n.with_antecedent",
        with_consequent: i64 = "n.with_consequent",
        amount_minor: i64 = "n.amount_minor",
    }
}

/// A rule with what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WorthRule {
    /// The rule.
    #[serde(flatten)]
    pub rule: BasketRule,
    /// What a line of the other product came to on average, in minor units.
    pub amount_minor: i64,
    /// What remains of it after the share of the goods; absent while nobody has said what goods cost.
    pub margin_minor: Option<i64>,
    /// What naming the other product brings at least: the lower end of the confidence times the margin, or the amount where
    /// the margin is not known, in minor units.
    pub worth_minor: i64,
    /// The same in major units.
    pub worth: String,
}

/// What is bought together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BasketRules {
    /// In how much it was found; absent before the first time.
    pub found: Option<FoundRules>,
    /// When it was found.
    pub made_at: Option<Instant>,
    /// Whether worth is reckoned with the margin.
    pub has_margin: bool,
    /// The rules.
    pub items: Vec<WorthRule>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is bought with what in one purchase, as found in the night.
///
/// # Errors
/// Without the right; for a cursor that is none.
pub async fn baskets(ctx: &Ctx, input: ListBaskets) -> Result<BasketRules> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let by = input.by.unwrap_or(PairOrder::Worth);
    let after: i64 = match &input.after {
        Some(after) => after.parse().map_err(|_| Problem::new("after", "input-cursor"))?,
        None => 0,
    };
    let mut out = BasketRules { found: None, made_at: None, has_margin: false, items: Vec::new(), next: None };
    let Some(last) = last(reader.db).await? else { return Ok(out) };
    let mut tx = reader.db.snapshot().await?;
    let goods = Rates::read(&mut tx).await?.of(RateItem::Goods);
    tx.commit().await?;
    let mut query = Sql::select::<Stored>("FROM basket_rules n WHERE n.edition = $1").bind(last.edition);
    if let Some(product) = input.product_id {
        query.push(" AND (n.first_id = ").arg(product).push(" OR n.second_id = ").arg(product);
        query.push(" OR n.third_id = ").arg(product).push(")");
    }
    query.push(match by {
        PairOrder::Worth => " AND n.by_worth > ",
        PairOrder::Certainty => " AND n.by_certainty > ",
    });
    query.arg(after);
    query.push(match by {
        PairOrder::Worth => " ORDER BY n.by_worth LIMIT ",
        PairOrder::Certainty => " ORDER BY n.by_certainty LIMIT ",
    });
    query.arg(limit + 1);
    let mut rows: Vec<Stored> = reader.db.all(query).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let place = |row: &Stored| match by {
        PairOrder::Worth => row.by_worth,
        PairOrder::Certainty => row.by_certainty,
    };
    out.next = rows.last().filter(|_| more).map(|last| place(last).to_string());
    let antecedent = |row: &Stored| [Some(row.first_id), row.second_id, row.third_id].into_iter().flatten().collect::<Vec<_>>();
    let mut products: Vec<Id<Product>> = rows.iter().flat_map(|row| [antecedent(row), vec![row.consequent_id]].concat()).collect();
    products.sort_unstable();
    products.dedup();
    let named = names(reader.db, &products).await?;
    for row in rows {
        let number = |id: Id<Product>| products.binary_search(&id).unwrap_or_default() as u32;
        let rule = Rule {
            antecedent: antecedent(&row).into_iter().map(number).collect(),
            consequent: number(row.consequent_id),
            together: row.together.unsigned_abs(),
            with_antecedent: row.with_antecedent.unsigned_abs(),
            with_consequent: row.with_consequent.unsigned_abs(),
            baskets: last.found.purchases.unsigned_abs(),
        };
        let rule = shown(&rule, &products, &named)?;
        let margin_minor = goods.map(|goods| (row.amount_minor as f64 * (1.0 - goods as f64 / 10_000.0)).round() as i64);
        let worth_minor = (rule.low * margin_minor.unwrap_or(row.amount_minor) as f64).round() as i64;
        let worth = Money { minor: worth_minor, currency: last.found.currency }.decimal_string();
        out.items.push(WorthRule { rule, amount_minor: row.amount_minor, margin_minor, worth_minor, worth });
    }
    (out.found, out.made_at, out.has_margin) = (Some(last.found), Some(last.made_at), goods.is_some());
    Ok(out)
}

/// The operation.
pub fn operations(ops: &mut Operations) {
    ops.add(
        "insight.baskets",
        "GET /insight/baskets",
        Some(Perm(Room::Insight, Act::See)),
        "What is bought together in one purchase, as found in the night in the newest purchases, with what naming it is worth at least.",
        baskets,
    )
    .example(|| serde_json::json!({"by": "worth", "limit": 20}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::rates::{self, SetRate, SetRates};
    use crate::insight::refresh;
    use crate::insight::rules::{self, tests::groceries};
    use crate::insight::shop::{Sale, product, sell, shop};
    use crate::operation::Nothing;
    use crate::parties::list::{self, PartyFilters};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    async fn found(ctx: &Ctx, input: ListBaskets) -> BasketRules {
        ctx.run(refresh::ask, Nothing {}).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        ctx.run(baskets, input).await.unwrap()
    }

    async fn all(ctx: &Ctx, by: PairOrder) -> Vec<WorthRule> {
        let mut input = ListBaskets { by: Some(by), limit: Some(200), ..ListBaskets::default() };
        let mut items = Vec::new();
        loop {
            let page = ctx.run(baskets, input.clone()).await.unwrap();
            items.extend(page.items);
            input.after = page.next;
            if input.after.is_none() {
                return items;
            }
        }
    }

    #[tokio::test]
    async fn rules_of_groceries_are_those_of_a_look_through_all_purchases() {
        let ctx = shop(&groceries(), day("2026-01-01")).await;
        assert_eq!(ctx.run(baskets, ListBaskets::default()).await.unwrap().found, None);
        let told = found(&ctx, ListBaskets::default()).await;
        let of = told.found.unwrap();
        assert_eq!((of.purchases, of.products, of.together, of.baskets), (9_835, 169, 10, 9_835 - 2_159));
        assert_eq!((of.from_on, of.until), (Some(day("2024-01-01")), Some(day("2024-01-01").plus(499))));
        let certain = all(&ctx, PairOrder::Certainty).await;
        assert_eq!(certain.len() as i64, of.rules);
        assert!(certain.is_sorted_by(|one, other| one.rule.low >= other.rule.low));
        assert!(certain.iter().all(|one| one.rule.lift > 1.0 && one.rule.together >= 10 && one.rule.antecedent.len() < 4));
        // The same figures as of the rules that are looked for while somebody waits.
        let asked = ListRules { support: Some(0.001), confidence: Some(0.05), items: Some(2), limit: Some(200), ..ListRules::default() };
        let live = ctx.run(rules::rules, asked).await.unwrap();
        for rule in certain.iter().filter(|one| one.rule.antecedent.len() == 1).take(40) {
            assert!(live.items.contains(&rule.rule), "{rule:?}");
        }
        // Of the longer ones each is more certain than the shorter one.
        let low = |antecedent: &[Id<Product>], consequent: Id<Product>| {
            certain.iter().find(|one| {
                one.rule.consequent.id == consequent && one.rule.antecedent.iter().map(|one| one.id).collect::<Vec<_>>() == antecedent
            })
        };
        let longer: Vec<&WorthRule> = certain.iter().filter(|one| one.rule.antecedent.len() == 2).collect();
        assert!(longer.len() > 10);
        for one in longer {
            for part in &one.rule.antecedent {
                assert!(low(&[part.id], one.rule.consequent.id).is_none_or(|shorter| shorter.rule.low < one.rule.low), "{one:?}");
            }
        }
        // Behind a rule are the customers of its purchases.
        let best = &certain[0].rule;
        let ids: Vec<String> = best.antecedent.iter().chain([&best.consequent]).map(|one| one.id.to_string()).collect();
        let behind = PartyFilters { products: Some(ids.join(",")), at_once: Some(true), ..PartyFilters::default() };
        let behind = ctx.run(list::count, behind).await.unwrap().count;
        assert!(behind > 0 && behind <= best.together.min(20), "twenty customers");
        // The first product of each of the best rules.
        let of_one = ListBaskets { product_id: Some(best.antecedent[0].id), ..ListBaskets::default() };
        let of_one = ctx.run(baskets, of_one).await.unwrap().items;
        assert!(!of_one.is_empty() && of_one.iter().all(|one| one.rule.antecedent.contains(&best.antecedent[0])));
        assert!(ctx.run(baskets, ListBaskets { after: Some("x".into()), ..ListBaskets::default() }).await.is_err());
    }

    #[tokio::test]
    async fn rules_are_put_in_order_by_what_they_are_worth_at_least() {
        // Of the purchases with 1, nine of ten hold the cheap 2; of those with 3, half hold the dear 4.
        let sale = |number: i64| match number % 30 {
            kind @ 0..10 => Sale::priced(day("2026-03-01"), if kind == 0 { &[(1, 500)][..] } else { &[(1, 500), (2, 1_000)] }),
            kind @ 10..20 => Sale::priced(day("2026-03-02"), if kind < 15 { &[(3, 500)][..] } else { &[(3, 500), (4, 9_000)] }),
            kind => Sale::of(day("2026-03-03"), &[kind as u32]),
        };
        let customers: Vec<Vec<Sale>> = (0..600).map(|number| vec![sale(number)]).collect();
        let ctx = shop(&customers, day("2026-06-01")).await;
        let told = found(&ctx, ListBaskets::default()).await;
        let of = told.found.unwrap();
        assert_eq!((of.purchases, of.baskets, told.has_margin), (600, 280, false));
        let pair = |rule: &WorthRule| (rule.rule.antecedent[0].id, rule.rule.consequent.id);
        let ids = |one: u32, other: u32| (Id::new(product(one)), Id::new(product(other)));
        assert_eq!(pair(&told.items[0]), ids(3, 4), "half of 9,000 is more than nine tenths of 1,000");
        let certain = ctx.run(baskets, ListBaskets { by: Some(PairOrder::Certainty), ..ListBaskets::default() }).await.unwrap();
        assert_eq!(pair(&certain.items[0]), ids(2, 1), "all with the cheap one have the other");
        let dear = &told.items[0];
        assert_eq!((dear.rule.together, dear.rule.with_antecedent, dear.amount_minor), (100, 200, 9_000));
        assert_eq!(dear.worth_minor, (dear.rule.low * 9_000.0).round() as i64);
        assert_eq!((dear.rule.support, dear.rule.lift, dear.rule.conviction), (1.0 / 6.0, 3.0, Some(5.0 / 3.0)));
        let goods = SetRate { item: RateItem::Goods, amount: Some("60".into()) };
        ctx.run(rates::set, SetRates { rates: vec![goods] }).await.unwrap();
        let with_margin = ctx.run(baskets, ListBaskets::default()).await.unwrap();
        assert_eq!((with_margin.has_margin, with_margin.items[0].margin_minor), (true, Some(3_600)));
        assert_eq!(with_margin.items.iter().map(pair).collect::<Vec<_>>(), told.items.iter().map(pair).collect::<Vec<_>>());

        // Nothing new: the same edition; what a killed run left is removed.
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql("INSERT INTO basket_rules (edition, by_certainty, by_worth, first_id, consequent_id, together, with_antecedent,
               with_consequent, amount_minor) SELECT 2, by_certainty, by_worth, first_id, consequent_id, 1, 1, 1, 0 FROM basket_rules"))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ctx.run(baskets, ListBaskets::default()).await.unwrap(), with_margin);
        sell(&ctx, &[vec![Sale::of(day("2026-05-01"), &[1])]]).await;
        assert_eq!(found(&ctx, ListBaskets::default()).await.found.unwrap().purchases, 601);
        let editions: (i64, i64) = ctx.app.db.one(sql("SELECT MIN(edition), MAX(edition) FROM basket_rules")).await.unwrap();
        assert_eq!(editions, (2, 2));
    }

    #[tokio::test]
    async fn too_few_purchases_of_two_products_are_said() {
        let ctx = shop(&vec![vec![Sale::of(day("2026-03-01"), &[1, 2]), Sale::of(day("2026-03-02"), &[3])]; 40], day("2026-06-01")).await;
        let told = found(&ctx, ListBaskets::default()).await;
        let missing = &told.found.unwrap().missing[0];
        assert_eq!((missing.of, missing.have, missing.need), (ShortOf::Baskets, 40, 100));
        assert!(told.items.is_empty());
    }
}
