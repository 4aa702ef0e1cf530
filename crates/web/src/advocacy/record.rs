//! The form by which an introduction is written down.

use super::{key_of, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use peyvand_core::advocacy::record::{self as core, RecordReferral, SaidBy};
use peyvand_core::advocacy::rules::{ReferralForm, ReferralKind};
use peyvand_core::interactions::Channel;
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::{Act, Id, Perm, Room};
use serde::Deserialize;

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "advocacy/new.html")]
struct NewPage {
    s: Shell,
    f: FormView,
    /// Who introduced and who was introduced: name and label of the field.
    both: Vec<(String, String)>,
    said_by: Options,
    kinds: Options,
    forms: Options,
    channels: Options,
}

async fn form(req: &Req, f: FormView) -> Result<NewPage, PageError> {
    req.ctx.actor.check(Perm(Room::Advocacy, Act::Create))?;
    let words = |prefix: &str, words: &[&'static str]| -> Options {
        words.iter().map(|word| ((*word).to_owned(), req.t(&key_of(prefix, word)))).collect()
    };
    Ok(NewPage {
        s: req.shell("advocacy", req.t("referrals-new")).crumb(req.t("menu-advocacy"), "/advocacy"),
        f,
        both: ["referrer", "referee"].map(|name| (name.to_owned(), req.t(&format!("referrals-{name}")))).to_vec(),
        said_by: words("referrals-said-by-", &SaidBy::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
        kinds: words("referrals-kind-", &ReferralKind::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
        forms: words("referrals-form-", &ReferralForm::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
        channels: Channel::ALL
            .iter()
            .filter(|one| **one != Channel::Note)
            .map(|one| (one.to_string(), req.loc.term("channel", one.as_str())))
            .collect(),
    })
}

/// Of whom the form is opened.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct About {
    referrer: Option<Id<Party>>,
    referee: Option<Id<Party>>,
}

/// The form.
pub(super) async fn fresh(req: Req, Form(about): Form<About>) -> PageResult {
    let said_by = if about.referrer.is_some() && about.referee.is_none() { "referrer" } else { "referee" };
    let mut values = vec![("said_by".to_owned(), said_by.to_owned()), ("kind".to_owned(), "brand".to_owned())];
    values.push(("form".to_owned(), "word_of_mouth".to_owned()));
    for (name, id) in [("referrer", about.referrer), ("referee", about.referee)] {
        if let Some(id) = id {
            values.push((name.to_owned(), id.to_string()));
            values.push((format!("{name}_text"), req.ctx.run(party::get, PartyId { id }).await?.row.name));
        }
    }
    page(&req, &form(&req, FormView::new(values)).await?)
}

/// Writes down what the form says.
pub(super) async fn create(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let id = |name: &str| sent.get(name).and_then(|id| id.parse::<Id<Party>>().ok());
    let new = RecordReferral {
        said_by: sent.get("said_by").and_then(|word| word.parse().ok()),
        code: text("code"),
        referrer_id: id("referrer"),
        referrer: text("referrer_text"),
        referee_id: id("referee"),
        referee: text("referee_text"),
        friend: text("friend"),
        kind: sent.get("kind").and_then(|word| word.parse().ok()),
        form: sent.get("form").and_then(|word| word.parse().ok()),
        channel: sent.get("channel").and_then(|word| word.parse().ok()),
        product: None,
        is_solicited: sent.get("is_solicited").is_some(),
        occurred: sent.date("occurred").map(str::to_owned),
        note: text("note"),
    };
    match req.ctx.run(core::record, new).await {
        Ok(told) => {
            let text = req.t(if told.is_further { "referrals-recorded-further" } else { "referrals-recorded" });
            Ok(go(&req, &format!("/advocacy/{}", told.seen.referral.id), Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&form(&req, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}
