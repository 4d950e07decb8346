//! The request to stop, as Ctrl-C makes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A request to stop: nothing new is asked, what was asked is finished and kept. Clones are the same request.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    parent: Option<Arc<Self>>,
}

impl Stop {
    /// One that is also requested when this one is, but not the other way round.
    pub fn child(&self) -> Self {
        Self { flag: Arc::default(), parent: Some(Arc::new(self.clone())) }
    }

    pub fn request(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    pub fn requested(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.parent.as_ref().is_some_and(|parent| parent.requested())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_stops_its_children_and_not_the_other_way_round() {
        let parent = Stop::default();
        let (one, other) = (parent.child(), parent.child());
        one.request();
        assert_eq!([parent.requested(), one.requested(), other.requested()], [false, true, false]);
        parent.clone().request();
        assert!(other.requested());
    }
}
