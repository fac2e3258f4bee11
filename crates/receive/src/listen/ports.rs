//! Ports of single devices: opened when a device gets one, closed when it is taken away.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::{Gate, Origin};
use super::{tcp, udp};

/// A port that is taken by somebody else is tried again after so long.
const RETRY: Duration = Duration::from_secs(5);

/// Follows the directory's ports until told to stop.
pub(super) async fn serve(gate: Arc<Gate>, address: IpAddr, tasks: TaskTracker) {
    let mut wanted = gate.senders.ports();
    let mut open: BTreeMap<u16, CancellationToken> = BTreeMap::new();
    loop {
        let ports = wanted.borrow_and_update().clone();
        open.retain(|port, stop| {
            let keep = ports.contains(port);
            if !keep {
                tracing::info!(port, "the listener port of a device is closed");
                stop.cancel();
            }
            keep
        });
        let mut failed = false;
        for port in ports {
            if open.contains_key(&port) {
                continue;
            }
            match open_port(&gate, SocketAddr::new(address, port), &tasks) {
                Ok(stop) => {
                    tracing::info!(port, "the listener port of a device is open");
                    open.insert(port, stop);
                }
                Err(error) => {
                    failed = true;
                    tracing::warn!(port, %error, "the listener port of a device cannot be opened; it is tried again");
                }
            }
        }
        tokio::select! {
            () = gate.stop.cancelled() => return,
            Ok(()) = wanted.changed() => {}
            () = tokio::time::sleep(RETRY), if failed => {}
        }
    }
}

fn open_port(gate: &Arc<Gate>, address: SocketAddr, tasks: &TaskTracker) -> io::Result<CancellationToken> {
    let socket = udp::bind(address, gate.limits.udp_buffer)?;
    let listener = tcp::bind(address)?;
    let stop = gate.stop.child_token();
    let origin = Origin::Port(address.port());
    tasks.spawn(udp::serve(gate.clone(), socket, origin, stop.clone()));
    tasks.spawn(tcp::serve(gate.clone(), listener, tcp::Mode::plain(origin), tasks.clone(), stop.clone()));
    Ok(stop)
}
