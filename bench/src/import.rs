//! How fast files come in: `peyvand import` as people run it, watched through its own progress in the database.

use crate::Place;
use crate::generate::Outcome;
use crate::measure::measure;
use crate::shop::{Draw, Shop, stream};
use peyvand_core::parties::identity::code_with_check;
use peyvand_db::{Db, sql};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// Days that a file of purchases spans.
const DAYS_OF_FILE: u64 = 700;
/// How often the progress is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A file of people whom the shop does not know, with names, phones, national IDs, e-mails, cities and streets.
pub fn parties_file(folder: &Path, shop: &Shop, rows: u64, draw: u64) -> Outcome<PathBuf> {
    let path = folder.join(format!("parties-{rows}-{draw}.csv"));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "first_name,last_name,name,mobile,national_id,email,city,address")?;
    // Their numbers are such that phones and IDs are nobody else's.
    let first = 12_000_000 + draw * 10_000_000;
    for no in first..first + rows {
        let person = shop.person(no);
        let (national_id, email) = (person.national_id.unwrap_or_default(), person.email.unwrap_or_default());
        let (name, mobile, city) = (if person.is_organisation { person.name.as_str() } else { "" }, person.mobile, person.city);
        writeln!(file, "{},{},{name},{mobile},{national_id},{email},{city},خیابان انقلاب {}", person.first, person.last, no % 300)?;
    }
    file.flush()?;
    Ok(path)
}

/// A file of purchase lines in the order of time, three to an invoice, of customers by their code, one line of two
/// hundred a refund.
pub fn purchases_file(folder: &Path, shop: &Shop, lines: u64, draw: u64) -> Outcome<PathBuf> {
    let path = folder.join(format!("purchases-{lines}-{draw}.csv"));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "invoice,date,customer,product,product_name,quantity,unit_price")?;
    for line in 0..lines {
        let invoice = line / 3;
        let mut of_invoice = Draw::new(shop.seed, stream::FILE + draw, invoice);
        let customer = code_with_check(shop.busy_party(&mut of_invoice));
        let ago = DAYS_OF_FILE - (line * DAYS_OF_FILE / lines.max(1));
        let day = jiff::Timestamp::from_millisecond(shop.now - ago as i64 * crate::shop::DAY)?.strftime("%Y-%m-%d").to_string();
        let mut of_line = Draw::new(shop.seed, stream::FILE + 100 + draw, line);
        let product = of_line.skewed(2_000, 1.8);
        let quantity = if of_line.below(200) == 0 { -1 } else { 1 + of_line.below(4) as i64 };
        writeln!(file, "X{draw}-{invoice},{day},{customer},K{product:05},کالای شماره {product},{quantity},{}", 45_000 + product * 250)?;
    }
    file.flush()?;
    Ok(path)
}

/// Runs an import and holds rows a second to a budget, and the last tenth to 90 % of the first.
pub async fn run(binary: &Path, place: &Place, kind: &str, file: &Path, name: &str, budget: f64, results: &mut Vec<Value>) -> Outcome<()> {
    let db = place.open().await?;
    let before: Vec<(uuid::Uuid,)> = db.all(sql("SELECT id FROM imports")).await?;
    let mut command = Command::new(binary);
    command.args(["import", kind]).arg(file).arg("--data").arg(&place.data).args(["--mode", "upsert"]).kill_on_drop(true);
    if let Some(url) = &place.database {
        command.arg("--database").arg(url);
    }
    let begun = Instant::now();
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn()?;
    let mut done = Box::pin(child.wait_with_output());
    let mut seen: Vec<(f64, i64)> = Vec::new();
    let output = loop {
        tokio::select! {
            output = &mut done => break output?,
            () = tokio::time::sleep(LOOK) => {
                if let Some(rows) = progress(&db, &before).await?
                    && seen.last().is_none_or(|(_, last)| *last != rows)
                {
                    seen.push((begun.elapsed().as_secs_f64(), rows));
                }
            }
        }
    };
    let took = begun.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    let summary: Value = text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null);
    let rows = summary["rows"].as_i64().ok_or_else(|| format!("the import of {} gave no summary: {text}", file.display()))?;
    if seen.last().is_none_or(|(_, last)| *last < rows) {
        seen.push((took, rows));
    }
    let mut result = measure(
        "import",
        &format!("{name}: rows a second, start and end of the process included"),
        "rows/s",
        rows as f64 / took,
        Some(budget),
        true,
    );
    result["summary"] = summary;
    result["seconds"] = json!(took);
    eprintln!("import of {name}: {rows} rows in {took:.1} s, {:.0}/s {}", rows as f64 / took, result["summary"]);
    results.push(result);
    // Between the first look and the last, so that opening the database and the last tidying up do not count.
    let at = |share: f64| moment_of(&seen, rows as f64 * share);
    if let (Some((begin, begun_with)), Some(first), Some(nine), Some(end)) = (seen.first().copied(), at(0.1), at(0.9), at(1.0)) {
        let tenth = rows as f64 * 0.1;
        let speeds = ((tenth - begun_with as f64).max(1.0) / (first - begin).max(0.001), tenth / (end - nine).max(0.001));
        let mut result = measure(
            "import",
            &format!("{name}: speed of the last tenth, of the first"),
            "%",
            speeds.1 / speeds.0 * 100.0,
            Some(90.0),
            true,
        );
        result["first_tenth_rows_per_second"] = json!(speeds.0.round());
        result["last_tenth_rows_per_second"] = json!(speeds.1.round());
        result["progress"] = seen.iter().step_by(seen.len().div_ceil(100)).map(|(time, rows)| json!([time, rows])).collect();
        results.push(result);
    }
    db.close().await;
    Ok(())
}

async fn progress(db: &Db, before: &[(uuid::Uuid,)]) -> Outcome<Option<i64>> {
    let rows: Vec<(uuid::Uuid, i64)> = db.all(sql("SELECT id, rows_read FROM imports")).await?;
    Ok(rows.into_iter().find(|(id, _)| before.iter().all(|(old,)| old != id)).map(|(_, rows)| rows))
}

/// When so many rows were done, between two looks by the straight line.
fn moment_of(seen: &[(f64, i64)], rows: f64) -> Option<f64> {
    let after = seen.iter().position(|(_, done)| *done as f64 >= rows)?;
    let (time, done) = seen[after];
    let (earlier, fewer) = if after == 0 { (0.0, 0) } else { seen[after - 1] };
    let share = (rows - fewer as f64) / (done - fewer).max(1) as f64;
    Some(earlier + (time - earlier) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_between_two_looks_is_on_the_line_between_them() {
        let seen = [(1.0, 100), (2.0, 200), (4.0, 300)];
        assert_eq!(moment_of(&seen, 150.0), Some(1.5));
        assert_eq!(moment_of(&seen, 250.0), Some(3.0));
        assert_eq!(moment_of(&seen, 301.0), None);
    }
}
