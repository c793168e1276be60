//! A scenario explored live, in a browser on the same machine.
//!
//! The page shows what `run` would print for a design, while it is moved: the same preparation, the same
//! replicates, the same figures. Everything heavy about the web stays in this room.
//!
//! `desk` holds the scenario and what is shared between pages, `levers` what can be moved, `session` one
//! design from its changes to its report, `numbers` how results read beside those of other designs, `shelf`
//! what is kept of designs for comparison and download, `turns` who computes when; `router` says what is
//! answered, `guard` who is answered, `listener` how many.

mod assets;
mod desk;
mod download;
mod guard;
mod levers;
mod listener;
mod numbers;
mod router;
mod session;
mod shelf;
mod turns;

use crate::error::{Error, Result};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

pub use desk::MOST_REPLICATES;

/// Reads a scenario and answers on the loopback address until the program ends. `ready` is told where.
pub fn serve(scenario: &Path, port: u16, ready: impl FnOnce(SocketAddr) -> Result<()>) -> Result<()> {
    let desk = Arc::new(desk::Desk::open(scenario)?);
    let fault = |doing: &str, why: std::io::Error| Error::Machine(format!("cannot {doing}: {why}"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|why| fault("start the server", why))?;
    runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = tokio::net::TcpListener::bind(address).await.map_err(|why| match why.kind() {
            std::io::ErrorKind::AddrInUse | std::io::ErrorKind::PermissionDenied => {
                Error::input(format!("cannot listen on port {port}: {why}; choose another with --port"))
            }
            _ => fault("listen", why),
        })?;
        let address = socket.local_addr().map_err(|why| fault("listen", why))?;
        ready(address)?;
        let router = router::router(desk, address.port());
        axum::serve(listener::Bounded::new(socket), router).await.map_err(|why| fault("serve", why))
    })
}
