use super::*;
use crate::testing;

fn figures_of(quantity: &str, price: &str, discount: &str, amount: &str) -> Result<(f64, i64, i64), String> {
    fn text(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }
    let pounds = Currency::from_code("GBP").unwrap();
    figures(text(quantity), text(price), text(discount), text(amount), pounds)
        .map(|figures| (figures.quantity, figures.unit_price_minor, figures.amount_minor))
        .map_err(|problem| problem.field.into_owned())
}

#[test]
fn what_is_missing_in_a_line_follows_from_the_rest() {
    assert_eq!(figures_of("6", "2.55", "", ""), Ok((6.0, 255, 1530)));
    assert_eq!(figures_of("-6", "2.55", "", ""), Ok((-6.0, 255, -1530)));
    assert_eq!(figures_of("2", "10", "5", ""), Ok((2.0, 1000, 1500)));
    assert_eq!(figures_of("-2", "10", "5", ""), Ok((-2.0, 1000, -1500)));
    assert_eq!(figures_of("۴", "", "", "۱۰"), Ok((4.0, 250, 1000)));
    assert_eq!(figures_of("", "", "", "-7"), Ok((-1.0, 700, -700)));
    assert_eq!(figures_of("0", "", "", "7"), Ok((0.0, 0, 700)));
    assert_eq!(figures_of("1", "", "", ""), Err("amount".into()));
    assert_eq!(figures_of("x", "1", "", ""), Err("quantity".into()));
}

fn buy(party: Option<Id<Party>>, product: &str, amount: &str) -> NewPurchase {
    NewPurchase { party_id: party, product: Some(product.into()), amount: Some(amount.into()), ..Default::default() }
}

async fn facts(ctx: &Ctx, party: Id<Party>) -> (i64, i64, String, String, String) {
    let query = sql("SELECT purchases, spent_minor, first_purchase_on, last_purchase_on, role FROM parties WHERE id = $1").bind(party);
    ctx.app.db.one(query).await.unwrap()
}

async fn sums(ctx: &Ctx) -> (i64, i64, String, String, String, i64) {
    let totals = ctx.run(totals, TotalsOf::default()).await.unwrap();
    (totals.customers, totals.lines, totals.gross, totals.refunds, totals.net, totals.lines_without_customer)
}

#[tokio::test]
async fn a_purchase_makes_a_customer_and_its_return_gives_the_line_back() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let new = NewPurchase { date: Some("1405/8/20".into()), invoice: Some("F1".into()), ..buy(Some(party), "A-1", "1000") };
    let bought = ctx.run(create, new).await.unwrap();
    assert_eq!((bought.gross.as_str(), bought.items[0].product.as_deref()), ("1000.00", Some("A-1")));
    assert_eq!(facts(&ctx, party).await, (1, 100_000, "2026-11-11".into(), "2026-11-11".into(), "customer".into()));
    let back = ctx.run(create, buy(Some(party), "A-1", "-400")).await.unwrap();
    assert_eq!(back.items[0].refund_of, Some(bought.items[0].id));
    assert_eq!(facts(&ctx, party).await, (1, 60_000, "2026-11-11".into(), "2026-11-11".into(), "customer".into()));
    assert_eq!(sums(&ctx).await, (1, 1, "1000.00".into(), "400.00".into(), "600.00".into(), 0));
    let taken = ctx.run(create, NewPurchase { invoice: Some("F1".into()), ..buy(None, "A-1", "5") }).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_refund_names_the_line_it_gives_back_and_only_one_of_the_same_customer() {
    let ctx = testing::ctx().await;
    let (party, other) = (testing::party(&ctx, "سارا").await, testing::party(&ctx, "رضا").await);
    let bought = ctx.run(create, buy(Some(party), "A-1", "1000")).await.unwrap().items[0].id;
    ctx.run(create, buy(Some(party), "A-1", "1000")).await.unwrap();
    let back = ctx.run(create, NewPurchase { refund_of: Some(bought), ..buy(Some(party), "A-1", "-400") }).await.unwrap();
    assert_eq!(back.items[0].refund_of, Some(bought), "not the newer one");
    for (whose, line) in [(other, bought), (party, back.items[0].id), (party, ctx.id())] {
        let refused = ctx.run(create, NewPurchase { refund_of: Some(line), ..buy(Some(whose), "A-1", "-1") }).await;
        assert!(matches!(refused, Err(Error::NotFound("purchase_line"))));
    }
}

#[tokio::test]
async fn a_purchase_that_is_sent_twice_with_a_key_is_entered_once() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let new = |amount: &str| NewPurchase { key: Some("till-3-1".into()), invoice: Some("F1".into()), ..buy(Some(party), "A-1", amount) };
    let first = ctx.run(create, new("1000")).await.unwrap();
    let again = ctx.run(create, new("1000")).await.unwrap();
    assert_eq!((again.purchase.id, again.gross.as_str()), (first.purchase.id, "1000.00"));
    assert_eq!(sums(&ctx).await, (1, 1, "1000.00".into(), "0.00".into(), "1000.00".into(), 0));
    let Err(Error::Conflict(other)) = ctx.run(create, new("900")).await else { panic!("another purchase with the key of the first") };
    assert_eq!((other.0[0].field.as_ref(), other.0[0].key.as_ref()), ("key", "purchases-key-used"));
}

#[tokio::test]
async fn of_two_requests_with_a_key_at_one_moment_one_enters_the_purchase() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    let new = || NewPurchase { key: Some("till-3-2".into()), ..buy(Some(party), "A-1", "1000") };
    let (one, other) = tokio::join!(ctx.run(create, new()), ctx.run(create, new()));
    assert_eq!(one.unwrap().purchase.id, other.unwrap().purchase.id);
    assert_eq!(facts(&ctx, party).await.0, 1);
}

#[tokio::test]
async fn a_sale_to_nobody_known_is_counted_apart() {
    let ctx = testing::ctx().await;
    ctx.run(create, buy(None, "A-1", "1000")).await.unwrap();
    assert_eq!(sums(&ctx).await, (0, 0, "0.00".into(), "0.00".into(), "0.00".into(), 1));
}

#[tokio::test]
async fn an_agent_sees_the_sums_of_their_own_customers_alone() {
    let owner = testing::ctx().await;
    let agent = testing::as_post(&owner.app, "agent", "sara").await;
    let (mine, theirs) = (testing::party(&agent, "mine").await, testing::party(&owner, "theirs").await);
    agent.run(create, buy(Some(mine), "A", "10")).await.unwrap();
    owner.run(create, buy(Some(theirs), "A", "100")).await.unwrap();
    owner.run(create, buy(None, "A", "1000")).await.unwrap();
    assert_eq!(sums(&agent).await, (1, 1, "10.00".into(), "0.00".into(), "10.00".into(), 0));
    assert_eq!(sums(&owner).await, (2, 2, "110.00".into(), "0.00".into(), "110.00".into(), 1));
    assert_eq!(agent.run(list, ListPurchases::default()).await.unwrap().items.len(), 1);
    assert!(agent.run(create, buy(Some(theirs), "A", "1")).await.is_err());
}

#[tokio::test]
async fn a_range_of_days_and_a_currency_narrow_the_sums() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "سارا").await;
    ctx.run(create, NewPurchase { date: Some("1405/8/1".into()), ..buy(Some(party), "A", "10") }).await.unwrap();
    ctx.run(create, NewPurchase { currency: Some("GBP".into()), ..buy(Some(party), "A", "7") }).await.unwrap();
    let early = ctx.run(totals, TotalsOf { until: Some("1405/8/2".into()), ..Default::default() }).await.unwrap();
    assert_eq!((early.gross.as_str(), early.customers, early.other_currencies.len()), ("10.00", 1, 0));
    let pounds = ctx.run(totals, TotalsOf { currency: Some("gbp".into()), ..Default::default() }).await.unwrap();
    assert_eq!((pounds.gross.as_str(), pounds.other_currencies), ("7.00", vec![Currency::IRR]));
    // What was spent is kept in the organisation's currency alone.
    assert_eq!(facts(&ctx, party).await.1, 1000);
}
