//! What was learned of what is bought next, told: the pairs, how well they foresee, and what one customer may buy.

use super::learning::{self, Learning};
use super::next_product::{Judged, Way, ranked};
use crate::operation::page_size;
use crate::parties::Party;
use crate::parties::party::{PartyId, seen};
use crate::sales::Product;
use crate::{Act, Ctx, Instant, Operations, Perm, Problem, Result, Room};
use peyvand_db::{Id, Sql, row, sql};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Products named for a customer.
const SUGGESTIONS: usize = 5;
/// The products bought last that suggestions come from.
const OWN: i64 = 200;

row! {
    /// A pair: of those who bought the one product, how many bought the other.
    #[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
    pub struct ProductPair {
        /// The product that was bought.
        pub antecedent_id: Id<Product> = "n.antecedent_id",
        /// Its code.
        pub antecedent_code: String = "a.code",
        /// Its name.
        pub antecedent: String = "a.name",
        /// The product that was bought as well.
        pub consequent_id: Id<Product> = "n.consequent_id",
        /// Its code.
        pub consequent_code: String = "c.code",
        /// Its name.
        pub consequent: String = "c.name",
        /// Customers who bought both.
        pub together: i64 = "n.together",
        /// Customers who bought the one.
        pub with_antecedent: i64 = "n.with_antecedent",
        /// Customers who bought the other.
        pub with_consequent: i64 = "n.with_consequent",
        /// Lower end of the range in which the share `together / with_antecedent` lies with 95 per cent (Wilson).
        pub low: f64 = "n.low",
        /// Upper end.
        pub high: f64 = "n.high",
        /// Customers with both over the root of the product of those with each: 1 where all who bought the one bought the
        /// other, and the other way round.
        pub likeness: f64 = "n.likeness",
        /// What a line of the other product came to on average, in minor units.
        pub amount_minor: i64 = "n.amount_minor",
        /// Place in the order of what is most certain.
        pub by_certainty: i64 = "n.by_certainty",
        /// Place in the order of the lower end times the amount.
        pub by_worth: i64 = "n.by_worth",
    }
}

impl ProductPair {
    /// Share of those with the one product who bought the other.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.together as f64 / self.with_antecedent as f64
    }
}

peyvand_db::words! {
    /// The order of pairs.
    pub enum PairOrder {
        /// What it is worth at least: the lower end times the amount.
        Worth = "worth",
        /// What is most certain.
        Certainty = "certainty",
    }
}

/// Which pairs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListPairs {
    /// In which order; by worth unless given.
    pub by: Option<PairOrder>,
    /// Only of those who bought this product.
    pub product_id: Option<Id<Product>>,
    /// Where the page starts: `next` of the page before.
    pub after: Option<String>,
    /// Rows of a page, 50 unless given, at most 200.
    pub limit: Option<i64>,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Pairs {
    /// From how much, and how well it foresees; absent before it was learned for the first time.
    pub learned: Option<Learning>,
    /// When it was learned.
    pub made_at: Option<Instant>,
    /// The pairs.
    pub items: Vec<ProductPair>,
    /// Pass as `after` to go on; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

const PAIRS_FROM: &str = "FROM next_products n JOIN products a ON a.id = n.antecedent_id JOIN products c ON c.id = n.consequent_id
     WHERE n.edition = $1";

/// Pairs of products, and how well they foresee what is bought.
///
/// # Errors
/// Without the right; for a cursor that is none.
pub async fn pairs(ctx: &Ctx, input: ListPairs) -> Result<Pairs> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    let limit = page_size(input.limit)?;
    let by = input.by.unwrap_or(PairOrder::Worth);
    let after: Option<i64> =
        input.after.as_deref().map(|after| after.parse().map_err(|_| Problem::new("after", "input-cursor"))).transpose()?;
    let Some(found) = learning::last(reader.db).await? else {
        return Ok(Pairs { learned: None, made_at: None, items: Vec::new(), next: None });
    };
    let mut query = Sql::select::<ProductPair>(PAIRS_FROM).bind(found.edition);
    if let Some(product) = input.product_id {
        query.push(" AND n.antecedent_id = ").arg(product);
    }
    if let Some(after) = after {
        query.push(match by {
            PairOrder::Worth => " AND n.by_worth > ",
            PairOrder::Certainty => " AND n.by_certainty > ",
        });
        query.arg(after);
    }
    query.push(match by {
        PairOrder::Worth => " ORDER BY n.by_worth LIMIT ",
        PairOrder::Certainty => " ORDER BY n.by_certainty LIMIT ",
    });
    query.arg(limit + 1);
    let mut items: Vec<ProductPair> = reader.db.all(query).await?;
    let more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    let place = |pair: &ProductPair| match by {
        PairOrder::Worth => pair.by_worth,
        PairOrder::Certainty => pair.by_certainty,
    };
    let next = items.last().filter(|_| more).map(|last| place(last).to_string());
    Ok(Pairs { learned: Some(found.found), made_at: Some(found.made_at), items, next })
}

/// A product that a customer may buy next.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NextProduct {
    /// Why: the pair that speaks most for it. Its `consequent` is the product.
    pub because: ProductPair,
    /// Its score in the order of suggestions: the lower end of that pair, or the sum of likenesses.
    pub score: f64,
}

/// What a customer may buy next.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NextProducts {
    /// Whose they are.
    pub party_id: Id<Party>,
    /// Products that the customer has not bought, best first; none unless naming them is better than naming what most
    /// people buy.
    pub items: Vec<NextProduct>,
    /// How they are put in order; absent where nothing is named.
    pub way: Option<Way>,
    /// How well this order foresees; absent where nothing is named.
    pub judged: Option<Judged>,
    /// When it was learned.
    pub made_at: Option<Instant>,
}

/// What a customer may buy next, by what others bought who bought the same.
///
/// # Errors
/// For a customer who does not exist or is out of sight.
pub async fn of_party(ctx: &Ctx, input: PartyId) -> Result<NextProducts> {
    let reader = ctx.read(Perm(Room::Insight, Act::See))?;
    seen(reader.db, &reader.sight, input.id).await?;
    let mut out = NextProducts { party_id: input.id, items: Vec::new(), way: None, judged: None, made_at: None };
    let Some(found) = learning::last(reader.db).await? else { return Ok(out) };
    out.made_at = Some(found.made_at);
    let Some((judgement, way)) = found.found.judgement.and_then(|judgement| Some((judgement, judgement.way?))) else { return Ok(out) };
    out.way = Some(way);
    out.judged = Some(if way == Way::Likely { judgement.likely } else { judgement.similar });
    let own: Vec<(Id<Product>,)> = reader
        .db
        .all(
            sql("SELECT product_id FROM purchase_lines WHERE party_id = $1 AND product_id IS NOT NULL AND sign > 0
                 GROUP BY product_id ORDER BY MAX(day) DESC, product_id LIMIT $2")
            .bind(input.id)
            .bind(OWN),
        )
        .await?;
    let mut query = Sql::select::<ProductPair>(PAIRS_FROM).bind(found.edition);
    query.push(" AND n.antecedent_id IN ").list_padded(&own.into_iter().map(|(id,)| id).collect::<Vec<_>>());
    query.push(" AND NOT EXISTS (SELECT 1 FROM purchase_lines l WHERE l.product_id = n.consequent_id AND l.sign > 0 AND l.party_id = ");
    query.arg(input.id).push(") ORDER BY n.antecedent_id, n.consequent_id");
    let pairs: Vec<ProductPair> = reader.db.all(query).await?;
    let best = ranked(pairs.iter().map(|pair| (pair.consequent_id, pair.low, pair.likeness)), way, SUGGESTIONS);
    out.items = best.into_iter().map(|(_, score, place)| NextProduct { because: pairs[place].clone(), score }).collect();
    Ok(out)
}

/// The operations of suggestions.
pub fn operations(ops: &mut Operations) {
    let see = Some(Perm(Room::Insight, Act::See));
    ops.add(
        "insight.products",
        "GET /insight/products",
        see,
        "Of those who bought one product, how many bought another; and how much better that foresees than naming what most people buy.",
        pairs,
    )
    .example(|| serde_json::json!({"by": "worth", "limit": 20}));
    ops.add(
        "insight.next_products",
        "GET /parties/{id}/next-products",
        see,
        "What a customer may buy next, each with the pair that speaks for it.",
        of_party,
    )
    .example(|| serde_json::json!({"id": "01943b5c-0000-7000-8000-000000000001"}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::guard::ShortOf;
    use crate::insight::refresh;
    use crate::insight::shop::{Sale, party, product, sell, shop};
    use crate::operation::Nothing;
    use crate::platform::jobs;
    use crate::{Ctx, Day, Error, testing};

    fn day(number: i64) -> Day {
        "2024-01-01".parse::<Day>().unwrap().plus(number)
    }

    /// Of the 60 who buy product 2k, 40 buy 2k + 1 next, and half buy something else after that.
    fn customers() -> Vec<Vec<Sale>> {
        (0..1200)
            .map(|number: u32| {
                let (kind, turn, day_of) = (number % 20, number / 20, |from: i64| day(from + i64::from(number % 50)));
                let next = if turn % 3 < 2 { 2 * kind + 1 } else { 40 + number % 8 };
                let mut sales = vec![Sale::of(day_of(0), &[2 * kind]), Sale::of(day_of(60), &[next])];
                if turn % 2 == 0 {
                    sales.push(Sale::of(day_of(120), &[48 + number % 8]));
                }
                sales
            })
            .collect()
    }

    async fn told(ctx: &Ctx) -> Pairs {
        ctx.run(pairs, ListPairs { limit: Some(200), ..ListPairs::default() }).await.unwrap()
    }

    async fn learned(ctx: &Ctx) -> Pairs {
        ctx.run(refresh::ask, Nothing {}).await.unwrap();
        jobs::drain(&ctx.app).await.unwrap();
        told(ctx).await
    }

    #[tokio::test]
    async fn pairs_are_counted_judged_and_told_to_those_who_see_the_customer() {
        let mut all = customers();
        // Two who have only half of a pair.
        all.push(vec![Sale::of(day(3), &[4])]);
        all.push(vec![Sale::of(day(3), &[4]), Sale::of(day(9), &[47])]);
        let ctx = shop(&all, day(190)).await;
        assert_eq!(told(&ctx).await.learned, None);
        let found = learned(&ctx).await;
        let learning = found.learned.unwrap();
        assert_eq!((learning.customers, learning.returners, learning.products, learning.together), (1202, 1201, 56, 10));
        let judgement = learning.judgement.unwrap();
        // Judged are those whose last purchase could be known from others: 40 of 60 of each kind buy what was foreseen.
        assert_eq!((judgement.likely.customers, judgement.likely.hits, judgement.popular.hits), (601, 400, 0));
        assert!(judgement.way == Some(Way::Likely) && judgement.likely.gain_low > 0.6, "{judgement:?}");
        let pair = found.items.iter().find(|pair| pair.antecedent_id == Id::new(product(4))).unwrap();
        assert_eq!((pair.consequent_id, pair.together, pair.with_antecedent, pair.with_consequent), (Id::new(product(5)), 40, 62, 40));
        assert_eq!((pair.antecedent_code.as_str(), pair.amount_minor), ("P00004", 100));
        assert!(pair.low < pair.confidence() && pair.confidence() < pair.high && (pair.low - 0.5208).abs() < 1e-4, "{pair:?}");

        let next = ctx.run(of_party, PartyId { id: party(1200) }).await.unwrap();
        assert_eq!(next.items[0].because, *pair, "40 of 62 who bought it bought that");
        assert!(next.items.iter().all(|item| item.because.antecedent_id == Id::new(product(4))));
        let has_both = ctx.run(of_party, PartyId { id: party(2) }).await.unwrap();
        assert!(has_both.items.iter().all(|item| ![Id::new(product(4)), Id::new(product(5))].contains(&item.because.consequent_id)));

        // In pages, in both orders, of one product.
        let certain = ListPairs { by: Some(PairOrder::Certainty), limit: Some(40), ..ListPairs::default() };
        let (mut place, mut lows, mut count) = (None, Vec::new(), 0);
        loop {
            let page = ctx.run(pairs, ListPairs { after: place, ..certain.clone() }).await.unwrap();
            count += page.items.len() as i64;
            lows.extend(page.items.iter().map(|pair| pair.low));
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        assert_eq!(count, learning.pairs);
        assert!(lows.is_sorted_by(|one, other| one >= other));
        let of_one = ListPairs { product_id: Some(Id::new(product(4))), ..ListPairs::default() };
        assert!(ctx.run(pairs, of_one).await.unwrap().items.iter().all(|pair| pair.antecedent_id == Id::new(product(4))));
        assert!(ctx.run(pairs, ListPairs { after: Some("x".into()), ..ListPairs::default() }).await.is_err());

        let agent = testing::as_post(&ctx.app, "agent", "reza").await;
        assert!(matches!(agent.run(of_party, PartyId { id: party(1) }).await, Err(Error::NotFound("party"))));
        assert!(matches!(agent.run(refresh::ask, Nothing {}).await, Err(Error::Forbidden(_))));
        assert_eq!(told(&agent).await.items, found.items);
    }

    #[tokio::test]
    async fn the_same_purchases_are_not_learned_again_and_new_ones_are() {
        let ctx = shop(&customers(), day(190)).await;
        let first = learned(&ctx).await;
        let edition = async || -> (i64, i64, i64) {
            let query = sql("SELECT MIN(edition), MAX(edition), count(*) FROM next_products");
            ctx.app.db.one(query).await.unwrap()
        };
        let (from, to, rows) = edition().await;
        assert_eq!((from, to, rows), (1, 1, first.learned.as_ref().unwrap().pairs));
        // What a run left behind that was killed is neither told nor kept.
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(sql(
            "INSERT INTO next_products (edition, antecedent_id, consequent_id, together, with_antecedent, with_consequent, low, high,
               likeness, amount_minor, by_certainty, by_worth)
             SELECT 2, antecedent_id, consequent_id, together, with_antecedent, with_consequent, low, high, likeness, amount_minor,
               by_certainty, by_worth FROM next_products WHERE by_worth < 3",
        ))
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(&ctx).await, first);
        assert_eq!(learned(&ctx).await, first);
        assert_eq!(edition().await, (1, 1, rows));
        sell(&ctx, &[vec![Sale::of(day(180), &[1])]]).await;
        let second = learned(&ctx).await;
        assert_eq!(edition().await.0, 2);
        assert_eq!(second.learned.unwrap().until, Some(day(180)));
    }

    #[tokio::test]
    async fn what_was_given_back_whole_was_not_bought() {
        let ctx = shop(&customers(), day(190)).await;
        let before = learned(&ctx).await;
        let with = |found: &Pairs| {
            let pair =
                found.items.iter().find(|pair| (pair.antecedent_id, pair.consequent_id) == (Id::new(product(4)), Id::new(product(5))));
            pair.map(|pair| (pair.together, pair.with_antecedent))
        };
        assert_eq!(with(&before), Some((40, 60)));
        let mut tx = ctx.app.db.begin().await.unwrap();
        tx.run(
            sql("INSERT INTO purchase_lines (id, purchase_id, party_id, product_id, day, quantity, unit_price_minor, discount_minor, amount_minor,
                   sign, currency)
                 SELECT $1, purchase_id, party_id, product_id, day, -quantity, unit_price_minor, discount_minor, -amount_minor, -1, currency
                 FROM purchase_lines WHERE party_id = $2 AND product_id = $3")
            .bind(ctx.id::<()>())
            .bind(party(2))
            .bind(product(5)),
        )
        .await
        .unwrap();
        tx.run(sql("UPDATE purchase_days SET lines_down = lines_down + 1 WHERE day = $1").bind(day(62))).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(with(&learned(&ctx).await), Some((39, 60)));
    }

    #[tokio::test]
    async fn too_little_is_said_and_nothing_is_named() {
        let ctx = shop(&customers()[..60], day(190)).await;
        let found = learned(&ctx).await;
        let learning = found.learned.unwrap();
        assert_eq!((learning.missing[0].of, learning.missing[0].have, learning.missing[0].need), (ShortOf::Returners, 60, 100));
        assert!(found.items.is_empty() && learning.judgement.is_none());
        let told = ctx.run(of_party, PartyId { id: party(1) }).await.unwrap();
        assert!(told.items.is_empty() && told.way.is_none() && told.made_at.is_some());
    }
}
