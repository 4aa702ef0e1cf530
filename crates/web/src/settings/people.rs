//! People and units.

use super::{Frame, answer, done, frame, problems_of};
use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, go, post_name};
use crate::request::{Form, Req};
use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use peyvand_core::operation::{Nothing, PAGE_MAX};
use peyvand_core::organisation::closing::{self, DeactivateUser, Held, Holdings};
use peyvand_core::organisation::explain::{self, Explain, Explanation};
use peyvand_core::organisation::people::{self, ListUsers, NewUser, Person, UserChange};
use peyvand_core::organisation::posts;
use peyvand_core::organisation::units::{self, NewUnit, UnitChange, UnitRow};
use peyvand_core::platform::access::{Unit, User};
use peyvand_core::{Act, Error, Id, Problem, Room};
use serde::Deserialize;

/// Addresses of these pages.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/settings/people", get(list).post(create))
        .route("/settings/people/new", get(new))
        .route("/settings/people/{id}", get(show).post(update))
        .route("/settings/people/{id}/close", post(close))
        .route("/settings/people/{id}/open", post(open))
        .route("/settings/units", get(all_units).post(create_unit))
        .route("/settings/units/{id}", get(one_unit).post(update_unit))
}

/// Values of a select: stored word and label.
type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "settings/people.html")]
struct PeoplePage {
    s: Frame,
    items: Vec<Person>,
    next: Option<String>,
    may_add: bool,
}

impl PeoplePage {
    fn post(&self, person: &Person) -> String {
        post_name(&self.s, &person.post, person.post_name.as_deref())
    }
}

async fn list(req: Req, Form(filter): Form<ListUsers>) -> PageResult {
    let page = req.ctx.run(people::list, filter).await?;
    let view = PeoplePage {
        s: frame(&req, "/settings/people", None),
        items: page.items,
        next: page.next.map(|next| format!("/settings/people?after={next}")),
        may_add: req.can(Room::Organisation, Act::Create),
    };
    answer(&req, &view, false)
}

#[derive(Template)]
#[template(path = "settings/person.html")]
struct PersonPage {
    s: Frame,
    f: FormView,
    person: Option<Person>,
    posts: Options,
    units: Options,
    rooms: Options,
    acts: Options,
    explanation: Option<Explanation>,
    may_change: bool,
    may_close: bool,
    /// What the person looks after, when there is something to hand over.
    held: Option<Held>,
    /// Who may take over.
    takers: Options,
}

impl PersonPage {
    async fn new(req: &Req, person: Option<Person>, f: FormView) -> Result<PersonPage, Error> {
        let title = person.as_ref().map_or_else(|| req.t("people-new"), |person| person.name.clone());
        let posts = req.ctx.run(posts::list, Nothing {}).await?;
        let may_close = person.is_some() && req.can(Room::Organisation, Act::Delete);
        let held = match &person {
            Some(person) if may_close && person.is_active => {
                let held = req.ctx.run(closing::held, people::GetUser { id: person.id }).await?;
                Some(held).filter(|held| !held.holdings.is_empty())
            }
            _ => None,
        };
        let takers = match (&person, &held) {
            (Some(person), Some(held)) => takers(req, person.id, held).await?,
            _ => Options::new(),
        };
        let may_change = req.can(Room::Organisation, if person.is_some() { Act::Change } else { Act::Create });
        Ok(PersonPage {
            s: frame(req, "/settings/people", Some(title)),
            f,
            posts: posts.into_iter().map(|post| (post.word.clone(), post_name(&req.loc, &post.word, post.name.as_deref()))).collect(),
            units: unit_options(req).await?,
            rooms: Room::ALL.iter().map(|room| (room.to_string(), req.t(&format!("room-{}", room.as_str().replace('_', "-"))))).collect(),
            acts: Act::ALL.iter().map(|act| (act.to_string(), req.t(&format!("act-{act}")))).collect(),
            explanation: None,
            may_change,
            may_close,
            held,
            takers,
            person,
        })
    }
}

/// Nobody is chosen beforehand: to whom customers go is a decision.
async fn takers(req: &Req, from: Id<User>, held: &Held) -> Result<Options, Error> {
    let mut takers = vec![(String::new(), req.t("people-hand-over-choose"))];
    if let Some(head) = &held.head {
        takers.push(("head".to_owned(), req.loc.t1("people-hand-over-head", "name", head)));
    }
    let list = ListUsers { is_active: Some(true), limit: Some(PAGE_MAX), ..Default::default() };
    let people = req.ctx.run(people::list, list).await?.items;
    let others = people.into_iter().filter(|person| person.id != from && Some(person.id) != held.head_id);
    takers.extend(others.map(|person| (person.id.to_string(), person.name)));
    takers.push(("nobody".to_owned(), req.t("people-hand-over-nobody")));
    Ok(takers)
}

impl PersonPage {
    fn holds(&self, held: &Held) -> String {
        let Holdings { customers, follow_ups, opportunities } = held.holdings;
        let values = [("customers", customers.into()), ("followups", follow_ups.into()), ("opportunities", opportunities.into())];
        self.s.ta("people-hand-over-holds", &values)
    }
}

async fn unit_options(req: &Req) -> Result<Options, Error> {
    let units = req.ctx.run(units::list, Nothing {}).await?;
    Ok(tree(&units).into_iter().map(|(depth, unit)| (unit.id.to_string(), format!("{}{}", "— ".repeat(depth), unit.name))).collect())
}

/// Units as a tree reads: each followed by those below it, with its depth.
fn tree(units: &[UnitRow]) -> Vec<(usize, &UnitRow)> {
    fn below<'a>(units: &'a [UnitRow], parent: Option<Id<Unit>>, depth: usize, out: &mut Vec<(usize, &'a UnitRow)>) {
        // A circle, which no operation makes, would not end.
        if depth > 20 {
            return;
        }
        for unit in units.iter().filter(|unit| unit.parent_id == parent) {
            out.push((depth, unit));
            below(units, Some(unit.id), depth + 1, out);
        }
    }
    let mut out = Vec::new();
    // For who sees a part of the tree, the top is where their part begins.
    let known = |id: Id<Unit>| units.iter().any(|unit| unit.id == id);
    let mut tops: Vec<Option<Id<Unit>>> = units.iter().map(|unit| unit.parent_id).filter(|parent| !parent.is_some_and(known)).collect();
    tops.sort_unstable();
    tops.dedup();
    for top in tops {
        below(units, top, 0, &mut out);
    }
    out
}

async fn person_of(req: &Req, id: Id<User>) -> Result<Person, Error> {
    req.ctx.run(people::get, people::GetUser { id }).await
}

async fn new(req: Req) -> PageResult {
    super::needs(&req, Room::Organisation, Act::Create)?;
    let unit = req.ctx.actor.unit().map(|unit| unit.to_string()).unwrap_or_default();
    let values = vec![("post".to_owned(), "agent".to_owned()), ("unit_id".into(), unit)];
    let page = PersonPage::new(&req, None, FormView::new(values)).await?;
    answer(&req, &page, false)
}

async fn create(req: Req, sent: Sent) -> PageResult {
    let input = NewUser {
        email: sent.get("email").unwrap_or_default().to_owned(),
        name: sent.get("name").unwrap_or_default().to_owned(),
        post: sent.get("post").unwrap_or_default().to_owned(),
        unit_id: sent.get("unit_id").and_then(|id| id.parse().ok()),
        password: password(&sent),
    };
    match req.ctx.run(people::create, input).await {
        Ok(_) => done(&req, "/settings/people", "people-added"),
        Err(error) => {
            let problems = problems_of(error)?;
            let page = PersonPage::new(&req, None, again(sent, &problems, &req)).await?;
            answer(&req, &page, true)
        }
    }
}

fn password(sent: &Sent) -> Option<String> {
    sent.0.iter().find(|(name, value)| name == "password" && !value.is_empty()).map(|(_, value)| value.clone())
}

fn again(mut sent: Sent, problems: &[Problem], req: &Req) -> FormView {
    sent.0.retain(|(name, _)| name != "password");
    FormView::again(sent, problems, &req.loc)
}

fn values_of(person: &Person) -> Vec<(String, String)> {
    vec![
        ("email".to_owned(), person.email.clone()),
        ("name".into(), person.name.clone()),
        ("post".into(), person.post.clone()),
        ("unit_id".into(), person.unit_id.to_string()),
    ]
}

#[derive(Deserialize)]
struct Why {
    room: Option<Room>,
    act: Option<Act>,
}

async fn show(req: Req, Path(id): Path<Id<User>>, Form(why): Form<Why>) -> PageResult {
    let person = person_of(&req, id).await?;
    let mut values = values_of(&person);
    let mut explanation = None;
    if let (Some(room), Some(act)) = (why.room, why.act) {
        values.extend([("room".into(), room.to_string()), ("act".into(), act.to_string())]);
        explanation = Some(req.ctx.run(explain::explain, Explain { user_id: id, room, act, party_id: None }).await?);
    }
    let page = PersonPage { explanation, ..PersonPage::new(&req, Some(person), FormView::new(values)).await? };
    answer(&req, &page, false)
}

async fn update(req: Req, Path(id): Path<Id<User>>, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).unwrap_or_default().to_owned();
    let change = UserChange {
        id,
        email: Some(text("email")),
        name: Some(text("name")),
        post: Some(text("post")),
        unit_id: sent.get("unit_id").and_then(|unit| unit.parse().ok()),
        password: password(&sent),
        is_active: None,
    };
    match req.ctx.run(people::update, change).await {
        Ok(_) => done(&req, &format!("/settings/people/{id}"), "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            let person = person_of(&req, id).await?;
            let page = PersonPage::new(&req, Some(person), again(sent, &problems, &req)).await?;
            answer(&req, &page, true)
        }
    }
}

async fn close(req: Req, Path(id): Path<Id<User>>, sent: Sent) -> PageResult {
    let hand_over_to = sent.get("hand_over_to").map(str::to_owned);
    match req.ctx.run(closing::deactivate, DeactivateUser { id, hand_over_to }).await {
        Ok(closed) => {
            let undo = closed.undo.map(|undo| undo.to_string());
            Ok(go(&req, "/settings/people", Some(Flash { text: req.t("people-closed"), undo })))
        }
        Err(error) => {
            let problems = problems_of(error)?;
            let person = person_of(&req, id).await?;
            let view = FormView::again(Sent(values_of(&person)), &problems, &req.loc);
            let page = PersonPage::new(&req, Some(person), view).await?;
            answer(&req, &page, true)
        }
    }
}

async fn open(req: Req, Path(id): Path<Id<User>>) -> PageResult {
    let change = UserChange { id, email: None, name: None, post: None, unit_id: None, password: None, is_active: Some(true) };
    req.ctx.run(people::update, change).await?;
    done(&req, &format!("/settings/people/{id}"), "people-opened")
}

#[derive(Template)]
#[template(path = "settings/units.html")]
struct UnitsPage {
    s: Frame,
    f: FormView,
    units: Vec<UnitRow>,
    parents: Options,
    heads: Options,
    /// The unit that is changed; a new one is added when absent.
    unit: Option<Id<Unit>>,
    may_add: bool,
    may_change: bool,
}

impl UnitsPage {
    async fn new(req: &Req, unit: Option<Id<Unit>>, f: FormView) -> Result<UnitsPage, Error> {
        let units = req.ctx.run(units::list, Nothing {}).await?;
        let title = unit.and_then(|id| units.iter().find(|unit| unit.id == id)).map(|unit| unit.name.clone());
        if unit.is_some() && title.is_none() {
            return Err(Error::NotFound("unit"));
        }
        let list = ListUsers { is_active: Some(true), limit: Some(PAGE_MAX), ..Default::default() };
        let heads = req.ctx.run(people::list, list).await?.items;
        Ok(UnitsPage {
            s: frame(req, "/settings/units", title),
            f,
            parents: unit_options(req)
                .await?
                .into_iter()
                .filter(|(id, _)| Some(id) != unit.map(|unit| unit.to_string()).as_ref())
                .collect(),
            heads: heads.into_iter().map(|person| (person.id.to_string(), person.name)).collect(),
            units,
            unit,
            may_add: req.can(Room::Organisation, Act::Create),
            may_change: req.can(Room::Organisation, Act::Change),
        })
    }

    fn tree(&self) -> Vec<(usize, &UnitRow)> {
        tree(&self.units)
    }
}

async fn all_units(req: Req) -> PageResult {
    let page = UnitsPage::new(&req, None, FormView::new(Vec::new())).await?;
    answer(&req, &page, false)
}

async fn one_unit(req: Req, Path(id): Path<Id<Unit>>) -> PageResult {
    let units = req.ctx.run(units::list, Nothing {}).await?;
    let unit = units.into_iter().find(|unit| unit.id == id).ok_or(Error::NotFound("unit"))?;
    let optional = |id: Option<String>| id.unwrap_or_default();
    let values = vec![
        ("name".to_owned(), unit.name),
        ("parent_id".into(), optional(unit.parent_id.map(|id| id.to_string()))),
        ("head_id".into(), optional(unit.head_id.map(|id| id.to_string()))),
    ];
    let page = UnitsPage::new(&req, Some(id), FormView::new(values)).await?;
    answer(&req, &page, false)
}

async fn create_unit(req: Req, sent: Sent) -> PageResult {
    let input = NewUnit {
        name: sent.get("name").unwrap_or_default().to_owned(),
        parent_id: sent.get("parent_id").and_then(|id| id.parse().ok()),
        head_id: sent.get("head_id").and_then(|id| id.parse().ok()),
    };
    match req.ctx.run(units::create, input).await {
        Ok(_) => done(&req, "/settings/units", "units-added"),
        Err(error) => {
            let problems = problems_of(error)?;
            let page = UnitsPage::new(&req, None, FormView::again(sent, &problems, &req.loc)).await?;
            answer(&req, &page, true)
        }
    }
}

async fn update_unit(req: Req, Path(id): Path<Id<Unit>>, sent: Sent) -> PageResult {
    let change = UnitChange {
        id,
        name: sent.get("name").unwrap_or_default().to_owned(),
        parent_id: sent.get("parent_id").and_then(|id| id.parse().ok()),
        head_id: sent.get("head_id").and_then(|id| id.parse().ok()),
    };
    match req.ctx.run(units::update, change).await {
        Ok(_) => done(&req, "/settings/units", "saved"),
        Err(error) => {
            let problems = problems_of(error)?;
            let page = UnitsPage::new(&req, Some(id), FormView::again(sent, &problems, &req.loc)).await?;
            answer(&req, &page, true)
        }
    }
}
