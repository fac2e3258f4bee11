//! The master key file.

use store::Error;
use store::secret::Sealer;

#[test]
fn the_key_is_made_once_and_readable_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let sealed = Sealer::open_or_create(&path).unwrap().seal(b"secret", b"for");
    let key = std::fs::read(&path).unwrap();
    assert_eq!(key.len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(Sealer::open_or_create(&path).unwrap().open(&sealed, b"for").unwrap(), b"secret");
    assert_eq!(std::fs::read(&path).unwrap(), key);
}

#[test]
fn a_lost_key_is_told_from_a_damaged_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let sealed = Sealer::open_or_create(&path).unwrap().seal(b"secret", b"for");
    std::fs::remove_file(&path).unwrap();
    let other = Sealer::open_or_create(&path).unwrap();
    assert!(matches!(other.open(&sealed, b"for"), Err(Error::WrongKey)));
    std::fs::write(&path, b"short").unwrap();
    assert!(matches!(Sealer::open_or_create(&path), Err(Error::BadKeyFile { .. })));
}

#[test]
fn a_key_whose_writing_was_cut_off_stands_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    std::fs::write(folder.path().join("master.new"), b"half").unwrap();
    let sealed = Sealer::open_or_create(&path).unwrap().seal(b"secret", b"for");
    assert_eq!(std::fs::read(&path).unwrap().len(), 32);
    assert!(!folder.path().join("master.new").exists());
    assert_eq!(Sealer::open_or_create(&path).unwrap().open(&sealed, b"for").unwrap(), b"secret");
}
