//! What parsing costs, by sample file: `cargo run --release -p formats --example parse_speed`. Processor time where
//! the system tells (Linux), so that a busy machine does not matter; otherwise the time on the clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use formats::{Hint, Parser, Sources, file};
use model::Timestamp;

const EVENTS: usize = 200_000;

/// Processor time this thread has used.
fn used() -> Duration {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| STARTED.elapsed(), Duration::from_nanos)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parser = Parser::new(Arc::new(Sources::embedded()?));
    let hint = Hint::new(Timestamp::from_micros(1_795_248_000_000_000));
    let mut samples = Vec::new();
    for source in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources"))? {
        let folder = source?.path().join("samples");
        for sample in folder.read_dir().into_iter().flatten() {
            samples.push(sample?.path());
        }
    }
    samples.sort();
    for path in samples.iter().filter(|path| path.extension().is_some_and(|extension| extension == "log")) {
        let texts = file::open(path)?.map(|record| Ok(record?.text)).collect::<Result<Vec<_>, file::FileError>>()?;
        let bytes: usize = texts.iter().map(String::len).sum();
        let started = used();
        let mut fields = 0;
        for text in texts.iter().cycle().take(EVENTS) {
            fields += parser.parse(text, &hint).fields.len();
        }
        println!(
            "{:5.2} us/event, {:4} bytes, {:3} fields  {}",
            (used() - started).as_secs_f64() * 1e6 / EVENTS as f64,
            bytes / texts.len(),
            fields / EVENTS,
            path.display()
        );
    }
    Ok(())
}
