//! Why somebody got what they got: for who serves them, and for whoever holds the code.

use super::treatments::look;
use crate::error::PageResult;
use crate::page::{Shell, page};
use crate::request::{Form, Req};
use crate::service::base;
use crate::service::public::{in_lang, private};
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderMap;
use peyvand_core::Id;
use peyvand_core::experience::codes::spoken;
use peyvand_core::experience::fairness::why::{self, Why};
use peyvand_core::experience::grants::{Grant, GrantId, GrantState};
use peyvand_core::platform::text::Lang;
use serde::Deserialize;

/// What both pages show.
struct View {
    name: String,
    icon: &'static str,
    tone: &'static str,
    reasons: Vec<String>,
    until: Option<String>,
}

fn view(req: &Req, why: Why) -> View {
    let (icon, tone) = look(why.kind);
    let is_open = matches!(why.state, GrantState::Offered | GrantState::Accepted);
    View {
        name: why.name,
        icon,
        tone,
        reasons: why.reasons,
        until: is_open.then(|| req.loc.t1("experience-until", "day", req.loc.day(why.valid_to_on))),
    }
}

#[derive(Template)]
#[template(path = "experience/why.html")]
struct WhyPage {
    s: Shell,
    view: View,
    /// The address at which the customer reads it.
    link: Option<String>,
}

/// For who serves them.
pub async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Grant>>) -> PageResult {
    let why = req.ctx.run(why::why, GrantId { id }).await?;
    let link = why.code.as_ref().map(|code| format!("{}/g/{}", base(&req, &headers), spoken(code)));
    let s = req
        .shell("experience", req.t("fairness-why"))
        .crumb(req.t("menu-experience"), "/experience")
        .crumb(req.t("experience-grants"), "/experience/grants");
    page(&req, &WhyPage { s, view: view(&req, why), link })
}

#[derive(Template)]
#[template(path = "experience/why-open.html")]
struct OpenPage {
    s: Shell,
    here: String,
    view: View,
}

/// How a link is looked at. Messengers add words of their own to links, so others are let pass.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Look {
    lang: Option<Lang>,
}

/// For whoever holds the code.
pub async fn open(req: Req, Path(code): Path<String>, Form(look): Form<Look>) -> PageResult {
    let req = in_lang(req, look.lang);
    let why = why::of_code(&req.ctx, &code).await?;
    let here = format!("/g/{}", why.code.as_deref().map(spoken).unwrap_or_default());
    let s = req.shell("", req.t("fairness-why"));
    page(&req, &OpenPage { s, here, view: view(&req, why) }).map(private)
}
