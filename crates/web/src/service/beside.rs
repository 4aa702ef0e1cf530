//! What a customer said, beside their other things.

use super::{door, name_in, said};
use crate::page::Shell;
use crate::request::Req;
use askama::Template;
use peyvand_core::parties::Party;
use peyvand_core::service::sheets::{self, ListSheets};
use peyvand_core::{Act, Error, Id, Room};

/// Answers beside a customer.
const BESIDE: i64 = 3;

/// An answer as the box shows it.
struct Line {
    survey: String,
    scores: Vec<(String, &'static str)>,
    words: Option<String>,
    when: String,
    door: String,
}

/// The box on a customer's page.
#[derive(Template)]
#[template(path = "service/beside.html")]
pub(crate) struct VoiceBox {
    s: Shell,
    party: Id<Party>,
    lines: Vec<Line>,
    has_more: bool,
}

/// The last answers of a customer; none for who may not see any.
pub(crate) async fn of_party(req: &Req, party: Id<Party>) -> Result<Option<VoiceBox>, Error> {
    if !req.can(Room::Service, Act::See) {
        return Ok(None);
    }
    let of = ListSheets { party_id: Some(party), limit: Some(BESIDE), ..ListSheets::default() };
    let page = req.ctx.run(sheets::list, of).await?;
    let loc = &req.loc;
    let line = |sheet: sheets::Sheet| Line {
        survey: name_in(loc.prefs.lang, &sheet.name_fa, &sheet.name_ar, &sheet.name_en),
        scores: said(loc, &sheet),
        when: loc.day_near(sheet.day),
        door: door(loc, &sheet),
        words: sheet.words,
    };
    Ok(Some(VoiceBox {
        s: req.shell("parties", ""),
        party,
        has_more: page.next.is_some(),
        lines: page.items.into_iter().map(line).collect(),
    }))
}
