//! People, units and posts.

pub mod closing;
pub mod colleagues;
pub mod explain;
pub mod people;
pub mod posts;
pub mod units;

use crate::platform::text::clean_line;
use crate::{Operations, Problem, Result};
use peyvand_db::{Tx, sql};

/// The operations of the room.
pub fn operations(ops: &mut Operations) {
    colleagues::operations(ops);
    people::operations(ops);
    closing::operations(ops);
    units::operations(ops);
    posts::operations(ops);
    explain::operations(ops);
}

/// Lets one change of people, units and posts go at a time, until the transaction ends: rules over several rows (a tree
/// without a circle, an owner who stays) hold only when nobody changes another row meanwhile.
pub(crate) async fn lock(tx: &mut Tx) -> Result<()> {
    let _: Option<(i64,)> = tx.maybe(sql("SELECT id FROM organisation WHERE id = 1 {for_update}")).await?;
    Ok(())
}

fn one_line(field: &'static str, text: &str, max: usize) -> Result<String, Problem> {
    match clean_line(text, max) {
        Ok(line) if line.is_empty() => Err(Problem::new(field, "input-needed")),
        Ok(line) => Ok(line),
        Err(problem) => Err(Problem::new(field, problem.key()).with("max", max)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Nothing;
    use crate::platform::access::{Reach, Right, Rights, Unit, User};
    use crate::platform::{sessions, set_up};
    use crate::{Act, App, Ctx, Error, Room, testing};
    use peyvand_db::Id;
    use std::collections::BTreeMap;

    /// An owner of an organisation with a tree of units.
    async fn owner() -> Ctx {
        let app = testing::app().await;
        set_up::ensure_ready(&app).await.unwrap();
        testing::as_post(&app, "owner", "owner").await
    }

    async fn unit(ctx: &Ctx, name: &str, parent: Option<Id<Unit>>) -> Id<Unit> {
        ctx.run(units::create, units::NewUnit { name: name.into(), parent_id: parent, head_id: None }).await.unwrap().id
    }

    fn new_user(name: &str, post: &str, unit: Id<Unit>) -> people::NewUser {
        people::NewUser { email: format!("{name}@example.ir"), name: name.into(), post: post.into(), unit_id: Some(unit), password: None }
    }

    fn change(id: Id<User>) -> people::UserChange {
        people::UserChange { id, email: None, name: None, post: None, unit_id: None, password: None, is_active: None }
    }

    /// The caller as every request sees them: looked up by a session.
    async fn signed_in(app: &App, id: Id<User>) -> Ctx {
        let opened = sessions::open(app, id, "192.0.2.1", "").await.unwrap();
        let session = sessions::session(app, &opened.token).await.unwrap().unwrap();
        app.context(crate::Actor::User(session.actor.clone()), crate::Door::Web, session.prefs.clone())
    }

    #[tokio::test]
    async fn a_unit_never_comes_to_stand_below_itself() {
        let ctx = owner().await;
        let top = unit(&ctx, "north", None).await;
        let middle = unit(&ctx, "city", Some(top)).await;
        let low = unit(&ctx, "street", Some(middle)).await;
        for parent in [top, middle, low] {
            let moved = units::UnitChange { id: top, name: "north".into(), parent_id: Some(parent), head_id: None };
            assert!(matches!(ctx.run(units::update, moved).await, Err(Error::Invalid(_))));
        }
        let moved = units::UnitChange { id: low, name: "street".into(), parent_id: Some(top), head_id: None };
        assert_eq!(ctx.run(units::update, moved).await.unwrap().parent_id, Some(top));
        let below = sessions::units_below(&ctx.app, top).await.unwrap();
        assert_eq!(below[0], top);
        assert_eq!(below.len(), 3);
    }

    #[tokio::test]
    async fn the_last_owner_stays() {
        let ctx = owner().await;
        let me = ctx.actor.user().unwrap();
        let refused = |outcome: Result<()>| matches!(outcome, Err(Error::Conflict(_)));
        assert!(refused(ctx.run(closing::deactivate, closing::DeactivateUser { id: me, hand_over_to: None }).await.map(drop)));
        assert!(refused(ctx.run(people::update, people::UserChange { post: Some("agent".into()), ..change(me) }).await.map(drop)));
        assert!(refused(ctx.run(people::update, people::UserChange { is_active: Some(false), ..change(me) }).await.map(drop)));
        let unit = ctx.actor.unit().unwrap();
        ctx.run(people::create, new_user("second", "owner", unit)).await.unwrap();
        ctx.run(closing::deactivate, closing::DeactivateUser { id: me, hand_over_to: None }).await.unwrap();
    }

    #[tokio::test]
    async fn a_person_gets_another_name_post_and_password_and_is_signed_out() {
        let ctx = owner().await;
        let north = unit(&ctx, "north", None).await;
        let person = ctx.run(people::create, new_user("sara", "agent", north)).await.unwrap();
        let opened = sessions::open(&ctx.app, person.id, "192.0.2.1", "").await.unwrap();
        let named = people::UserChange { name: Some("سارا محمدی".into()), post: Some("manager".into()), ..change(person.id) };
        let after = ctx.run(people::update, named).await.unwrap();
        assert_eq!((after.name.as_str(), after.post.as_str(), after.email.as_str()), ("سارا محمدی", "manager", "sara@example.ir"));
        assert!(sessions::session(&ctx.app, &opened.token).await.unwrap().is_some());
        let password = people::UserChange { password: Some("saffron-teapot-41".into()), ..change(person.id) };
        ctx.run(people::update, password).await.unwrap();
        assert!(sessions::session(&ctx.app, &opened.token).await.unwrap().is_none(), "a new password ends every session");
        let taken = people::UserChange { email: Some("owner@example.ir".into()), ..change(person.id) };
        assert!(matches!(ctx.run(people::update, taken).await, Err(Error::Conflict(_))));
    }

    #[tokio::test]
    async fn who_reaches_a_unit_manages_only_its_people_and_gives_no_more_than_they_have() {
        let ctx = owner().await;
        let (north, south) = (unit(&ctx, "north", None).await, unit(&ctx, "south", None).await);
        let street = unit(&ctx, "street", Some(north)).await;
        let rights = Rights(BTreeMap::from([
            (Room::Organisation, Right { see: Reach::Unit, ..Right::FULL }),
            (Room::Parties, Right { see: Reach::Unit, ..Right::NONE }),
        ]));
        let head = ctx.run(posts::create, posts::NewPost { name: "سرپرست".into(), rights }).await.unwrap();
        let clerk = Rights(BTreeMap::from([(Room::Parties, Right { see: Reach::Own, ..Right::NONE })]));
        let clerk = ctx.run(posts::create, posts::NewPost { name: "clerk".into(), rights: clerk }).await.unwrap();
        let boss = ctx.run(people::create, new_user("boss", &head.word, north)).await.unwrap();
        let far = ctx.run(people::create, new_user("far", &clerk.word, south)).await.unwrap();
        let boss = signed_in(&ctx.app, boss.id).await;

        let near = boss.run(people::create, new_user("near", &clerk.word, street)).await.unwrap();
        let mut seen: Vec<String> =
            boss.run(people::list, people::ListUsers::default()).await.unwrap().items.into_iter().map(|person| person.name).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["boss", "near"]);
        assert_eq!(boss.run(units::list, Nothing {}).await.unwrap().len(), 2);
        assert!(matches!(boss.run(people::create, new_user("x", &clerk.word, south)).await, Err(Error::Invalid(_))));
        assert!(matches!(boss.run(people::create, new_user("x", "agent", north)).await, Err(Error::Invalid(_))));
        assert!(matches!(boss.run(people::update, change(far.id)).await, Err(Error::NotFound(_))));
        let promoted = people::UserChange { post: Some("owner".into()), ..change(near.id) };
        assert!(matches!(boss.run(people::update, promoted).await, Err(Error::Invalid(_))));
        // An owner who sits in the unit is not in the hands of its head.
        let chief = ctx.run(people::create, new_user("chief", "owner", north)).await.unwrap();
        let taken = people::UserChange { password: Some("یک جمله‌ی کوتاه".into()), ..change(chief.id) };
        assert!(matches!(boss.run(people::update, taken).await, Err(Error::Conflict(_))));
        assert!(matches!(
            boss.run(posts::update, posts::PostChange { id: clerk.id, name: Some("y".into()), rights: None }).await,
            Err(Error::Forbidden(_))
        ));
        assert!(matches!(
            boss.run(units::create, units::NewUnit { name: "top".into(), parent_id: None, head_id: None }).await,
            Err(Error::Invalid(_))
        ));
    }

    #[tokio::test]
    async fn a_changed_post_is_felt_at_once_and_a_closed_account_is_out() {
        let ctx = owner().await;
        let place = ctx.actor.unit().unwrap();
        let post = posts::NewPost { name: "clerk".into(), rights: Rights::default() };
        let post = ctx.run(posts::create, post).await.unwrap();
        let person = ctx.run(people::create, new_user("sara", "clerk", place)).await.unwrap();
        let opened = sessions::open(&ctx.app, person.id, "192.0.2.1", "").await.unwrap();
        let can_see = || async {
            let session = sessions::session(&ctx.app, &opened.token).await.unwrap()?;
            Some(session.actor.rights.of(Room::Parties).allows(Act::See))
        };
        assert_eq!(can_see().await, Some(false));
        let wider = Rights(BTreeMap::from([(Room::Parties, Right { see: Reach::Own, ..Right::NONE })]));
        ctx.run(posts::update, posts::PostChange { id: post.id, name: None, rights: Some(wider) }).await.unwrap();
        assert_eq!(can_see().await, Some(true));
        ctx.run(closing::deactivate, closing::DeactivateUser { id: person.id, hand_over_to: None }).await.unwrap();
        assert_eq!(can_see().await, None);
    }

    #[tokio::test]
    async fn ready_made_posts_stay_and_the_owners_keeps_every_right() {
        let ctx = owner().await;
        let all = ctx.run(posts::list, Nothing {}).await.unwrap();
        assert_eq!(all.iter().map(|post| post.word.as_str()).collect::<Vec<_>>(), ["owner", "manager", "agent"]);
        for post in &all {
            assert!(matches!(ctx.run(posts::delete, posts::DeletePost { id: post.id }).await, Err(Error::Conflict(_))));
        }
        let less = posts::PostChange { id: all[0].id, name: None, rights: Some(Rights::default()) };
        assert!(matches!(ctx.run(posts::update, less).await, Err(Error::Invalid(_))));
        let own = ctx.run(posts::create, posts::NewPost { name: "clerk".into(), rights: Rights::default() }).await.unwrap();
        let again = posts::NewPost { name: "Clerk".into(), rights: Rights::default() };
        assert!(matches!(ctx.run(posts::create, again).await, Err(Error::Conflict(_))));
        ctx.run(posts::delete, posts::DeletePost { id: own.id }).await.unwrap();
    }

    #[tokio::test]
    async fn why_somebody_can_or_cannot_is_said_in_a_sentence() {
        let ctx = owner().await;
        let (north, south) = (unit(&ctx, "north", None).await, unit(&ctx, "south", None).await);
        let agent = ctx.run(people::create, new_user("sara", "agent", north)).await.unwrap().id;
        let manager = ctx.run(people::create, new_user("reza", "manager", south)).await.unwrap().id;
        let ask = |user_id, room, act| explain::Explain { user_id, room, act, party_id: None };
        let why = |explain| async { ctx.run(explain::explain, explain).await.unwrap() };
        assert_eq!(why(ask(agent, Room::Parties, Act::See)).await.reason, explain::Reason::InGeneral);
        assert_eq!(why(ask(agent, Room::Parties, Act::Delete)).await.reason, explain::Reason::NoAct);
        assert_eq!(why(ask(agent, Room::Audit, Act::See)).await.reason, explain::Reason::NoRoom);
        assert_eq!(why(ask(ctx.actor.user().unwrap(), Room::Audit, Act::See)).await.reason, explain::Reason::All);
        // About one customer it is an answer, not a rule.
        let (theirs, nobodys) = (testing::party(&signed_in(&ctx.app, agent).await, "سارا").await, testing::party(&ctx, "رضا").await);
        let about = |user_id, party| explain::Explain { party_id: Some(party), ..ask(user_id, Room::Parties, Act::See) };
        assert_eq!(why(about(agent, theirs)).await.reason, explain::Reason::Own);
        assert_eq!(why(about(agent, nobodys)).await.reason, explain::Reason::Elsewhere);
        assert!(matches!(ctx.run(explain::explain, about(agent, ctx.id())).await, Err(Error::NotFound("party"))));
        let closed = ctx.run(closing::deactivate, closing::DeactivateUser { id: manager, hand_over_to: None }).await;
        closed.unwrap();
        let answer = why(ask(manager, Room::Parties, Act::See)).await;
        assert!(!answer.allowed);
        assert!(answer.sentence.contains("reza"), "{}", answer.sentence);
    }

    #[test]
    fn rights_cover_each_other_room_by_room() {
        let of = |see, create| Rights(BTreeMap::from([(Room::Parties, Right { see, create, ..Right::NONE })]));
        assert!(posts::covers(&of(Reach::Unit, true), &of(Reach::Own, true)));
        assert!(!posts::covers(&of(Reach::Own, true), &of(Reach::Unit, false)));
        assert!(!posts::covers(&of(Reach::All, false), &of(Reach::Own, true)));
        assert!(posts::covers(&Rights::default(), &of(Reach::Nothing, true)));
        assert!(posts::covers(&Rights::full(), &Rights::full()));
    }
}
