//! What advocates have earned and what became of it: the books of one customer, all journals, and whether they are in order.

use super::{key_of, money, problems};
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, Shell, go, page, percent, unprocessable};
use crate::request::{Form, Req};
use askama::Template;
use axum::extract::Path;
use peyvand_core::advocacy::books::AccountKind;
use peyvand_core::advocacy::ledger::{
    self as core, GiveBack, Journal, JournalKind, LedgerOf, LedgerSeen, ListJournals, LotSeen, Posted, SettleOwed, Settlement, UseBenefit,
};
use peyvand_core::advocacy::verify::{LedgerVerified, verify};
use peyvand_core::operation::Nothing;
use peyvand_core::parties::Party;
use peyvand_core::platform::locale::Loc;
use peyvand_core::{Act, Error, Id, Room};
use serde::Deserialize;

/// An amount of the books of somebody.
pub(super) struct Sum {
    pub(super) label: String,
    pub(super) amount: String,
    pub(super) class: &'static str,
    /// Whether there is something of it.
    pub(super) is_some: bool,
}

/// What somebody has earned, in the order in which they ask.
pub(super) fn sums(loc: &Loc, seen: &LedgerSeen) -> Vec<Sum> {
    let all = [
        ("credit", seen.credit_minor),
        ("cash", seen.cash_minor),
        ("pending", seen.pending_minor),
        ("owed", seen.owed_minor),
        ("matured", seen.matured_minor),
        ("spent", seen.spent_minor),
        ("paid", seen.paid_minor),
        ("expired", seen.expired_minor),
    ];
    let sum = |(word, minor): (&str, i64)| Sum {
        label: loc.t(&format!("ledger-sum-{word}")),
        amount: money(loc, minor, seen.currency),
        class: if word == "owed" && minor > 0 { "bad" } else { "" },
        is_some: minor != 0,
    };
    all.into_iter().map(sum).collect()
}

/// A journal as a row shows it.
struct Line {
    id: Id<Journal>,
    party: Id<Party>,
    name: String,
    what: String,
    tone: &'static str,
    amount: String,
    when: String,
    by: Option<String>,
    note: Option<String>,
    referral: Option<String>,
    /// Whether something of it may be given back.
    is_spent: bool,
}

fn tone(kind: JournalKind) -> &'static str {
    match kind {
        JournalKind::Earned => "lapis",
        JournalKind::Matured | JournalKind::Granted | JournalKind::GivenBack | JournalKind::Repaid => "peste",
        JournalKind::Spent | JournalKind::PaidOut => "teal",
        JournalKind::Expired | JournalKind::WrittenOff | JournalKind::Carried => "grey",
        JournalKind::Unearned | JournalKind::Revoked | JournalKind::TakenBack => "anar",
    }
}

fn line(loc: &Loc, one: Journal) -> Line {
    Line {
        what: loc.t(&key_of("ledger-kind-", one.kind.as_str())),
        tone: tone(one.kind),
        amount: money(loc, one.amount_minor, one.currency),
        when: loc.day_near(one.day),
        by: one.creator,
        note: one.note,
        referral: one.referral_id.map(|id| format!("/advocacy/{id}")),
        is_spent: one.kind == JournalKind::Spent,
        id: one.id,
        party: one.party_id,
        name: one.party,
    }
}

/// A lot as a row shows it.
struct LotLine {
    left: String,
    of: String,
    wallet: String,
    until: String,
    referral: Option<String>,
}

fn lot(loc: &Loc, seen: &LedgerSeen, one: &LotSeen) -> LotLine {
    LotLine {
        left: money(loc, one.left_minor, seen.currency),
        of: loc.ta(
            "ledger-lot-of",
            &[("amount", money(loc, one.amount_minor, seen.currency).into()), ("day", loc.day(one.matured_on).into())],
        ),
        wallet: loc.t(&key_of("benefits-wallet-", one.wallet.as_str())),
        until: loc.t1("ledger-lot-until", "day", loc.day_near(one.expires_on)),
        referral: one.referral_id.map(|id| format!("/advocacy/{id}")),
    }
}

/// Whether the books are in order, as the page says it.
struct Checked {
    is_sound: bool,
    words: String,
    /// Kind of account, how many, what they hold.
    accounts: Vec<(String, String, String)>,
    differences: Vec<(String, String, String)>,
}

fn checked(loc: &Loc, seen: LedgerVerified) -> Checked {
    let counts = [("journals", seen.journals.into()), ("entries", seen.entries.into())];
    let shown = |kind: AccountKind, minor: i64| match kind {
        // What is debited is what it cost: shown as people say it.
        AccountKind::Expense | AccountKind::Receivable | AccountKind::Repaid | AccountKind::WrittenOff => -minor,
        _ => minor,
    };
    Checked {
        is_sound: seen.is_sound,
        words: loc.ta(if seen.is_sound { "ledger-sound" } else { "ledger-unsound" }, &counts),
        accounts: seen
            .accounts
            .iter()
            .map(|one| {
                let label = loc.t(&key_of("ledger-account-", one.kind.as_str()));
                (label, loc.number(one.accounts), money(loc, shown(one.kind, one.balance_minor), one.currency))
            })
            .collect(),
        differences: seen
            .differences
            .into_iter()
            .map(|one| (one.name, loc.number(one.stored_minor), loc.number(one.replayed_minor)))
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "advocacy/ledger.html")]
struct LedgerPage {
    s: Shell,
    tab: &'static str,
    kinds: Vec<(String, String, bool)>,
    lines: Vec<Line>,
    next: Option<String>,
    is_bare: bool,
    checked: Option<Checked>,
    may_give_back: bool,
}

/// Which part of the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    kind: Option<JournalKind>,
    after: Option<String>,
}

fn href(kind: Option<JournalKind>, after: Option<&str>) -> String {
    let mut href = "/advocacy/ledger?".to_owned();
    if let Some(kind) = kind {
        href.push_str(&format!("kind={kind}&"));
    }
    if let Some(after) = after {
        href.push_str(&format!("after={}", percent(after)));
    }
    href.trim_end_matches(['?', '&']).to_owned()
}

/// All journals, and for who sees all customers whether the books are in order.
pub(super) async fn index(req: Req, Form(asked): Form<Asked>) -> PageResult {
    let is_first = asked.after.is_none();
    let listed = req.ctx.run(core::list, ListJournals { kind: asked.kind, after: asked.after, ..ListJournals::default() }).await?;
    let verified = match is_first && req.can(Room::Advocacy, Act::Change) {
        true => match req.ctx.run(verify, Nothing {}).await {
            Ok(seen) => Some(checked(&req.loc, seen)),
            Err(Error::Forbidden(_)) => None,
            Err(error) => return Err(error.into()),
        },
        false => None,
    };
    let all = (req.t("referrals-view-all"), href(None, None), asked.kind.is_none());
    let of = |kind: &JournalKind| (req.t(&key_of("ledger-kind-", kind.as_str())), href(Some(*kind), None), asked.kind == Some(*kind));
    let view = LedgerPage {
        s: req.shell("advocacy", req.t("ledger-title")).crumb(req.t("menu-advocacy"), "/advocacy"),
        tab: "ledger",
        kinds: [all].into_iter().chain(JournalKind::ALL.iter().map(of)).collect(),
        is_bare: listed.items.is_empty() && is_first && asked.kind.is_none(),
        next: listed.next.map(|next| href(asked.kind, Some(&next))),
        lines: listed.items.into_iter().map(|one| line(&req.loc, one)).collect(),
        checked: verified,
        may_give_back: req.can(Room::Sales, Act::Change),
    };
    page(&req, &view)
}

#[derive(Template)]
#[template(path = "advocacy/books.html")]
struct BooksPage {
    s: Shell,
    f: FormView,
    party: Id<Party>,
    sums: Vec<Sum>,
    lots: Vec<LotLine>,
    lines: Vec<Line>,
    next: Option<String>,
    unit: String,
    /// What may be done.
    deeds: Vec<(String, String)>,
    may_give_back: bool,
}

/// Where the journals begin, and what is to be given back.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct From {
    after: Option<String>,
    back: Option<Id<Journal>>,
}

async fn books(req: &Req, party: Id<Party>, after: Option<String>, f: FormView) -> Result<BooksPage, Error> {
    let loc = &req.loc;
    let seen = req.ctx.run(core::get, LedgerOf { party_id: Some(party), customer: None }).await?;
    let listed = req.ctx.run(core::list, ListJournals { party_id: Some(party), after, limit: Some(30), ..ListJournals::default() }).await?;
    let may_change = req.can(Room::Advocacy, Act::Change);
    let may_give_back = req.can(Room::Sales, Act::Change);
    let deeds = [
        ("spend", seen.credit_minor + seen.cash_minor > 0 && req.can(Room::Sales, Act::Create)),
        ("pay_out", seen.cash_minor > 0 && may_change),
        ("repaid", seen.owed_minor > 0 && may_change),
        ("written_off", seen.owed_minor > 0 && may_change),
        ("give_back", !f.value("id").is_empty() && may_give_back),
    ];
    Ok(BooksPage {
        s: req
            .shell("advocacy", loc.t1("ledger-of", "name", seen.party.as_str()))
            .crumb(req.t("menu-advocacy"), "/advocacy")
            .crumb(req.t("ledger-title"), "/advocacy/ledger"),
        f,
        party,
        sums: sums(loc, &seen),
        lots: seen.lots.iter().map(|one| lot(loc, &seen, one)).collect(),
        next: listed.next.map(|next| format!("/advocacy/ledger/{party}?after={}", percent(&next))),
        lines: listed.items.into_iter().map(|one| line(loc, one)).collect(),
        unit: loc.money_unit(seen.currency).to_owned(),
        deeds: deeds.into_iter().filter(|(_, may)| *may).map(|(word, _)| (word.to_owned(), req.t(&key_of("ledger-deed-", word)))).collect(),
        may_give_back,
    })
}

/// The books of one customer. The form has a name of its own for what it does: sent twice, it is done once.
pub(super) async fn show(req: Req, Path(party): Path<Id<Party>>, Form(from): Form<From>) -> PageResult {
    let mut values = vec![("key".to_owned(), req.ctx.id::<Journal>().to_string())];
    if let Some(id) = from.back {
        values.extend([("id".to_owned(), id.to_string()), ("what".to_owned(), "give_back".to_owned())]);
    }
    page(&req, &books(&req, party, from.after, FormView::new(values)).await?)
}

async fn done(req: &Req, party: Id<Party>, sent: &Sent) -> Result<Posted, Error> {
    let currency = req.ctx.app.organisation().await?.currency;
    let amount = sent.amount("amount", currency, req.loc.prefs.money_unit).unwrap_or_default();
    let text = |name: &str| sent.get(name).map(str::to_owned);
    let (key, note) = (text("key"), text("note"));
    let used =
        || UseBenefit { party_id: Some(party), amount: amount.clone(), key: key.clone(), note: note.clone(), ..UseBenefit::default() };
    let what = sent.get("what").unwrap_or_default();
    match (what, what.parse::<Settlement>()) {
        ("spend", _) => req.ctx.run(core::spend, used()).await,
        ("pay_out", _) => req.ctx.run(core::pay_out, used()).await,
        ("give_back", _) => {
            let id = sent.get("id").and_then(|id| id.parse().ok()).ok_or(Error::NotFound("journal"))?;
            req.ctx.run(core::give_back, GiveBack { id, amount, key, note }).await
        }
        (_, Ok(how)) => {
            let settle = SettleOwed { party_id: Some(party), customer: None, how, amount, note: note.unwrap_or_default(), key };
            req.ctx.run(core::settle_owed, settle).await
        }
        _ => Err(Error::invalid("what", "input-needed")),
    }
}

/// Does what the form says with what they have.
pub(super) async fn act(req: Req, Path(party): Path<Id<Party>>, sent: Sent) -> PageResult {
    match done(&req, party, &sent).await {
        Ok(Posted { journal, .. }) => {
            let amount = money(&req.loc, journal.amount_minor, journal.currency);
            let text = req.loc.t1(&key_of("ledger-done-", journal.kind.as_str()), "amount", amount);
            Ok(go(&req, &format!("/advocacy/ledger/{party}"), Some(Flash { text, undo: None })))
        }
        Err(error) => {
            let problems = problems(error)?;
            unprocessable(&books(&req, party, None, FormView::again(sent, &problems, &req.loc)).await?)
        }
    }
}
