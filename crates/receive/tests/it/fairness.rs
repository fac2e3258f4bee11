//! One loud customer on a slow disk: others neither wait longer nor are refused.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::Timestamp;
use receive::listen::ListenConfig;
use receive::wal::{Disk, DiskFile, OsDisk};
use receive::{DiskRoom, Intake, IntakeError, Protocol, Rate, ReceiveConfig, Receiver, Record, Rejection, Sender};

use crate::http::world::{OTHER_TOKEN, TOKEN, identities};

/// What a sync takes.
const SYNC: Duration = Duration::from_millis(10);

struct SlowDisk;
struct SlowFile(Box<dyn DiskFile>);

impl Disk for SlowDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        OsDisk.create_dir(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        OsDisk.list(dir)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SlowFile(OsDisk.create(path)?)))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SlowFile(OsDisk.open(path)?)))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        OsDisk.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        OsDisk.sync_dir(dir)
    }
}

impl DiskFile for SlowFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_at(bytes, offset)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn reserve(&self, len: u64) -> io::Result<()> {
        self.0.reserve(len)
    }
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn sync(&self) -> io::Result<()> {
        std::thread::sleep(SYNC);
        self.0.sync()
    }
}

/// Hands in as fast as it is let until told to stop.
async fn flood(intake: Intake, sender: Arc<Sender>, stop: Arc<AtomicBool>, refused: Arc<AtomicU64>) {
    while !stop.load(Ordering::Relaxed) {
        let records = vec![Record::from(vec![b'x'; 8 * 1024]); 8];
        if intake.accept(&sender, records, Timestamp::from_micros(0)).await == Err(IntakeError::Full) {
            refused.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn datagrams_of_a_device_over_its_rate_are_dropped_and_counted_and_hold_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = ReceiveConfig::new(folder.path());
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    config.wal.segment_bytes = 16 << 20;
    config.intake.limits.device = Rate { events_per_second: 10, bytes_per_second: 0 };
    let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
    receiver.senders().replace(identities());
    let udp = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let listeners = receiver.listen(ListenConfig { udp, ..ListenConfig::default() }).await.unwrap();
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(listeners.addresses().udp.unwrap()).await.unwrap();
    let frame = |token: &str| format!("<13>1 - h a - - [vedette@32473 token=\"{token}\"] text");
    let begun = Instant::now();
    for _ in 0..20 {
        for _ in 0..100 {
            socket.send(frame(TOKEN).as_bytes()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..5 {
        socket.send(frame(OTHER_TOKEN).as_bytes()).await.unwrap();
    }
    let limited = || receiver.stats().rejected_by(Protocol::SyslogUdp, Rejection::Limited);
    while limited() + receiver.stats().accepted < 2005 {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", receiver.stats());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(limited() > 500, "{:?}", receiver.stats());
    listeners.drain().await;
    receiver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_customer_is_always_taken_at_once_beside_a_loud_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = ReceiveConfig::new(folder.path());
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    config.intake.in_flight_bytes = 1 << 20;
    config.wal.segment_bytes = 256 << 20;
    let receiver = Receiver::open(config, Arc::new(SlowDisk)).await.unwrap();
    receiver.senders().replace(identities());
    let sender = |token| receiver.senders().by_token(token).unwrap();
    let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let loud: Vec<_> =
        (0..32).map(|_| tokio::spawn(flood(receiver.intake(), sender(TOKEN), stop.clone(), refused.clone()))).collect();
    let (quiet, mut waits) = (sender(OTHER_TOKEN), Vec::new());
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let begun = Instant::now();
        let record = vec![Record::from(b"quiet".to_vec())];
        receiver.intake().accept(&quiet, record, Timestamp::from_micros(0)).await.expect("never refused");
        waits.push(begun.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    for one in loud {
        one.await.unwrap();
    }
    waits.sort();
    let refused = refused.load(Ordering::Relaxed);
    println!(
        "beside a loud customer (refused {refused} times) the median wait was {:?}, the longest {:?}",
        waits[25], waits[49]
    );
    assert!(refused > 10, "the loud customer was not loud enough to prove anything");
    assert!(waits[25] < SYNC * 20, "{waits:?}");
    receiver.close().await;
}
