//! Codes of customers, with the sheet that carries one as a pattern for cameras.

use super::problems;
use crate::error::{PageError, PageResult};
use crate::form::Sent;
use crate::page::{Flash, Shell, go, page, percent};
use crate::request::{Form, Req};
use crate::service::base;
use askama::Template;
use axum::extract::Path;
use axum::http::HeaderMap;
use peyvand_core::advocacy::codes::{self as core, ListCodes, MakeCode, ReferralCode, ReferralCodeId};
use peyvand_core::parties::Party;
use peyvand_core::parties::party::{self, PartyId};
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Room};
use qrcode::{Color, EcLevel, QrCode};
use serde::Deserialize;

/// Quiet modules around the pattern, as its standard asks.
const QUIET: usize = 4;

/// A code as a row shows it.
struct Line {
    party: Id<Party>,
    name: String,
    code: String,
    why: String,
    clicks: String,
    when: String,
}

fn line(loc: &Loc, one: ReferralCode) -> Line {
    Line {
        party: one.party_id,
        name: one.party,
        code: one.code,
        why: loc.t(if one.is_asked { "referrals-code-why-asked" } else { "referrals-code-why-advocate" }),
        clicks: loc.t1("referrals-code-clicks", "count", one.clicks),
        when: loc.day_near(one.created_at.day(&loc.prefs.time_zone)),
    }
}

#[derive(Template)]
#[template(path = "advocacy/codes.html")]
struct CodesPage {
    s: Shell,
    tab: &'static str,
    lines: Vec<Line>,
    next: Option<String>,
    is_first: bool,
    may_add: bool,
}

/// Where the list begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct From {
    after: Option<String>,
}

/// The list.
pub(super) async fn index(req: Req, Form(from): Form<From>) -> PageResult {
    let is_first = from.after.is_none();
    let listed = req.ctx.run(core::list, ListCodes { after: from.after, ..ListCodes::default() }).await?;
    let view = CodesPage {
        s: req.shell("advocacy", req.t("referrals-codes")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "codes",
        next: listed.next.map(|next| format!("/advocacy/codes?after={}", percent(&next))),
        lines: listed.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        is_first,
        may_add: req.can(Room::Advocacy, Act::Create),
    };
    page(&req, &view)
}

/// A pattern for cameras: its size in modules, and the dark ones as a path.
struct Pattern {
    size: usize,
    path: String,
}

fn pattern(link: &str) -> Result<Pattern, Error> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).map_err(|error| Error::fault(error.to_string()))?;
    let width = code.width();
    let mut path = String::new();
    for (at, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        path.push_str(&format!("M{} {}h1v1h-1z", at % width + QUIET, at / width + QUIET));
    }
    Ok(Pattern { size: width + 2 * QUIET, path })
}

#[derive(Template)]
#[template(path = "advocacy/code.html")]
struct CodePage {
    s: Shell,
    party: Id<Party>,
    code: Option<Line>,
    link: String,
    pattern: Option<Pattern>,
    may_make: bool,
    may_end: bool,
}

async fn code_of(req: &Req, party: Id<Party>) -> Result<Option<ReferralCode>, PageError> {
    let of = ListCodes { party_id: Some(party), limit: Some(1), after: None };
    Ok(req.ctx.run(core::list, of).await?.items.into_iter().next())
}

/// The code of a customer.
pub(super) async fn show(req: Req, headers: HeaderMap, Path(id): Path<Id<Party>>) -> PageResult {
    let code = code_of(&req, id).await?;
    let name = req.ctx.run(party::get, PartyId { id }).await?.row.name;
    let link = code.as_ref().map(|code| format!("{}/r/{}", base(&req, &headers), code.code)).unwrap_or_default();
    let view = CodePage {
        s: req
            .shell("advocacy", req.loc.t1("referrals-code-of", "name", name.as_str()))
            .crumb(req.t("menu-advocacy"), "/advocacy")
            .crumb(req.t("referrals-codes"), "/advocacy/codes"),
        party: id,
        pattern: if code.is_some() { Some(pattern(&link)?) } else { None },
        code: code.map(|one| line(&req.loc, one)),
        link,
        may_make: req.can(Room::Advocacy, Act::Create),
        may_end: req.can(Room::Advocacy, Act::Change),
    };
    page(&req, &view)
}

/// Makes one.
pub(super) async fn make(req: Req, Path(id): Path<Id<Party>>, sent: Sent) -> PageResult {
    let new = MakeCode { party_id: Some(id), customer: None, is_asked: sent.get("is_asked").is_some() };
    let flash = match req.ctx.run(core::make, new).await {
        Ok(_) => None,
        Err(error) => {
            let text = problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" ");
            Some(Flash { text, undo: None })
        }
    };
    Ok(go(&req, &format!("/advocacy/codes/{id}"), flash))
}

/// Ends it.
pub(super) async fn end(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    let code = code_of(&req, id).await?.ok_or_else(|| PageError(Error::NotFound("referral code")))?;
    req.ctx.run(core::end, ReferralCodeId { id: code.id }).await?;
    let flash = Flash { text: req.t("referrals-code-ended"), undo: None };
    Ok(go(&req, &format!("/advocacy/codes/{id}"), Some(flash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_its_quiet_edge_and_a_finder_in_each_of_three_corners() {
        let made = pattern("https://shop.example/r/ABC1234").unwrap();
        assert!(made.size >= 21 + 8 && made.path.starts_with("M4 4h1v1h-1z"), "{} {}", made.size, made.path);
        let is_dark = |x: usize, y: usize| made.path.contains(&format!("M{x} {y}h1v1h-1z"));
        let last = made.size - QUIET - 1;
        assert!(is_dark(last, 4) && is_dark(4, last));
        assert!(!made.path.contains("M3 ") && !made.path.contains(&format!("M{} ", last + 1)));
    }
}
