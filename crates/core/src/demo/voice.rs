//! What the demo shop's customers said.

use super::chance::Chance;
use super::customers::{Customer, Habit};
use super::trade::opening_hours;
use super::{Kept, Member, Story};
use crate::Result;
use crate::interactions::Channel;
use crate::parties::Party;
use crate::platform::text::Lang;
use crate::platform::time::HOUR;
use crate::service::Case;
use crate::service::Feedback;
use crate::service::answers::{self, AnswerSurvey};
use crate::service::ask_rules::{self, AskAfter, NewAskRule};
use crate::service::asking;
use crate::service::case_steps::{self, AnswerCase, CloseCase};
use crate::service::cases::{self, CaseId, CaseKind, CaseView, ListCases, OpenCase};
use crate::service::feedback::{self, FeedbackId, FeedbackState, FinishFeedback, OpenFeedback};
use crate::service::fill::Reply;
use crate::service::interviews::{self, RecordInterview};
use crate::service::invitations::{self, Invite, ListInvitations};
use crate::service::links::{self, AnswerByLink};
use crate::service::questions::{self, AddQuestion, QuestionKind};
use crate::service::quotes::NewQuote;
use crate::service::surveys::{self, NewSurvey, SurveyId, SurveySeen};
use crate::service::voices::{self, AddVoice, TellCustomers};
use peyvand_db::Id;
use std::collections::HashMap;

/// The shop has asked for so many days.
const ASKED_FOR: i64 = 500;

/// What is said with a good, a middling and a bad answer.
const GOOD: &[&str] = &[
    "قهوه همیشه تازه است و زود می‌رسد.",
    "سارا خانم همیشه می‌داند چه دوست دارم.",
    "برخورد خوب و بسته‌بندی تمیز.",
    "آسیاب را همان روز تنظیم کردند؛ ممنون.",
];
const SO_SO: &[&str] = &["قیمت‌ها کمی بالا رفته.", "کاش شعبه‌ای هم در غرب شهر داشتید.", "تنوع شکلات‌ها کمتر شده."];
const BAD: &[&str] = &[
    "سفارش سه روز دیر رسید و کسی خبر نداد.",
    "گفتند تماس می‌گیرند و نگرفتند.",
    "دانه‌ها کهنه بود و پس گرفتن‌شان سخت.",
    "تلفن را کسی جواب نمی‌داد.",
];

/// What customers call about.
const CALLS: &[(CaseKind, &str, &str)] = &[
    (CaseKind::Complaint, "late_delivery", "بسته چهار روز دیر رسید و کسی خبر نداد."),
    (CaseKind::Complaint, "late_delivery", "قرار بود پیش از ظهر برسد، شب رسید."),
    (CaseKind::Complaint, "quality", "دانه‌ی قهوه کهنه بود."),
    (CaseKind::Complaint, "wrong_order", "به‌جای عربیکا روبوستا فرستاده بودند."),
    (CaseKind::Complaint, "promise", "گفته بودند تماس می‌گیرند و نگرفتند."),
    (CaseKind::Praise, "good_service", "از راهنمایی خوب فروشنده تشکر کرد."),
    (CaseKind::Praise, "good_service", "از بسته‌بندی و نمونه‌ی رایگان تشکر کرد."),
    (CaseKind::Question, "information", "پرسید آسیاب را چند وقت یک بار باید سرویس کرد."),
];

/// What regulars told in a talk: how they came, what was quoted, its tag.
const TALKS: &[(&str, &str, &str)] = &[
    ("همکارم در دفتر قهوه‌ی شما را می‌خورد.", "پنج‌شنبه‌ها تا برسم بسته‌اید.", "ساعت کار"),
    ("از جلوی مغازه رد می‌شدم و بو کشید.", "کاش بسته‌ی ۲۵۰ گرمی هم داشتید؛ یک‌کیلویی کهنه می‌شود.", "بسته‌بندی"),
    ("خواهرم معرفی کرد.", "عصر پنج‌شنبه تنها وقت خرید ماست.", "ساعت کار"),
    ("در نمایشگاه با شما آشنا شدیم.", "آسیاب را خودتان تنظیم کنید، همین برای ما ارزش دارد.", "خدمات"),
    ("برای کافه دنبال تأمین‌کننده بودیم.", "فاکتور رسمی را همان روز بدهید.", "فاکتور"),
    ("دوستم هدیه آورده بود.", "بسته‌ی کوچک‌تر می‌خواهم که تازه بماند.", "بسته‌بندی"),
    ("از اینستاگرام.", "ارسال رایگان برای هر خریدی بگذارید.", "ارسال"),
    ("سال‌هاست از شما می‌خریم.", "پنج‌شنبه‌ها دیرتر ببندید.", "ساعت کار"),
    ("همسایه‌ایم.", "ارسال برای خرید کم گران است.", "ارسال"),
];

/// What was made of it: in our words, the tag, how it stands, what was changed, what they were told.
const PIECES: &[(&str, &str, FeedbackState, &str, &str)] = &[
    (
        "پنج‌شنبه‌ها زود می‌بندیم",
        "ساعت کار",
        FeedbackState::Done,
        "برنامه‌ی نوبت‌ها عوض شد و فروشگاه پنج‌شنبه‌ها تا ۸ شب باز است.",
        "گفتید پنج‌شنبه‌ها زود می‌بندیم؛ از این ماه تا ۸ شب بازیم.",
    ),
    ("بسته‌ی ۲۵۰ گرمی نداریم", "بسته‌بندی", FeedbackState::InWork, "", ""),
    (
        "ارسال رایگان برای هر خریدی",
        "ارسال",
        FeedbackState::Declined,
        "",
        "حساب کردیم؛ ارسال رایگان برای خریدهای کوچک قیمت قهوه را برای همه بالا می‌برد. برای خرید بالای یک کیلو رایگان می‌ماند.",
    ),
];

/// What they are answered.
const ANSWERS: &[&str] = &[
    "تماس گرفتیم، گوش دادیم و گفتیم چه می‌کنیم.",
    "عذر خواستیم و کالا را همان روز عوض کردیم.",
    "هزینه‌ی ارسال را برگرداندیم و پیگیری را خودمان گرفتیم.",
];

/// What went wrong, and what was done.
const LEARNED: &[(&str, &str)] = &[
    ("carrier", "برای این مسیر پیک دیگری گرفتیم."),
    ("process", "پیش از ارسال به مشتری پیام می‌دهیم."),
    ("stock", "تاریخ برشت را هنگام چیدن بررسی می‌کنیم."),
    ("person", "در جلسه‌ی هفتگی مرور کردیم."),
    ("expectation", "زمان تحویل را در سایت روشن نوشتیم."),
];

impl Story {
    /// Two surveys: one after purchases, asked for more than a year, and one on respect, lately and at the counter.
    pub(super) async fn write_voice(&self, customers: &[Customer], parties: &[Kept], staff: &[Member]) -> Result<()> {
        let mut chance = Chance::new(self.seed, 21);
        let Some(head) = staff.iter().find(|member| member.place == 2) else { return Ok(()) };
        let first = self.last.plus(-ASKED_FOR);
        let kinds = vec![QuestionKind::Nps, QuestionKind::Csat, QuestionKind::Open];
        let names = ["پس از خرید", "بعد الشراء", "After a purchase"];
        let bought = self.survey(opening_hours(&mut chance, first, &self.zone), head, names, kinds).await?;
        let kinds = vec![QuestionKind::Ces, QuestionKind::Respect, QuestionKind::Fairness, QuestionKind::Open];
        let names = ["رفتار ما", "تعاملنا معك", "How we treat you"];
        let respect = self.survey(opening_hours(&mut chance, self.last.plus(-170), &self.zone), head, names, kinds).await?;

        let mut asked = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            if customer.only_asked || !chance.happens(0.3) {
                continue;
            }
            // Who left was often less content before.
            let mood = match (customer.left, customer.habit) {
                (Some(_), _) => 0.45,
                (None, Habit::Enthusiast | Habit::Cafe) => 0.85,
                (None, _) => 0.72,
            };
            for _ in 0..=chance.times(0.6).min(2) {
                let about = if chance.happens(0.3) { &respect } else { &bought };
                let from = if about.survey.id == respect.survey.id { self.last.plus(-169) } else { first.plus(1) };
                let from = from.max(customer.came.plus(1));
                if from > self.last {
                    continue;
                }
                let day = from.plus(chance.between(0, self.last.since(from)));
                asked.push((opening_hours(&mut chance, day, &self.zone), *party, about, mood));
            }
        }
        asked.sort_by_key(|(at, ..)| *at);
        for (at, party, about, mood) in asked {
            let by = self.by(at, party.owner, Vec::new());
            let replies = replies(&mut chance, about, mood);
            if chance.happens(0.25) {
                let told = AnswerSurvey {
                    survey_id: about.survey.id,
                    party_id: Some(party.id),
                    customer: None,
                    invitation_id: None,
                    lang: None,
                    answers: replies,
                };
                answers::answer(&by, told).await?;
                continue;
            }
            let invite = Invite { survey_id: about.survey.id, party_id: Some(party.id), customer: None, days: None };
            let invited = invitations::invite(&by, invite).await?;
            let later = crate::Instant(at.0 + chance.between(1, 40) * HOUR);
            if chance.happens(0.55) && later < self.now && later < invited.expires_at {
                let lang = if chance.happens(0.95) { Lang::Fa } else { Lang::Ar };
                self.answered(later, &invited.token, replies, lang, false).await?;
            }
        }
        self.at_the_counter(&mut chance, &respect).await?;
        self.cases(&mut chance, customers, parties, &bought).await?;
        self.by_rule(head, &bought, &respect).await?;
        self.talks(&mut Chance::new(self.seed, 77), customers, parties, head, staff).await?;
        // The next version is being written.
        let by = self.at(opening_hours(&mut chance, self.last, &self.zone), Some(head));
        let draft = surveys::revise(&by, SurveyId { id: bought.survey.id }).await?;
        questions::add(&by, AddQuestion { id: draft.survey.id, kind: QuestionKind::Ces }).await?;
        Ok(())
    }

    /// Some call to complain, to praise or to ask; nearly all cases are seen through, most of them in time.
    async fn cases(&self, chance: &mut Chance, customers: &[Customer], parties: &[Kept], about: &SurveySeen) -> Result<()> {
        let mut told = Vec::new();
        for (customer, party) in customers.iter().zip(parties) {
            if customer.only_asked || !chance.happens(0.07) {
                continue;
            }
            let day = self.last.plus(-chance.between(0, 300)).max(customer.came.plus(1)).min(self.last);
            told.push((opening_hours(chance, day, &self.zone), *party, *chance.pick(CALLS)));
        }
        told.sort_by_key(|(at, ..)| *at);
        for (at, party, (kind, reason, text)) in told {
            let new = OpenCase {
                party_id: Some(party.id),
                customer: None,
                kind,
                reason: reason.to_owned(),
                severity: None,
                channel: Some(Channel::Phone),
                text: text.to_owned(),
                owner_id: None,
            };
            cases::open(&self.by(at, party.owner, Vec::new()), new).await?;
        }
        let mut after = None;
        loop {
            let ctx = self.at(self.now, None);
            let page = cases::list(&ctx, ListCases { view: Some(CaseView::All), after, ..ListCases::default() }).await?;
            for case in &page.items {
                self.see_through(chance, case, about).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes a case up, answers and closes it, as far as there was time.
    async fn see_through(&self, chance: &mut Chance, case: &Case, about: &SurveySeen) -> Result<()> {
        let Some(owner) = case.owner_id else { return Ok(()) };
        let hours = |from: crate::Instant, hours: i64| from.plus(hours * HOUR);
        let taken = hours(case.opened_at, chance.between(1, 6));
        let answered = hours(taken, chance.between(2, 20));
        let closed = hours(answered, chance.between(20, 90));
        let (cause, action) = *chance.pick(LEARNED);
        // What lies about is found at the latest in a month.
        let lags = chance.happens(0.06) && case.opened_at > self.now.plus(-30 * 24 * HOUR);
        if taken >= self.now || lags {
            return Ok(());
        }
        case_steps::take(&self.by(taken, owner, Vec::new()), CaseId { id: case.id }).await?;
        if answered >= self.now {
            return Ok(());
        }
        let words = (*chance.pick(ANSWERS)).to_owned();
        case_steps::answer(&self.by(answered, owner, Vec::new()), AnswerCase { id: case.id, answer: words }).await?;
        if closed >= self.now {
            return Ok(());
        }
        let learned = case.kind == CaseKind::Complaint;
        let end = CloseCase { id: case.id, root_cause: learned.then(|| cause.to_owned()), action: learned.then(|| action.to_owned()) };
        let asked = case_steps::close(&self.by(closed, owner, Vec::new()), end).await?.invitation_id;
        let told = hours(closed, chance.between(3, 30));
        if asked.is_none() || told >= self.now || !chance.happens(0.5) {
            return Ok(());
        }
        let of_case = ListInvitations { case_id: Some(case.id), ..ListInvitations::default() };
        for invitation in invitations::list(&self.at(closed, None), of_case).await?.items {
            self.answered(told, &invitation.token, replies(chance, about, 0.9), Lang::Fa, false).await?;
        }
        Ok(())
    }

    /// Some customers were visited and asked by a guide; what several of them said changed something.
    async fn talks(&self, chance: &mut Chance, customers: &[Customer], parties: &[Kept], head: &Member, staff: &[Member]) -> Result<()> {
        let from = self.last.plus(-200);
        let ctx = self.at(opening_hours(chance, from, &self.zone), Some(head));
        let [fa, ar, en] = ["گفت‌وگو با مشتریان همیشگی", "حوار مع العملاء الدائمين", "Talk with regulars"].map(|name| Some(name.to_owned()));
        let made = surveys::create(&ctx, NewSurvey { name_fa: fa, name_ar: ar, name_en: en, kinds: None, is_guide: true }).await?;
        let guide = surveys::publish(&ctx, SurveyId { id: made.survey.id }).await?;
        let regulars: Vec<&Kept> = customers
            .iter()
            .zip(parties)
            .filter(|(customer, _)| {
                !customer.only_asked && matches!(customer.habit, Habit::Enthusiast | Habit::Cafe) && customer.left.is_none()
            })
            .map(|(_, party)| party)
            .take(TALKS.len())
            .collect();
        let mut pieces: HashMap<&str, (Id<Feedback>, Vec<Id<Party>>)> = HashMap::new();
        for (place, (party, (answer, quote, tag))) in (0_i64..).zip(regulars.into_iter().zip(TALKS)) {
            let at = opening_hours(chance, from.plus(8 + place * 14), &self.zone);
            if at >= self.now {
                break;
            }
            let by = self.by(at, party.owner, Vec::new());
            let replies = guide.questions.iter().zip([*answer, quote]).map(|(question, words)| Reply {
                question_id: question.id,
                score: None,
                text: Some(words.to_owned()),
            });
            let talk = RecordInterview {
                survey_id: guide.survey.id,
                party_id: Some(party.id),
                customer: None,
                with_whom: None,
                held_by: None,
                held_at: None,
                channel: Some(Channel::Visit),
                minutes: Some(25 + 5 * (place % 5)),
                answers: replies.collect(),
                quotes: vec![NewQuote { text: (*quote).to_owned(), tags: vec![(*tag).to_owned()] }],
            };
            let seen = interviews::record(&by, talk).await?;
            let Some((said, ..)) = PIECES.iter().find(|(_, of, ..)| of == tag) else { continue };
            let piece = match pieces.get(tag) {
                Some((piece, _)) => *piece,
                None => {
                    let new = OpenFeedback {
                        said: (*said).to_owned(),
                        unit_id: staff.first().map(|member| member.unit),
                        owner_id: Some(head.id),
                    };
                    feedback::open(&by, new).await?.row.id
                }
            };
            let voice = AddVoice {
                id: piece,
                quote_id: seen.taken.first().map(|quote| quote.row.id),
                sheet_id: None,
                case_id: None,
                idea_id: None,
                party_id: None,
                customer: None,
                words: None,
            };
            voices::add(&by, voice).await?;
            pieces.entry(tag).or_insert_with(|| (piece, Vec::new())).1.push(party.id);
        }
        self.done(chance, head, &pieces).await
    }

    /// Of two pieces something came, one was declined, and one of each who said it is still to be told.
    async fn done(&self, chance: &mut Chance, head: &Member, pieces: &HashMap<&str, (Id<Feedback>, Vec<Id<Party>>)>) -> Result<()> {
        for (_, tag, state, action, reply) in PIECES {
            let Some((id, who)) = pieces.get(tag) else { continue };
            let taken = self.at(opening_hours(chance, self.last.plus(-30), &self.zone), Some(head));
            feedback::take(&taken, FeedbackId { id: *id }).await?;
            if !state.is_over() {
                continue;
            }
            let ended = self.at(opening_hours(chance, self.last.plus(-12), &self.zone), Some(head));
            let action = Some((*action).to_owned()).filter(|action| !action.is_empty());
            feedback::finish(&ended, FinishFeedback { id: *id, state: *state, action, reply: (*reply).to_owned() }).await?;
            let party_ids: Vec<Id<Party>> = who.iter().skip(1).copied().collect();
            if !party_ids.is_empty() {
                let told = self.at(opening_hours(chance, self.last.plus(-8), &self.zone), Some(head));
                voices::tell(&told, TellCustomers { id: *id, party_ids, channel: Some(Channel::Phone) }).await?;
            }
        }
        Ok(())
    }

    /// For a week the program itself has asked after purchases and meetings.
    async fn by_rule(&self, head: &Member, bought: &SurveySeen, respect: &SurveySeen) -> Result<()> {
        let by = self.at(self.now.plus(-9 * 24 * HOUR), Some(head));
        for (survey, occasion, wait_days) in [(bought, AskAfter::Purchase, 2), (respect, AskAfter::Visit, 1)] {
            ask_rules::add(&by, NewAskRule { survey_id: survey.survey.id, occasion, wait_days }).await?;
        }
        while asking::step(&self.at(self.now, None)).await? {}
        Ok(())
    }

    async fn survey(&self, at: crate::Instant, by: &Member, names: [&str; 3], kinds: Vec<QuestionKind>) -> Result<SurveySeen> {
        let ctx = self.at(at, Some(by));
        let [fa, ar, en] = names.map(|name| Some(name.to_owned()));
        let made = surveys::create(&ctx, NewSurvey { name_fa: fa, name_ar: ar, name_en: en, kinds: Some(kinds), is_guide: false }).await?;
        surveys::publish(&ctx, SurveyId { id: made.survey.id }).await
    }

    /// Some who pass the counter tap an answer.
    async fn at_the_counter(&self, chance: &mut Chance, about: &SurveySeen) -> Result<()> {
        for days in (1..60).rev() {
            for _ in 0..chance.times(0.8) {
                let at = opening_hours(chance, self.last.plus(-days), &self.zone);
                let replies = replies(chance, about, 0.7).into_iter().filter(|reply| reply.text.is_none()).collect();
                self.answered(at, &about.survey.open_token, replies, Lang::Fa, true).await?;
            }
        }
        Ok(())
    }

    async fn answered(&self, at: crate::Instant, token: &str, replies: Vec<Reply>, lang: Lang, is_kiosk: bool) -> Result<()> {
        let ctx = self.at(at, None);
        let input = AnswerByLink { token: token.to_owned(), sitting: None, is_kiosk, lang, replies, address: String::new() };
        links::answer(&ctx, input).await?;
        Ok(())
    }
}

/// Answers of somebody of this mood, 0 to 1.
fn replies(chance: &mut Chance, about: &SurveySeen, mood: f64) -> Vec<Reply> {
    let own = (mood + (chance.share() + chance.share() - 1.0) * 0.6).clamp(0.0, 1.0);
    let mut replies = Vec::new();
    for question in &about.questions {
        let said = match question.kind.scale() {
            Some((first, last)) => {
                let near = (own + (chance.share() - 0.5) * 0.2).clamp(0.0, 1.0);
                #[expect(clippy::cast_possible_truncation, reason = "a step of a scale")]
                let step = first + (near * (last - first) as f64).round() as i64;
                Reply { question_id: question.id, score: Some(step), text: None }
            }
            None if chance.happens(0.35) => {
                let words = if own > 0.75 {
                    GOOD
                } else if own > 0.5 {
                    SO_SO
                } else {
                    BAD
                };
                Reply { question_id: question.id, score: None, text: Some((*chance.pick(words)).to_owned()) }
            }
            None => continue,
        };
        replies.push(said);
    }
    replies
}
