use std::time::Duration;

/// Waits until something holds, and panics with a sentence when it does not in five seconds: for
/// what has no event to wait for.
///
/// ```
/// use multitenant_core::testing::eventually;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let task = tokio::spawn(async {});
/// eventually("the task has ended", async || task.is_finished()).await;
/// # }
/// ```
///
/// # Panics
/// When it does not come about.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    const PAUSE: Duration = Duration::from_millis(10);
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("within five seconds it did not come about that {what}");
}
