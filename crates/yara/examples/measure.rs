//! How fast rules load and scan, and what they take: `cargo run -p yara --example measure [RULES [FOLDER]]`.
//! Without arguments the rules are made up: a third each of text, hexadecimal and regular expressions.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use yara::{Limits, Rules, Source};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let many: usize = arguments.next().and_then(|many| many.parse().ok()).unwrap_or(5000);
    let folder = arguments.next();
    let built_in = Rules::compile(&[yara::built_in()]).expect("our own rules load");
    let source = Source { name: "made up".to_owned(), text: made_up(many) };
    let (before, began) = (resident(), Instant::now());
    let (rules, problems) = Rules::load(std::slice::from_ref(&source));
    let took = began.elapsed();
    println!(
        "{} rules of {:.1} MB in {took:?} ({:.0} a second), {:.1} MB of memory, {} problems",
        rules.count(),
        source.text.len() as f64 / 1e6,
        rules.count() as f64 / took.as_secs_f64(),
        resident().saturating_sub(before) as f64 / 1e6,
        problems.len()
    );
    let mut files = Vec::new();
    match &folder {
        Some(folder) => collect(Path::new(folder), &mut files),
        None => files.push(Arc::new(noise(64 << 20))),
    }
    for (name, rules) in [("built in", &built_in), ("made up", &rules)] {
        let bytes: usize = files.iter().map(|file| file.len()).sum();
        let (began, mut matches) = (Instant::now(), 0);
        for file in &files {
            matches += rules.scan("a", file, Duration::from_secs(60), &Limits::default()).matches.len();
        }
        let took = began.elapsed();
        let speed = bytes as f64 / 1e6 / took.as_secs_f64();
        println!(
            "{name}: {} files, {:.1} MB in {took:?}, {speed:.0} MB/s, {matches} matches",
            files.len(),
            bytes as f64 / 1e6
        );
    }
}

fn made_up(many: usize) -> String {
    let mut text = String::new();
    let mut seed = 1u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    for number in 0..many {
        write!(text, "rule made_up_{number} : made {{\n  meta:\n    score = {}\n  strings:\n", number % 100)
            .expect("a String takes it");
        for string in 0..5 {
            let (a, b) = (next(), next());
            match (number + string) % 3 {
                0 => writeln!(text, "    $s{string} = \"{a:x}_{b:x}\" ascii wide nocase"),
                1 => writeln!(
                    text,
                    "    $s{string} = {{ {:02X} {:02X} ?? {:02X} {:02X} [2-8] {:02X} {:02X} }}",
                    a & 255,
                    a >> 8 & 255,
                    b & 255,
                    b >> 8 & 255,
                    b >> 16 & 255,
                    a >> 16 & 255
                ),
                _ => writeln!(text, "    $s{string} = /{a:x}[a-f0-9]{{2,8}}{b:x}/"),
            }
            .expect("a String takes it");
        }
        text.push_str("  condition:\n    filesize < 100MB and 2 of them\n}\n");
    }
    text
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut seed = 7u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    (0..bytes / 8).flat_map(|_| next().to_le_bytes()).collect()
}

fn collect(folder: &Path, files: &mut Vec<Arc<Vec<u8>>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files);
        } else if let Ok(bytes) = std::fs::read(&path) {
            files.push(Arc::new(bytes));
        }
    }
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}
