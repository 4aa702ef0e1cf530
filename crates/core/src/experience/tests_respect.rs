use super::acts::{self, ActDone, ActSeen, GetRespect, ListActs, SkipAct};
use super::incidents::{self, Incident, IncidentId, IncidentSource, ListIncidents, OpenIncident, ResolveIncident};
use super::protocols::{self, ActKind, BeginProtocol, Begins, ListProtocols, NewProtocol, NewStep, ProtocolId, ProtocolSeen};
use super::tests::problem;
use super::{Stage, holds, keep};
use crate::follow_ups::{self, ListFollowUps};
use crate::parties::Party;
use crate::platform::jobs::Outcome;
use crate::platform::time::HOUR;
use crate::service::clock::ShopHours;
use crate::{Ctx, Error, Id, testing};
use peyvand_db::sql;

async fn at_stage(ctx: &Ctx, party: Id<Party>, stage: Stage) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    let insert = sql("INSERT INTO stage_memberships (party_id, place, kind, stage, standing, entered_on, transition_id)
                      VALUES ($1, 0, 'enter', $2, 'active', '2026-01-01', $3)");
    tx.run(insert.bind(party).bind(stage).bind(ctx.id::<Party>())).await.unwrap();
    tx.commit().await.unwrap();
}

/// One at that stage, looked after by who asks.
async fn customer(ctx: &Ctx, name: &str, stage: Stage) -> Id<Party> {
    let party = testing::party(ctx, name).await;
    at_stage(ctx, party, stage).await;
    party
}

fn breach(party: Id<Party>, severity: i64) -> OpenIncident {
    OpenIncident {
        party_id: Some(party), severity: Some(severity), words: "یک ساعت در صف ماند".into(), ..OpenIncident::default()
    }
}

fn resolve(one: &Incident) -> ResolveIncident {
    ResolveIncident { id: one.id, root_cause: "کمبود نیرو".into(), action: "عذرخواهی".into(), recovery_score: Some(5) }
}

async fn held(ctx: &Ctx, party: Id<Party>) -> bool {
    let mut tx = ctx.app.db.snapshot().await.unwrap();
    let is_held = holds::is_held(&mut tx, party).await.unwrap();
    tx.commit().await.unwrap();
    is_held
}

/// A later moment of the same program.
fn later(ctx: &Ctx, hours: i64) -> Ctx {
    Ctx { now: ctx.now().plus(hours * HOUR), ..ctx.clone() }
}

async fn night(ctx: &Ctx) {
    let (_keep, stop) = tokio::sync::watch::channel(false);
    assert_eq!(keep::run(ctx, None, &stop).await.unwrap(), Outcome::Done);
}

#[tokio::test]
async fn an_incident_holds_promotion_back_until_it_is_made_good() {
    let ctx = testing::ctx().await;
    let party = customer(&ctx, "سارا", Stage::Loyal).await;
    assert_eq!(problem(ctx.run(incidents::open, breach(party, 4)).await).0, "severity");
    assert_eq!(problem(ctx.run(incidents::open, OpenIncident { words: " ".into(), ..breach(party, 1) }).await).0, "words");
    assert_eq!(problem(ctx.run(incidents::open, OpenIncident { party_id: None, ..breach(party, 1) }).await).0, "customer");
    ctx.run(incidents::open, breach(party, 1)).await.unwrap();
    assert!(!held(&ctx, party).await, "a slight one does not stop anything");
    let grave = ctx.run(incidents::open, breach(party, 2)).await.unwrap();
    assert!(held(&ctx, party).await);
    assert_eq!(holds::seen(&ctx, party).await.unwrap().map(|hold| hold.severity), Some(2));
    assert_eq!((grave.stage, grave.source, grave.needs_two()), (Stage::Loyal, IncidentSource::StaffReport, false));
    let open = ListIncidents { open: Some(true), limit: Some(1), ..ListIncidents::default() };
    let first = ctx.run(incidents::list, open.clone()).await.unwrap();
    assert_eq!(first.items[0].id, grave.id, "what is due first is first");
    let rest = ctx.run(incidents::list, ListIncidents { after: first.next, ..open }).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));

    assert_eq!(problem(ctx.run(incidents::confirm, IncidentId { id: grave.id }).await).1, "experience-incident-unresolved");
    let wrong = ResolveIncident { action: String::new(), recovery_score: Some(6), ..resolve(&grave) };
    let Err(Error::Invalid(fields)) = ctx.run(incidents::resolve, wrong).await else { panic!("refused") };
    assert_eq!(fields.0.len(), 2);
    let over = ctx.run(incidents::resolve, resolve(&grave)).await.unwrap();
    assert!(over.closed_at.is_some() && !held(&ctx, party).await);
    assert_eq!(problem(ctx.run(incidents::resolve, resolve(&grave)).await).1, "experience-incident-resolved-already");
    let all = ListIncidents { party_id: Some(party), limit: Some(1), ..ListIncidents::default() };
    let newest = ctx.run(incidents::list, all.clone()).await.unwrap();
    let older = ctx.run(incidents::list, ListIncidents { after: newest.next, ..all }).await.unwrap();
    assert_ne!(newest.items[0].id, older.items[0].id);
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert!(matches!(agent.run(incidents::get, IncidentId { id: grave.id }).await, Err(Error::NotFound(_))));
    assert!(matches!(agent.run(incidents::resolve, resolve(&grave)).await, Err(Error::NotFound(_))));
    assert_eq!(holds::seen(&agent, party).await.unwrap(), None);
}

#[tokio::test]
async fn with_an_advocate_owner_and_manager_have_four_hours_of_work_and_another_confirms() {
    let ctx = testing::ctx().await;
    let boss = testing::as_post(&ctx.app, "manager", "boss").await;
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE units SET head_id = $1").bind(boss.actor.user())).await.unwrap();
    tx.commit().await.unwrap();
    let party = customer(&ctx, "نرگس", Stage::Advocate).await;
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET owner_id = $1 WHERE id = $2").bind(agent.actor.user()).bind(party)).await.unwrap();
    tx.commit().await.unwrap();
    let one = agent.run(incidents::open, breach(party, 2)).await.unwrap();
    let tasks = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..ListFollowUps::default() }).await.unwrap().items;
    let mut doers: Vec<_> = tasks.iter().map(|task| task.owner_id).collect();
    doers.sort_unstable();
    let mut meant = vec![agent.actor.user().unwrap(), boss.actor.user().unwrap()];
    meant.sort_unstable();
    assert_eq!(doers, meant);
    let due = ShopHours::default().after(ctx.now(), 4, &ctx.app.organisation().await.unwrap().zone());
    assert_eq!(one.due_at, due);
    assert!(tasks.iter().all(|task| task.due_at == due));

    let resolved = agent.run(incidents::resolve, resolve(&one)).await.unwrap();
    assert!(resolved.closed_at.is_none() && held(&ctx, party).await, "it waits for somebody else");
    assert_eq!(problem(agent.run(incidents::confirm, IncidentId { id: one.id }).await).1, "experience-incident-own");
    let closed = boss.run(incidents::confirm, IncidentId { id: one.id }).await.unwrap();
    assert!(closed.closed_at.is_some() && closed.confirmed_by == boss.actor.user() && !held(&ctx, party).await);
    assert_eq!(problem(boss.run(incidents::confirm, IncidentId { id: one.id }).await).1, "experience-incident-closed-already");
    // Of one that looks after nobody, the head of the unit has it alone.
    let mut tx = ctx.app.db.begin().await.unwrap();
    tx.run(sql("UPDATE parties SET owner_id = NULL WHERE id = $1").bind(party)).await.unwrap();
    tx.commit().await.unwrap();
    boss.run(incidents::open, breach(party, 3)).await.unwrap();
    let tasks = ctx.run(follow_ups::list, ListFollowUps { party_id: Some(party), ..ListFollowUps::default() }).await.unwrap().items;
    assert_eq!(
        tasks.iter().map(|task| Some(task.owner_id)).collect::<Vec<_>>(),
        [boss.actor.user()],
        "those of the first are done with it"
    );
}

fn step(act: ActKind, due_hours: i64) -> NewStep {
    NewStep { act, words: None, due_hours }
}

fn terms(stages: &[Stage]) -> NewProtocol {
    NewProtocol {
        name: "پس از خرید".into(),
        stages: stages.to_vec(),
        steps: vec![step(ActKind::FollowUpCall, 27), step(ActKind::Card, 54)],
        ..NewProtocol::default()
    }
}

async fn open_acts(ctx: &Ctx, party: Id<Party>) -> Vec<ActSeen> {
    ctx.run(acts::list, ListActs { party_id: Some(party), own: Some(true), ..ListActs::default() }).await.unwrap().items
}

async fn buys(ctx: &Ctx, party: Id<Party>) {
    let mut tx = ctx.app.db.begin().await.unwrap();
    let day = ctx.now().day(&ctx.app.organisation().await.unwrap().zone());
    let insert = sql("INSERT INTO purchases (id, party_id, at, day, currency, gross_minor, refund_minor, lines, created_at)
                      VALUES ($1, $2, $3, $4, 'IRR', 1000, 0, 1, $3)");
    tx.run(insert.bind(ctx.id::<Party>()).bind(party).bind(ctx.now().plus(-HOUR)).bind(day)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_protocol_begins_once_after_a_purchase_and_ones_own_takes_its_place() {
    let ctx = testing::ctx().await;
    let (loyal, advocate, other) = (
        customer(&ctx, "لاله", Stage::Loyal).await,
        customer(&ctx, "امید", Stage::Advocate).await,
        customer(&ctx, "پری", Stage::Actual).await,
    );
    for (wrong, field) in [
        (NewProtocol { name: " ".into(), ..terms(&[Stage::Loyal]) }, "name"),
        (NewProtocol { steps: Vec::new(), ..terms(&[Stage::Loyal]) }, "steps"),
        (NewProtocol { steps: vec![step(ActKind::Own, 9)], ..terms(&[Stage::Loyal]) }, "steps"),
        (NewProtocol { steps: vec![step(ActKind::Card, 0)], ..terms(&[Stage::Loyal]) }, "steps"),
        (terms(&[]), "stages"),
        (NewProtocol { party_id: Some(loyal), ..terms(&[Stage::Loyal]) }, "stages"),
    ] {
        assert_eq!(problem(ctx.run(protocols::create, wrong).await).0, field);
    }
    let shared = ctx.run(protocols::create, terms(&[Stage::Loyal, Stage::Advocate])).await.unwrap();
    let words = NewStep { words: Some("چای ایرانی".into()), ..step(ActKind::Own, 9) };
    let own = NewProtocol { stages: Vec::new(), party_id: Some(advocate), steps: vec![words], ..terms(&[]) };
    let own = ctx.run(protocols::create, own).await.unwrap();
    let by_hand = ctx.run(protocols::create, NewProtocol { begins: Some(Begins::ByHand), ..terms(Stage::ALL) }).await.unwrap();
    let names = |seen: Vec<ProtocolSeen>| seen.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(names(protocols::of_party(&ctx, advocate).await.unwrap()), [own.id]);
    assert_eq!(names(protocols::of_party(&ctx, loyal).await.unwrap()), [shared.id, by_hand.id]);
    let page = ctx.run(protocols::list, ListProtocols { limit: Some(2), ..ListProtocols::default() }).await.unwrap();
    let rest = ctx.run(protocols::list, ListProtocols { after: page.next, limit: Some(2) }).await.unwrap();
    assert_eq!((page.items.len(), rest.items.len()), (2, 1));

    night(&ctx).await;
    for party in [loyal, advocate, other] {
        buys(&ctx, party).await;
    }
    buys(&ctx, loyal).await;
    for _ in 0..2 {
        night(&ctx).await;
    }
    let owed = open_acts(&ctx, loyal).await;
    assert_eq!(owed.iter().map(|act| act.act).collect::<Vec<_>>(), [ActKind::FollowUpCall, ActKind::Card], "one day is one occasion");
    assert_eq!(open_acts(&ctx, advocate).await[0].words.as_deref(), Some("چای ایرانی"));
    assert!(open_acts(&ctx, other).await.is_empty());
    let due = ListActs { before: Some(owed[0].due_at.plus(1)), limit: Some(1), ..ListActs::default() };
    let first = ctx.run(acts::list, due.clone()).await.unwrap();
    let second = ctx.run(acts::list, ListActs { after: first.next, ..due }).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (1, 1, None));

    ctx.run(protocols::begin, BeginProtocol { id: by_hand.id, party_id: other }).await.unwrap();
    assert_eq!(open_acts(&ctx, other).await.len(), 2);
    let not_theirs = BeginProtocol { id: own.id, party_id: other };
    assert!(matches!(ctx.run(protocols::begin, not_theirs).await, Err(Error::NotFound(_))));
    ctx.run(protocols::archive, ProtocolId { id: by_hand.id }).await.unwrap();
    assert!(matches!(ctx.run(protocols::archive, ProtocolId { id: by_hand.id }).await, Err(Error::NotFound(_))));
    assert_eq!(open_acts(&ctx, other).await.len(), 2, "what was promised stays");
}

#[tokio::test]
async fn acts_are_done_with_a_proof_or_left_out_with_a_reason_and_counted() {
    let ctx = testing::ctx().await;
    let party = customer(&ctx, "لاله", Stage::Loyal).await;
    let protocol = ctx.run(protocols::create, NewProtocol { begins: Some(Begins::ByHand), ..terms(&[Stage::Loyal]) }).await.unwrap();
    for days in 0..3 {
        ctx_begin(&later(&ctx, days * 24), protocol.id, party).await;
    }
    let owed = open_acts(&ctx, party).await;
    assert_eq!(owed.len(), 6);
    for act in &owed[..4] {
        let done = ctx.run(acts::done, ActDone { id: act.id, proof: Some("زنگ زدم".into()) }).await.unwrap();
        assert_eq!((done.done_at, done.proof.as_deref()), (Some(ctx.now()), Some("زنگ زدم")));
    }
    assert_eq!(problem(ctx.run(acts::done, ActDone { id: owed[0].id, proof: None }).await).1, "experience-act-over");
    assert_eq!(problem(ctx.run(acts::skip, SkipAct { id: owed[4].id, reason: " ".into() }).await).0, "reason");
    let skipped = ctx.run(acts::skip, SkipAct { id: owed[4].id, reason: "خودشان خواستند".into() }).await.unwrap();
    assert_eq!(skipped.skipped_reason.as_deref(), Some("خودشان خواستند"));
    assert_eq!(problem(ctx.run(acts::skip, SkipAct { id: owed[4].id, reason: "باز".into() }).await).1, "experience-act-over");
    let late = later(&ctx, 40 * 24);
    late.run(acts::done, ActDone { id: owed[5].id, proof: None }).await.unwrap();
    let seen = late.run(acts::respect, GetRespect { party_id: Some(party) }).await.unwrap();
    assert_eq!(seen.fidelity.count, 6);
    assert!((seen.fidelity.value.unwrap() - 4.0 / 6.0).abs() < 1e-9, "too late is not in time, and left out is not done");
    assert_eq!((seen.perceived.count, seen.perceived.value), (0, None));
    let all = late.run(acts::respect, GetRespect::default()).await.unwrap();
    assert_eq!((all.fidelity.count, all.fidelity.needs, all.fidelity.value), (6, 30, None), "of few nothing is said");
    let agent = testing::as_post(&ctx.app, "agent", "agent").await;
    assert_eq!(agent.run(acts::respect, GetRespect::default()).await.unwrap().fidelity.count, 0);
    assert!(matches!(agent.run(acts::respect, GetRespect { party_id: Some(party) }).await, Err(Error::NotFound(_))));
    assert!(matches!(agent.run(acts::done, ActDone { id: owed[5].id, proof: None }).await, Err(Error::NotFound(_))));
}

async fn ctx_begin(ctx: &Ctx, id: Id<protocols::Protocol>, party: Id<Party>) {
    ctx.run(protocols::begin, BeginProtocol { id, party_id: party }).await.unwrap();
}

#[tokio::test]
async fn too_little_done_for_an_advocate_is_warned_of_once_before_they_complain() {
    let ctx = testing::ctx().await;
    let (advocate, loyal) = (customer(&ctx, "امید", Stage::Advocate).await, customer(&ctx, "لاله", Stage::Loyal).await);
    let protocol =
        ctx.run(protocols::create, NewProtocol { begins: Some(Begins::ByHand), ..terms(&[Stage::Loyal, Stage::Advocate]) }).await.unwrap();
    for party in [advocate, loyal] {
        for days in 0..3 {
            ctx_begin(&later(&ctx, days * 24), protocol.id, party).await;
        }
    }
    night(&later(&ctx, 2)).await;
    let of = |ctx: &Ctx| {
        let ctx = ctx.clone();
        async move { ctx.run(incidents::list, ListIncidents::default()).await.unwrap().items }
    };
    assert!(of(&ctx).await.is_empty(), "nothing is due yet");
    let after = later(&ctx, 30 * 24);
    for _ in 0..2 {
        night(&after).await;
    }
    let warned = of(&ctx).await;
    assert_eq!(warned.len(), 1);
    assert_eq!((warned[0].party_id, warned[0].severity, warned[0].source), (advocate, 1, IncidentSource::ProtocolBreach));
    assert!(!held(&ctx, advocate).await);
    night(&later(&ctx, 31 * 24)).await;
    assert_eq!(of(&ctx).await.len(), 1, "once");
}

#[tokio::test]
async fn what_an_incident_gave_to_do_is_done_when_it_is_over() {
    let ctx = testing::ctx().await;
    let open = |ctx: &Ctx| {
        let ctx = ctx.clone();
        async move {
            ctx.run(follow_ups::list, ListFollowUps { state: Some(follow_ups::State::Open), ..ListFollowUps::default() })
                .await
                .unwrap()
                .items
                .len()
        }
    };
    let party = customer(&ctx, "سارا", Stage::Loyal).await;
    let one = ctx.run(incidents::open, breach(party, 2)).await.unwrap();
    assert_eq!(open(&ctx).await, 1);
    ctx.run(incidents::resolve, resolve(&one)).await.unwrap();
    assert_eq!(open(&ctx).await, 0);
    // With an advocate it is over when another has confirmed it.
    let advocate = customer(&ctx, "مینا", Stage::Advocate).await;
    let one = ctx.run(incidents::open, breach(advocate, 2)).await.unwrap();
    let planned = open(&ctx).await;
    assert!(planned >= 1);
    ctx.run(incidents::resolve, resolve(&one)).await.unwrap();
    assert_eq!(open(&ctx).await, planned);
    let other = testing::as_post(&ctx.app, "owner", "negar").await;
    other.run(incidents::confirm, IncidentId { id: one.id }).await.unwrap();
    assert_eq!(open(&ctx).await, 0);
}
