use super::cases::{self, CaseId, CaseKind, OpenCase};
use super::feedback::*;
use super::fill::{Reply, SheetDoor};
use super::interviews::{self, InterviewId, InterviewSeen, ListInterviews, RecordInterview};
use super::invitations::{self, Invite};
use super::links::{self, Follow};
use super::questions::{self, AddQuestion, QuestionKind};
use super::quotes::{self, AddQuote, ChangeQuote, ListQuotes, NewQuote, OpenCaseOfQuote, QuoteId};
use super::sheets::{self, ListSheets};
use super::surveys::{self, ListSurveys, NewSurvey, SurveyId, SurveySeen};
use super::voices::{self, AddVoice, ListFeedbackCustomers, OfCustomer, TellCustomers, VoiceSource};
use super::{answers, ask_rules};
use crate::ideas::{self, IdeaState, ListIdeas, NewIdea};
use crate::interactions::Channel;
use crate::operation::Nothing;
use crate::parties::Party;
use crate::platform::time::DAY;
use crate::testing::{NOW, as_post, ctx, party};
use crate::{Ctx, Error, Fields, Id, Result};

fn keys<T: std::fmt::Debug>(outcome: Result<T>) -> Vec<String> {
    match outcome {
        Err(Error::Invalid(Fields(problems))) => problems.into_iter().map(|problem| problem.key.into_owned()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn guide(ctx: &Ctx) -> SurveySeen {
    let made = ctx.run(surveys::create, NewSurvey { is_guide: true, ..NewSurvey::default() }).await.unwrap();
    assert_eq!(made.questions.len(), 4, "a guide begins with four questions in words");
    ctx.run(questions::add, AddQuestion { id: made.survey.id, kind: QuestionKind::Csat }).await.unwrap();
    ctx.run(surveys::publish, SurveyId { id: made.survey.id }).await.unwrap()
}

fn talk(guide: &SurveySeen, party: Id<Party>) -> RecordInterview {
    let mut answers = vec![Reply { question_id: guide.questions[0].id, score: None, text: Some("از دوستم شنیدم".into()) }];
    answers.push(Reply { question_id: guide.questions[4].id, score: Some(4), text: None });
    RecordInterview {
        survey_id: guide.survey.id,
        party_id: Some(party),
        customer: None,
        with_whom: Some("خانم رضایی، مدیر خرید".into()),
        held_by: None,
        held_at: Some("2025-06-01".into()),
        channel: Some(Channel::Visit),
        minutes: Some(40),
        answers,
        quotes: vec![NewQuote {
            text: "پنج‌شنبه‌ها زود می‌بندید.".into(), tags: vec!["ساعت کار".into(), "شعبه".into()]
        }],
    }
}

async fn held(ctx: &Ctx, party: Id<Party>) -> InterviewSeen {
    let guide = guide(ctx).await;
    ctx.run(interviews::record, talk(&guide, party)).await.unwrap()
}

#[tokio::test]
async fn a_talk_goes_where_all_answers_go_and_is_found_by_its_tags() {
    let ctx = ctx().await;
    let sara = party(&ctx, "سارا").await;
    let seen = held(&ctx, sara).await;
    assert_eq!((seen.interview.quotes, seen.interview.minutes, seen.interview.held_by_id), (1, Some(40), ctx.actor.user().unwrap()));
    assert_eq!(seen.interview.with_whom.as_deref(), Some("خانم رضایی، مدیر خرید"));
    let said: Vec<_> = seen.answers.iter().map(|one| (one.text.is_some(), one.score)).collect();
    assert_eq!(said, [(true, None), (false, None), (false, None), (false, None), (false, Some(4))]);
    assert_eq!(seen.taken[0].tags, ["ساعت کار", "شعبه"]);
    let sheets = ctx.run(sheets::list, ListSheets { party_id: Some(sara), ..ListSheets::default() }).await.unwrap().items;
    assert_eq!((sheets[0].id, sheets[0].door, sheets[0].csat), (seen.interview.id, SheetDoor::Interview, Some(4)));

    let by_tag =
        |tag: &str| ListInterviews { tag: Some(tag.into()), held_by: ctx.actor.user(), party_id: Some(sara), ..ListInterviews::default() };
    assert_eq!(ctx.run(interviews::list, by_tag("ساعت كار")).await.unwrap().items.len(), 1, "an Arabic kaf finds it as well");
    assert_eq!(ctx.run(interviews::list, by_tag("قیمت")).await.unwrap().items.len(), 0);
    let id = seen.interview.id;
    let more = AddQuote {
        sheet_id: id, text: "قهوه‌ی شما را به همه معرفی می‌کنم.".into(), tags: vec!["#ساعت‌کار".into()]
    };
    let more = ctx.run(quotes::add, more).await.unwrap();
    let change = ChangeQuote { id: more.row.id, text: None, tags: Some(vec!["قهوه".into(), "ساعت کار".into()]) };
    assert_eq!(ctx.run(quotes::change, change).await.unwrap().tags, ["ساعت کار", "قهوه"]);
    let reworded = ChangeQuote { id: more.row.id, text: Some("قهوه‌ی شما را به همه می‌گویم.".into()), tags: None };
    assert_eq!(ctx.run(quotes::change, reworded).await.unwrap().tags.len(), 2, "what is absent stays");
    let tags = ctx.run(quotes::tags, Nothing {}).await.unwrap();
    assert_eq!((tags[0].tag.as_str(), tags[0].quotes, tags[0].customers), ("ساعت کار", 2, 1));
    let first = ctx.run(quotes::list, ListQuotes { tag: Some("ساعت کار".into()), limit: Some(1), ..ListQuotes::default() }).await.unwrap();
    let rest = ListQuotes { tag: Some("ساعت کار".into()), after: first.next.clone(), ..ListQuotes::default() };
    assert_eq!((first.items.len(), ctx.run(quotes::list, rest).await.unwrap().items.len()), (1, 1));
    let of_party = ListQuotes { party_id: Some(sara), ..ListQuotes::default() };
    assert_eq!(ctx.run(quotes::list, of_party).await.unwrap().items.len(), 2);
    assert_eq!(ctx.run(interviews::get, InterviewId { id }).await.unwrap().taken.len(), 2);

    let sina = as_post(&ctx.app, "agent", "sina").await;
    assert!(matches!(sina.run(interviews::get, InterviewId { id }).await, Err(Error::NotFound("interview"))));
    assert!(sina.run(quotes::list, ListQuotes::default()).await.unwrap().items.is_empty(), "others' customers are out of sight");
    assert!(sina.run(quotes::tags, Nothing {}).await.unwrap().is_empty());
    let page = ListInterviews { limit: Some(1), after: Some(format!("{}_{id}", NOW.0)), ..ListInterviews::default() };
    assert_eq!(ctx.run(interviews::list, page).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_guide_is_asked_by_one_of_us_and_by_nobody_else() {
    let ctx = ctx().await;
    let sara = party(&ctx, "سارا").await;
    let guide = guide(&ctx).await;
    let id = guide.survey.id;
    let invite = Invite { survey_id: id, party_id: Some(sara), customer: None, days: None };
    assert_eq!(keys(ctx.run(invitations::invite, invite).await), ["surveys-is-guide"]);
    let rule = ask_rules::NewAskRule { survey_id: id, occasion: ask_rules::AskAfter::Visit, wait_days: 1 };
    assert_eq!(keys(ctx.run(ask_rules::add, rule).await), ["surveys-is-guide"]);
    let told =
        answers::AnswerSurvey { survey_id: id, party_id: Some(sara), customer: None, invitation_id: None, lang: None, answers: Vec::new() };
    assert_eq!(keys(ctx.run(answers::answer, told).await), ["surveys-is-guide"]);
    let link = Follow { token: guide.survey.open_token.clone(), sitting: None };
    assert!(matches!(links::follow(&ctx, link).await, Err(Error::NotFound(_))));
    for (wrong, key) in [
        (RecordInterview { held_at: Some("2099-01-01".into()), ..talk(&guide, sara) }, "interviews-future"),
        (RecordInterview { minutes: Some(0), ..talk(&guide, sara) }, "input-range"),
        (RecordInterview { held_by: Some(Id::FIRST), ..talk(&guide, sara) }, "input-choice"),
        (RecordInterview { answers: Vec::new(), ..talk(&guide, sara) }, "surveys-answer-needed"),
        (RecordInterview { quotes: vec![NewQuote::default(); 31], ..talk(&guide, sara) }, "interviews-quotes-many"),
    ] {
        assert_eq!(keys(ctx.run(interviews::record, wrong).await)[0], key);
    }
    let plain = ctx.run(surveys::create, NewSurvey::default()).await.unwrap().survey.id;
    ctx.run(surveys::publish, SurveyId { id: plain }).await.unwrap();
    let wrong = RecordInterview { survey_id: plain, ..talk(&guide, sara) };
    assert_eq!(keys(ctx.run(interviews::record, wrong).await), ["interviews-no-guide"]);
    let guides = ListSurveys { is_guide: Some(true), ..ListSurveys::default() };
    assert_eq!(ctx.run(surveys::list, guides).await.unwrap().items.len(), 1);
    let revised = ctx.run(surveys::revise, SurveyId { id }).await.unwrap();
    assert!(revised.survey.is_guide && revised.questions.len() == 5);
    assert_eq!(
        keys(ctx.run(interviews::record, RecordInterview { survey_id: revised.survey.id, ..talk(&guide, sara) }).await),
        ["surveys-not-live"]
    );
    let today = RecordInterview { held_at: None, ..talk(&guide, sara) };
    assert_eq!(ctx.run(interviews::record, today).await.unwrap().interview.held_at, NOW);
}

#[tokio::test]
async fn a_quote_becomes_an_idea_and_a_case_each_once() {
    let ctx = ctx().await;
    let sara = party(&ctx, "سارا").await;
    let id = held(&ctx, sara).await.taken[0].row.id;
    let idea = ctx.run(quotes::make_idea, QuoteId { id }).await.unwrap();
    assert!(idea.row.idea_id.is_some());
    assert_eq!(keys(ctx.run(quotes::make_idea, QuoteId { id }).await), ["quotes-idea-already"]);
    let new = OpenCaseOfQuote { id, kind: None, reason: "reach".into(), severity: None };
    let with_case = ctx.run(quotes::open_case, new.clone()).await.unwrap();
    let case = ctx.run(cases::get, CaseId { id: with_case.row.case_id.unwrap() }).await.unwrap();
    assert_eq!((case.kind, case.channel, case.text.as_str()), (CaseKind::Complaint, Some(Channel::Visit), "پنج‌شنبه‌ها زود می‌بندید."));
    assert_eq!(keys(ctx.run(quotes::open_case, new).await), ["quotes-case-already"]);
}

#[tokio::test]
async fn who_said_it_is_told_what_was_done() {
    let ctx = ctx().await;
    let (sara, reza, mina) = (party(&ctx, "سارا").await, party(&ctx, "رضا").await, party(&ctx, "مینا").await);
    let seen = held(&ctx, sara).await;
    assert_eq!(keys(ctx.run(open, OpenFeedback::default()).await), ["input-needed"]);
    let wrong = OpenFeedback { said: "x".into(), unit_id: Some(Id::FIRST), owner_id: None };
    assert!(ctx.run(open, OpenFeedback { owner_id: Some(Id::FIRST), unit_id: None, ..wrong.clone() }).await.is_err());
    let id = ctx.run(open, OpenFeedback { said: "پنج‌شنبه‌ها زود می‌بندیم".into(), ..OpenFeedback::default() }).await.unwrap().row.id;
    let voice = AddVoice { id, quote_id: None, sheet_id: None, case_id: None, idea_id: None, party_id: None, customer: None, words: None };
    assert_eq!(keys(ctx.run(voices::add, voice.clone()).await), ["feedback-one-voice"]);
    let quote = AddVoice { quote_id: Some(seen.taken[0].row.id), ..voice.clone() };
    assert_eq!(ctx.run(voices::add, quote.clone()).await.unwrap().customers, 1);
    assert_eq!(ctx.run(voices::add, quote).await.unwrap().customers, 1, "the same voice twice is one");
    let answer = AddVoice { sheet_id: Some(seen.interview.id), ..voice.clone() };
    assert_eq!(ctx.run(voices::add, answer).await.unwrap().customers, 1, "and who says it in two places is one customer");
    let new = OpenCase {
        party_id: Some(reza),
        customer: None,
        kind: CaseKind::Complaint,
        reason: "reach".into(),
        severity: None,
        channel: None,
        text: "عصر پنج‌شنبه آمدم و بسته بودید".into(),
        owner_id: None,
    };
    let case = ctx.run(cases::open, new).await.unwrap().id;
    assert_eq!(ctx.run(voices::add, AddVoice { case_id: Some(case), ..voice.clone() }).await.unwrap().customers, 2);
    let idea =
        ctx.run(ideas::create, NewIdea { text: "تا دیرتر باز باشید".into(), party_id: Some(mina), customer: None }).await.unwrap().id;
    assert_eq!(ctx.run(voices::add, AddVoice { idea_id: Some(idea), ..voice.clone() }).await.unwrap().customers, 3);
    let told = AddVoice { party_id: Some(mina), words: Some("باز هم گفتم".into()), ..voice.clone() };
    assert_eq!(ctx.run(voices::add, told).await.unwrap().customers, 3);

    let tell = TellCustomers { id, party_ids: vec![sara], channel: Some(Channel::Phone) };
    assert_eq!(keys(ctx.run(voices::tell, tell.clone()).await), ["feedback-nothing-to-tell"]);
    assert_eq!(ctx.run(take, FeedbackId { id }).await.unwrap().row.owner_id, ctx.actor.user());
    assert_eq!(keys(ctx.run(take, FeedbackId { id }).await), ["feedback-stands"]);
    let end = FinishFeedback { id, state: FeedbackState::Done, action: None, reply: String::new() };
    assert_eq!(keys(ctx.run(finish, end.clone()).await), ["input-needed", "feedback-action-needed"]);
    assert_eq!(
        keys(ctx.run(finish, FinishFeedback { state: FeedbackState::Open, reply: "x".into(), ..end.clone() }).await),
        ["input-choice"]
    );
    let end = FinishFeedback { action: Some("تا ۸ شب".into()), reply: "گفتید و تا ۸ شب بازیم".into(), ..end };
    let later = Ctx { now: NOW.plus(DAY), ..ctx.clone() };
    let done = later.run(finish, end.clone()).await.unwrap();
    assert_eq!((done.row.state, done.customers, done.to_tell()), (FeedbackState::Done, 3, 3));
    assert_eq!(ctx.run(ideas::list, ListIdeas { state: Some(IdeaState::Done), ..ListIdeas::default() }).await.unwrap().items.len(), 1);
    assert_eq!(
        ctx.run(summary, Nothing {}).await.unwrap(),
        FeedbackSummary { sums: FeedbackSums { open: 0, in_work: 0, done: 1, declined: 0 }, to_tell: 3 }
    );
    assert_eq!(keys(later.run(voices::tell, TellCustomers { party_ids: Vec::new(), ..tell.clone() }).await), ["feedback-choose"]);
    let many = TellCustomers { party_ids: vec![sara; 201], ..tell.clone() };
    assert_eq!(keys(later.run(voices::tell, many).await), ["feedback-choose-fewer"]);
    assert_eq!(later.run(voices::tell, tell.clone()).await.unwrap().told, 1);
    assert_eq!(later.run(voices::tell, tell.clone()).await.unwrap().told, 1);
    let of = |told| ListFeedbackCustomers { id, told, after: None, limit: Some(1) };
    let first = later.run(voices::customers, of(None)).await.unwrap();
    assert_eq!((first.items[0].party_id, first.items[0].source, first.items[0].told_at), (sara, VoiceSource::Quote, Some(NOW.plus(DAY))));
    assert_eq!(first.items[0].words.as_deref(), Some("پنج‌شنبه‌ها زود می‌بندید."));
    let rest = later.run(voices::customers, ListFeedbackCustomers { after: first.next, limit: None, ..of(None) }).await.unwrap().items;
    assert_eq!(rest.iter().map(|one| one.source).collect::<Vec<_>>(), [VoiceSource::Case, VoiceSource::Idea]);
    assert!(rest.iter().all(|one| one.words.is_some()));
    assert_eq!(later.run(voices::customers, of(Some(true))).await.unwrap().items.len(), 1);
    assert_eq!(later.run(voices::customers, of(Some(false))).await.unwrap().items[0].party_id, reza);
    let own = later.run(voices::of_customer, OfCustomer { party_id: reza }).await.unwrap();
    assert_eq!((own[0].id, own[0].told_at, own[0].reply.as_deref()), (id, None, Some("گفتید و تا ۸ شب بازیم")));

    let sina = as_post(&ctx.app, "agent", "sina").await;
    let his = party(&sina, "نادر").await;
    assert_eq!(sina.run(get, FeedbackId { id }).await.unwrap().customers, 0, "others' customers are not counted");
    assert_eq!(sina.run(list, ListFeedback { view: Some(FeedbackView::ToTell), ..ListFeedback::default() }).await.unwrap().items.len(), 0);
    assert_eq!(sina.run(voices::add, AddVoice { party_id: Some(his), ..voice.clone() }).await.unwrap().customers, 1);
    assert!(matches!(sina.run(voices::add, AddVoice { case_id: Some(case), ..voice }).await, Err(Error::NotFound("case"))));
    assert_eq!(sina.run(voices::tell, TellCustomers { party_ids: vec![sara, his], ..tell }).await.unwrap().told, 1);
    assert_eq!(sina.run(summary, Nothing {}).await.unwrap().to_tell, 0);
    assert!(sina.run(voices::of_customer, OfCustomer { party_id: sara }).await.unwrap().is_empty());
    assert!(matches!(sina.run(take, FeedbackId { id }).await, Err(Error::Forbidden(_))), "it is neither theirs nor written by them");

    assert_eq!(keys(later.run(finish, end.clone()).await), ["feedback-stands"]);
    assert_eq!(later.run(take, FeedbackId { id }).await.unwrap().told, 0, "taken up again, all are told anew");
    let declined = later.run(finish, FinishFeedback { state: FeedbackState::Declined, action: None, ..end }).await.unwrap();
    assert_eq!((declined.row.action, declined.told), (None, 0));
}

#[tokio::test]
async fn feedback_is_listed_by_how_far_it_is_and_whose_it_is() {
    let ctx = ctx().await;
    let sara = party(&ctx, "سارا").await;
    let me = ctx.actor.user();
    let units = ctx.run(crate::organisation::units::list, Nothing {}).await.unwrap();
    let unit = units.first().map(|unit| unit.id);
    let new = |said: &str| OpenFeedback { said: said.into(), unit_id: unit, owner_id: me };
    let one = ctx.run(open, new("یک")).await.unwrap().row.id;
    let two = ctx.run(open, new("دو")).await.unwrap().row.id;
    let wrong = ChangeFeedback { id: two, said: None, unit_id: Some(Id::FIRST), owner_id: None };
    assert_eq!(keys(ctx.run(change, wrong.clone()).await), ["input-choice"]);
    assert_eq!(ctx.run(change, ChangeFeedback { said: Some("دوم".into()), unit_id: None, ..wrong }).await.unwrap().row.said, "دوم");
    let voice = AddVoice {
        id: one,
        quote_id: None,
        sheet_id: None,
        case_id: None,
        idea_id: None,
        party_id: Some(sara),
        customer: None,
        words: None,
    };
    ctx.run(voices::add, voice).await.unwrap();
    ctx.run(take, FeedbackId { id: one }).await.unwrap();
    let count = |view| {
        let ctx = &ctx;
        async move { ctx.run(list, ListFeedback { view: Some(view), ..ListFeedback::default() }).await.unwrap().items.len() }
    };
    let found = [count(FeedbackView::Open).await, count(FeedbackView::InWork).await, count(FeedbackView::Done).await];
    assert_eq!(found, [1, 1, 0]);
    let end = FinishFeedback { id: one, state: FeedbackState::Declined, action: None, reply: "نمی‌توانیم، چون …".into() };
    ctx.run(finish, end).await.unwrap();
    assert_eq!([count(FeedbackView::Declined).await, count(FeedbackView::ToTell).await, count(FeedbackView::All).await], [1, 1, 2]);
    let first = ctx.run(list, ListFeedback { owner_id: me, unit_id: unit, limit: Some(1), ..ListFeedback::default() }).await.unwrap();
    let rest = ctx.run(list, ListFeedback { after: first.next, ..ListFeedback::default() }).await.unwrap().items;
    assert_eq!((first.items.len(), rest.len()), (1, 1));
    let said = ctx.run(list, ListFeedback { party_id: Some(sara), ..ListFeedback::default() }).await.unwrap().items;
    assert_eq!((said.len(), said[0].row.id, said[0].customers), (1, one, 1));
}
