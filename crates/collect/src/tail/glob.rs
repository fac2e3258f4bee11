//! Patterns of paths: `*` and `?` within one name, `**` for any folders.

use std::path::{Path, PathBuf};

/// How deep `**` goes.
const DEPTH: usize = 16;

/// The files a pattern names now, in order.
pub(crate) fn files(pattern: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root = if pattern.starts_with('/') { PathBuf::from("/") } else { PathBuf::from(".") };
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    walk(&root, &parts, 0, &mut found);
    found.sort();
    found.dedup();
    found
}

/// The folder a pattern begins in, before anything in it varies.
pub(crate) fn folder(pattern: &str) -> PathBuf {
    let fixed = pattern.split('/').take_while(|part| !part.contains(['*', '?']));
    let fixed: Vec<&str> = fixed.collect();
    let all = pattern.split('/').count() == fixed.len();
    let kept = if all { &fixed[..fixed.len().saturating_sub(1)] } else { &fixed[..] };
    match kept.join("/") {
        text if text.is_empty() && pattern.starts_with('/') => PathBuf::from("/"),
        text if text.is_empty() => PathBuf::from("."),
        text => PathBuf::from(text),
    }
}

/// Whether a path is one a pattern means.
pub(crate) fn matches(pattern: &str, path: &Path) -> bool {
    let path = path.to_string_lossy();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts_match(&pattern, &parts)
}

fn parts_match(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern.split_first(), parts.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=parts.len()).any(|skipped| parts_match(rest, &parts[skipped..])),
        (Some((name, rest)), Some((part, after))) => name_matches(name, part) && parts_match(rest, after),
        _ => false,
    }
}

fn walk(folder: &Path, parts: &[&str], depth: usize, found: &mut Vec<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else { return };
    if *part == "**" {
        walk(folder, rest, depth, found);
        if depth < DEPTH {
            for below in names(folder).into_iter().map(|name| folder.join(name)) {
                // A link could lead back up.
                if below.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                    walk(&below, parts, depth + 1, found);
                }
            }
        }
        return;
    }
    let hits: Vec<PathBuf> = if part.contains(['*', '?']) {
        names(folder).into_iter().filter(|name| name_matches(part, name)).map(|name| folder.join(name)).collect()
    } else {
        vec![folder.join(part)]
    };
    for path in hits {
        match (rest.is_empty(), path.metadata()) {
            (true, Ok(meta)) if meta.is_file() => found.push(path),
            (false, Ok(meta)) if meta.is_dir() => walk(&path, rest, depth, found),
            _ => {}
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// A name of a pattern; a leading dot is only meant where it is written.
fn name_matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(char) if *char == '?' || *char == name[place] => (at, place) = (at + 1, place + 1),
            _ => match star {
                Some((back, from)) => {
                    (at, place) = (back + 1, from + 1);
                    star = Some((back, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|char| *char == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        for name in ["app.log", "app.log.1", "other.txt", ".hidden.log", "a/app.log", "a/b/deep.log"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let named = |pattern: &str| {
            let found = files(&format!("{}/{pattern}", root.display()));
            let short = |path: PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.into_iter().map(short).collect::<Vec<_>>()
        };
        assert_eq!(named("app.log"), ["app.log"]);
        assert_eq!(named("*.log"), ["app.log"]);
        assert_eq!(named("app.log*"), ["app.log", "app.log.1"]);
        assert_eq!(named("**/*.log"), ["a/app.log", "a/b/deep.log", "app.log"]);
        assert_eq!(named("a/?/d*p.log"), ["a/b/deep.log"]);
        assert_eq!(named("a"), Vec::<String>::new());
        assert!(matches("**/*.gz", Path::new("/var/log/x.gz")) && !matches("*.gz", Path::new("/var/log/x.gz")));
        assert_eq!(super::folder("/var/log/*/x.log"), PathBuf::from("/var/log"));
        assert_eq!(super::folder("/x.log"), PathBuf::from("/"));
        assert_eq!(super::folder("x.log"), PathBuf::from("."));
    }
}
