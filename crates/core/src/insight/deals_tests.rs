//! Opportunities that ended, counted by conversion and by competitors.

use super::*;
use crate::insight::competitors::{self, Competitors};
use crate::parties::Party;
use crate::platform::terms::{self, PutTerm};
use crate::sales::Opportunity;
use crate::sales::opportunities::{self, CloseOpportunity, NewOpportunity, OpportunityState};
use crate::{Patch, testing};
use peyvand_db::sql;

/// How an opportunity ended: on which day, for which reason when it was lost, who else offered what.
struct End(&'static str, Option<&'static str>, Option<(&'static str, Option<&'static str>)>);

async fn ended(ctx: &Ctx, party: Id<Party>, amount: Option<&str>, End(day, reason, rival): End) -> Id<Opportunity> {
    let new =
        NewOpportunity { party_id: Some(party), title: "آسیاب".into(), amount: amount.map(Into::into), ..NewOpportunity::default() };
    let id = ctx.run(opportunities::create, new).await.unwrap().opportunity.id;
    let state = if reason.is_some() { OpportunityState::Lost } else { OpportunityState::Won };
    let close = CloseOpportunity {
        reason: reason.map(Into::into),
        competitor: rival.map_or(Patch::Keep, |(rival, _)| Patch::Set(rival.into())),
        offer: rival.and_then(|(_, offer)| offer).map_or(Patch::Keep, |offer| Patch::Set(offer.into())),
        ..CloseOpportunity::of(id, state)
    };
    ctx.run(opportunities::close, close).await.unwrap();
    let mut tx = ctx.app.db.begin().await.unwrap();
    let at = format!("{day}T08:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond();
    tx.run(sql("UPDATE opportunities SET closed_on = $1, closed_at = $2 WHERE id = $3").bind(day).bind(at).bind(id)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn came(ctx: &Ctx, party: Id<Party>, source: &'static str) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET source = $1 WHERE id = $2").bind(source).bind(party)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_ended_is_counted_by_month_owner_source_and_reason() {
    let ctx = testing::ctx().await;
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    let friend = testing::party(&ctx, "آشنا").await;
    let passer = testing::party(&agent, "رهگذر").await;
    came(&ctx, friend, "recommendation").await;
    // 30 Aban 1405 is today, 2026-11-21; Aban began on 2026-10-23.
    for (amount, end) in [
        (Some("100"), End("2026-11-20", None, None)),
        (Some("50"), End("2026-10-23", None, None)),
        (None, End("2026-10-22", None, None)),
        (Some("30"), End("2026-10-24", Some("price"), None)),
        (Some("70"), End("2026-10-25", Some("price"), None)),
        (Some("20"), End("2026-10-26", Some("delivery"), None)),
        (Some("900"), End("2025-10-01", Some("price"), None)),
    ] {
        ended(&ctx, friend, amount, end).await;
    }
    for day in ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"] {
        ended(&agent, passer, None, End(day, Some("postponed"), None)).await;
    }
    let open = NewOpportunity { party_id: Some(friend), title: "باز".into(), ..NewOpportunity::default() };
    ctx.run(opportunities::create, open).await.unwrap();

    let found = ctx.run(conversion, ConversionOf::default()).await.unwrap();
    assert_eq!((found.until_on.to_string().as_str(), found.months.len(), found.missing.len()), ("2026-11-21", 12, 0));
    assert_eq!((found.all.won, found.all.lost, found.all.won_minor, found.all.lost_minor), (3, 7, 15_000, 12_000));
    let rate = found.all.rate.unwrap();
    assert!(rate.value == 0.3 && (rate.low - 0.1078).abs() < 1e-3 && (rate.high - 0.6032).abs() < 1e-3, "{rate:?}");
    let last = found.months.last().unwrap();
    assert_eq!((last.year, last.month, last.ended.won, last.ended.lost, last.is_over), (1405, 8, 2, 7, false));
    assert_eq!((last.first_on.to_string().as_str(), last.ended.won_minor), ("2026-10-23", 15_000));
    let before = &found.months[10];
    assert_eq!(
        (before.month, before.ended.won, before.ended.lost, before.ended.rate, before.is_over),
        (7, 1, 0, None, true),
        "one is too few"
    );
    assert_eq!(
        found.owners.iter().map(|one| (one.owner.as_deref(), one.ended.won, one.ended.lost)).collect::<Vec<_>>(),
        [(Some("owner"), 3, 3), (Some("reza"), 0, 4)]
    );
    assert_eq!(found.owners[0].ended.rate.unwrap().value, 0.5);
    assert_eq!(found.owners[1].ended.rate, None, "four are too few");
    let sources: Vec<_> = found.sources.iter().map(|one| (one.source.as_deref(), one.ended.won + one.ended.lost)).collect();
    assert_eq!(sources, [(Some("recommendation"), 6), (None, 4)]);
    let reasons: Vec<_> = found.reasons.iter().map(|one| (one.reason.as_str(), one.lost, one.lost_minor)).collect();
    assert_eq!(reasons, [("postponed", 4, 0), ("price", 2, 10_000), ("delivery", 1, 2_000)]);
    assert!((found.reasons[0].share.unwrap().value - 4.0 / 7.0).abs() < 1e-12);

    let gregorian = ConversionOf { calendar: Some(Calendar::Gregorian), months: Some(2) };
    let found = ctx.run(conversion, gregorian).await.unwrap();
    assert_eq!(found.months.iter().map(|one| (one.month, one.ended.won, one.ended.lost)).collect::<Vec<_>>(), [(10, 2, 3), (11, 1, 4)]);
    assert_eq!(found.from_on.to_string(), "2026-10-01");
    for months in [0, MONTHS_MAX + 1] {
        assert!(matches!(ctx.run(conversion, ConversionOf { calendar: None, months: Some(months) }).await, Err(Error::Invalid(_))));
    }

    let own = agent.run(conversion, ConversionOf::default()).await.unwrap();
    assert_eq!((own.all.won, own.all.lost, own.owners.len(), own.all.rate), (0, 4, 1, None), "figures over what they see");
    assert_eq!((own.missing[0].of, own.missing[0].have, own.missing[0].need), (ShortOf::Ended, 4, ENDED_MIN));
}

#[tokio::test]
async fn competitors_are_told_with_what_they_offered_and_what_was_lost_to_them() {
    let ctx = testing::ctx().await;
    let agent = testing::as_post(&ctx.app, "agent", "reza").await;
    let party = testing::party(&ctx, "سارا").await;
    let theirs = testing::party(&agent, "رضا").await;
    let rival =
        PutTerm {
            list: "competitor".into(), word: Some("digi".into()), label: Some("دیجی‌فنجان".into()), position: None, is_active: None
        };
    ctx.run(terms::put, rival).await.unwrap();
    let digi = |offer| Some(("digi", offer));
    for (amount, end) in [
        (Some("10"), End("2026-11-01", Some("price"), digi(Some("۵ درصد ارزان‌تر")))),
        (Some("20"), End("2026-11-03", Some("price"), digi(Some("۱۰ درصد ارزان‌تر")))),
        (None, End("2026-11-02", Some("price"), digi(None))),
        (Some("40"), End("2026-11-04", None, digi(Some("ارسال رایگان")))),
        (Some("60"), End("2026-11-05", None, digi(Some("قسطی")))),
        (Some("5"), End("2026-11-06", Some("delivery"), Some(("local_shop", None)))),
        (Some("7"), End("2026-11-07", None, None)),
        (Some("9"), End("2024-11-07", Some("price"), digi(Some("کهنه")))),
    ] {
        ended(&ctx, party, amount, end).await;
    }
    let open =
        NewOpportunity { party_id: Some(party), title: "باز".into(), competitor: Some("digi".into()), ..NewOpportunity::default() };
    ctx.run(opportunities::create, open).await.unwrap();

    let found = ctx.run(competitors::competitors, ConversionOf::default()).await.unwrap();
    assert_eq!((found.named, found.unnamed.won, found.unnamed.lost), (6, 1, 0));
    assert_eq!((found.missing[0].of, found.missing[0].have, found.missing[0].need), (ShortOf::Named, 6, 10));
    let first = &found.items[0];
    assert_eq!((first.competitor.as_str(), first.label.as_deref(), first.customers, first.open), ("digi", Some("دیجی‌فنجان"), 1, 1));
    assert_eq!(
        (first.ended.won, first.ended.lost, first.ended.won_minor, first.ended.lost_minor, first.lost_priced),
        (2, 3, 10_000, 3_000, 2)
    );
    assert!((first.ended.rate.unwrap().value - 0.4).abs() < 1e-12);
    let offers: Vec<_> = first.offers.iter().map(|one| (one.offer.as_str(), one.state)).collect();
    let (won, lost) = (OpportunityState::Won, OpportunityState::Lost);
    assert_eq!(offers, [("قسطی", won), ("ارسال رایگان", won), ("۱۰ درصد ارزان‌تر", lost)]);
    assert_eq!(
        (found.items[1].competitor.as_str(), found.items[1].label.as_deref(), found.items[1].ended.rate),
        ("local_shop", None, None)
    );

    for day in ["2026-11-08", "2026-11-09", "2026-11-10", "2026-11-11"] {
        ended(&agent, theirs, None, End(day, Some("price"), digi(None))).await;
    }
    let found: Competitors = ctx.run(competitors::competitors, ConversionOf::default()).await.unwrap();
    assert_eq!((found.missing.len(), found.items[0].customers, found.items[0].ended.lost), (0, 2, 7));
    let own = agent.run(competitors::competitors, ConversionOf::default()).await.unwrap();
    assert_eq!((own.named, own.items.len(), own.items[0].ended.lost, own.items[0].offers.len()), (4, 1, 4, 0));
}
