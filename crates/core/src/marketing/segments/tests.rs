//! Segments as their readers and writers meet them.

use super::build::build_due;
use super::*;
use crate::parties::Party;
use crate::parties::bulk::{self, BulkTag};
use crate::parties::check::NewParty;
use crate::parties::list::{self as parties, ListParties, PartyFilters};
use crate::platform::time::{DAY, HOUR};
use crate::platform::undo::{self, RunUndo};
use crate::sales::purchases::{self, NewPurchase};
use crate::{Door, Fields, testing};
use serde_json::Value;
use tokio::sync::watch;

fn tagged(tag: &str) -> Value {
    json!({"tag": tag})
}

async fn add(ctx: &Ctx, name: &str, rule: Value) -> Segment {
    ctx.run(create, NewSegment { name: name.into(), rule, is_shared: true }).await.unwrap()
}

async fn put_tag(ctx: &Ctx, tag: &str, parties: &[Id<Party>], remove: bool) {
    let input = BulkTag { ids: Some(parties.to_vec()), tag: tag.into(), remove, ..Default::default() };
    ctx.run(bulk::tag, input).await.unwrap();
}

/// Builds what is to be built, so many milliseconds after now.
async fn build_at(ctx: &Ctx, later: i64) {
    let (_keep, stop) = watch::channel(false);
    let mut job = ctx.app.system(Door::Job);
    job.now = ctx.now().plus(later);
    assert_eq!(build_due(&job, Id::FIRST, &stop).await.unwrap(), crate::platform::jobs::Outcome::Done);
}

async fn members_of(ctx: &Ctx, id: Id<Segment>) -> Vec<Id<Party>> {
    let page = ctx.run(members, ListMembers { id, after: None, limit: None }).await.unwrap();
    page.items.into_iter().map(|member| member.party_id).collect()
}

async fn size_of(ctx: &Ctx, id: Id<Segment>) -> Option<i64> {
    ctx.run(get, SegmentId { id }).await.unwrap().size
}

fn problem(outcome: Result<impl std::fmt::Debug>) -> (String, String) {
    match outcome {
        Err(Error::Invalid(Fields(mut problems)) | Error::Conflict(Fields(mut problems))) => {
            let problem = problems.remove(0);
            (problem.field.into_owned(), problem.key.into_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_segment_holds_whom_its_rule_means_and_notes_who_enters_and_leaves() {
    let ctx = testing::ctx().await;
    let (one, two, three) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await, testing::party(&ctx, "پ").await);
    put_tag(&ctx, "طلایی", &[one, two], false).await;
    let segment = add(&ctx, "طلایی‌ها", tagged("طلایی")).await;
    assert_eq!((segment.size, segment.is_due, segment.built_at), (None, true, None), "it was not built yet");
    crate::platform::jobs::drain(&ctx.app).await.unwrap();
    let built = ctx.run(get, SegmentId { id: segment.id }).await.unwrap();
    assert_eq!((built.size, built.is_due, built.built_at), (Some(2), false, Some(ctx.now())), "the job has built it");
    assert_eq!(members_of(&ctx, segment.id).await, [two, one]);

    put_tag(&ctx, "طلایی", &[one], true).await;
    put_tag(&ctx, "طلایی", &[three], false).await;
    build_at(&ctx, HOUR / 2).await;
    assert_eq!(members_of(&ctx, segment.id).await, [two, one], "nobody asked, and it is not old");
    ctx.run(refresh, SegmentId { id: segment.id }).await.unwrap();
    build_at(&ctx, HOUR / 2).await;
    assert_eq!(members_of(&ctx, segment.id).await, [three, two]);
    put_tag(&ctx, "طلایی", &[three], true).await;
    build_at(&ctx, DAY).await;
    assert_eq!(members_of(&ctx, segment.id).await, [two], "another day has begun");
    let sizes: Vec<_> = ctx.run(sizes, SegmentId { id: segment.id }).await.unwrap();
    let today = ctx.today();
    assert_eq!(
        sizes,
        [
            SegmentSize { day: today, size: 2, entered: 3, departed: 1 },
            SegmentSize { day: today.plus(1), size: 1, entered: 0, departed: 1 },
        ]
    );
    let first = ListMembers { id: segment.id, after: None, limit: Some(1) };
    assert!(ctx.run(members, first).await.unwrap().next.is_none());
}

#[tokio::test]
async fn whoever_is_put_in_or_kept_out_by_hand_is_whatever_the_rule_says() {
    let ctx = testing::ctx().await;
    let (one, two) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await);
    put_tag(&ctx, "طلایی", &[one], false).await;
    let segment = add(&ctx, "طلایی‌ها", tagged("طلایی")).await;
    build_at(&ctx, 0).await;
    let say = |party: Id<Party>, pick: Pick| PickMembers { id: segment.id, party_ids: vec![party, party], pick };
    let put_in = ctx.run(super::pick, say(two, Pick::In)).await.unwrap();
    assert_eq!(put_in.picked, 1);
    assert_eq!(ctx.run(super::pick, say(two, Pick::In)).await.unwrap().picked, 0, "that was said before");
    ctx.run(super::pick, say(one, Pick::Out)).await.unwrap();
    let page = ctx.run(members, ListMembers { id: segment.id, after: None, limit: None }).await.unwrap();
    assert_eq!(page.items.iter().map(|member| (member.party_id, member.is_picked)).collect::<Vec<_>>(), [(two, true)]);
    assert_eq!(size_of(&ctx, segment.id).await, Some(1));
    let said = async |is_in: Option<bool>| {
        let page = ctx.run(picks, ListPicks { id: segment.id, is_in, after: None, limit: None }).await.unwrap();
        page.items.into_iter().map(|pick| (pick.party_id, pick.is_in)).collect::<Vec<_>>()
    };
    assert_eq!((said(None).await, said(Some(false)).await), (vec![(two, true), (one, false)], vec![(one, false)]));
    build_at(&ctx, DAY).await;
    assert_eq!(members_of(&ctx, segment.id).await, [two], "a building keeps to it");

    ctx.run(super::pick, say(one, Pick::Rule)).await.unwrap();
    let kept_out = ctx.run(super::pick, say(two, Pick::Out)).await.unwrap();
    assert_eq!(members_of(&ctx, segment.id).await, [one]);
    ctx.run(undo::run, RunUndo { id: kept_out.undo }).await.unwrap();
    assert_eq!((members_of(&ctx, segment.id).await, said(None).await), (vec![two, one], vec![(two, true)]));
    ctx.run(undo::run, RunUndo { id: put_in.undo }).await.unwrap();
    assert_eq!((members_of(&ctx, segment.id).await, said(None).await), (vec![one], vec![]));
    assert_eq!(problem(ctx.run(super::pick, say(ctx.id(), Pick::In)).await), ("party_ids".into(), "segments-pick-unknown".into()));
    let nobody = PickMembers { id: segment.id, party_ids: vec![], pick: Pick::In };
    assert_eq!(problem(ctx.run(super::pick, nobody).await).0, "party_ids");
}

#[tokio::test]
async fn segments_tell_whom_they_share() {
    let owner = testing::ctx().await;
    let agent = testing::as_post(&owner.app, "agent", "sara").await;
    let (one, two, own) = (testing::party(&owner, "الف").await, testing::party(&owner, "ب").await, testing::party(&agent, "پ").await);
    put_tag(&owner, "طلایی", &[one, own], false).await;
    put_tag(&owner, "نقره‌ای", &[two], false).await;
    let all = add(&owner, "همه", json!({"all": []})).await;
    let gold = add(&owner, "طلایی‌ها", tagged("طلایی")).await;
    let silver = add(&owner, "نقره‌ای‌ها", tagged("نقره‌ای")).await;
    add(&owner, "هیچ", json!({"any": []})).await;
    build_at(&owner, 0).await;
    let shared = async |ctx: &Ctx, id: Id<Segment>, limit: Option<i64>| {
        let found = ctx.run(overlap, OverlapWith { id, limit }).await.unwrap();
        found.into_iter().map(|other| (other.id, other.shared, other.size)).collect::<Vec<_>>()
    };
    assert_eq!(shared(&owner, all.id, None).await, [(gold.id, 2, Some(2)), (silver.id, 1, Some(1))]);
    assert_eq!(shared(&owner, all.id, Some(1)).await.len(), 1);
    assert_eq!(shared(&owner, gold.id, None).await, [(all.id, 2, Some(3))]);
    assert_eq!(shared(&agent, all.id, None).await, [(gold.id, 1, None)], "of those whom they see");
}

#[tokio::test]
async fn between_two_days_whoever_came_entered_and_whoever_went_left() {
    let ctx = testing::ctx().await;
    let (one, two, three) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await, testing::party(&ctx, "پ").await);
    put_tag(&ctx, "طلایی", &[one, two], false).await;
    let segment = add(&ctx, "طلایی‌ها", tagged("طلایی")).await;
    build_at(&ctx, 0).await;
    put_tag(&ctx, "طلایی", &[two], true).await;
    put_tag(&ctx, "طلایی", &[three], false).await;
    build_at(&ctx, DAY).await;
    put_tag(&ctx, "طلایی", &[two], false).await;
    put_tag(&ctx, "طلایی", &[one], true).await;
    build_at(&ctx, 2 * DAY).await;
    let today = ctx.today();
    let went = async |from: i64, until: i64, way: Way| {
        let asked = ListMoves { id: segment.id, from: today.plus(from), until: today.plus(until), way, after: None, limit: None };
        ctx.run(moves, asked).await.unwrap().items.into_iter().map(|one| one.party_id).collect::<Vec<_>>()
    };
    assert_eq!((went(0, 0, Way::Entered).await, went(0, 0, Way::Left).await), (vec![two, one], vec![]));
    assert_eq!((went(1, 1, Way::Entered).await, went(1, 1, Way::Left).await), (vec![three], vec![two]));
    assert_eq!((went(2, 2, Way::Entered).await, went(2, 2, Way::Left).await), (vec![two], vec![one]));
    assert_eq!((went(1, 2, Way::Entered).await, went(1, 2, Way::Left).await), (vec![three], vec![one]), "who was away between is back");
    assert_eq!((went(0, 2, Way::Entered).await, went(0, 2, Way::Left).await), (vec![three, two], vec![]), "who came and went did neither");
    assert_eq!(went(0, 1, Way::Entered).await, [three, one], "as it was then");
    let wrong = ListMoves { id: segment.id, from: today, until: today.plus(-1), way: Way::Left, after: None, limit: None };
    assert_eq!(problem(ctx.run(moves, wrong).await).0, "until");
    // A year later nobody asks any more.
    build_at(&ctx, 400 * DAY).await;
    let (kept,): (i64,) = ctx.app.db.one(sql("SELECT count(*) FROM segment_past")).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_segment_within_another_is_built_first() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "الف").await;
    // Made in the wrong order: the outer one has the smaller id.
    let outer = add(&ctx, "بیرونی", json!({"all": []})).await;
    let inner = add(&ctx, "درونی", tagged("طلایی")).await;
    let change = SegmentChange { id: outer.id, version: 1, name: None, rule: Some(json!({"in": inner.id})), is_shared: None };
    let changed = ctx.run(update, change).await.unwrap();
    assert!(changed.sentence.contains("درونی"), "{}", changed.sentence);
    build_at(&ctx, 0).await;
    assert_eq!(size_of(&ctx, outer.id).await, Some(0));
    put_tag(&ctx, "طلایی", &[party], false).await;
    ctx.run(refresh, SegmentId { id: inner.id }).await.unwrap();
    build_at(&ctx, 0).await;
    assert_eq!(size_of(&ctx, outer.id).await, Some(1), "what changed within reaches it");
    assert_eq!(problem(ctx.run(delete, SegmentId { id: inner.id }).await), ("id".into(), "segments-used".into()));
}

#[tokio::test]
async fn a_segment_cannot_contain_itself() {
    let ctx = testing::ctx().await;
    let one = add(&ctx, "یک", tagged("الف")).await;
    let two = add(&ctx, "دو", json!({"any": [{"in": one.id}, {"tag": "ب"}]})).await;
    let three = add(&ctx, "سه", json!({"not": {"in": two.id}})).await;
    let change = |rule: Value| SegmentChange { id: one.id, version: 1, name: None, rule: Some(rule), is_shared: None };
    match ctx.run(update, change(json!({"all": [{"in": three.id}]}))).await {
        Err(Error::Invalid(Fields(problems))) => {
            assert_eq!(problems[0].key, "segments-circle");
            assert_eq!(problems[0].args[0].1, "«یک» > «سه» > «دو» > «یک»");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(problem(ctx.run(update, change(json!({"in": one.id}))).await), ("rule".into(), "segments-circle".into()));
    assert_eq!(problem(ctx.run(update, change(json!({"in": ctx.id::<Segment>()}))).await), ("rule".into(), "segments-part-unknown".into()));
    let unknown = NewSegment { name: "چهار".into(), rule: json!({"in": ctx.id::<Segment>()}), is_shared: false };
    assert_eq!(problem(ctx.run(create, unknown).await), ("rule".into(), "segments-part-unknown".into()));
}

#[tokio::test]
async fn a_change_over_what_somebody_else_changed_is_refused() {
    let ctx = testing::ctx().await;
    let segment = add(&ctx, "یک", tagged("الف")).await;
    let rename = |version: i64| SegmentChange { id: segment.id, version, name: Some("دو".into()), rule: None, is_shared: Some(false) };
    let changed = ctx.run(update, rename(1)).await.unwrap();
    assert_eq!((&*changed.name, changed.is_shared, changed.version), ("دو", false, 2));
    assert_eq!(problem(ctx.run(update, rename(1)).await), ("version".into(), "segments-changed-meanwhile".into()));
    let nameless = NewSegment { name: " ".into(), rule: json!({"all": [{"any": []}]}), is_shared: false };
    match ctx.run(create, nameless).await {
        Err(Error::Invalid(Fields(problems))) => {
            let places: Vec<&str> = problems.iter().map(|problem| &*problem.field).collect();
            assert_eq!(places, ["name", "rule.all[0].any"]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_archived_segment_comes_back_by_its_undo() {
    let ctx = testing::ctx().await;
    testing::party(&ctx, "الف").await;
    let segment = add(&ctx, "همه", json!({"all": []})).await;
    let done = ctx.run(delete, SegmentId { id: segment.id }).await.unwrap();
    assert!(ctx.run(list, ListSegments::default()).await.unwrap().items.is_empty());
    assert!(matches!(ctx.run(get, SegmentId { id: segment.id }).await, Err(Error::NotFound(_))));
    build_at(&ctx, 0).await;
    ctx.run(undo::run, RunUndo { id: done.undo }).await.unwrap();
    build_at(&ctx, 0).await;
    assert_eq!(size_of(&ctx, segment.id).await, Some(1));
}

#[tokio::test]
async fn segments_are_listed_by_name_a_page_at_a_time() {
    let ctx = testing::ctx().await;
    for name in ["پ", "الف", "ب"] {
        add(&ctx, name, tagged("طلایی")).await;
    }
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = ctx.run(list, ListSegments { after: after.take(), limit: Some(2) }).await.unwrap();
        names.extend(page.items.into_iter().map(|segment| segment.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["الف", "ب", "پ"]);
    assert_eq!(problem(ctx.run(list, ListSegments { after: Some("x".into()), limit: None }).await).0, "after");
}

#[tokio::test]
async fn nobody_sees_through_a_segment_whom_they_may_not_see() {
    let owner = testing::ctx().await;
    let agent = testing::as_post(&owner.app, "agent", "sara").await;
    let (hidden, own) = (testing::party(&owner, "پنهان").await, testing::party(&agent, "خودی").await);
    let shared = add(&owner, "همه", json!({"all": []})).await;
    let private = NewSegment { name: "خصوصی".into(), rule: json!({"all": []}), is_shared: false };
    let private = owner.run(create, private).await.unwrap();
    build_at(&owner, 0).await;

    assert_eq!(members_of(&owner, shared.id).await, [own, hidden]);
    assert_eq!(members_of(&agent, shared.id).await, [own]);
    assert_eq!((size_of(&owner, shared.id).await, size_of(&agent, shared.id).await), (Some(2), Some(1)));
    assert_eq!(agent.run(list, ListSegments::default()).await.unwrap().items.iter().map(|one| one.size).collect::<Vec<_>>(), [Some(1)]);
    assert_eq!(owner.run(sizes, SegmentId { id: shared.id }).await.unwrap().len(), 1);
    assert!(agent.run(sizes, SegmentId { id: shared.id }).await.unwrap().is_empty(), "its sizes count everybody");
    let try_all = PreviewSegment { rule: json!({"in": shared.id}), limit: Some(5) };
    let seen = agent.run(preview, try_all.clone()).await.unwrap();
    assert_eq!((seen.count, seen.of, seen.items.len()), (1, 1, 1));
    let all = owner.run(preview, try_all).await.unwrap();
    assert_eq!((all.count, all.of, all.items.iter().map(|item| item.id).collect::<Vec<_>>()), (2, 2, vec![own, hidden]));

    let filter = |segment: Id<Segment>| PartyFilters { segment_id: Some(segment), ..Default::default() };
    let listed = agent.run(parties::list, filter(shared.id).into()).await.unwrap();
    assert_eq!(listed.items.iter().map(|item| item.id).collect::<Vec<_>>(), [own]);
    assert_eq!(agent.run(parties::count, filter(shared.id)).await.unwrap().count, 1);

    assert!(matches!(agent.run(get, SegmentId { id: private.id }).await, Err(Error::NotFound(_))));
    assert!(matches!(agent.run(members, ListMembers { id: private.id, after: None, limit: None }).await, Err(Error::NotFound(_))));
    let through = ("segment_id".to_owned(), "segments-part-unknown".to_owned());
    assert_eq!(problem(agent.run(parties::list, filter(private.id).into()).await), through);
    assert_eq!(problem(agent.run(parties::count, filter(private.id)).await), through);
    let nested = PreviewSegment { rule: json!({"in": private.id}), limit: None };
    assert_eq!(problem(agent.run(preview, nested).await), ("rule".into(), "segments-part-unknown".into()));

    // A head of the unit sees what is shared and what is the unit's, and changes the latter alone.
    let manager = testing::as_post(&owner.app, "manager", "mina").await;
    assert_eq!(size_of(&manager, private.id).await, Some(2));
    let elsewhere = testing::with_rights(
        &owner.app,
        manager.actor.user().unwrap(),
        "mina",
        crate::platform::access::ready_made_posts().remove(1).1,
        vec![owner.id()],
    );
    assert_eq!(size_of(&elsewhere, shared.id).await, Some(0));
    assert!(matches!(elsewhere.run(get, SegmentId { id: private.id }).await, Err(Error::NotFound(_))));
    assert!(matches!(elsewhere.run(refresh, SegmentId { id: shared.id }).await, Err(Error::NotFound(_))));
    // Who may act but reaches only what is their own.
    let mut rights = crate::Rights::full();
    for right in rights.0.values_mut() {
        right.see = crate::platform::access::Reach::Own;
    }
    let reza = testing::with_rights(&owner.app, agent.actor.user().unwrap(), "reza", rights, vec![]);
    assert!(matches!(reza.run(refresh, SegmentId { id: shared.id }).await, Err(Error::NotFound(_))));
    let pick = PickMembers { id: shared.id, party_ids: vec![hidden], pick: Pick::In };
    assert!(matches!(reza.run(super::pick, pick).await, Err(Error::NotFound(_))));
    let theirs = add(&reza, "آن او", json!({"all": []})).await;
    let pick = PickMembers { id: theirs.id, party_ids: vec![hidden], pick: Pick::In };
    assert_eq!(problem(reza.run(super::pick, pick).await), ("party_ids".into(), "segments-pick-unknown".into()));
}

#[tokio::test]
async fn the_list_of_customers_of_a_segment_is_the_same_in_every_order() {
    let ctx = testing::ctx().await;
    let mut expected = Vec::new();
    for number in 0..9 {
        let new = NewParty { name: Some(format!("نام {number}")), ..NewParty::default() };
        let party = ctx.run(crate::parties::party::create, new).await.unwrap().id;
        if number % 2 == 0 {
            expected.push(party);
        }
    }
    put_tag(&ctx, "طلایی", &expected, false).await;
    let segment = add(&ctx, "طلایی‌ها", tagged("طلایی")).await;
    build_at(&ctx, 0).await;
    for sort in parties::Sort::ALL {
        let input = ListParties { segment_id: Some(segment.id), sort: Some(*sort), limit: Some(3), ..Default::default() };
        let first = ctx.run(parties::list, input.clone()).await.unwrap();
        let second = ctx.run(parties::list, ListParties { after: first.next.clone(), ..input }).await.unwrap();
        let mut found: Vec<_> = first.items.iter().chain(&second.items).map(|item| item.id).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{sort}");
    }
}

#[tokio::test]
async fn a_sentence_names_what_the_rule_names() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "الف").await;
    let new =
        NewPurchase {
            party_id: Some(party), amount: Some("100".into()), product_name: Some("چای لاهیجان".into()), ..Default::default()
        };
    ctx.run(purchases::create, new).await.unwrap();
    let (product,): (Id<crate::sales::Product>,) = ctx.app.db.one(sql("SELECT id FROM products")).await.unwrap();
    let (user, unit) = (ctx.actor.user().unwrap(), ctx.actor.unit().unwrap());
    let rule = json!({"all": [
        {"field": {"field": "owner", "is": {"one_of": [user]}}},
        {"field": {"field": "unit", "is": {"one_of": [unit]}}},
        {"did": {"what": "purchase", "product_id": product}},
        {"not": {"field": {"field": "source", "is": {"one_of": ["instagram"]}}}},
    ]});
    let told = ctx.run(preview, PreviewSegment { rule, limit: None }).await.unwrap();
    assert_eq!(told.count, 1);
    for name in ["owner", "shop", "چای لاهیجان", "اینستاگرام"] {
        assert!(told.sentence.contains(name), "{name}: {}", told.sentence);
    }
}

async fn score(ctx: &Ctx, party: Id<Party>, recency: i64, active: Option<f64>) {
    let scores = sql(
        "INSERT INTO party_scores (party_id, recency_days, age_days, occasions, net_minor, repeat_mean_minor, habit, silence, recency, p_active,
                        rfm_fit_id, activity_fit_id, spending_fit_id)
                      VALUES ($1, 1, 1, 1, 0, 0, 'regular', 0, $2, $3, $4, $5, $6)",
    )
    .bind(party)
    .bind(recency)
    .bind(active)
    .bind(Id::<()>::FIRST)
    .bind(Id::<()>::FIRST)
    .bind(Id::<()>::FIRST);
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(scores).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn whoever_has_no_figure_is_not_meant_by_what_is_asked_of_it() {
    let ctx = testing::ctx().await;
    let (one, two, three) = (testing::party(&ctx, "الف").await, testing::party(&ctx, "ب").await, testing::party(&ctx, "پ").await);
    score(&ctx, one, 5, Some(0.8)).await;
    score(&ctx, two, 4, None).await;
    let figure = |field: &str, is: Value| json!({"field": {"field": field, "is": is}});
    let active = || figure("active", json!({"number": {"at_least": 50}}));
    let meant = async |rule: Value| {
        let found = ctx.run(preview, PreviewSegment { rule, limit: None }).await.unwrap();
        found.items.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    assert_eq!(meant(active()).await, [one]);
    assert_eq!(meant(json!({"not": active()})).await, [three, two], "what does not hold is denied");
    assert_eq!(meant(json!({"all": [{"not": active()}, figure("recency", json!({"known": true}))]})).await, [two]);
    assert_eq!(meant(figure("recency", json!({"known": false}))).await, [three]);
    let both = json!({"all": [active(), figure("recency", json!({"number": {"at_most": 4}}))]});
    assert!(meant(both).await.is_empty());
}

#[tokio::test]
async fn only_who_sees_figures_asks_for_them() {
    let owner = testing::ctx().await;
    let party = testing::party(&owner, "الف").await;
    score(&owner, party, 5, None).await;
    let asked = json!({"field": {"field": "recency", "is": {"number": {"at_least": 1}}}});
    let all = PreviewSegment { rule: asked.clone(), limit: None };
    assert_eq!(owner.run(preview, all.clone()).await.unwrap().count, 1);
    let mut rights = crate::Rights::full();
    if let Some(right) = rights.0.get_mut(&Room::Insight) {
        right.see = crate::platform::access::Reach::Own;
    }
    let user = testing::as_post(&owner.app, "agent", "sara").await.actor.user().unwrap();
    let narrow = testing::with_rights(&owner.app, user, "sara", rights.clone(), vec![]);
    assert_eq!(narrow.run(preview, all.clone()).await.unwrap().count, 0, "the figures of others do not count");
    rights.0.remove(&Room::Insight);
    let without = testing::with_rights(&owner.app, user, "sara", rights, vec![]);
    assert!(matches!(without.run(preview, all).await, Err(Error::Forbidden(..))));
    let new = NewSegment { name: "نو".into(), rule: asked, is_shared: false };
    assert!(matches!(without.run(create, new).await, Err(Error::Forbidden(..))));
}

#[tokio::test]
async fn figures_that_are_worked_out_anew_reach_segments() {
    let ctx = testing::ctx().await;
    let party = testing::party(&ctx, "الف").await;
    let segment = add(&ctx, "همه", json!({"all": []})).await;
    crate::platform::jobs::drain(&ctx.app).await.unwrap();
    let is_due = async || ctx.run(get, SegmentId { id: segment.id }).await.unwrap().is_due;
    assert!(!is_due().await);
    let new = NewPurchase { party_id: Some(party), amount: Some("100".into()), product_name: Some("چای".into()), ..Default::default() };
    ctx.run(purchases::create, new).await.unwrap();
    ctx.run(crate::insight::refresh::ask, crate::operation::Nothing {}).await.unwrap();
    crate::platform::jobs::drain(&ctx.app).await.unwrap();
    assert!(is_due().await);
}
