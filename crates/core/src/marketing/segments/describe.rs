//! A rule as one plain sentence in the reader's language, calendar, digits and unit of money.

use super::rule::{Days, Did, Field, FieldIs, Knows, Range, Rule, Test, What, World, birthday};
use crate::parties::preferences::PreferenceKind;
use crate::platform::calendar::month_name;
use crate::platform::locale::{Arg, Loc};
use crate::platform::money::{Money, format_number, parse_decimal};
use std::collections::HashMap;
use uuid::Uuid;

/// Names of what a rule names by id or by a word of a list.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Segments, products, colleagues and units by id.
    pub of: HashMap<Uuid, String>,
    /// The organisation's own labels of words, by list and word.
    pub labels: HashMap<(String, String), String>,
}

/// A piece of the sentence; what is denied is denied in the clauses themselves, so that no "not" stands before a group.
enum Said {
    All(Vec<Said>),
    Any(Vec<Said>),
    Clause(String),
}

/// The rule as a sentence.
#[must_use]
pub fn sentence(rule: &Rule, names: &Names, world: &World, loc: &Loc) -> String {
    let writer = Writer { names, world, loc };
    let said = writer.said(rule, false);
    let whole = match &said {
        Said::All(parts) if parts.is_empty() => loc.t("segments-sentence-all"),
        Said::Any(parts) if parts.is_empty() => loc.t("segments-sentence-none"),
        said => loc.t1("segments-sentence", "what", writer.joined(said, true)),
    };
    tidy(&whole)
}

/// Without the places of details that are absent.
fn tidy(text: &str) -> String {
    // Marks around the values of a message, which nobody sees.
    let is_mark = |sign: char| matches!(sign, '\u{2068}' | '\u{2069}');
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    for sign in text.chars() {
        let last = out.iter().rposition(|sign| !is_mark(*sign));
        match (sign, last.map(|at| out[at])) {
            (' ', None | Some(' ' | '(')) => continue,
            ('.' | ')', Some(' ')) => {
                if let Some(at) = last {
                    out.remove(at);
                }
            }
            _ => {}
        }
        out.push(sign);
    }
    out.into_iter().collect()
}

struct Writer<'a> {
    names: &'a Names,
    world: &'a World,
    loc: &'a Loc,
}

impl Writer<'_> {
    fn said(&self, rule: &Rule, not: bool) -> Said {
        match rule {
            Rule::All(parts) => self.group(parts, not, !not),
            Rule::Any(parts) => self.group(parts, not, not),
            Rule::Not(part) => self.said(part, !not),
            Rule::Field(FieldIs { field, is }) => Said::Clause(self.field(*field, is, not)),
            Rule::Tag(tag) => self.clause("segments-tag", not, &[("tag", tag.into())]),
            Rule::Preference(Knows { kind, text }) => {
                let whose = self.loc.t(&format!("segments-its-{kind}"));
                match text {
                    Some(text) => {
                        let text = self.word(list_of(*kind), text);
                        self.clause("segments-preference", not, &[("kind", whose.into()), ("text", text.into())])
                    }
                    None => self.clause("segments-preference-any", not, &[("kind", whose.into())]),
                }
            }
            Rule::Did(did) => Said::Clause(self.did(did, not)),
            Rule::In(segment) => {
                let name = self.name(segment.0, "segments-gone");
                self.clause("segments-in", not, &[("name", name.into())])
            }
        }
    }

    /// A group whose own groups of the same kind are told with it, for nothing changes by that.
    fn group(&self, parts: &[Rule], not: bool, is_all: bool) -> Said {
        let mut told = Vec::new();
        for part in parts {
            match self.said(part, not) {
                Said::All(inner) if is_all => told.extend(inner),
                Said::Any(inner) if !is_all => told.extend(inner),
                other => told.push(other),
            }
        }
        match told.len() {
            1 => told.remove(0),
            _ if is_all => Said::All(told),
            _ => Said::Any(told),
        }
    }

    fn joined(&self, said: &Said, is_whole: bool) -> String {
        let (parts, joint) = match said {
            Said::Clause(text) => return text.clone(),
            Said::All(parts) => (parts, "segments-and"),
            Said::Any(parts) => (parts, "segments-or"),
        };
        let parts: Vec<String> = parts.iter().map(|part| self.joined(part, false)).collect();
        let text = parts.join(&self.loc.t(joint));
        if is_whole { text } else { format!("({text})") }
    }

    fn clause(&self, key: &str, not: bool, args: &[(&str, Arg<'_>)]) -> Said {
        Said::Clause(self.say(key, not, args))
    }

    fn say(&self, key: &str, not: bool, args: &[(&str, Arg<'_>)]) -> String {
        let mut all: Vec<(&str, Arg<'_>)> = vec![("not", if not { "yes" } else { "no" }.into())];
        for (name, value) in args {
            all.push((
                name,
                match value {
                    Arg::Number(number) => Arg::Number(*number),
                    Arg::Text(text) => Arg::Text(text.as_ref().into()),
                },
            ));
        }
        self.loc.ta(key, &all)
    }

    fn field(&self, field: Field, is: &Test, not: bool) -> String {
        let its = self.loc.t(&format!("segments-its-{}", field.as_str().replace('_', "-")));
        match is {
            Test::OneOf(values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(field, value)).collect();
                let values = values.join(&self.loc.t("segments-or"));
                self.say("segments-one-of", not, &[("field", its.into()), ("values", values.into())])
            }
            Test::Known(known) => {
                let not = not == *known;
                match field {
                    Field::Owner => self.say("segments-known-owner", not, &[]),
                    Field::FirstPurchase | Field::LastPurchase => self.say("segments-known-purchase", not, &[]),
                    Field::LastContact => self.say("segments-known-contact", not, &[]),
                    Field::NextFollowUp => self.say("segments-known-next", not, &[]),
                    Field::Phone => self.say("segments-known-phone", not, &[]),
                    Field::Email => self.say("segments-known-email", not, &[]),
                    _ => self.say("segments-known", not, &[("field", its.into())]),
                }
            }
            Test::Number(Range { at_least, at_most }) => {
                let shown = |number: i64| match field {
                    Field::Active => self.loc.percent(number as f64 / 100.0),
                    Field::UsualGap => self.loc.t1("segments-so-many-days", "days", number),
                    Field::Minutes => self.loc.t1("segments-so-many-minutes", "minutes", number),
                    _ => self.loc.number(number),
                };
                let range = self.range(at_least.map(shown), at_most.map(shown));
                self.say("segments-number", not, &[("field", its.into()), ("range", range.into())])
            }
            Test::Decimal(amounts) => {
                let shown = |text: &Option<String>| {
                    let number = parse_decimal(text.as_deref()?).ok()?;
                    Some(format_number(number, self.loc.prefs.digits))
                };
                let range = self.range(shown(&amounts.at_least), shown(&amounts.at_most));
                self.say("segments-number", not, &[("field", its.into()), ("range", range.into())])
            }
            Test::Money(amounts) => {
                let shown = |text: &Option<String>| {
                    let minor = self.world.minor(text.as_deref()?)?;
                    let prefs = &self.loc.prefs;
                    Some(Money { minor, currency: self.world.currency }.format_with_unit(prefs.money_unit, prefs.digits, prefs.lang))
                };
                let range = self.range(shown(&amounts.at_least), shown(&amounts.at_most));
                self.say("segments-number", not, &[("field", its.into()), ("range", range.into())])
            }
            Test::Days(days) => self.say("segments-days", not, &[("field", its.into()), ("when", self.when(*days).into())]),
            Test::Yes(yes) => self.say("segments-silent", not == *yes, &[]),
        }
    }

    fn did(&self, did: &Did, not: bool) -> String {
        let (least, most) = did.times();
        let is_never = (least, most) == (0, Some(0));
        let times = match (least, most) {
            (1, None) | (0, Some(0)) => String::new(),
            (least, None) => self.loc.t1("segments-times-least", "least", least),
            (0, Some(most)) => self.loc.t1("segments-times-most", "most", most),
            (least, Some(most)) => self.loc.ta("segments-times-between", &[("least", least.into()), ("most", most.into())]),
        };
        let when = did.days.map_or_else(String::new, |days| self.when(days));
        let not = not != is_never;
        let (times, when) = (Arg::from(times), Arg::from(when));
        match did.what {
            What::Purchase => {
                let product = did.product_id.map(|id| self.loc.t1("segments-goods-product", "name", self.name(id.0, "segments-gone")));
                let category = did.category.as_ref().map(|name| self.loc.t1("segments-goods-category", "name", name));
                let goods = [product, category].into_iter().flatten().collect::<Vec<_>>().join(" ");
                self.say("segments-did-purchase", not, &[("goods", goods.into()), ("times", times), ("when", when)])
            }
            What::Interaction => {
                let channel = did.channel.map(|channel| self.loc.term("channel", channel.as_str()));
                let direction = did.direction.map(|direction| self.loc.t(&format!("segments-how-{direction}")));
                let reason = did.reason.as_ref().map(|reason| self.loc.t1("segments-how-reason", "reason", self.word("reason", reason)));
                let channel = channel.map(|channel| self.loc.t1("segments-how-channel", "channel", channel));
                let origin = did.origin.as_ref().map(|origin| self.loc.t1("segments-how-origin", "origin", self.word("origin", origin)));
                let result = did.result.as_ref().map(|result| self.loc.t1("segments-how-result", "result", self.word("result", result)));
                let how = [channel, direction, reason, origin, result].into_iter().flatten().collect::<Vec<_>>().join(" ");
                self.say("segments-did-interaction", not, &[("how", how.into()), ("times", times), ("when", when)])
            }
            What::FollowUpDone => self.say("segments-did-follow-up", not, &[("times", times), ("when", when)]),
        }
    }

    fn value(&self, field: Field, value: &str) -> String {
        let id = || value.parse::<Uuid>().map_or_else(|_| value.to_owned(), |id| self.name(id, "segments-nobody"));
        match field {
            Field::Kind => self.loc.t(&format!("parties-kind-{value}")),
            Field::Role | Field::Gender | Field::Stance => self.loc.term(field.as_str(), value),
            Field::Source => self.word("source", value),
            Field::Education => self.word("education", value),
            Field::Income => self.word("income_band", value),
            Field::PreferredChannel => self.loc.term("channel", value),
            Field::Stage => self.loc.t(&format!("lifecycle-stage-{value}")),
            Field::Standing => self.loc.t(&format!("lifecycle-standing-{}", value.replace('_', "-"))),
            Field::Habit => self.loc.t(&format!("insight-habit-{value}")),
            Field::Season => self.loc.t(&format!("segments-season-{value}")),
            Field::BirthMonth => birthday::month(value)
                .map_or_else(|| value.to_owned(), |(calendar, month)| month_name(calendar, month, self.loc.prefs.lang).to_owned()),
            Field::Owner | Field::Unit => id(),
            _ => value.to_owned(),
        }
    }

    fn word(&self, list: &str, word: &str) -> String {
        let own = self.names.labels.get(&(list.to_owned(), word.to_owned()));
        own.cloned().unwrap_or_else(|| self.loc.term(list, word))
    }

    fn name(&self, id: Uuid, gone: &str) -> String {
        self.names.of.get(&id).cloned().unwrap_or_else(|| self.loc.t(gone))
    }

    fn range(&self, least: Option<String>, most: Option<String>) -> String {
        match (least, most) {
            (Some(least), Some(most)) if least == most => least,
            (Some(least), Some(most)) => self.loc.ta("segments-between", &[("least", least.into()), ("most", most.into())]),
            (Some(least), None) => self.loc.t1("segments-least", "least", least),
            (None, most) => self.loc.t1("segments-most", "most", most.unwrap_or_default()),
        }
    }

    fn when(&self, days: Days) -> String {
        let day = |day| self.loc.day(day);
        match days {
            Days::Last(days) => self.loc.t1("segments-when-last", "days", days),
            Days::Next(days) => self.loc.t1("segments-when-next", "days", days),
            Days::Earlier(days) => self.loc.t1("segments-when-earlier", "days", days),
            Days::Between { from: Some(from), until: Some(until) } => {
                self.loc.ta("segments-when-between", &[("from", day(from).into()), ("until", day(until).into())])
            }
            Days::Between { from: Some(from), until: None } => self.loc.t1("segments-when-from", "from", day(from)),
            Days::Between { from: None, until } => self.loc.t1("segments-when-until", "until", until.map(day).unwrap_or_default()),
        }
    }
}

/// The list whose words a kind of knowledge has; one that no list has keeps its words.
fn list_of(kind: PreferenceKind) -> &'static str {
    kind.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::locale::Prefs;
    use crate::platform::money::Currency;
    use crate::platform::text::Lang;
    use crate::testing::NOW;
    use serde_json::json;

    fn told(lang: Lang, rule: serde_json::Value) -> String {
        let prefs = Prefs::of(lang);
        let world =
            World { today: NOW.day(&prefs.time_zone), zone: prefs.time_zone.clone(), currency: Currency::IRR, calendar: prefs.calendar };
        let rule = Rule::read(&rule, Currency::IRR).unwrap();
        let names = Names { of: HashMap::from([(Uuid::from_u128(7), "وفادارها".to_owned())]), labels: HashMap::new() };
        sentence(&rule, &names, &world, &Loc::new(prefs, NOW)).replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn a_rule_is_one_sentence_in_each_language() {
        let rule = json!({"all": [
            {"field": {"field": "city", "is": {"one_of": ["تهران", "شیراز"]}}},
            {"any": [
                {"field": {"field": "spent", "is": {"money": {"at_least": "300000000"}}}},
                {"did": {"what": "purchase", "category": "چای", "at_least": 2, "days": {"last": 90}}},
            ]},
            {"not": {"tag": "نقره‌ای"}},
        ]});
        assert_eq!(
            told(Lang::Fa, rule.clone()),
            "مشتریانی که شهرشان تهران یا شیراز است و (جمع خریدشان دست‌کم ۳۰٬۰۰۰٬۰۰۰ تومان است یا در ۹۰ روز گذشته دست‌کم ۲ بار \
             از دسته‌ی «چای» خرید کرده‌اند) و برچسب «نقره‌ای» ندارند."
        );
        assert_eq!(
            told(Lang::En, rule.clone()),
            "Customers whose city is تهران or شیراز and (whose total spent is at least 30,000,000 toman or who have bought from the \
             category “چای” at least 2 times in the last 90 days) and who do not have the tag “نقره‌ای”."
        );
        assert_eq!(
            told(Lang::Ar, rule),
            "العملاء الذين مدينتهم تهران أو شیراز و(إجمالي شرائهم ٣٠٬٠٠٠٬٠٠٠ تومان على الأقل أو اشتروا من فئة «چای» مرتين على الأقل \
             في آخر ٩٠ يومًا) وليس لهم الوسم «نقره‌ای»."
        );
    }

    #[test]
    fn what_is_denied_is_denied_clause_by_clause() {
        let group = json!({"not": {"any": [{"tag": "الف"}, {"not": {"did": {"what": "purchase", "at_most": 0}}}]}});
        assert_eq!(told(Lang::En, group), "Customers who do not have the tag “الف” and who have not bought.");
        let figures = json!({"all": [
            {"field": {"field": "active", "is": {"number": {"at_most": 30}}}},
            {"not": {"field": {"field": "expected_purchases", "is": {"decimal": {"at_least": "1.50"}}}}},
            {"field": {"field": "recency", "is": {"number": {"at_least": 4, "at_most": 5}}}},
        ]});
        assert_eq!(
            told(Lang::En, figures.clone()),
            "Customers whose probability of being active is at most 30% and whose number of purchases expected in 90 days is not at least \
             1.5 and whose recency score is between 4 and 5."
        );
        assert_eq!(
            told(Lang::Fa, figures),
            "مشتریانی که احتمال فعال بودنشان دست‌بالا ۳۰٪ است و تعداد خرید مورد انتظارشان در ۹۰ روز آینده دست‌کم ۱٫۵ نیست و نمره‌ی \
             تازگی‌شان میان ۴ و ۵ است."
        );
        let known = json!({"not": {"field": {"field": "owner", "is": {"known": false}}}});
        assert_eq!(told(Lang::En, known), "Customers whom somebody looks after.");
    }

    #[test]
    fn who_they_are_and_how_they_buy_is_said_in_words() {
        let rule = json!({"all": [
            {"field": {"field": "education", "is": {"one_of": ["bachelor"]}}},
            {"field": {"field": "birth_month", "is": {"one_of": ["jalali-8", "jalali-9"]}}},
            {"field": {"field": "habit", "is": {"one_of": ["slowing", "lapsing"]}}},
            {"field": {"field": "usual_gap", "is": {"number": {"at_most": 45}}}},
            {"not": {"field": {"field": "phone", "is": {"known": true}}}},
        ]});
        assert_eq!(
            told(Lang::En, rule.clone()),
            "Customers whose education is Bachelor and whose month of birth is Aban or Azar and whose rhythm of buying is Slowing down \
             or Late and whose usual gap between purchases is at most 45 days and who have no telephone number."
        );
        assert_eq!(
            told(Lang::Fa, rule.clone()),
            "مشتریانی که تحصیلاتشان کارشناسی است و ماه تولدشان آبان یا آذر است و آهنگ خریدشان کندشده یا دیرکرده است و \
             فاصله‌ی معمول خریدهایشان دست‌بالا ۴۵ روز است و شماره‌ی تلفن ندارند."
        );
        assert_eq!(
            told(Lang::Ar, rule),
            "العملاء الذين تعليمهم بكالوريوس وشهر ميلادهم آبان أو آذر وإيقاع شرائهم يتباطأ أو متأخر والفاصل المعتاد بين مشترياتهم ٤٥ يومًا على الأكثر \
             وليس لهم رقم هاتف."
        );
        let complaint = json!({"did": {"what": "interaction", "reason": "complaint", "result": "complaint_open", "days": {"last": 30}}});
        assert_eq!(
            told(Lang::En, complaint),
            "Customers who have had contact with us about “Complaint” with the result “Complaint still open” in the last 30 days."
        );
        let birthday = json!({"field": {"field": "birthday", "is": {"days": {"next": 7}}}});
        assert_eq!(told(Lang::Fa, birthday), "مشتریانی که زادروزشان در ۷ روز آینده است.");
    }

    #[test]
    fn days_stand_in_the_readers_calendar() {
        let rule = json!({"field": {"field": "created", "is": {"days": {"between": {"from": "2026-11-21"}}}}});
        assert_eq!(told(Lang::Fa, rule.clone()), "مشتریانی که تاریخ ثبتشان از ۳۰ آبان ۱۴۰۵ به بعد است.");
        assert_eq!(told(Lang::En, rule), "Customers whose day of being added is since 21 Nov 2026.");
    }

    #[test]
    fn everybody_and_nobody_have_sentences_of_their_own() {
        assert_eq!(told(Lang::En, json!({"all": []})), "All customers.");
        assert_eq!(told(Lang::Fa, json!({"any": []})), "هیچ مشتری‌ای.");
        let member = json!({"in": "00000000-0000-0000-0000-000000000007"});
        assert_eq!(told(Lang::Fa, member), "مشتریانی که در بخش «وفادارها» هستند.");
    }
}
