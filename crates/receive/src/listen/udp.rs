//! Datagrams: syslog (RFC 5426) and GELF, one record each, or several GELF chunks a record.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use super::gate::{Batch, From, Gate, Origin};
use super::gelf::{Datagram, Reassembly};
use crate::intake::IntakeError;
use crate::stats::{Protocol, Rejection};

/// The longest datagram there is.
const DATAGRAM: usize = 65_536;
/// Datagrams put together when they have already arrived.
const BATCH: usize = 512;

pub(super) fn bind(address: SocketAddr, buffer: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(socket2::Protocol::UDP))?;
    // The kernel gives what its limit allows; a smaller buffer loses more in bursts but works.
    if let Err(error) = socket.set_recv_buffer_size(buffer) {
        tracing::warn!(%address, %error, "the UDP receive buffer keeps its default size");
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Reads datagrams until told to stop, then what the kernel still holds.
pub(super) async fn serve(gate: Arc<Gate>, socket: UdpSocket, origin: Origin, stop: CancellationToken) {
    let mut buffer = vec![0; DATAGRAM];
    let mut chunks = Reassembly::default();
    loop {
        let stopping = tokio::select! {
            ready = socket.readable() => match ready {
                Ok(()) => false,
                Err(error) => {
                    tracing::error!(%error, "a UDP socket failed and is closed");
                    return;
                }
            },
            () = stop.cancelled() => true,
        };
        loop {
            let (mut batch, count) = gather(&gate, &socket, origin, &mut buffer, &mut chunks);
            if count == 0 {
                break;
            }
            let why = match gate.intake.open() {
                Err(IntakeError::DiskLow) => Some(Rejection::DiskLow),
                Err(IntakeError::Capped) => Some(Rejection::Full),
                _ => None,
            };
            if let Some(why) = why {
                gate.intake.labelled(Protocol::SyslogUdp).refused(why, count);
                continue;
            }
            gate.drop_limited(&mut batch);
            // Nobody waits for an answer; while there is no room the kernel's buffer fills up.
            if let Err(error) = gate.hand_in(batch).await {
                tracing::warn!(%error, "UDP syslog is no longer taken");
                return;
            }
        }
        if stopping {
            return;
        }
    }
}

/// What has already arrived, and how many datagrams that were.
fn gather(
    gate: &Gate,
    socket: &UdpSocket,
    origin: Origin,
    buffer: &mut [u8],
    chunks: &mut Reassembly,
) -> (Batch, usize) {
    let (now, max) = (Instant::now(), gate.limits.max_frame);
    let mut batch = Batch::default();
    let mut count = 0;
    while count < BATCH {
        let Ok((len, peer)) = socket.try_recv_from(buffer) else { break };
        count += 1;
        let mut frame = match chunks.take(&buffer[..len], peer, now, max) {
            Datagram::Record(frame) => frame,
            Datagram::Part => continue,
            Datagram::Malformed(what) => {
                tracing::debug!(%peer, what, "a datagram was not taken");
                gate.reject(Protocol::GelfUdp, Rejection::Malformed, peer);
                continue;
            }
        };
        frame.truncate(trim(&frame).len());
        if frame.is_empty() {
            continue;
        }
        let protocol = if frame.starts_with(b"{") { Protocol::GelfUdp } else { Protocol::SyslogUdp };
        let truncated = frame.len() > max;
        frame.truncate(max);
        if gate.add(&mut batch, From { protocol, origin, peer }, frame, truncated).is_err() {
            gate.reject(protocol, Rejection::UnknownSender, peer);
        }
    }
    (batch, count)
}

/// Without the line ends and NULs some senders put behind a frame.
fn trim(mut frame: &[u8]) -> &[u8] {
    while let [rest @ .., b'\n' | b'\r' | 0] = frame {
        frame = rest;
    }
    frame
}
