//! Mail over SMTP.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use peyvand_core::external::{Mail, MailProblem, MailSender};
use std::pin::Pin;
use std::time::Duration;

/// A server that takes longer than this is tried again later; the job's lease is longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How the connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Plain at first, then encrypted; refuses to go on without.
    Starttls,
    /// Encrypted from the start.
    Tls,
    /// Not at all: for a server on the same machine.
    Plain,
}

/// Where and as whom to hand mail in.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Name of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// User and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// Sender: `Peyvand <crm@example.ir>`.
    pub from: String,
}

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// A server by its settings; nothing is sent yet.
    ///
    /// # Errors
    /// For a sender that is no address and a name that no certificate can carry, in English.
    pub fn new(settings: SmtpSettings) -> Result<Smtp, String> {
        let from = settings.from.parse().map_err(|error| format!("{}: {error}", settings.from))?;
        let builder = match settings.security {
            Security::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&settings.host),
            Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&settings.host),
            Security::Plain => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)),
        };
        let mut builder = builder.map_err(|error| error.to_string())?.port(settings.port).timeout(Some(TIMEOUT));
        if let Some((user, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Smtp { transport: builder.build(), from })
    }

    async fn hand_in(&self, mail: &Mail) -> Result<(), MailProblem> {
        let refused = |problem: String| MailProblem::Refused(problem);
        let to: Mailbox = mail.to.parse().map_err(|error| refused(format!("{}: {error}", mail.to)))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(&mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.message_id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| refused(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(problem(&error)),
        }
    }

    /// Connects and signs in without sending anything.
    ///
    /// # Errors
    /// What is wrong, in the words of the server or of this machine.
    pub async fn test(&self) -> Result<(), String> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("the server does not answer".to_owned()),
            Err(error) => Err(with_causes(&error)),
        }
    }
}

/// What an attempt means for the next one.
fn problem(error: &lettre::transport::smtp::Error) -> MailProblem {
    let text = with_causes(error);
    // 530, 534, 535, 538: it does not accept our sign-in. That is for our settings to mend, no receiver is at fault.
    let ours = error.status().is_some_and(|code| code.to_string().starts_with("53"));
    match (error.is_permanent(), error.is_transient()) {
        (true, _) if !ours => MailProblem::Refused(text),
        (_, true) => MailProblem::Temporary(text),
        _ => MailProblem::Unreachable(text),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

impl MailSender for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> Pin<Box<dyn Future<Output = Result<(), MailProblem>> + Send + 'a>> {
        Box::pin(self.hand_in(mail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    fn settings(port: u16) -> SmtpSettings {
        SmtpSettings {
            host: "127.0.0.1".into(),
            port,
            security: Security::Plain,
            credentials: None,
            from: "Peyvand <crm@example.ir>".into(),
        }
    }

    fn mail() -> Mail {
        Mail { to: "sara@example.ir".into(), subject: "یادآوری".into(), text: "سلام".into(), message_id: "1".into() }
    }

    /// A server that answers the receiver's address with `verdict` and gives the text it was handed.
    async fn server(verdict: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut text = String::new();
            let mut in_text = false;
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "." if in_text => {
                        in_text = false;
                        "250 taken"
                    }
                    _ if in_text => {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    "EHLO" => "250 test",
                    "RCPT" => verdict,
                    "DATA" => {
                        in_text = true;
                        "354 go on"
                    }
                    _ => "250 ok",
                };
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            text
        });
        (port, served)
    }

    #[tokio::test]
    async fn a_mail_arrives_with_its_own_id() {
        let (port, served) = server("250 ok").await;
        let smtp = Smtp::new(settings(port)).unwrap();
        smtp.send(&mail()).await.map_err(|problem| format!("{problem:?}")).unwrap();
        drop(smtp);
        let text = served.await.unwrap();
        assert!(text.contains("Message-ID: <1@example.ir>"), "{text}");
        assert!(text.contains("To: sara@example.ir"), "{text}");
    }

    #[tokio::test]
    async fn a_refused_receiver_is_not_tried_again_and_a_busy_server_is() {
        let (port, _served) = server("550 no such user").await;
        assert!(matches!(Smtp::new(settings(port)).unwrap().send(&mail()).await, Err(MailProblem::Refused(_))));
        let (port, _served) = server("450 later").await;
        assert!(matches!(Smtp::new(settings(port)).unwrap().send(&mail()).await, Err(MailProblem::Temporary(_))));
        // Nobody listens there any more.
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let nobody = Smtp::new(settings(closed)).unwrap();
        assert!(matches!(nobody.send(&mail()).await, Err(MailProblem::Unreachable(_))));
        assert!(nobody.test().await.is_err());
        let (port, _served) = server("250 ok").await;
        assert_eq!(Smtp::new(settings(port)).unwrap().test().await, Ok(()));
    }

    #[test]
    fn a_sender_that_is_no_address_is_refused_at_the_start() {
        assert!(Smtp::new(SmtpSettings { from: "nobody".into(), ..settings(25) }).is_err());
    }
}
