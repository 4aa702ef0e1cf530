//! Talks by a guide: the list with the tags of quotes, writing one down, the page of one, and what comes of its quotes.

use super::cases::{channels, words};
use super::feedback;
use super::sheet::{self, Asked};
use super::surveys::writes;
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{self, Flash, Shell};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::operation::Nothing;
use peyvand_core::organisation::colleagues;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::access::User;
use peyvand_core::platform::locale::{Loc, Prefs};
use peyvand_core::platform::text::{Lang, fold_digits};
use peyvand_core::service::cases::CaseKind;
use peyvand_core::service::fill::Reply;
use peyvand_core::service::interviews::{self as core, Answered, Interview, InterviewId, ListInterviews, RecordInterview};
use peyvand_core::service::quotes::{self, AddQuote, ChangeQuote, ListQuotes, NewQuote, OpenCaseOfQuote, QuoteId};
use peyvand_core::service::surveys::{self, ListSurveys, NewSurvey, Survey, SurveyId, SurveySeen, SurveyState};
use peyvand_core::service::voices::AddVoice;
use peyvand_core::service::{Quote, Sheet};
use peyvand_core::{Act, Error, Id, Perm, Problem, Room};
use serde::Deserialize;

/// Talks of a page, and quotes.
const ROWS: i64 = 50;
/// Rooms for quotes in the form of a new talk; more are added on its page.
const QUOTES: i64 = 3;
/// Guides to choose from.
const GUIDES: i64 = 20;
/// Tags beside the list.
const TAGS: usize = 24;
/// Where the list is.
const HERE: &str = "/service/interviews";

/// Which talks, or which quotes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    party: Option<Id<Party>>,
    by: Option<Id<User>>,
    tag: Option<String>,
    after: Option<String>,
}

impl Which {
    fn address(&self, here: &str) -> String {
        let parts = [
            self.party.map(|party| format!("party={party}")),
            self.by.map(|by| format!("by={by}")),
            self.tag.as_deref().map(|tag| format!("tag={}", page::percent(tag))),
            self.after.as_ref().map(|after| format!("after={after}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { here.to_owned() } else { format!("{here}?{}", parts.join("&")) }
    }
}

/// A talk as a row shows it.
struct Line {
    id: Id<Sheet>,
    name: String,
    with_whom: Option<String>,
    guide: String,
    by: String,
    when: String,
    about: Vec<String>,
    words: Option<String>,
}

fn about(loc: &Loc, one: &Interview) -> Vec<String> {
    let mut about = Vec::new();
    about.extend(one.channel.map(|channel| loc.term("channel", channel.as_str())));
    about.extend(one.minutes.map(|minutes| loc.t1("interviews-took", "minutes", minutes)));
    about
}

fn line(loc: &Loc, one: Interview) -> Line {
    let mut about = about(loc, &one);
    if one.quotes > 0 {
        about.push(loc.t1("interviews-quotes-count", "count", one.quotes));
    }
    Line {
        id: one.id,
        guide: one.name(loc.prefs.lang).to_owned(),
        when: loc.day_near(one.held_at.day(&loc.prefs.time_zone)),
        about,
        words: one.words.as_deref().and_then(|words| words.lines().next()).map(str::to_owned),
        name: one.party,
        with_whom: one.with_whom,
        by: one.held_by,
    }
}

/// Tags beside a list: the tag, its address, of how many quotes.
async fn tags(req: &Req, here: &str) -> Result<Vec<(String, String, String)>, Error> {
    let tags = req.ctx.run(quotes::tags, Nothing {}).await?;
    let of = |one: quotes::TagUsed| {
        let href = Which { tag: Some(one.tag.clone()), ..Which::default() }.address(here);
        (one.tag, href, req.loc.number(one.quotes))
    };
    Ok(tags.into_iter().take(TAGS).map(of).collect())
}

/// What a list is narrowed to: words, and the address without it.
async fn chips(req: &Req, which: &Which, here: &str) -> Result<Vec<(String, String)>, PageError> {
    let first = Which { after: None, ..which.clone() };
    let mut chips = Vec::new();
    if let Some(id) = which.party {
        chips.push((req.ctx.run(party::get, PartyId { id }).await?.row.name, Which { party: None, ..first.clone() }.address(here)));
    }
    if let Some(id) = which.by {
        let name = req.ctx.run(colleagues::list, Nothing {}).await?.into_iter().find(|one| one.id == id).map(|one| one.name);
        chips.push((name.unwrap_or_default(), Which { by: None, ..first.clone() }.address(here)));
    }
    if let Some(tag) = &which.tag {
        chips.push((format!("#{tag}"), Which { tag: None, ..first.clone() }.address(here)));
    }
    Ok(chips)
}

#[derive(Template)]
#[template(path = "service/interviews.html")]
struct InterviewsPage {
    s: Shell,
    lines: Vec<Line>,
    next: Option<String>,
    chips: Vec<(String, String)>,
    tags: Vec<(String, String, String)>,
    /// The guides: name, address, state.
    guides: Vec<(String, String, &'static str)>,
    may_hold: bool,
    may_guide: bool,
}

async fn guides(req: &Req) -> Result<Vec<Survey>, Error> {
    let of = ListSurveys { is_guide: Some(true), limit: Some(GUIDES), ..ListSurveys::default() };
    Ok(req.ctx.run(surveys::list, of).await?.items)
}

/// The list.
pub(super) async fn index(req: Req, Form(which): Form<Which>) -> PageResult {
    crate::layers::signed_in(&req)?;
    let input =
        ListInterviews { party_id: which.party, held_by: which.by, tag: which.tag.clone(), after: which.after.clone(), limit: Some(ROWS) };
    let found = req.ctx.run(core::list, input).await?;
    let lang = req.loc.prefs.lang;
    let guides: Vec<Survey> = guides(&req).await?;
    let view = InterviewsPage {
        lines: found.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        next: found.next.map(|next| Which { after: Some(next), ..which.clone() }.address(HERE)),
        chips: chips(&req, &which, HERE).await?,
        tags: tags(&req, "/service/quotes").await?,
        may_hold: req.can(Room::Service, Act::Create) && guides.iter().any(|one| one.state == SurveyState::Live),
        guides: guides
            .into_iter()
            .filter(|one| one.state != SurveyState::Closed)
            .map(|one| (one.name(lang).to_owned(), format!("/service/surveys/{}", one.id), one.state.as_str()))
            .collect(),
        may_guide: writes(&req, Act::Create),
        s: req.shell("service", req.t("interviews")).crumb(req.t("menu-service"), "/service"),
    };
    page::page(&req, &view)
}

/// Makes a guide in its usual words, to be changed and opened on its page.
pub(super) async fn make_guide(req: Req) -> PageResult {
    let name = |lang| Some(Loc::new(Prefs::of(lang), req.ctx.now()).t("interviews-usual-name"));
    let new = NewSurvey { name_fa: name(Lang::Fa), name_ar: name(Lang::Ar), name_en: name(Lang::En), kinds: None, is_guide: true };
    let made = req.ctx.run(surveys::create, new).await?;
    Ok(page::go(&req, &format!("/service/surveys/{}", made.survey.id), Some(Flash { text: req.t("interviews-guide-made"), undo: None })))
}

/// By which guide, with whom.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    survey: Option<Id<Survey>>,
    party: Option<Id<Party>>,
}

#[derive(Template)]
#[template(path = "service/interview-new.html")]
struct NewPage {
    s: Shell,
    f: FormView,
    guide: Id<Survey>,
    /// Guides that are open: name, address, whether it is this one.
    guides: Vec<(String, String, bool)>,
    party: Option<(Id<Party>, String)>,
    questions: Vec<Asked>,
    channels: Vec<(String, String)>,
    people: Vec<(String, String)>,
    /// The rooms for quotes: 1, 2, …, each with what was written there.
    quotes: Vec<(i64, String, String)>,
}

async fn new_page(
    req: &Req,
    seen: &SurveySeen,
    party: Option<Id<Party>>,
    f: FormView,
    replies: &[Reply],
    problems: &[Problem],
) -> Result<NewPage, PageError> {
    let with = party.map(|party| format!("&party={party}")).unwrap_or_default();
    let party = match party {
        Some(id) => Some((id, req.ctx.run(party::get, PartyId { id }).await?.row.name)),
        None => None,
    };
    let lang = req.loc.prefs.lang;
    let open = guides(req).await?.into_iter().filter(|one| one.state == SurveyState::Live);
    let people = req.ctx.run(colleagues::list, Nothing {}).await?;
    Ok(NewPage {
        guide: seen.survey.id,
        guides: open
            .map(|one| (one.name(lang).to_owned(), format!("{HERE}/new?survey={}{with}", one.id), one.id == seen.survey.id))
            .collect(),
        party,
        questions: sheet::asked(&req.loc, &seen.questions, replies, problems),
        channels: channels(&req.loc),
        people: people.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        quotes: (1..=QUOTES)
            .map(|place| (place, f.value(&format!("quote_{place}")).to_owned(), f.value(&format!("tags_{place}")).to_owned()))
            .collect(),
        f,
        s: req.shell("service", req.t("interviews-new")).crumb(req.t("menu-service"), "/service").crumb(req.t("interviews"), HERE),
    })
}

/// The form of a new talk.
pub(super) async fn fresh(req: Req, Form(of): Form<Of>) -> PageResult {
    crate::layers::signed_in(&req)?;
    req.ctx.actor.check(Perm(Room::Service, Act::Create))?;
    let survey = match of.survey {
        Some(id) => Some(id),
        None => guides(&req).await?.into_iter().find(|one| one.state == SurveyState::Live).map(|one| one.id),
    };
    let Some(id) = survey else { return Ok(page::go(&req, HERE, Some(Flash { text: req.t("interviews-guide-first"), undo: None }))) };
    let seen = req.ctx.run(surveys::get, SurveyId { id }).await?;
    let mut values = FormView::today("held_at", &req.loc).to_vec();
    values.push(("held_by".to_owned(), req.ctx.actor.user().map(|id| id.to_string()).unwrap_or_default()));
    values.push(("channel".to_owned(), "in_person".to_owned()));
    page::page(&req, &new_page(&req, &seen, of.party, FormView::new(values), &[], &[]).await?)
}

/// Tags as people write them: with commas of any script between.
fn split(tags: &str) -> Vec<String> {
    tags.split([',', '،', '؛', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Stores the talk of the form.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    let survey: Id<Survey> = sent.get("survey").and_then(|id| id.parse().ok()).ok_or(Error::NotFound("survey"))?;
    let seen = req.ctx.run(surveys::get, SurveyId { id: survey }).await?;
    let party: Option<Id<Party>> = sent.get("party").and_then(|party| party.parse().ok());
    let replies = sheet::replies(&sent, &seen.questions);
    let quotes = (1..=QUOTES).filter_map(|place| {
        let text = sent.get(&format!("quote_{place}"))?.to_owned();
        Some(NewQuote { text, tags: split(sent.get(&format!("tags_{place}")).unwrap_or_default()) })
    });
    let input = RecordInterview {
        survey_id: survey,
        party_id: party,
        customer: sent.get("party_text").map(str::to_owned),
        with_whom: sent.get("with_whom").map(str::to_owned),
        held_by: sent.get("held_by").and_then(|id| id.parse().ok()),
        held_at: sent.date("held_at").map(str::to_owned),
        channel: sent.get("channel").and_then(|channel| channel.parse().ok()),
        minutes: sent.get("minutes").map(|text| fold_digits(text).trim().parse().unwrap_or(-1)),
        answers: replies.clone(),
        quotes: quotes.collect(),
    };
    match req.ctx.run(core::record, input).await {
        Ok(made) => Ok(to(&req, made.interview.id, "interviews-stored")),
        Err(Error::Invalid(problems)) => {
            let settled = party.filter(|_| sent.get("settled").is_some());
            let f = FormView::again(sent, &problems.0, &req.loc);
            page::unprocessable(&new_page(&req, &seen, settled, f, &replies, &problems.0).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn to(req: &Req, id: Id<Sheet>, text: &str) -> axum::response::Response {
    page::go(req, &format!("{HERE}/{id}"), Some(Flash { text: req.t(text), undo: None }))
}

/// A quote as it is shown, with what may come of it.
struct Card {
    id: Id<Quote>,
    sheet: Option<Id<Sheet>>,
    party: Option<(Id<Party>, String)>,
    text: String,
    /// Each tag with the address of its quotes.
    tags: Vec<(String, String)>,
    /// The tags as they are written in a form.
    written: String,
    when: String,
    is_idea: bool,
    case: Option<String>,
}

fn card(loc: &Loc, one: Quote) -> Card {
    let address = |tag: &String| Which { tag: Some(tag.clone()), ..Which::default() }.address("/service/quotes");
    Card {
        id: one.row.id,
        sheet: one.row.is_talk.then_some(one.row.sheet_id),
        party: one.row.party_id.zip(one.row.party),
        text: one.row.text,
        written: one.tags.join(&loc.t("timeline-comma")),
        tags: one.tags.iter().map(|tag| (tag.clone(), address(tag))).collect(),
        when: loc.day_near(one.row.said_at.day(&loc.prefs.time_zone)),
        is_idea: one.row.idea_id.is_some(),
        case: one.row.case_id.map(|id| format!("/service/cases/{id}")),
    }
}

/// What a quote may become, and of whom.
struct Choices {
    kinds: Vec<(String, String)>,
    reasons: Vec<(String, String)>,
    pieces: Vec<(String, String)>,
    may_change: bool,
    may_idea: bool,
    may_open: bool,
}

async fn choices(req: &Req) -> Result<Choices, PageError> {
    let may_open = req.can(Room::Service, Act::Create);
    Ok(Choices {
        kinds: CaseKind::ALL.iter().map(|kind| (kind.to_string(), req.t(&format!("cases-kind-{kind}")))).collect(),
        reasons: words(req, "case_reason").await?,
        pieces: feedback::pieces(req).await?,
        may_change: req.can(Room::Service, Act::Change),
        may_idea: req.can(Room::Service, Act::Change) && req.can(Room::Interactions, Act::Create),
        may_open,
    })
}

/// A question with its answer: the question, the step in words, the words.
type Told = (String, Option<String>, Option<String>);

#[derive(Template)]
#[template(path = "service/interview.html")]
struct InterviewPage {
    s: Shell,
    f: FormView,
    id: Id<Sheet>,
    party: Id<Party>,
    name: String,
    /// What is known of the talk: word and value.
    facts: Vec<(String, String)>,
    answers: Vec<Told>,
    cards: Vec<Card>,
    choices: Choices,
}

fn told(loc: &Loc, one: &Answered) -> Told {
    let step = one
        .score
        .zip(one.kind.scale())
        .map(|(score, (_, last))| loc.ta("surveys-of-scale", &[("value", loc.number(score).into()), ("last", loc.number(last).into())]));
    (one.asked(loc.prefs.lang).to_owned(), step, one.text.clone())
}

async fn interview_page(req: &Req, id: Id<Sheet>, f: FormView) -> Result<InterviewPage, PageError> {
    let seen = req.ctx.run(core::get, InterviewId { id }).await?;
    let loc = &req.loc;
    let one = &seen.interview;
    let mut facts = vec![
        (loc.t("interviews-guide"), one.name(loc.prefs.lang).to_owned()),
        (loc.t("interviews-by"), one.held_by.clone()),
        (loc.t("interviews-when"), loc.day_long(one.held_at.day(&loc.prefs.time_zone))),
    ];
    facts.extend(one.with_whom.clone().map(|name| (loc.t("interviews-with"), name)));
    facts.extend(one.channel.map(|channel| (loc.t("interviews-channel"), loc.term("channel", channel.as_str()))));
    facts.extend(one.minutes.map(|minutes| (loc.t("interviews-minutes"), loc.t1("interviews-took", "minutes", minutes))));
    Ok(InterviewPage {
        s: req.shell("service", one.party.clone()).crumb(req.t("menu-service"), "/service").crumb(req.t("interviews"), HERE),
        f,
        id,
        party: one.party_id,
        name: one.party.clone(),
        facts,
        answers: seen.answers.iter().map(|one| told(loc, one)).collect(),
        cards: seen.taken.into_iter().map(|one| card(loc, one)).collect(),
        choices: choices(req).await?,
    })
}

/// One talk.
pub(super) async fn show(req: Req, Path(id): Path<Id<Sheet>>) -> PageResult {
    crate::layers::signed_in(&req)?;
    page::page(&req, &interview_page(&req, id, FormView::new(Vec::new())).await?)
}

#[derive(Template)]
#[template(path = "service/quotes.html")]
struct QuotesPage {
    s: Shell,
    f: FormView,
    cards: Vec<Card>,
    next: Option<String>,
    chips: Vec<(String, String)>,
    tags: Vec<(String, String, String)>,
    choices: Choices,
}

async fn quotes_page(req: &Req, which: Which, f: FormView) -> Result<QuotesPage, PageError> {
    let here = "/service/quotes";
    let of = ListQuotes { tag: which.tag.clone(), party_id: which.party, after: which.after.clone(), limit: Some(ROWS) };
    let found = req.ctx.run(quotes::list, of).await?;
    Ok(QuotesPage {
        f,
        cards: found.items.into_iter().map(|one| card(&req.loc, one)).collect(),
        next: found.next.map(|next| Which { after: Some(next), ..which.clone() }.address(here)),
        chips: chips(req, &which, here).await?,
        tags: tags(req, here).await?,
        choices: choices(req).await?,
        s: req.shell("service", req.t("quotes")).crumb(req.t("menu-service"), "/service").crumb(req.t("interviews"), HERE),
    })
}

/// Quotes by their tags.
pub(super) async fn all_quotes(req: Req, Form(which): Form<Which>) -> PageResult {
    crate::layers::signed_in(&req)?;
    page::page(&req, &quotes_page(&req, which, FormView::new(Vec::new())).await?)
}

/// The page from which a form of a quote came, with a word, or again with what was wrong.
async fn back(req: &Req, outcome: Result<(), Error>, sent: Sent, text: &str) -> PageResult {
    let sheet: Option<Id<Sheet>> = sent.get("sheet").and_then(|id| id.parse().ok());
    match (outcome, sheet) {
        (Ok(()), Some(id)) => Ok(to(req, id, text)),
        (Ok(()), None) => Ok(page::go(req, "/service/quotes", Some(Flash { text: req.t(text), undo: None }))),
        (Err(Error::Invalid(problems)), Some(id)) => {
            page::unprocessable(&interview_page(req, id, FormView::again(sent, &problems.0, &req.loc)).await?)
        }
        (Err(Error::Invalid(problems)), None) => {
            page::unprocessable(&quotes_page(req, Which::default(), FormView::again(sent, &problems.0, &req.loc)).await?)
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// Takes a quote of a talk.
pub(super) async fn add_quote(req: Req, Path(id): Path<Id<Sheet>>, sent: Sent) -> PageResult {
    let input = AddQuote {
        sheet_id: id,
        text: sent.get("quote").unwrap_or_default().to_owned(),
        tags: split(sent.get("tags").unwrap_or_default()),
    };
    let outcome = req.ctx.run(quotes::add, input).await.map(|_| ());
    back(&req, outcome, sent, "quotes-added").await
}

/// Puts words or tags right.
pub(super) async fn change_quote(req: Req, Path(id): Path<Id<Quote>>, sent: Sent) -> PageResult {
    let input = ChangeQuote {
        id,
        text: sent.has("quote").then(|| sent.get("quote").unwrap_or_default().to_owned()),
        tags: sent.has("tags").then(|| split(sent.get("tags").unwrap_or_default())),
    };
    let outcome = req.ctx.run(quotes::change, input).await.map(|_| ());
    back(&req, outcome, sent, "surveys-saved").await
}

/// Writes it down as an idea.
pub(super) async fn idea_of_quote(req: Req, Path(id): Path<Id<Quote>>, sent: Sent) -> PageResult {
    let outcome = req.ctx.run(quotes::make_idea, QuoteId { id }).await.map(|_| ());
    back(&req, outcome, sent, "quotes-idea-made").await
}

/// Opens a case with its words.
pub(super) async fn case_of_quote(req: Req, Path(id): Path<Id<Quote>>, sent: Sent) -> PageResult {
    let input = OpenCaseOfQuote {
        id,
        kind: sent.get("kind").and_then(|kind| kind.parse().ok()),
        reason: sent.get("reason").unwrap_or_default().to_owned(),
        severity: None,
    };
    let outcome = req.ctx.run(quotes::open_case, input).await.map(|_| ());
    back(&req, outcome, sent, "cases-opened").await
}

/// Adds it to a piece of feedback, or begins one with it.
pub(super) async fn feedback_of_quote(req: Req, Path(id): Path<Id<Quote>>, sent: Sent) -> PageResult {
    match feedback::join(&req, &sent, |voice| AddVoice { quote_id: Some(id), ..voice }).await {
        Ok(piece) => Ok(feedback::joined(&req, &piece)),
        Err(error) => back(&req, Err(error), sent, "").await,
    }
}
