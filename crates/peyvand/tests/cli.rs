//! The command, run as a process on a folder of its own. With `PEYVAND_TEST_DB` it works on PostgreSQL.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder and a database for one test.
struct Place {
    folder: tempfile::TempDir,
    database: Option<String>,
}

impl Place {
    fn new() -> Place {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = runtime.block_on(peyvand_db::testing::fresh_url()).unwrap();
        Place { folder: tempfile::tempdir().unwrap(), database }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peyvand"));
        command.args(arguments).env_clear().env("PEYVAND_DATA", self.data()).env("LANG", "en_GB.UTF-8");
        // What the program asks of the database counts as run by tests.
        if let Some(log) = std::env::var_os("PEYVAND_SQL_LOG") {
            command.env("PEYVAND_SQL_LOG", log);
        }
        if let Some(database) = &self.database {
            command.env("PEYVAND__DATABASE", database);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that reads no input has closed its end.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Standard output of a command that must succeed.
    fn told(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn owner(&self) {
        let add = ["user", "add", "--email", "negar@toranj.example", "--name", "Negar", "--post", "owner", "--password-stdin"];
        let output = self.run_with(&add, "saffron-teapot-41\n");
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    fn serve(&self) -> Server {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let Some((_, address)) = line.trim().split_once("http://") else {
            let mut problem = String::new();
            child.stderr.take().unwrap().read_to_string(&mut problem).unwrap();
            panic!("{line}{problem}");
        };
        Server { child, address: address.trim_end_matches('/').to_owned() }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn get(&self, path: &str, header: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{header}\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn terminate(&self) {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
    }

    fn ended(mut self) -> (i32, String) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_empty_folder_is_all_it_takes_to_serve_and_a_signal_ends_it_in_order() {
    let place = Place::new();
    let server = place.serve();
    assert!(server.get("/healthz", "").starts_with("HTTP/1.1 200"));
    assert!(server.get("/readyz", "").ends_with("ready"));
    assert!(server.get("/metrics", "").starts_with("HTTP/1.1 200"));
    assert_eq!(mode(&place.data()), 0o700);
    assert_eq!(mode(&place.data().join("keys.toml")), 0o600);
    server.terminate();
    let (code, log) = server.ended();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("stopped"), "{log}");
}

#[test]
fn a_request_under_way_is_answered_after_the_signal() {
    let place = Place::new();
    let server = place.serve();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.terminate();
    std::thread::sleep(Duration::from_millis(200));
    write!(stream, "\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    assert_eq!(server.ended().0, 0);
}

#[test]
fn a_folder_serves_one_program_at_a_time_on_sqlite() {
    let place = Place::new();
    if place.database.is_some() {
        return;
    }
    let server = place.serve();
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    let problem = text(&second.stderr);
    assert!(problem.contains(&server.child.id().to_string()), "{problem}");
}

#[test]
fn a_token_made_here_opens_the_api() {
    let place = Place::new();
    place.owner();
    let token = place.told(&["token", "create", "--user", "NEGAR@toranj.example"]);
    assert_eq!(token.lines().count(), 1);
    let server = place.serve();
    let answer = server.get("/api/v1/me", &format!("Authorization: Bearer {}\r\n", token.trim()));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("negar@toranj.example"), "{answer}");
    assert!(server.get("/api/v1/me", "").starts_with("HTTP/1.1 401"));
}

#[test]
fn an_operation_answers_json_and_says_what_is_wrong_by_number_and_in_words() {
    let place = Place::new();
    let terms = json(&place.told(&["op", "terms.list", "list=reason"]));
    assert!(terms.as_array().unwrap().len() > 5);
    let put = place.run_with(&["op", "terms.put", "-", "word=swap"], r#"{"list": "reason", "label": "تعویض کالا"}"#);
    assert_eq!(json(&text(&put.stdout))["word"], "swap");

    let unknown = place.run(&["op", "terms.burn"]);
    assert_eq!(unknown.status.code(), Some(2));
    let invalid = place.run(&["--lang", "fa", "op", "terms.put", "list=nothing", "label=x"]);
    assert_eq!(invalid.status.code(), Some(2));
    let problem = json(&text(&invalid.stderr));
    assert_eq!((problem["code"].as_str(), problem["problems"][0]["field"].as_str()), (Some("invalid"), Some("list")));
    assert!(problem["message"].as_str().unwrap().contains("فهرست"), "{problem}");
    assert!(place.told(&["op", "--list"]).contains("terms.put"));
    let person = place.run(&["op", "me.get"]);
    assert_eq!(person.status.code(), Some(6));
}

#[test]
fn a_file_that_is_no_table_is_refused_with_words_and_bad_rows_leave_the_rest() {
    let place = Place::new();
    let file = |name: &str, content: &[u8]| {
        let path = place.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let import = |file: &str| place.run(&["--lang", "fa", "import", "parties", file]);
    let noise: Vec<u8> = (0..5000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty.csv", b"", "هیچ ردیفی"),
        ("noise.csv", &noise, "جدول نیست"),
        ("page.xls", b"<!DOCTYPE html><html><table><tr><td>1</td></tr></table></html>", "صفحه"),
        ("unknown.csv", b"foo,bar\n1,2\n", "foo"),
    ];
    for (name, content, words) in cases {
        let refused = import(&file(name, content));
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(text(&refused.stderr).contains(words), "{name}: {}", text(&refused.stderr));
    }
    let windows: Vec<u8> = b"\xe4\xc7\xe3,\xe3\xe6\xc8\xc7\xed\xe1\n\xd3\xc7\xd1\xc7,09125550142\n".to_vec();
    let told = import(&file("windows-1256.csv", &windows));
    assert!(text(&told.stdout).contains(r#""created":1"#), "{}{}", text(&told.stdout), text(&told.stderr));
    let mixed = format!("name,mobile\n{},09125550143\nرضا,09125550144\n=1+1,09125550145\n", "آ".repeat(1 << 19));
    let told = import(&file("mixed.csv", mixed.as_bytes()));
    assert!(text(&told.stdout).contains(r#""created":2,"updated":0,"unchanged":0,"rejected":1"#), "{}", text(&told.stdout));
    assert!(text(&told.stderr).contains("imports.rejects"), "where the reasons are is told: {}", text(&told.stderr));
}

#[test]
fn an_empty_word_takes_away_and_a_missing_one_keeps() {
    let place = Place::new();
    place.owner();
    let owner = json(&place.told(&["op", "users.list"]))["items"][0]["id"].as_str().unwrap().to_owned();
    let party = json(&place.told(&["op", "parties.create", "name=سارا"]))["id"].as_str().unwrap().to_owned();
    let new = [format!("party_id={party}"), format!("owner_id={owner}")];
    let new = ["op", "follow_ups.create", &new[0], &new[1], "what=تماس", "due=tomorrow", "channel=phone", "remind_minutes=30"];
    let made = json(&place.told(&new));
    assert!(made["remind_at"].is_string() && made["channel"] == "phone", "{made}");
    let id = format!("id={}", made["id"].as_str().unwrap());
    let kept = json(&place.told(&["op", "follow_ups.change", &id, "version=1", "importance=high"]));
    assert_eq!((&kept["channel"], &kept["remind_at"]), (&made["channel"], &made["remind_at"]));
    let cleared = json(&place.told(&["op", "follow_ups.change", &id, "version=2", "channel=", "remind_minutes="]));
    assert!(cleared["channel"].is_null() && cleared["remind_at"].is_null(), "{cleared}");
}

#[test]
fn the_description_of_the_api_is_printed() {
    let place = Place::new();
    assert_eq!(json(&place.told(&["openapi"]))["openapi"], "3.1.0");
    assert!(!place.data().exists());
}

#[test]
fn the_check_up_finds_open_keys_and_a_clock_that_is_late() {
    let place = Place::new();
    place.told(&["migrate"]);
    place.told(&["op", "terms.list"]);
    let well = place.run(&["doctor"]);
    assert!(well.status.success(), "{}", text(&well.stdout));

    let keys = place.data().join("keys.toml");
    std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let open = place.run(&["doctor"]);
    assert_eq!(open.status.code(), Some(1));
    assert!(text(&open.stdout).contains("chmod 600"), "{}", text(&open.stdout));
    let findings = json(&text(&place.run(&["doctor", "--json"]).stdout));
    assert!(findings.as_array().unwrap().iter().any(|finding| finding["state"] == "fail" && finding["do"].is_string()));
}

#[test]
fn doctor_tries_the_mail_server() {
    let place = Place::new();
    place.told(&["migrate"]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut command = place.command(&["doctor", "--json"]);
    command.env("PEYVAND__MAIL__HOST", "127.0.0.1").env("PEYVAND__MAIL__PORT", closed).env("PEYVAND__MAIL__SECURITY", "none");
    let nobody = command.env("PEYVAND__MAIL__FROM", "crm@toranj.example").output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    let findings = json(&text(&nobody.stdout));
    let mail = findings.as_array().unwrap().iter().find(|finding| finding["what"] == "Mail server").unwrap();
    assert!(mail["state"] == "fail" && mail["do"].as_str().unwrap().contains("mail.port"), "{mail}");
}

#[test]
fn a_setting_says_where_it_comes_from_and_hides_secrets() {
    let place = Place::new();
    std::fs::create_dir_all(place.data()).unwrap();
    std::fs::write(place.data().join("peyvand.toml"), "[mail]\nhost = \"mail.example.ir\"\npassword = \"hush\"\n").unwrap();
    let shown = place.told(&["config", "show"]);
    assert!(shown.contains("mail.host = \"mail.example.ir\"  # ") && !shown.contains("hush"), "{shown}");
    std::fs::write(place.data().join("peyvand.toml"), "[mail]\nhots = \"x\"\n").unwrap();
    let wrong = place.run(&["serve"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("Did you mean mail.host?"), "{}", text(&wrong.stderr));
}

#[test]
fn lost_keys_are_told_before_new_ones_are_made() {
    let place = Place::new();
    place.told(&["op", "parties.create", "kind=person", "name=Sara", r#"identities=[{"kind":"ir_national_id","value":"0084575948"}]"#]);
    std::fs::remove_file(place.data().join("keys.toml")).unwrap();
    let output = place.run(&["op", "terms.list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!place.data().join("keys.toml").exists());
}

#[test]
fn a_backup_of_one_place_fills_another() {
    let (here, there) = (Place::new(), Place::new());
    here.owner();
    let server = here.serve();
    let file = here.folder.path().join("shop.peyvand");
    let name = file.to_str().unwrap();
    here.told(&["backup", name]);
    drop(server);
    assert_eq!(mode(&file), 0o600);
    assert!(!here.run(&["backup", name]).status.success(), "a backup was overwritten");
    there.told(&["restore", name]);
    let token = there.told(&["token", "create", "--user", "negar@toranj.example"]);
    assert!(!token.trim().is_empty());
    let again = there.run(&["restore", name]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    assert_eq!(std::fs::read(here.data().join("keys.toml")).unwrap(), std::fs::read(there.data().join("keys.toml")).unwrap());
}

#[test]
fn the_demo_fills_an_empty_place_once_and_its_people_can_sign_in() {
    let place = Place::new();
    let told = place.told(&["demo", "--customers", "40", "--date", "2026-11-21", "--seed", "3"]);
    assert!(told.contains("40 customers") && told.contains("negar@toranj.example"), "{told}");
    assert!(!place.told(&["token", "create", "--user", "sara@toranj.example"]).trim().is_empty());
    let again = place.run(&["demo"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("not empty"), "{}", text(&again.stderr));
    assert!(place.run(&["doctor"]).status.success());
}

#[test]
fn a_demo_that_was_killed_leaves_nothing_that_looks_like_a_shop() {
    let place = Place::new();
    let mut child = place.command(&["demo"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let filling = place.data().join("peyvand.db.filling");
    let until = Instant::now() + Duration::from_secs(60);
    while !(filling.exists() || place.database.as_deref().is_some_and(demo_has_begun)) {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "the demo did not begin, or was over too soon");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.data().join("peyvand.db").exists());
    if place.database.is_some() {
        for command in [&["serve"][..], &["demo"], &["doctor"]] {
            let refused = place.run(command);
            let told = text(&refused.stderr) + &text(&refused.stdout);
            assert!(!refused.status.success() && told.contains("createdb"), "{command:?}: {told}");
        }
    } else {
        assert!(place.told(&["demo", "--customers", "40"]).contains("40 customers"));
        assert!(!filling.exists());
        assert!(place.run(&["doctor"]).status.success());
    }
}

fn demo_has_begun(database: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Ok(db) = peyvand_db::Db::open(database, &peyvand_db::Options::default()).await else { return false };
        // Before the tables are there it cannot be asked.
        let begun = peyvand_core::demo::is_unfinished(&db).await.unwrap_or(false);
        db.close().await;
        begun
    })
}

#[test]
fn keys_are_not_changed_under_a_server() {
    let place = Place::new();
    let sara = json(&place.told(&["op", "parties.create", "name=Sara", "national_id=0084575948"]));
    let server = place.serve();
    let refused = place.run(&["keys", "rotate"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).to_lowercase().contains("stop"), "{}", text(&refused.stderr));
    // Others may work beside the server.
    place.told(&["op", "terms.list"]);
    drop(server);
    assert!(place.told(&["keys", "rotate"]).contains("1 value"));
    let id = format!("id={}", sara["id"].as_str().unwrap());
    assert_eq!(json(&place.told(&["op", "parties.identities.reveal", &id, "kind=ir_national_id"]))["value"], "0084575948");
}

#[test]
fn after_a_new_key_is_in_force_the_old_one_is_gone_and_ids_are_still_read() {
    let place = Place::new();
    let sara = json(&place.told(&["op", "parties.create", "name=Sara", "national_id=0084575948"]));
    let file = place.data().join("keys.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    assert!(place.told(&["keys", "rotate"]).contains("1 value"));
    let after = std::fs::read_to_string(&file).unwrap();
    assert_ne!(before, after);
    assert_eq!(mode(&file), 0o600);
    let id = format!("id={}", sara["id"].as_str().unwrap());
    let shown = json(&place.told(&["op", "parties.identities.reveal", &id, "kind=ir_national_id"]));
    assert_eq!(shown["value"], "0084575948");
    assert!(place.run(&["doctor"]).status.success(), "the check-up opens one of them too");
}
