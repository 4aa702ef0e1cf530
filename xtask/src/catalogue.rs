//! The words of the interface: `locales/{fa,ar,en}/*.ftl` against each other, against the code and against good writing.

use crate::source::without_tests;
use crate::{Findings, Outcome, files, short};
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const LANGUAGES: [&str; 3] = ["fa", "ar", "en"];

#[derive(Default)]
struct Message {
    file: String,
    /// Names of the values it takes.
    values: BTreeSet<String>,
    /// Its words, without placeables.
    words: Vec<String>,
}

/// Reads the catalogues and the sources.
pub fn check(root: &Path) -> Outcome {
    let mut findings = Findings::default();
    let mut catalogues: BTreeMap<&str, BTreeMap<String, Message>> = BTreeMap::new();
    for language in LANGUAGES {
        let catalogue = catalogues.entry(language).or_default();
        for (path, text) in files(&root.join("locales").join(language), ".ftl")? {
            read(&short(root, &path), &text, catalogue, &mut findings);
        }
    }
    compare(&catalogues, &mut findings);
    let writing = Writing::new()?;
    for (language, catalogue) in &catalogues {
        for (key, message) in catalogue {
            for words in &message.words {
                for what in writing.problems(language, words) {
                    findings.wrong(format!("{}: {key}: {what}: {}", message.file, words.trim()));
                }
            }
        }
    }
    uses(root, &catalogues["fa"], &mut findings)?;
    Ok(findings)
}

fn read(file: &str, text: &str, catalogue: &mut BTreeMap<String, Message>, findings: &mut Findings) {
    let resource = parse(text).unwrap_or_else(|(resource, _)| resource);
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                let mut read = Message { file: file.to_owned(), ..Message::default() };
                if let Some(pattern) = &message.value {
                    pattern_of(pattern, &mut read);
                }
                for attribute in &message.attributes {
                    pattern_of(&attribute.value, &mut read);
                }
                if let Some(before) = catalogue.insert(message.id.name.to_owned(), read) {
                    let key = message.id.name;
                    findings.wrong(if before.file == file {
                        format!("{file}: {key} stands there twice")
                    } else {
                        format!("{file}: {key} stands in {} too", before.file)
                    });
                }
            }
            Entry::Junk { content } => findings.wrong(format!("{file}: not Fluent: {}", content.lines().next().unwrap_or_default())),
            _ => {}
        }
    }
}

fn pattern_of(pattern: &Pattern<&str>, message: &mut Message) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => message.words.push((*value).to_owned()),
            PatternElement::Placeable { expression } => expression_of(expression, message),
        }
    }
}

fn expression_of(expression: &Expression<&str>, message: &mut Message) {
    match expression {
        Expression::Inline(inline) => inline_of(inline, message),
        Expression::Select { selector, variants } => {
            inline_of(selector, message);
            variants.iter().for_each(|variant| pattern_of(&variant.value, message));
        }
    }
}

fn inline_of(inline: &InlineExpression<&str>, message: &mut Message) {
    match inline {
        InlineExpression::VariableReference { id } => {
            message.values.insert(id.name.to_owned());
        }
        InlineExpression::FunctionReference { arguments: CallArguments { positional, .. }, .. } => {
            positional.iter().for_each(|argument| inline_of(argument, message));
        }
        InlineExpression::Placeable { expression } => expression_of(expression, message),
        _ => {}
    }
}

fn compare(catalogues: &BTreeMap<&str, BTreeMap<String, Message>>, findings: &mut Findings) {
    let keys: BTreeSet<&String> = catalogues.values().flat_map(BTreeMap::keys).collect();
    for key in keys {
        let known: Vec<_> =
            LANGUAGES.iter().filter_map(|language| catalogues[language].get(key).map(|message| (language, message))).collect();
        for language in LANGUAGES.iter().filter(|language| !catalogues[**language].contains_key(key)) {
            findings.wrong(format!("{key} is missing in {language} ({})", known[0].1.file));
        }
        let all: BTreeSet<&String> = known.iter().flat_map(|(_, message)| &message.values).collect();
        for (language, message) in known {
            // A singular may leave its number out; a value that only one language knows is a slip of the pen.
            for value in all.iter().filter(|value| !message.values.contains(**value)) {
                findings.note(format!("{key}: {language} does not show ${value}"));
            }
        }
    }
}

/// How Persian and Arabic are written.
struct Writing {
    arabic_letters: Regex,
    persian_letters: Regex,
    quote: Regex,
    mi_apart: Regex,
    mi_joined: Regex,
    plural_apart: Regex,
    spaces: Regex,
}

impl Writing {
    fn new() -> Result<Writing, regex::Error> {
        Ok(Writing {
            arabic_letters: Regex::new("[يكة]")?,
            persian_letters: Regex::new("[یک]")?,
            // A quotation mark that is itself spoken of stands alone.
            quote: Regex::new(r#"[\p{L}\p{N}]["']|["'][\p{L}\p{N}]"#)?,
            mi_apart: Regex::new(r"(^|[^\p{L}\u{200c}])ن?می\s+\p{L}")?,
            mi_joined: Regex::new(
                r"(^|[^\p{L}\u{200c}])ن?می(شود|شوند|کند|کنند|کنید|کنیم|خواهد|خواهید|توان|توانید|توانند|باشد|دهد|دهند|دهید|رود|روند|آید|آیند|گوید|گویید|ماند|مانند|بیند|بینید|سازد|نویسید|زند|گیرد|گیرند|خورد|رسد|داند|دانید|دارد|گذارد)([^\p{L}]|$)",
            )?,
            plural_apart: Regex::new(r"\p{L} ها(ی|یی|یش)?([^\p{L}]|$)")?,
            spaces: Regex::new(r"\S  +\S|\S [،؛؟!](\s|$)")?,
        })
    }

    fn problems(&self, language: &str, words: &str) -> Vec<&'static str> {
        let rules: &[(&Regex, &'static str)] = match language {
            "fa" => &[
                (&self.arabic_letters, "an Arabic letter where Persian has its own (ی, ک, ه)"),
                (&self.quote, "straight quotes; Persian has «»"),
                (&self.mi_apart, "«می» is followed by a zero-width non-joiner, not by a space"),
                (&self.mi_joined, "«می» is followed by a zero-width non-joiner"),
                (&self.plural_apart, "«ها» follows a zero-width non-joiner, not a space"),
                (&self.spaces, "a space too many"),
            ],
            "ar" => &[
                (&self.persian_letters, "a Persian letter where Arabic has its own (ي, ك)"),
                (&self.quote, "straight quotes; Arabic has «»"),
                (&self.spaces, "a space too many"),
            ],
            _ => &[],
        };
        rules.iter().filter(|(rule, _)| rule.is_match(words)).map(|(_, what)| *what).collect()
    }
}

fn uses(root: &Path, catalogue: &BTreeMap<String, Message>, findings: &mut Findings) -> Result<(), Box<dyn std::error::Error>> {
    let call = Regex::new(r#"(?:\b(?:t|t1|ta)\(\s*|Problem::new\(\s*"[^"]*",\s*)"([a-z0-9-]+)""#)?;
    let literal = Regex::new(r#""([a-z][a-z0-9]*(?:-[a-z0-9{}_]+)+)-?""#)?;
    let opening = Regex::new(r#""([a-z][a-z0-9]*(?:-[a-z0-9]+)*-)(?:\{|")"#)?;
    let rooms: BTreeSet<&str> = catalogue.keys().filter_map(|key| key.split_once('-')).map(|(room, _)| room).collect();
    let mut sources = Vec::new();
    for (folder, ending) in [("crates", ".rs"), ("crates/web/templates", ".html"), ("crates/web/templates", ".txt"), ("assets/js", ".js")] {
        sources.extend(files(&root.join(folder), ending)?);
    }
    let (mut named, mut openings) = (BTreeSet::new(), BTreeSet::new());
    let mut missing = BTreeSet::new();
    for (path, text) in &sources {
        let name = short(root, path);
        for found in call.captures_iter(text) {
            if !catalogue.contains_key(&found[1]) && !found[1].ends_with('-') {
                missing.insert(format!("{name}: {} is in no catalogue", &found[1]));
            }
        }
        // In the core every such literal of a room is a message; in pages it may be a class or an id.
        let code = if name.ends_with(".rs") { without_tests(text) } else { text.clone() };
        for found in literal.captures_iter(&code) {
            let key = &found[1];
            let room = key.split('-').next().unwrap_or_default();
            let is_key = name.starts_with("crates/core/src") && rooms.contains(room) && key.matches('-').count() > 1;
            if is_key && !key.contains('{') && !found[0].ends_with("-\"") && !catalogue.contains_key(key) {
                findings.note(format!("{name}: \"{key}\" looks like a message and is in no catalogue"));
            }
            named.insert(key.to_owned());
        }
        openings.extend(opening.captures_iter(text).map(|found| found[1].to_owned()));
    }
    missing.into_iter().for_each(|text| findings.wrong(text));
    for (key, message) in catalogue {
        if !named.contains(key) && !openings.iter().any(|opening| key.starts_with(opening.as_str())) && key.contains('-') {
            findings.note(format!("{}: {key}: nothing names it", message.file));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(language: &str, words: &str) -> usize {
        Writing::new().unwrap().problems(language, words).len()
    }

    #[test]
    fn persian_verbs_have_a_non_joiner_after_mi() {
        assert_eq!(problems("fa", "ثبت می شود"), 1);
        assert_eq!(problems("fa", "ثبت نمیشود"), 1);
        assert_eq!(problems("fa", "ثبت می‌شود، میان میز و میلیون"), 0);
    }

    #[test]
    fn persian_has_its_own_letters_and_quotes() {
        assert_eq!(problems("fa", "مشتري"), 1);
        assert_eq!(problems("fa", "نام \"علی\" را بنویسید"), 1);
        assert_eq!(problems("fa", "خانه را میان گیومهٔ \" بگذارید"), 0);
        assert_eq!(problems("fa", "پرونده ها"), 1);
    }

    #[test]
    fn arabic_has_its_own_letters() {
        assert_eq!(problems("ar", "الحقل مطلوب یا"), 1);
        assert_eq!(problems("ar", "الاسم فارغ، اكتبه"), 0);
    }

    #[test]
    fn a_broken_entry_is_found() {
        let (mut catalogue, mut findings) = (BTreeMap::new(), Findings::default());
        read("a.ftl", "one = { $a } words\nbroken\ntwo = { $n ->\n    [one] x { $b }\n   *[other] y\n}\n", &mut catalogue, &mut findings);
        assert_eq!(findings.wrong.len(), 1);
        assert_eq!(catalogue["two"].values.iter().collect::<Vec<_>>(), ["b", "n"]);
    }

    #[test]
    fn a_key_that_stands_twice_in_a_language_is_found() {
        let (mut catalogue, mut findings) = (BTreeMap::new(), Findings::default());
        read("a.ftl", "one = words\ntwo = words\none = others\n", &mut catalogue, &mut findings);
        assert_eq!(findings.wrong, ["a.ftl: one stands there twice"]);
        read("b.ftl", "two = words\nthree = words\n", &mut catalogue, &mut findings);
        assert_eq!(findings.wrong[1..], ["b.ftl: two stands in a.ftl too"]);
        read("b.ftl", "two = words\n", &mut BTreeMap::new(), &mut findings);
        assert_eq!(findings.wrong.len(), 2, "another language has its own");
    }
}
