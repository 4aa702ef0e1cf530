//! What the lists of this room share: the addresses of their pages, and files with all of their rows.

use peyvand_core::Result;

/// Lines of a file; who wants more asks the API.
const FILE_LINES: usize = 50_000;
/// Rows that a file asks for at a time.
pub(super) const AT_A_TIME: i64 = 200;

/// An address with those of its parameters that are given.
pub(super) fn address(path: &str, given: &[(&str, Option<String>)]) -> String {
    let given: Vec<String> = given.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))).collect();
    if given.is_empty() { path.to_owned() } else { format!("{path}?{}", given.join("&")) }
}

/// Puts one page after the other into a file. `read` asks for the page that begins there, `put` adds its lines and says where
/// the next one begins.
///
/// # Errors
/// Those of `read`.
pub(super) async fn all<T, F: Future<Output = Result<T>>>(
    lines: &mut Vec<Vec<String>>,
    mut read: impl FnMut(Option<String>) -> F,
    mut put: impl FnMut(&mut Vec<Vec<String>>, T) -> Option<String>,
) -> Result<()> {
    let mut after = None;
    loop {
        after = put(lines, read(after).await?);
        if after.is_none() || lines.len() > FILE_LINES {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_parameters_that_are_given() {
        assert_eq!(address("/insight/products", &[("by", None), ("after", None)]), "/insight/products");
        let given = [("by", Some("worth".to_owned())), ("class", None), ("after", Some("7".to_owned()))];
        assert_eq!(address("/insight/products", &given), "/insight/products?by=worth&after=7");
    }

    #[tokio::test]
    async fn a_file_has_the_lines_of_every_page_and_an_end() {
        let read = async |after: Option<String>| Ok(after.map_or(0, |after| after.parse::<usize>().unwrap()));
        let mut lines = vec![vec!["head".to_owned()]];
        let put = |lines: &mut Vec<Vec<String>>, at: usize| {
            lines.push(vec![at.to_string()]);
            (at < 2).then(|| (at + 1).to_string())
        };
        all(&mut lines, read, put).await.unwrap();
        assert_eq!(lines.concat(), ["head", "0", "1", "2"]);
        let endless = |lines: &mut Vec<Vec<String>>, at: usize| {
            lines.extend((0..30_000).map(|_| Vec::new()));
            Some((at + 1).to_string())
        };
        let mut lines = Vec::new();
        all(&mut lines, read, endless).await.unwrap();
        assert_eq!(lines.len(), 60_000);
    }
}
