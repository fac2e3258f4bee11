use model::intel::{Holds, Indicator};
use sightings::{Error, Run, RunInfo, Scratch, Wanted};

use crate::oracle::{INFO, Rows, run_of};

fn rows() -> Rows {
    (0..2000)
        .map(|n| {
            (n, vec![(Holds::Host, format!("h{n}.example")), (Holds::Address, format!("10.0.{}.{}", n / 256, n % 256))])
        })
        .collect()
}

#[test]
fn a_changed_byte_is_found_by_the_check_and_no_change_makes_reading_panic() {
    let (folder, _) = run_of(&rows());
    let path = folder.path().join("run");
    let whole = std::fs::read(&path).unwrap();
    let list: Vec<Indicator> = (0..2000).map(|n| Indicator::parse(&format!("h{n}.example")).unwrap()).collect();
    let wanted = Wanted::of(&list);
    let other = folder.path().join("other");
    for at in (0..whole.len()).step_by(331) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        std::fs::write(&other, &bytes).unwrap();
        let Ok(run) = Run::open(&other, &INFO) else { continue };
        assert!(run.check().is_err(), "byte {at}");
        let _ = run.look(&wanted, &mut Scratch::default(), &mut Vec::new());
    }
    for length in (0..whole.len()).step_by(997) {
        std::fs::write(&other, &whole[..length]).unwrap();
        let Ok(run) = Run::open(&other, &INFO) else { continue };
        assert!(run.check().is_err(), "cut to {length}");
        let _ = run.look(&wanted, &mut Scratch::default(), &mut Vec::new());
    }
}

#[test]
fn a_run_of_another_file_is_refused() {
    let (folder, _) = run_of(&rows());
    let other = RunInfo { of: [8; 32], ..INFO };
    assert!(matches!(Run::open(&folder.path().join("run"), &other), Err(Error::Foreign)));
}
