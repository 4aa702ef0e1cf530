//! A small HTTP/1.1 client that keeps its connection, so that little of the machine goes into asking.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// JSON to send.
    pub body: Option<String>,
    /// The method, where it is not `POST` with something to send and `GET` without.
    pub method: Option<&'static str>,
    /// Session of a browser.
    pub session: Option<String>,
    /// API token of a program.
    pub token: Option<String>,
    /// `br`, `gzip`; nothing for plain bytes.
    pub encoding: Option<&'static str>,
}

impl Request {
    /// A page, as a browser that is signed in asks for it.
    pub fn page(path: impl Into<String>, session: &str) -> Request {
        Request { path: path.into(), session: Some(session.to_owned()), encoding: Some("gzip"), ..Request::default() }
    }

    /// The JSON API.
    pub fn api(path: impl Into<String>, token: &str) -> Request {
        Request { path: path.into(), token: Some(token.to_owned()), ..Request::default() }
    }

    /// The same with JSON to send.
    pub fn json(mut self, body: &serde_json::Value) -> Request {
        self.body = Some(body.to_string());
        self
    }

    fn bytes(&self, host: SocketAddr) -> Vec<u8> {
        let method = self.method.unwrap_or(if self.body.is_some() { "POST" } else { "GET" });
        let mut text = format!("{method} {} HTTP/1.1\r\nHost: {host}\r\n", self.path);
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() {
            text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        if let Some(session) = &self.session {
            // What a browser says of a request from its own page.
            text.push_str(&format!("Cookie: peyvand_session={session}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n"));
        }
        if let Some(token) = &self.token {
            text.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if let Some(encoding) = self.encoding {
            text.push_str(&format!("Accept-Encoding: {encoding}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body as it came, maybe compressed.
    pub body: Vec<u8>,
    /// Bytes that came in all, head and body.
    pub wire: usize,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).map_err(Error::other)
    }
}

/// A kept connection.
#[derive(Debug)]
pub struct Connection {
    host: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// To a server; it is opened with the first request.
    pub fn new(host: SocketAddr) -> Connection {
        Connection { host, stream: None }
    }

    /// Sends a request and reads the answer whole.
    pub async fn ask(&mut self, request: &Request) -> Result<Answer> {
        let outcome = self.try_ask(request).await;
        if outcome.is_err() {
            self.stream = None;
        }
        outcome
    }

    async fn try_ask(&mut self, request: &Request) -> Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.host).await?;
                stream.set_nodelay(true)?;
                BufReader::with_capacity(64 * 1024, stream)
            }
        };
        stream.get_mut().write_all(&request.bytes(self.host)).await?;
        let mut line = String::new();
        let mut wire = stream.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status line"))?;
        let (mut length, mut chunked, mut close) = (None, false, false);
        loop {
            line.clear();
            let read = stream.read_line(&mut line).await?;
            wire += read;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                if read <= 2 {
                    break;
                }
                return Err(broken("a header without a colon"));
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse::<usize>().ok(),
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => close = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                line.clear();
                wire += stream.read_line(&mut line).await?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| broken("a chunk without a size"))?;
                let at = body.len();
                body.resize(at + size + 2, 0);
                stream.read_exact(&mut body[at..]).await?;
                body.truncate(at + size);
                wire += size + 2;
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(length.unwrap_or(0), 0);
            stream.read_exact(&mut body).await?;
            wire += body.len();
        }
        if !close {
            self.stream = Some(stream);
        }
        Ok(Answer { status, body, wire })
    }
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// Text for a query string or a form.
#[must_use]
pub fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len() * 3), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}
