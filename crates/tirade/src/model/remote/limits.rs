//! How much to ask of one server at a time.
//!
//! Three things hold a call back: the window (how many calls may be in flight: overload narrows it, success widens it again), a pause
//! that the server asked for, and the buckets of requests and tokens per minute. Calls go in the order in which they came.
//!
//! The window begins as wide as is allowed. A server refuses in no time what it cannot take, and nothing is lost but those refusals;
//! a window that grows from little costs the time of several replies, which may be minutes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::sync::{Mutex as Queue, Notify};
use tokio::time::{Instant, sleep_until};

use super::bucket::Bucket;

/// What the caller allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowed {
    /// The most calls in flight to one server.
    pub in_flight: usize,
    pub requests_per_minute: Option<u32>,
    pub tokens_per_minute: Option<u32>,
}

/// The limits of one server.
pub struct Limits {
    state: Mutex<State>,
    /// Who holds it is next; the others queue, first come first served.
    turn: Queue<()>,
    freed: Notify,
}

struct State {
    in_flight: usize,
    max: f64,
    /// How many calls may be in flight, as a number that grows by fractions.
    window: f64,
    /// Up to here the window grows by one each success, so that it doubles in the time of one call; beyond by one in that time.
    safe: f64,
    narrowed_at: Option<Instant>,
    paused_until: Option<Instant>,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered, using so many tokens.
    Answered { tokens: u64 },
    /// The server asks for less, and perhaps for a pause.
    Overloaded { wait: Option<Duration> },
    /// Something that says nothing about load.
    Other,
}

/// The right to one call; give it back with [`Permit::finish`].
pub struct Permit<'a> {
    limits: &'a Limits,
    reserved: f64,
    since: Instant,
}

impl Limits {
    pub fn new(allowed: &Allowed) -> Self {
        let per_minute =
            |limit: Option<u32>| limit.map(|limit| Bucket::per_minute(limit.into(), Instant::now()));
        let max = allowed.in_flight.max(1) as f64;
        let state = State {
            in_flight: 0,
            max,
            window: max,
            safe: max,
            narrowed_at: None,
            paused_until: None,
            requests: per_minute(allowed.requests_per_minute),
            tokens: per_minute(allowed.tokens_per_minute),
        };
        Self { state: Mutex::new(state), turn: Queue::new(()), freed: Notify::new() }
    }

    /// Waits until a call that is expected to use so many tokens may go. Where the server takes none for longer than `patience` (a
    /// limit per day is used up), the error is how long: a run must not hang in silence.
    pub async fn acquire(&self, tokens: u64, patience: Duration) -> Result<Permit<'_>, Duration> {
        let _turn = self.turn.lock().await;
        loop {
            let now = Instant::now();
            let held = self.state().try_take(tokens as f64, now);
            match held {
                Held::Free => return Ok(Permit { limits: self, reserved: tokens as f64, since: now }),
                Held::Until(time) if time - now > patience => return Err(time - now),
                Held::Until(time) => sleep_until(time).await,
                Held::Full => self.freed.notified().await,
            }
        }
    }

    /// How many calls may be in flight now.
    #[cfg(test)]
    fn window(&self) -> usize {
        self.state().window as usize
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Held {
    Free,
    Until(Instant),
    Full,
}

impl State {
    fn try_take(&mut self, tokens: f64, now: Instant) -> Held {
        if self.in_flight >= self.window as usize {
            return Held::Full;
        }
        if let Some(time) = self.paused_until.filter(|time| *time > now) {
            return Held::Until(time);
        }
        let wait_for =
            |bucket: &mut Option<Bucket>, need| bucket.as_mut().map_or(Duration::ZERO, |b| b.wait(need, now));
        let wait = wait_for(&mut self.requests, 1.0).max(wait_for(&mut self.tokens, tokens));
        if !wait.is_zero() {
            return Held::Until(now + wait);
        }
        for (bucket, need) in [(&mut self.requests, 1.0), (&mut self.tokens, tokens)] {
            bucket.iter_mut().for_each(|bucket| bucket.take(need));
        }
        self.in_flight += 1;
        Held::Free
    }

    fn widen(&mut self) {
        self.window += if self.window < self.safe { 1.0 } else { 1.0 / self.window };
        self.window = self.window.min(self.max);
    }

    /// Once for all calls that were in flight together: their failures are one event.
    fn narrow(&mut self, since: Instant, now: Instant) {
        if self.narrowed_at.is_some_and(|at| since < at) {
            return;
        }
        self.safe = (0.7 * self.window).max(1.0);
        // At the first overload nobody knows yet how much too wide it is.
        self.window = if self.narrowed_at.is_none() { (0.25 * self.window).max(1.0) } else { self.safe };
        self.narrowed_at = Some(now);
    }
}

impl Permit<'_> {
    /// Gives the right back and learns from how the call went and from what the server's headers say about its limits.
    pub fn finish(self, outcome: Outcome, headers: &HeaderMap) {
        let now = Instant::now();
        let mut state = self.limits.state();
        match outcome {
            Outcome::Answered { tokens } => {
                state.widen();
                let refund = self.reserved - tokens as f64;
                state.tokens.iter_mut().for_each(|bucket| bucket.give_back(refund));
            }
            Outcome::Overloaded { wait } => {
                state.narrow(self.since, now);
                let until = wait.map(|wait| now + wait);
                state.paused_until = state.paused_until.max(until);
            }
            Outcome::Other => {}
        }
        Bucket::observe(&mut state.requests, headers, "requests", now);
        Bucket::observe(&mut state.tokens, headers, "tokens", now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limits.state().in_flight -= 1;
        self.limits.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const ALLOWED: Allowed = Allowed { in_flight: 2, requests_per_minute: None, tokens_per_minute: None };

    async fn take(limits: &Limits, tokens: u64) -> Permit<'_> {
        limits.acquire(tokens, Duration::MAX).await.unwrap_or_else(|wait| panic!("a wait of {wait:?}"))
    }

    fn answered(permit: Permit<'_>, tokens: u64) {
        permit.finish(Outcome::Answered { tokens }, &HeaderMap::new());
    }

    fn overloaded(permit: Permit<'_>, wait: Option<u64>) {
        permit.finish(Outcome::Overloaded { wait: wait.map(Duration::from_secs) }, &HeaderMap::new());
    }

    #[tokio::test(start_paused = true)]
    async fn the_window_holds_calls_back_and_is_never_wider_than_allowed() {
        let limits = Limits::new(&ALLOWED);
        let (first, second) = (take(&limits, 0).await, take(&limits, 0).await);
        assert!(tokio::time::timeout(Duration::from_secs(9), take(&limits, 0)).await.is_err());
        answered(first, 0);
        drop(take(&limits, 0).await);
        answered(second, 0);
        assert_eq!(limits.window(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_overloaded_together_narrow_the_window_once() {
        let limits = Limits::new(&Allowed { in_flight: 100, ..ALLOWED });
        let mut permits = Vec::new();
        for _ in 0..50 {
            permits.push(take(&limits, 0).await);
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        permits.into_iter().for_each(|permit| overloaded(permit, None));
        assert_eq!(limits.window(), 25, "by much while nobody knows what the server takes");
        let later = take(&limits, 0).await;
        overloaded(later, None);
        assert_eq!(limits.window(), 17, "then by less");
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_overload_the_window_grows_fast_as_far_as_it_may_be_safe_and_slowly_from_there() {
        let limits = Limits::new(&Allowed { in_flight: 100, ..ALLOWED });
        overloaded(take(&limits, 0).await, None);
        assert_eq!(limits.window(), 25);
        for _ in 0..45 {
            answered(take(&limits, 0).await, 0);
        }
        assert_eq!(limits.window(), 70);
        for _ in 0..71 {
            answered(take(&limits, 0).await, 0);
        }
        assert_eq!(limits.window(), 71);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_back() {
        let limits = Limits::new(&ALLOWED);
        let started = Instant::now();
        overloaded(take(&limits, 0).await, Some(30));
        drop(take(&limits, 0).await);
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_longer_than_the_patience_is_not_waited_for() {
        let limits = Limits::new(&ALLOWED);
        overloaded(take(&limits, 0).await, Some(3600));
        let started = Instant::now();
        let wait = limits.acquire(0, Duration::from_secs(60)).await.err();
        assert_eq!((wait, started.elapsed()), (Some(Duration::from_secs(3600)), Duration::ZERO));
        assert!(limits.acquire(0, Duration::from_secs(3600)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn requests_per_minute_are_kept() {
        let limits = Limits::new(&Allowed { requests_per_minute: Some(60), ..ALLOWED });
        let started = Instant::now();
        for _ in 0..150 {
            answered(take(&limits, 0).await, 0);
        }
        // The first minute's 60 at once, the other 90 one a second.
        assert_eq!(started.elapsed().as_secs(), 90);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_are_reserved_and_the_unused_ones_given_back() {
        let limits = Limits::new(&Allowed { tokens_per_minute: Some(6000), ..ALLOWED });
        let started = Instant::now();
        for _ in 0..20 {
            answered(take(&limits, 3000).await, 300);
        }
        assert!(started.elapsed().as_secs() <= 30, "{:?}", started.elapsed());
        for _ in 0..4 {
            answered(take(&limits, 3000).await, 3000);
        }
        assert!(started.elapsed().as_secs() >= 60, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_in_order_and_who_leaves_blocks_nobody() {
        let limits = Arc::new(Limits::new(&Allowed { in_flight: 1, ..ALLOWED }));
        let held = take(&limits, 0).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for i in 0..5 {
            let (limits, order) = (limits.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                let permit = take(&limits, 0).await;
                order.lock().unwrap().push(i);
                answered(permit, 0);
            }));
            tokio::task::yield_now().await;
        }
        tasks[0].abort();
        tasks[3].abort();
        tokio::task::yield_now().await;
        drop(held);
        for task in tasks {
            task.await.ok();
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 4]);
    }
}
