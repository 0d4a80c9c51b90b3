use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Says when the server has to end: at the first time, finish what runs; at the second, at once.
#[derive(Debug)]
pub struct Stop {
    asked: UnboundedReceiver<()>,
    _handle: StopHandle,
}

/// Asks the server to end.
#[derive(Debug, Clone)]
pub struct StopHandle(UnboundedSender<()>);

impl Stop {
    /// Ends the server by hand only.
    #[must_use]
    pub fn by_hand() -> (Self, StopHandle) {
        let (sender, asked) = unbounded_channel();
        let handle = StopHandle(sender);
        let stop = Self {
            asked,
            _handle: handle.clone(), // so that waiting never ends by the loss of all handles
        };
        (stop, handle)
    }

    /// Ends the server by SIGTERM or Ctrl-C. Needs a runtime.
    ///
    /// # Errors
    /// What the operating system says where signals cannot be listened to.
    pub fn on_signals() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let (stop, handle) = Self::by_hand();
        tokio::spawn(forward(terminate, interrupt, handle));
        Ok(stop)
    }

    /// Waits until somebody asks.
    pub async fn asked(&mut self) {
        self.asked.recv().await;
    }
}

impl StopHandle {
    /// Asks once more.
    pub fn stop(&self) {
        let _ = self.0.send(()); // nobody listens: it has ended
    }
}

async fn forward(mut terminate: Signal, mut interrupt: Signal, handle: StopHandle) {
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "Ctrl-C",
        };
        tracing::info!(signal = name, "asked to end");
        handle.stop();
    }
}
