//! What was offered to customers: the list, redeeming a code, telling, sending, taking back; and the part of a customer's page
//! that shows it.

use super::treatments::look;
use super::{key_of, money, problems};
use crate::error::{PageError, PageResult};
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::Req;
use askama::Template;
use axum::extract::{Path, Query};
use peyvand_core::experience::codes::spoken;
use peyvand_core::experience::gifts::{self, GiftReceived, Reaction, SendGift};
use peyvand_core::experience::grants::{self, Grant, GrantId, GrantState, ListGrants, RevokeGrant};
use peyvand_core::experience::legality::TreatmentKind;
use peyvand_core::experience::redeem::{self, RedeemGrant, Redeemed};
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::platform::text::Lang;
use peyvand_core::{Act, Error, Id, Perm, Room};
use serde::Deserialize;

/// Where the list is.
const HERE: &str = "/experience/grants";
/// Offers beside a customer.
const BESIDE: i64 = 5;

/// A grant as a row shows it.
pub struct Line {
    pub id: Id<Grant>,
    pub party: Id<Party>,
    pub customer: String,
    pub name: String,
    pub icon: &'static str,
    pub tone: &'static str,
    pub policy: String,
    pub state: String,
    pub state_tone: &'static str,
    pub when: String,
    pub code: Option<String>,
    pub may_tell: bool,
    pub may_send: bool,
    pub may_hear: bool,
    pub may_revoke: bool,
}

/// What the reader may do with offers.
struct May {
    tell: bool,
    revoke: bool,
}

impl May {
    fn of(req: &Req) -> May {
        May { tell: req.can(Room::Interactions, Act::Create), revoke: req.can(Room::Experience, Act::Change) }
    }
}

fn line(loc: &Loc, may: &May, grant: Grant) -> Line {
    let (icon, tone) = look(grant.kind);
    let is_open = matches!(grant.state, GrantState::Offered | GrantState::Accepted);
    let is_gift = grant.kind == TreatmentKind::Gift;
    let (word, state_tone) = match grant.state {
        GrantState::Offered => ("offered", "lapis"),
        GrantState::Accepted => ("accepted", "teal"),
        GrantState::Redeemed if is_gift => ("sent", "peste"),
        GrantState::Redeemed => ("redeemed", "peste"),
        GrantState::Settled => ("settled", "peste"),
        GrantState::Expired => ("expired", "grey"),
        GrantState::Revoked => ("revoked", "grey"),
    };
    let when = match (grant.redeemed_at, grant.ended_at) {
        (Some(at), _) | (None, Some(at)) => loc.when(at),
        (None, None) => loc.t1("experience-until", "day", loc.day(grant.valid_to_on)),
    };
    Line {
        id: grant.id,
        party: grant.party_id,
        customer: grant.party,
        name: match loc.prefs.lang {
            Lang::Fa => grant.name_fa,
            Lang::Ar => grant.name_ar,
            Lang::En => grant.name_en,
        },
        icon,
        tone,
        policy: grant.policy,
        state: loc.t(&format!("experience-grant-state-{word}")),
        state_tone,
        when,
        code: grant.code.filter(|_| is_open && !is_gift).map(|code| loc.digits(&spoken(&code))),
        may_tell: may.tell && grant.state == GrantState::Offered && !is_gift,
        may_send: may.tell && is_open && is_gift,
        may_hear: may.tell && is_gift && grant.state == GrantState::Redeemed,
        may_revoke: may.revoke && is_open,
    }
}

#[derive(Template)]
#[template(path = "experience/grants.html")]
struct GrantsPage {
    s: Shell,
    tab: &'static str,
    lines: Vec<Line>,
    /// States to choose from: label, address, whether it is chosen.
    states: Vec<(String, String, bool)>,
    reactions: Vec<(String, String)>,
    next: Option<String>,
    is_first: bool,
    may_redeem: bool,
}

/// Which part of the list.
#[derive(Deserialize)]
pub struct Asked {
    after: Option<String>,
    state: Option<GrantState>,
}

/// The list.
pub async fn index(req: Req, Query(asked): Query<Asked>) -> PageResult {
    let is_first = asked.after.is_none();
    let input = ListGrants { state: asked.state, after: asked.after, ..ListGrants::default() };
    let listed = req.ctx.run(grants::list, input).await?;
    let (loc, may) = (&req.loc, May::of(&req));
    let of_state = asked.state.map(|state| format!("state={state}&")).unwrap_or_default();
    let view = GrantsPage {
        s: req.shell("experience", req.t("experience-grants")).crumb(req.t("menu-experience"), "/experience"),
        tab: "grants",
        lines: listed.items.into_iter().map(|grant| line(loc, &may, grant)).collect(),
        states: std::iter::once((loc.t("experience-show-all"), HERE.to_owned(), asked.state.is_none()))
            .chain([GrantState::Offered, GrantState::Accepted, GrantState::Redeemed, GrantState::Expired, GrantState::Revoked].map(
                |state| (loc.t(&format!("experience-grant-state-{state}")), format!("{HERE}?state={state}"), asked.state == Some(state)),
            ))
            .collect(),
        reactions: Reaction::ALL.iter().map(|one| (one.to_string(), loc.t(&format!("experience-reaction-{one}")))).collect(),
        next: listed.next.map(|next| format!("{HERE}?{of_state}after={}", percent(&next))),
        is_first,
        may_redeem: req.can(Room::Sales, Act::Create),
    };
    page(&req, &view)
}

/// The answer to an act: back to where it came from, with what happened or why it did not.
fn acted<T>(req: &Req, key: &str, outcome: Result<T, Error>) -> PageResult {
    let text = match outcome {
        Ok(_) => req.t(key),
        Err(error) => problems(error)?.iter().map(|problem| req.loc.problem(problem)).collect::<Vec<_>>().join(" "),
    };
    let back = req.from.clone().unwrap_or_else(|| HERE.to_owned());
    Ok(go(req, &back, Some(Flash { text, undo: None })))
}

/// They were told.
pub async fn accept(req: Req, Path(id): Path<Id<Grant>>) -> PageResult {
    let outcome = req.ctx.run(grants::accept, GrantId { id }).await;
    acted(&req, "experience-told", outcome)
}

/// It is taken back.
pub async fn revoke(req: Req, Path(id): Path<Id<Grant>>, sent: Sent) -> PageResult {
    let reason = sent.get("reason").unwrap_or_default().to_owned();
    let outcome = req.ctx.run(grants::revoke, RevokeGrant { id, reason }).await;
    acted(&req, "experience-taken-back", outcome)
}

/// The gift is sent.
pub async fn send(req: Req, Path(id): Path<Id<Grant>>) -> PageResult {
    let outcome = req.ctx.run(gifts::send, SendGift { id, note: None }).await;
    acted(&req, "experience-gift-sent", outcome)
}

/// The gift came to them.
pub async fn received(req: Req, Path(id): Path<Id<Grant>>, sent: Sent) -> PageResult {
    let reaction = sent.get("reaction").and_then(|word| word.parse().ok());
    let outcome = req.ctx.run(gifts::received, GiftReceived { id, reaction, note: None }).await;
    acted(&req, "experience-gift-heard", outcome)
}

#[derive(Template)]
#[template(path = "experience/redeem.html")]
struct RedeemPage {
    s: Shell,
    f: FormView,
    unit: String,
    /// What was redeemed, in words.
    done: Option<(String, String)>,
}

async fn redeem_page(req: &Req, f: FormView, done: Option<(String, String)>) -> Result<RedeemPage, PageError> {
    req.ctx.actor.check(Perm(Room::Sales, Act::Create))?;
    let currency = req.ctx.app.organisation().await?.currency;
    Ok(RedeemPage {
        s: req
            .shell("experience", req.t("experience-redeem"))
            .crumb(req.t("menu-experience"), "/experience")
            .crumb(req.t("experience-grants"), HERE),
        f,
        unit: req.loc.money_unit(currency).to_owned(),
        done,
    })
}

/// The code that a form begins with.
#[derive(Deserialize)]
pub struct Given {
    code: Option<String>,
}

/// The form. Its key makes a form that is sent twice redeem once.
pub async fn redeem(req: Req, Query(Given { code }): Query<Given>) -> PageResult {
    let key: Id<Grant> = req.ctx.id();
    let values = vec![("key".to_owned(), key.to_string()), ("code".to_owned(), code.unwrap_or_default())];
    page(&req, &redeem_page(&req, FormView::new(values), None).await?)
}

async fn try_redeem(req: &Req, sent: &Sent) -> Result<Redeemed, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let input = RedeemGrant {
        code: sent.get("code").unwrap_or_default().to_owned(),
        key: sent.get("key").map(str::to_owned),
        total: sent.amount("total", currency, req.loc.prefs.money_unit),
        ..RedeemGrant::default()
    };
    req.ctx.run(redeem::redeem, input).await
}

/// Redeems what the form says, and tells what comes off.
pub async fn redeemed(req: Req, sent: Sent) -> PageResult {
    match try_redeem(&req, &sent).await {
        Ok(done) => {
            let (loc, currency) = (&req.loc, req.ctx.app.organisation().await?.currency);
            let what = match done.off_minor {
                Some(minor) if done.grant.kind == TreatmentKind::Benefit => {
                    loc.t1("experience-to-credit", "amount", money(loc, currency, minor))
                }
                Some(minor) => loc.t1("experience-off", "amount", money(loc, currency, minor)),
                None => match done.grant.share {
                    #[expect(clippy::cast_precision_loss, reason = "a share in ten-thousandths is small")]
                    Some(share) => loc.t1("experience-off", "amount", loc.percent(share as f64 / 10_000.0)),
                    None => loc.t(&key_of("experience-kind-", done.grant.kind.as_str())),
                },
            };
            let key: Id<Grant> = req.ctx.id();
            let fresh = FormView::new(vec![("key".to_owned(), key.to_string())]);
            page(&req, &redeem_page(&req, fresh, Some((what, done.grant.party))).await?)
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&redeem_page(&req, FormView::again(sent, &problems, &req.loc), None).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "experience/beside.html")]
struct Beside {
    s: Shell,
    lines: Vec<Line>,
    all: String,
}

/// What a customer has from us, for their page.
pub async fn beside(req: Req, Path(id): Path<Id<Party>>) -> PageResult {
    let input = ListGrants { party_id: Some(id), limit: Some(BESIDE), ..ListGrants::default() };
    let listed = req.ctx.run(grants::list, input).await?;
    let may = May::of(&req);
    let lines = listed.items.into_iter().map(|grant| line(&req.loc, &may, grant)).collect();
    page(&req, &Beside { s: req.shell("parties", req.t("experience-grants")), lines, all: HERE.to_owned() })
}
