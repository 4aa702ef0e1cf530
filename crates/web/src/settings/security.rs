//! Password, open sessions, API tokens: one's own.

use super::{Frame, answer, done, frame, problems_of};
use crate::State;
use crate::error::PageResult;
use crate::form::{FormView, Sent};
use crate::page::{Flash, go, set_cookie};
use crate::request::Req;
use crate::sign_in::{forget_cookie, session_cookie, waiting};
use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::routing::{get, post};
use peyvand_core::operation::Nothing;
use peyvand_core::platform::sessions::{self, OpenSession};
use peyvand_core::platform::tokens::{self, CreatedToken, ListTokens, NewToken, RevokeToken, Token};
use peyvand_core::platform::users::{self, NewPassword};
use peyvand_core::{Act, Error, Id, Problem, Room};

/// Addresses of this page.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/settings/security", get(show))
        .route("/settings/password", get(to_security).post(change_password))
        .route("/settings/sign-out-everywhere", post(sign_out_everywhere))
        .route("/settings/tokens", get(to_security).post(create_token))
        .route("/settings/tokens/{id}/revoke", post(revoke))
}

/// A form that was sent with problems leaves its address behind; a reload leads to the page.
async fn to_security(req: Req) -> PageResult {
    Ok(go(&req, "/settings/security", None))
}

struct ScopeRow {
    label: String,
    acts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "settings/security.html")]
struct SecurityPage {
    s: Frame,
    f: FormView,
    sessions: Vec<OpenSession>,
    this: String,
    tokens: Vec<Token>,
    scopes: Vec<ScopeRow>,
    created: Option<CreatedToken>,
    email: String,
}

impl SecurityPage {
    async fn new(req: &Req, f: FormView, created: Option<CreatedToken>) -> Result<SecurityPage, Error> {
        // Only rights that the user holds are offered.
        let scopes = Room::ALL
            .iter()
            .map(|room| ScopeRow {
                label: req.t(&format!("room-{}", room.as_str().replace('_', "-"))),
                acts: Act::ALL
                    .iter()
                    .filter(|act| req.can(*room, **act))
                    .map(|act| (format!("{room}.{act}"), req.t(&format!("act-{act}"))))
                    .collect(),
            })
            .filter(|row| !row.acts.is_empty())
            .collect();
        Ok(SecurityPage {
            s: frame(req, "/settings/security", None),
            f,
            sessions: req.ctx.run(sessions::list, Nothing {}).await?,
            this: req.session.as_ref().map(|session| session.name()).unwrap_or_default(),
            tokens: req.ctx.run(tokens::list, ListTokens::default()).await?,
            scopes,
            created,
            email: req.session.as_ref().map(|session| session.email.clone()).unwrap_or_default(),
        })
    }

    fn scope_words(&self, token: &Token) -> String {
        let scopes: Vec<&str> =
            token.scopes.as_array().map(|scopes| scopes.iter().filter_map(|scope| scope.as_str()).collect()).unwrap_or_default();
        if scopes.contains(&tokens::ALL) { self.s.t("tokens-all") } else { self.s.t1("tokens-scopes", "count", scopes.len()) }
    }

    fn browser(&self, session: &OpenSession) -> String {
        browser(&session.agent).unwrap_or_else(|| self.s.t("sessions-unknown"))
    }

    fn is_over(&self, token: &Token) -> bool {
        token.revoked_at.is_some() || token.expires_at.is_some_and(|end| end <= self.s.now)
    }
}

/// «Firefox · Windows» of a browser's long name of itself. Every browser also names those it is compatible with, so
/// the order of the looks counts.
fn browser(agent: &str) -> Option<String> {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")];
    let of = |names: &[(&'static str, &'static str)]| names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    match (of(&BROWSERS), of(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

async fn show(req: Req) -> PageResult {
    let page = SecurityPage::new(&req, FormView::new(vec![("days".into(), "365".into())]), None).await?;
    answer(&req, &page, false)
}

async fn again(req: &Req, mut sent: Sent, problems: &[Problem]) -> PageResult {
    sent.0.retain(|(name, _)| !matches!(name.as_str(), "old" | "new" | "repeat"));
    let page = SecurityPage::new(req, FormView::again(sent, problems, &req.loc), None).await?;
    answer(req, &page, true)
}

async fn change_password(req: Req, sent: Sent) -> PageResult {
    let text = |name: &str| sent.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let (old, new, repeat) = (text("old"), text("new"), text("repeat"));
    if new != repeat {
        return again(&req, sent, &[Problem::new("repeat", "password-differs")]).await;
    }
    match req.ctx.run(users::change_password, NewPassword { old, new }).await {
        Ok(_) => {
            // Every session has ended, this one too; the person stays signed in here with a fresh one.
            let user = req.ctx.actor.person()?.id;
            let signed_in = sessions::open(&req.state.app, user, &req.address, &req.agent).await?;
            let mut response = go(&req, "/settings/security", Some(Flash { text: req.t("password-changed"), undo: None }));
            set_cookie(&mut response, &session_cookie(&req, &signed_in, true));
            Ok(response)
        }
        Err(Error::Limited(wait)) => {
            let problem = Problem { field: "old".into(), ..waiting(wait) };
            again(&req, sent, &[problem]).await
        }
        Err(error) => again(&req, sent, &problems_of(error)?).await,
    }
}

async fn sign_out_everywhere(req: Req) -> PageResult {
    req.ctx.run(sessions::sign_out_everywhere, Nothing {}).await?;
    let mut response = go(&req, "/sign-in", None);
    forget_cookie(&mut response);
    Ok(response)
}

async fn create_token(req: Req, sent: Sent) -> PageResult {
    let only = sent.get("reach") == Some("some");
    let new = NewToken {
        name: sent.get("name").unwrap_or_default().to_owned(),
        scopes: only.then(|| sent.all("scopes").into_iter().map(str::to_owned).collect()),
        days: sent.get("days").and_then(|days| days.parse().ok()),
    };
    match req.ctx.run(tokens::create, new).await {
        // The one answer that shows the token: no redirect, which would have to carry it.
        Ok(created) => {
            let page = SecurityPage::new(&req, FormView::new(vec![("days".into(), "365".into())]), Some(created)).await?;
            answer(&req, &page, false)
        }
        Err(error) => again(&req, sent, &problems_of(error)?).await,
    }
}

async fn revoke(req: Req, Path(id): Path<Id<Token>>) -> PageResult {
    req.ctx.run(tokens::revoke, RevokeToken { id }).await?;
    done(&req, "/settings/security", "tokens-revoked")
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_told_from_those_it_claims_to_be() {
        let windows =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0";
        assert_eq!(browser(windows).as_deref(), Some("Edge · Windows"));
        let phone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1";
        assert_eq!(browser(phone).as_deref(), Some("Safari · iPhone"));
        assert_eq!(browser("curl/8.0"), None);
    }
}
