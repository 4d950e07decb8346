//! A few threads that share out the items of a loop and sleep in between: they never spin.
//!
//! Items are taken one by one, so a thread the machine has no time for delays nobody: what it has not taken,
//! the others do. The caller works too; a pool of one has no threads at all.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A pointer that several threads write through, each to places of its own.
pub(crate) struct Shared<T>(pub *mut T);

// SAFETY: it is only an address; whoever writes through it says why the places differ.
unsafe impl<T> Sync for Shared<T> {}
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    pub(crate) fn get(&self) -> *mut T {
        self.0
    }
}

/// The threads.
pub struct Pool {
    state: Arc<State>,
    workers: Vec<JoinHandle<()>>,
}

struct State {
    board: Mutex<Board>,
    /// There is a new job, or it is time to stop.
    posted: Condvar,
    /// The last worker has left a job.
    left: Condvar,
}

struct Board {
    job: Option<&'static Job>,
    /// Counts jobs, so that a worker enters each only once.
    number: u64,
    inside: usize,
    stop: bool,
}

struct Job {
    work: *const (dyn Fn(usize) + Sync),
    next: AtomicUsize,
    count: usize,
    failed: AtomicBool,
}

// SAFETY: the closure behind `work` is `Sync`, and outlives the job (see `run`).
unsafe impl Sync for Job {}

impl Job {
    fn take_items(&self) {
        loop {
            let item = self.next.fetch_add(1, Ordering::Relaxed);
            if item >= self.count {
                return;
            }
            // SAFETY: `Pool::run` keeps the closure alive until every thread has left the job.
            unsafe { (*self.work)(item) };
        }
    }
}

impl State {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// A pool of `threads` threads, the caller's included.
    pub fn new(threads: usize) -> Self {
        let board = Board { job: None, number: 0, inside: 0, stop: false };
        let state =
            Arc::new(State { board: Mutex::new(board), posted: Condvar::new(), left: Condvar::new() });
        let spawn = |_| {
            let state = Arc::clone(&state);
            std::thread::spawn(move || worker(&state))
        };
        Self { workers: (1..threads).map(spawn).collect(), state }
    }

    /// Number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` with every number below `count`, on all threads, and returns when all calls have.
    ///
    /// # Panics
    /// If a call panics. Calls must not use the pool themselves.
    pub fn run(&self, count: usize, work: impl Fn(usize) + Sync) {
        if self.workers.is_empty() || count <= 1 {
            return (0..count).for_each(work);
        }
        let work: *const (dyn Fn(usize) + Sync + '_) = &work;
        // SAFETY: only the lifetime changes. `Leave` waits, even if this thread panics, until no worker is inside.
        let work: *const (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(work) };
        let job = Job { work, next: AtomicUsize::new(0), count, failed: AtomicBool::new(false) };
        // SAFETY: as above, the job is taken off the board before it is dropped.
        let posted: &'static Job = unsafe { &*std::ptr::from_ref(&job) };
        {
            let mut board = self.state.board();
            board.job = Some(posted);
            board.number += 1;
        }
        self.state.posted.notify_all();
        {
            let _leave = Leave(&self.state);
            job.take_items();
        }
        assert!(!job.failed.load(Ordering::Relaxed), "a worker thread panicked");
    }
}

/// Closes the job and waits for the workers inside it.
struct Leave<'a>(&'a State);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut board = self.0.board();
        board.job = None;
        while board.inside > 0 {
            board = self.0.left.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn worker(state: &State) {
    let mut seen = 0;
    let mut board = state.board();
    loop {
        match board.job {
            _ if board.stop => return,
            Some(job) if board.number != seen => {
                seen = board.number;
                board.inside += 1;
                drop(board);
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.take_items())).is_err() {
                    job.failed.store(true, Ordering::Relaxed);
                }
                board = state.board();
                board.inside -= 1;
                if board.inside == 0 {
                    state.left.notify_one();
                }
            }
            _ => board = state.posted.wait(board).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.state.board().stop = true;
        self.state.posted.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that panicked has been reported by `run`.
            let _ = worker.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once() {
        for threads in [1, 2, 3] {
            let pool = Pool::new(threads);
            for count in [0, 1, 2, 100] {
                let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
                for _ in 0..100 {
                    pool.run(count, |i| {
                        done[i].fetch_add(1, Ordering::Relaxed);
                    });
                }
                assert!(done.iter().all(|d| d.load(Ordering::Relaxed) == 100), "{threads} {count}");
            }
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
        let pool = Pool::new(2);
        let run = || pool.run(64, |i| assert!(i != 33));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
        pool.run(64, |_| {});
    }
}
