//! Stores rows of a file of contacts. Words of channel, direction, reason, origin and result are recognised in Persian,
//! Arabic and English; a reason, origin or result that is in no list is added to it, up to a bound, and what cannot be
//! placed at all is kept in the text, so that nothing is lost.

use super::customers::{self, Customer};
use super::engine::{Fate, Gained, Parsed, Run};
use super::fresh::{Fresh, fresh};
use super::plan::Item;
use crate::interactions::{Channel, Direction, Entry, NewInteraction, insert_interactions};
use crate::parties::check::word_of;
use crate::platform::text::search_key;
use crate::{Ctx, Result};
use peyvand_db::{Tx, sql};
use std::collections::HashMap;

/// Words that files may add to a list; beyond that the column is no list of words and its values go to the text.
const WORDS_MAX: i64 = 200;
/// Characters of a word of a list.
const WORD_MAX: usize = 60;

/// Stores the rows of a batch and tells what became of each.
pub(super) async fn store(tx: &mut Tx, ctx: &Ctx, run: &Run, rows: &[Parsed], gained: &mut Gained) -> Result<Vec<Fate>> {
    let Fresh { mut fates, items, .. } = fresh(tx, run, rows, gained, |item| match item {
        Item::Interaction(item) => Some((&**item, item.source_key)),
        _ => None,
    })
    .await?;
    let customers = customers::resolve(tx, ctx, run, items.iter().map(|(_, item)| item.customer.as_str()), gained).await?;
    let mut words = Words::default();
    let mut entries = Vec::with_capacity(items.len());
    for (at, item) in items {
        let party = match customers.get(item.customer.as_str()) {
            Some(Customer::One(party)) => *party,
            Some(Customer::None(problem)) => {
                fates[at] = Fate::Rejected(vec![problem.clone()]);
                continue;
            }
            None => continue,
        };
        let mut rest: Vec<&str> = Vec::new();
        let channel = match item.channel.as_deref() {
            None => Channel::Phone,
            Some(word) => channel_word(word).unwrap_or_else(|| {
                rest.push(word);
                Channel::Other
            }),
        };
        let direction = match item.direction.as_deref() {
            None => Direction::Inbound,
            Some(word) => direction_word(word).unwrap_or_else(|| {
                rest.push(word);
                Direction::Inbound
            }),
        };
        let mut of_list = [None, None, None];
        for (slot, (list, word)) in of_list.iter_mut().zip([("reason", &item.reason), ("origin", &item.origin), ("result", &item.result)]) {
            let Some(word) = word.as_deref() else { continue };
            *slot = words.find(tx, list, word).await?;
            if slot.is_none() {
                rest.push(word);
            }
        }
        if item.staff_id.is_none() {
            rest.extend(item.staff.as_deref());
        }
        let text = match (&item.text, rest.is_empty()) {
            (text, true) => text.clone(),
            (None, false) => Some(rest.join(" · ")),
            (Some(text), false) => Some(format!("{text}\n{}", rest.join(" · "))),
        };
        let [reason, origin, result] = of_list;
        let entry = Entry { party, at: item.at, channel, direction, reason, origin, result, duration_s: item.duration_s, text };
        entries.push(NewInteraction { entry, staff: item.staff_id, source_key: Some(item.source_key) });
    }
    insert_interactions(tx, ctx, entries, Some(run.id.0)).await?;
    Ok(fates)
}

/// Words of the lists by their folded form, as far as this batch asked for them.
#[derive(Default)]
struct Words(HashMap<(&'static str, String), Option<String>>);

impl Words {
    /// The word of a list that a text stands for; one that is new is added.
    async fn find(&mut self, tx: &mut Tx, list: &'static str, text: &str) -> Result<Option<String>> {
        if let Some(word) = word_of(list, text) {
            return Ok(Some(word.to_owned()));
        }
        let key = (list, search_key(text));
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let own: Vec<(String, Option<String>)> = tx.all(sql("SELECT word, label FROM terms WHERE list = $1 LIMIT 1000").bind(list)).await?;
        let same = |(word, label): &&(String, Option<String>)| {
            search_key(word) == key.1 || label.as_deref().is_some_and(|label| search_key(label) == key.1)
        };
        let found = match own.iter().find(same) {
            Some((word, _)) => Some(word.clone()),
            None if key.1.is_empty() || text.chars().count() > WORD_MAX || own.len() as i64 >= WORDS_MAX => None,
            None => {
                tx.run(
                    sql("INSERT INTO terms (list, word, label, position, is_active) VALUES ($1, $2, $3, 100, TRUE) ON CONFLICT (list, word) DO NOTHING")
                        .bind(list)
                        .bind(&key.1)
                        .bind(text),
                )
                .await?;
                Some(key.1.clone())
            }
        };
        self.0.insert(key, found.clone());
        Ok(found)
    }
}

fn channel_word(word: &str) -> Option<Channel> {
    if let Ok(channel) = word.trim().to_lowercase().replace([' ', '-'], "_").parse() {
        return Some(channel);
    }
    Some(match &*search_key(word) {
        "phonecall"
        | "call"
        | "telephone"
        | "tel"
        | "mobile"
        | "تلفن"
        | "تماس"
        | "تماستلفنی"
        | "تلفنی"
        | "موبایل"
        | "هاتف"
        | "مکالمه"
        | "اتصال"
        | "مکالمههاتفیه" => Channel::Phone,
        "text" | "textmessage" | "پیامک" | "اساماس" | "رساله" | "رسالهنصیه" | "رسالهقصیره" => {
            Channel::Sms
        }
        "واتساپ" | "واتساب" | "wa" => Channel::Whatsapp,
        "تلگرام" | "تلغرام" | "تلیغرام" => Channel::Telegram,
        "بله" => Channel::Bale,
        "ایتا" => Channel::Eitaa,
        "روبیکا" => Channel::Rubika,
        "اینستاگرام" | "اینستا" | "انستغرام" | "انستقرام" | "insta" => Channel::Instagram,
        "mail" | "ایمیل" | "پستالکترونیک" | "رایانامه" | "بریدالکترونی" | "البریدالالکترونی" => {
            Channel::Email
        }
        "inperson"
        | "meeting"
        | "store"
        | "shop"
        | "walkin"
        | "حضوری"
        | "مراجعه"
        | "مراجعهحضوری"
        | "فروشگاه"
        | "جلسه"
        | "شخصیا"
        | "حضوریا"
        | "المتجر" => Channel::InPerson,
        "بازدید" | "ملاقات" | "ویزیت" | "زیاره" => Channel::Visit,
        "website" | "site" | "online" | "chat" | "form" | "سایت" | "وبسایت" | "چت" | "موقع" | "الموقع" => {
            Channel::Web
        }
        "post" | "نامه" | "پست" | "خطاب" | "برید" => Channel::Letter,
        "یادداشت" | "ملاحظه" | "memo" => Channel::Note,
        "دیگر" | "سایر" | "اخری" => Channel::Other,
        _ => return None,
    })
}

fn direction_word(word: &str) -> Option<Direction> {
    Some(match &*search_key(word) {
        "inbound" | "in" | "incoming" | "received" | "i" | "ورودی" | "دریافتی" | "ازمشتری" | "وارد" | "وارده" | "مستلم" => {
            Direction::Inbound
        }
        "outbound" | "out" | "outgoing" | "dialed" | "dialled" | "sent" | "o" | "خروجی" | "ارسالی" | "بهمشتری" | "ازما" | "صادر"
        | "صادره" => Direction::Outbound,
        _ => return None,
    })
}
