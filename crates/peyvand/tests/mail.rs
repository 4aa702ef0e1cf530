//! Reminders by e-mail, from the follow-up to a mail server that stands in for the real one.

use peyvand_channels::{Security, Smtp, SmtpSettings};
use peyvand_core::follow_ups::{self, NewFollowUp};
use peyvand_core::platform::jobs;
use peyvand_core::platform::users::{self, MeChange};
use peyvand_core::testing::{self, FixedClock, NOW};
use peyvand_core::{App, AppParts, Ctx, Instant};
use peyvand_db::sql;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// A server on this machine that takes every mail, unless it is told to put receivers off.
struct Server {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
    /// What it answers to the address of a receiver.
    verdict: Arc<AtomicU16>,
}

impl Server {
    async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server { port: listener.local_addr().unwrap().port(), taken: Arc::default(), verdict: Arc::new(AtomicU16::new(250)) };
        let (taken, verdict) = (server.taken.clone(), server.verdict.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, taken.clone(), verdict.clone()));
            }
        });
        server
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, taken: Arc<Mutex<Vec<String>>>, verdict: Arc<AtomicU16>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut text: Option<String> = None;
    write.write_all(b"220 here\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(mail) = &mut text {
            if line != "." {
                mail.push_str(&line);
                mail.push('\n');
                continue;
            }
            taken.lock().unwrap().extend(text.take());
        }
        let code = match line.split([' ', ':']).next().unwrap_or_default() {
            "DATA" => {
                text = Some(String::new());
                354
            }
            "RCPT" => verdict.load(Ordering::Relaxed),
            _ => 250,
        };
        if write.write_all(format!("{code} so be it\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The text of a mail, whatever it was wrapped in.
fn body(mail: &str) -> String {
    let (head, body) = mail.split_once("\n\n").unwrap();
    let bytes = if head.contains("base64") {
        let packed: String = body.split_whitespace().collect();
        data_encoding::BASE64.decode(packed.as_bytes()).unwrap()
    } else {
        let joined = body.replace("=\n", "");
        let mut bytes = Vec::new();
        let mut rest = joined.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'=' && head.contains("quoted-printable") {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        bytes
    };
    // The marks that keep names of another direction apart are not what is asked for here.
    String::from_utf8(bytes).unwrap().replace(['\u{2068}', '\u{2069}'], "")
}

fn message_id(mail: &str) -> &str {
    mail.lines().find(|line| line.starts_with("Message-ID:")).unwrap()
}

/// A shop whose clock is ours to move, with a mail server at that port.
async fn shop(port: u16) -> (App, Arc<FixedClock>) {
    let smtp = SmtpSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        credentials: None,
        from: "Peyvand <crm@toranj.example>".into(),
    };
    let clock = Arc::new(FixedClock(AtomicI64::new(NOW.0)));
    let bare = testing::app().await;
    let app = App::new(AppParts {
        db: bare.db.clone(),
        keys: RwLock::new(bare.keys()),
        clock: clock.clone(),
        mail: Some(Arc::new(Smtp::new(smtp).unwrap())),
        data: bare.data.clone(),
        live: Default::default(),
        wake: tokio::sync::watch::Sender::new(()),
        organisation: RwLock::default(),
        sessions: Default::default(),
    });
    (app, clock)
}

async fn plan(ctx: &Ctx, what: &str, due: Instant) {
    let party = testing::party(ctx, "Zahra Karimi").await;
    let new =
        NewFollowUp { party_id: Some(party), what: what.into(), due: due.to_string(), remind_minutes: Some(30), ..Default::default() };
    ctx.run(follow_ups::create, new).await.unwrap();
}

async fn speaks(ctx: &Ctx, lang: &str) {
    let calendar = if lang == "fa" { "jalali" } else { "gregorian" };
    let digits = if lang == "fa" { "persian" } else { "latin" };
    let change: MeChange = serde_json::from_value(serde_json::json!({"lang": lang, "calendar": calendar, "digits": digits})).unwrap();
    ctx.run(users::update, change).await.unwrap();
}

/// Lets that much time pass and does what is due.
async fn wait(app: &App, clock: &FixedClock, milliseconds: i64) {
    clock.0.fetch_add(milliseconds, Ordering::Relaxed);
    jobs::drain(app).await.unwrap();
}

#[tokio::test]
async fn who_wants_it_is_reminded_by_mail_once_and_as_they_read() {
    let server = Server::start().await;
    let (app, clock) = shop(server.port).await;
    let (sara, reza) = (testing::as_post(&app, "agent", "sara").await, testing::as_post(&app, "agent", "reza").await);
    let none = testing::as_post(&app, "agent", "mina").await;
    speaks(&sara, "fa").await;
    speaks(&reza, "en").await;
    none.run(users::update, MeChange { mail_reminders: Some(false), ..Default::default() }).await.unwrap();
    for ctx in [&sara, &reza, &none] {
        plan(ctx, "call about the invoice", NOW.plus(HOUR)).await;
    }
    wait(&app, &clock, 20 * MINUTE).await;
    assert_eq!(server.taken().len(), 0, "nothing is due yet");
    wait(&app, &clock, 15 * MINUTE).await;
    wait(&app, &clock, MINUTE).await;
    let taken = server.taken();
    assert_eq!(taken.len(), 2, "{taken:?}");
    let to = |name: &str| taken.iter().find(|mail| mail.contains(&format!("To: {name}@example.ir"))).unwrap();
    let (persian, english) = (body(to("sara")), body(to("reza")));
    assert!(persian.contains("یادآوری: call about the invoice") && persian.contains("۳۰ آبان ۱۴۰۵"), "{persian}");
    assert!(english.contains("Reminder: call about the invoice") && english.contains("21 Nov 2026"), "{english}");
    assert!(english.contains("Zahra Karimi") && english.contains("Hello reza,"), "{english}");
    assert!(message_id(to("reza")).ends_with("@toranj.example>"), "{}", message_id(to("reza")));

    // Overdue: one more mail to each who wants it.
    wait(&app, &clock, HOUR).await;
    let taken = server.taken();
    assert_eq!(taken.len(), 4);
    assert!(body(&taken[3]).contains("call about the invoice"));
}

#[tokio::test]
async fn what_was_read_or_done_before_the_mail_went_is_not_mailed() {
    let server = Server::start().await;
    server.verdict.store(450, Ordering::Relaxed);
    let (app, clock) = shop(server.port).await;
    let sara = testing::as_post(&app, "agent", "sara").await;
    plan(&sara, "first", NOW.plus(HOUR)).await;
    wait(&app, &clock, 55 * MINUTE).await;
    sara.run(peyvand_core::platform::notifications::read, Default::default()).await.unwrap();
    server.verdict.store(250, Ordering::Relaxed);
    wait(&app, &clock, 6 * MINUTE).await;
    // The reminder was read; by now the step is overdue, which is news.
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert!(!body(&taken[0]).contains("یادآوری: first"), "{}", body(&taken[0]));
}

#[tokio::test]
async fn a_server_that_is_away_or_puts_us_off_gets_the_mail_later() {
    let server = Server::start().await;
    server.verdict.store(450, Ordering::Relaxed);
    let (app, clock) = shop(server.port).await;
    let sara = testing::as_post(&app, "agent", "sara").await;
    plan(&sara, "call", NOW.plus(HOUR)).await;
    wait(&app, &clock, 51 * MINUTE).await;
    assert_eq!(server.taken().len(), 0);
    server.verdict.store(250, Ordering::Relaxed);
    wait(&app, &clock, MINUTE).await;
    assert_eq!(server.taken().len(), 0, "not at once");
    wait(&app, &clock, 5 * MINUTE).await;
    assert_eq!(server.taken().len(), 1);

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (app, clock) = shop(closed).await;
    let sara = testing::as_post(&app, "agent", "sara").await;
    plan(&sara, "call", NOW.plus(HOUR)).await;
    wait(&app, &clock, 51 * MINUTE).await;
    let waiting = async || -> (i64, i64) {
        let counts = sql("SELECT count(*) FILTER (WHERE state = 'waiting'), CAST(COALESCE(MAX(attempts), 0) AS BIGINT) FROM mails");
        app.db.one(counts).await.unwrap()
    };
    assert_eq!(waiting().await, (1, 1));
    wait(&app, &clock, 6 * MINUTE).await;
    assert_eq!(waiting().await, (1, 2));
    // A day later it is of no use to anybody.
    let mut tx = app.db.begin().await.unwrap();
    tx.run(sql("UPDATE follow_ups SET state = 'cancelled'")).await.unwrap();
    tx.commit().await.unwrap();
    wait(&app, &clock, 25 * HOUR).await;
    assert_eq!(waiting().await.0, 0);
}

#[tokio::test]
async fn a_mail_whose_mark_was_lost_is_sent_again_under_its_own_id_and_no_other_is() {
    let server = Server::start().await;
    let (app, clock) = shop(server.port).await;
    let sara = testing::as_post(&app, "agent", "sara").await;
    let reza = testing::as_post(&app, "agent", "reza").await;
    plan(&sara, "call", NOW.plus(HOUR)).await;
    plan(&reza, "visit", NOW.plus(HOUR)).await;
    wait(&app, &clock, 31 * MINUTE).await;
    assert_eq!(server.taken().len(), 2);
    // As a worker leaves it that dies after the server said yes and before it wrote so down.
    let mut tx = app.db.begin().await.unwrap();
    let killed = "UPDATE mails SET state = 'waiting', finished_at = NULL WHERE user_id = (SELECT id FROM users WHERE name = 'sara')";
    tx.run(sql(killed)).await.unwrap();
    tx.run(sql("UPDATE jobs SET state = 'running', lease_until = $1 WHERE name = 'send_mails'").bind(NOW.plus(32 * MINUTE))).await.unwrap();
    tx.commit().await.unwrap();
    wait(&app, &clock, 2 * MINUTE).await;
    assert_eq!(server.taken().len(), 2, "it is not yet known whether its sender is alive");
    wait(&app, &clock, 4 * MINUTE).await;
    wait(&app, &clock, 4 * MINUTE).await;
    let taken = server.taken();
    assert_eq!(taken.len(), 3);
    let sent: Vec<&str> = taken.iter().filter(|mail| mail.contains("To: sara@")).map(|mail| message_id(mail)).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn an_address_that_the_server_refuses_is_not_tried_again() {
    let server = Server::start().await;
    server.verdict.store(550, Ordering::Relaxed);
    let (app, clock) = shop(server.port).await;
    let sara = testing::as_post(&app, "agent", "sara").await;
    plan(&sara, "call", NOW.plus(HOUR)).await;
    wait(&app, &clock, 51 * MINUTE).await;
    server.verdict.store(250, Ordering::Relaxed);
    wait(&app, &clock, 6 * MINUTE).await;
    assert_eq!(server.taken().len(), 0);
    let (state, problem): (String, String) = app.db.one(sql("SELECT state, last_error FROM mails")).await.unwrap();
    assert!(state == "refused" && problem.contains("550"), "{state}: {problem}");
}
