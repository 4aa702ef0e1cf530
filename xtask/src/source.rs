//! Rust sources as the checks read them: without what is compiled for tests only.

use std::iter::repeat_n;

const MARK: &str = "#[cfg(test)]";

/// The text without its `#[cfg(test)]` items, each up to its closing brace or `;`. Their line ends stay, so that a line
/// has the number that an editor shows.
pub fn without_tests(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let (mut at, mut from) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(MARK) {
            kept.push_str(&text[from..at]);
            let end = end_of_item(text, at + MARK.len());
            kept.extend(repeat_n('\n', text[at..end].matches('\n').count()));
            (at, from) = (end, end);
        } else {
            at = next(text, at);
        }
    }
    kept.push_str(&text[from..]);
    kept
}

/// Where the item ends that begins here, with its other attributes.
fn end_of_item(text: &str, mut at: usize) -> usize {
    let mut open = 0_usize;
    while at < text.len() {
        let sign = text.as_bytes()[at];
        at = next(text, at);
        match sign {
            b'{' | b'(' | b'[' => open += 1,
            // The item was the last one of what is around it.
            b'}' | b')' | b']' if open == 0 => return at - 1,
            b'}' | b')' | b']' => {
                open -= 1;
                if open == 0 && sign == b'}' {
                    return at;
                }
            }
            b';' if open == 0 => return at,
            _ => {}
        }
    }
    at
}

/// The place behind the sign that stands here, or behind the comment, string or character that begins here.
fn next(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let until = |end: &str, behind: usize| rest[behind..].find(end).map_or(text.len(), |found| at + behind + found + end.len());
    if rest.starts_with("//") {
        return until("\n", 2);
    }
    if rest.starts_with("/*") {
        return at + block_comment(rest);
    }
    if rest.starts_with('"') {
        return at + quoted(rest);
    }
    let in_word = text[..at].ends_with(|sign: char| sign.is_alphanumeric() || sign == '_');
    if !in_word && let Some(raw) = rest.strip_prefix('r').or_else(|| rest.strip_prefix("br")) {
        let fences = raw.bytes().take_while(|&sign| sign == b'#').count();
        if raw[fences..].starts_with('"') {
            let opened = rest.len() - raw.len() + fences + 1;
            return until(&format!("\"{}", "#".repeat(fences)), opened);
        }
    }
    let mut signs = rest.chars();
    let Some(first) = signs.next() else { return text.len() };
    if first == '\'' {
        match (signs.next(), signs.next()) {
            (Some('\\'), Some(escaped)) => return until("'", 2 + escaped.len_utf8()),
            (Some(sign), Some('\'')) => return at + 2 + sign.len_utf8(),
            // A lifetime.
            _ => {}
        }
    }
    at + first.len_utf8()
}

/// The length of the comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut open) = (2, 1_usize);
    while at < bytes.len() && open > 0 {
        match bytes[at..] {
            [b'/', b'*', ..] => (at, open) = (at + 2, open + 1),
            [b'*', b'/', ..] => (at, open) = (at + 2, open - 1),
            _ => at += 1,
        }
    }
    at
}

/// The length of the string, with its quotes.
fn quoted(rest: &str) -> usize {
    let mut signs = rest.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, rest: &str) {
        let kept = without_tests(text);
        assert_eq!(kept.split_whitespace().collect::<Vec<_>>().join(" "), rest, "{text}");
        assert_eq!(kept.matches('\n').count(), text.matches('\n').count(), "{text}");
    }

    #[test]
    fn what_follows_a_test_item_stays() {
        judge("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { if x { y } }\n}\nfn c() {}\n", "fn a() {} fn c() {}");
        judge("#[cfg(test)]\npub(super) mod tests;\npub use d::D;\n", "pub use d::D;");
        judge("#[cfg(test)]\nuse a::{b, c::{d}};\nfn e() {}\n", "; fn e() {}");
        judge("struct S { a: u8, #[cfg(test)] b: u8 }\nfn c() {}\n", "struct S { a: u8, } fn c() {}");
        judge("#[cfg(test)]\n#[expect(dead_code, reason = \"]{\")]\nfn a(b: [u8; 2]) -> u8 {\n    b[0]\n}\nfn c() {}\n", "fn c() {}");
        judge("fn a() {}\n#[cfg(test)]\nmod open {\n", "fn a() {}");
    }

    #[test]
    fn braces_in_strings_characters_and_comments_are_no_braces() {
        let body = [
            r#"let a = "}\"}";"#,
            r##"let b = r#"}"}"#;"##,
            r#"let b = br"}\";"#,
            "let c = ('}', '\\'', '\\u{7d}', b'}', '\"');",
            "fn d<'a>(e: &'a str) -> &'a str { e }",
            "// it's a }\n",
            "/* } /* } */ } */",
            "let f = \"«}»\";",
        ];
        for line in body {
            judge(&format!("#[cfg(test)]\nmod tests {{ {line} }}\nfn after() {{}}\n"), "fn after() {}");
        }
    }

    #[test]
    fn a_mark_that_is_only_spoken_of_cuts_nothing() {
        for text in ["// as #[cfg(test)] does", "let mark = \"#[cfg(test)]\";", "let mark = r\"#[cfg(test)]\";"] {
            judge(text, text);
        }
    }
}
