//! A limit on what a run may cost.
//!
//! Before a call an estimate is set aside, after it the true cost replaces the estimate. A call starts only if everything spent,
//! everything set aside and its own estimate fit under the limit, and waits while only the estimates of others are in its way; so
//! however many calls run at once, the limit can be passed by no more than the calls in flight cost beyond their estimates, and it is
//! used up before it ends a run. What a kill cuts off is not known to be paid: each kill hides at most the calls in flight.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Price, Usd};
use crate::model::{Model, ModelError, Reply, Request, Usage};

/// Money that may be spent, shared by everything that spends it. Clones are the same budget.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    state: Arc<Mutex<State>>,
    settled: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    limit: Option<Usd>,
    spent: Usd,
    reserved: Usd,
}

/// The next call does not fit into the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the budget of {limit} is used up: {spent} spent, {reserved} set aside for calls in flight, {estimate} needed"
)]
pub struct OverBudget {
    pub limit: Usd,
    pub spent: Usd,
    pub reserved: Usd,
    pub estimate: Usd,
}

impl Budget {
    pub fn new(limit: Usd) -> Self {
        let budget = Self::default();
        budget.limit_to(limit);
        budget
    }

    /// Counts what is spent and refuses nothing.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// From now on no more than this, what is already spent included.
    pub fn limit_to(&self, limit: Usd) {
        self.state().limit = Some(limit);
    }

    pub fn limit(&self) -> Option<Usd> {
        self.state().limit
    }

    /// Adds what earlier calls of the same run cost, for a run that is continued.
    pub fn add_spent(&self, cost: Usd) {
        self.state().spent += cost;
    }

    /// What is known to be spent.
    pub fn spent(&self) -> Usd {
        self.state().spent
    }

    /// Sets the estimate aside; waits as long as calls in flight may leave enough for it.
    ///
    /// # Errors
    /// When it does not fit whatever they cost.
    pub async fn reserve(&self, estimate: Usd) -> Result<Reservation, OverBudget> {
        loop {
            let settled = self.settled.notified();
            match self.try_reserve(estimate) {
                Err(over) if over.spent + estimate <= over.limit => settled.await,
                result => {
                    // One settled call may have made room for several that wait, or shown several that there is none.
                    self.settled.notify_one();
                    return result;
                }
            }
        }
    }

    fn try_reserve(&self, estimate: Usd) -> Result<Reservation, OverBudget> {
        let mut state = self.state();
        let State { limit, spent, reserved } = *state;
        if let Some(limit) = limit.filter(|limit| spent + reserved + estimate > *limit) {
            return Err(OverBudget { limit, spent, reserved, estimate });
        }
        state.reserved += estimate;
        Ok(Reservation { budget: self.clone(), estimate, cost: estimate })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Money set aside for one call. Dropped without a word (the caller was cancelled: the server may have answered and charged), the
/// estimate counts as spent.
#[derive(Debug)]
#[must_use = "settle it with what the call cost"]
pub struct Reservation {
    budget: Budget,
    estimate: Usd,
    cost: Usd,
}

impl Reservation {
    /// The call cost this much.
    pub fn settle(mut self, cost: Usd) {
        self.cost = cost;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.reserved = state.reserved.saturating_sub(self.estimate);
        state.spent += self.cost;
        drop(state);
        self.budget.settled.notify_one();
    }
}

/// A model whose calls are paid from a budget. Put it inside of the model that remembers replies: those cost nothing.
pub struct Metered {
    inner: Arc<dyn Model>,
    price: Price,
    budget: Budget,
}

impl Metered {
    pub fn new(inner: Arc<dyn Model>, price: Price, budget: Budget) -> Self {
        Self { inner, price, budget }
    }

    fn settle(&self, reservation: Reservation, result: &mut Result<Reply, ModelError>) {
        match result {
            // A server that does not count tokens: the worst is assumed.
            Ok(reply) if reply.usage == Usage::default() => reply.cost = Some(reservation.estimate),
            Ok(reply) => {
                let cost = self.price.cost(&reply.usage);
                reply.cost = Some(cost);
                reservation.settle(cost);
            }
            // Gave up after replies may have been lost on their way: the worst is assumed.
            Err(ModelError::Unavailable { .. }) => drop(reservation),
            Err(_) => reservation.settle(Usd::default()),
        }
    }
}

#[async_trait]
impl Model for Metered {
    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn supports_tools(&self) -> bool {
        self.inner.supports_tools()
    }

    async fn reply(&self, request: &Request) -> Result<Reply, ModelError> {
        let estimate = self.price.cost(&worst_usage(request));
        let reservation = self.budget.reserve(estimate).await.map_err(|over| ModelError::Unusable {
            model: self.identity().to_owned(),
            message: over.to_string(),
            hint: "raise --max-cost and run the same command again: it goes on where it stopped".into(),
        })?;
        let mut result = self.inner.reply(request).await;
        self.settle(reservation, &mut result);
        result
    }
}

/// The most tokens the request is likely to use. Three bytes a token overestimates English and LaTeX (about four) a little.
pub fn worst_usage(request: &Request) -> Usage {
    let messages: usize = request.messages.iter().map(message_bytes).sum();
    Usage {
        prompt: ((messages + request.tools.bytes()) / 3 + 8) as u64,
        completion: request.sampling.max_tokens.into(),
        ..Usage::default()
    }
}

fn message_bytes(message: &crate::model::Message) -> usize {
    let calls: usize =
        message.tool_calls.iter().map(|call| call.name.len() + call.arguments.len() + 24).sum();
    let reasoning = message.reasoning.as_ref().map_or(0, String::len);
    message.content.len() + reasoning + calls + 24
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Message, Sampling};

    #[test]
    fn a_reservation_counts_until_it_is_settled() {
        let budget = Budget::new(Usd(100));
        let first = budget.try_reserve(Usd(60)).unwrap();
        let over = budget.try_reserve(Usd(41)).unwrap_err();
        assert_eq!(over, OverBudget { limit: Usd(100), spent: Usd(0), reserved: Usd(60), estimate: Usd(41) });
        let second = budget.try_reserve(Usd(40)).unwrap();
        first.settle(Usd(10));
        assert_eq!(budget.spent(), Usd(10));
        drop(second);
        assert_eq!(budget.spent(), Usd(50), "what nobody settled counts as spent");
        budget.add_spent(Usd(1));
        assert!(budget.try_reserve(Usd(50)).is_err());
        budget.try_reserve(Usd(49)).unwrap().settle(Usd(0));
    }

    #[test]
    fn no_interleaving_passes_the_limit_by_more_than_the_calls_in_flight() {
        const LIMIT: u64 = 10_000;
        let budget = Budget::new(Usd(LIMIT));
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let budget = budget.clone();
                scope.spawn(move || {
                    // Every call costs 1 more than its estimate of 7; at most 4 are in flight.
                    for step in 0..2_000u64 {
                        let Ok(reservation) = budget.try_reserve(Usd(7)) else { break };
                        if (step + thread) % 3 == 0 {
                            std::thread::yield_now();
                        }
                        reservation.settle(Usd(8));
                    }
                });
            }
        });
        let spent = budget.spent().0;
        assert!((LIMIT - 7..=LIMIT + 4).contains(&spent), "{spent}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_the_estimates_of_others_and_the_limit_is_used_up() {
        // Each call sets 40 aside and costs 5: two go at once, and all in all as many as fit.
        let budget = Budget::new(Usd(100));
        let calls = (0..50u64).map(|i| {
            let budget = budget.clone();
            async move {
                let reservation = budget.reserve(Usd(40)).await?;
                tokio::time::sleep(std::time::Duration::from_millis(i % 7)).await;
                reservation.settle(Usd(5));
                Ok::<_, OverBudget>(())
            }
        });
        let results = futures::future::join_all(calls).await;
        let made = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!((made, budget.spent()), (13, Usd(65)), "the next call could pass the limit");
        let over = results.into_iter().find_map(Result::err).unwrap();
        assert_eq!((over.spent, over.reserved), (Usd(65), Usd(0)));
    }

    struct Priced(Result<Reply, ModelError>);

    #[async_trait]
    impl Model for Priced {
        fn identity(&self) -> &str {
            "openai:test"
        }
        async fn reply(&self, _: &Request) -> Result<Reply, ModelError> {
            self.0.clone()
        }
    }

    fn dollar_a_token(limit: u64, result: Result<Reply, ModelError>) -> (Metered, Budget) {
        let budget = Budget::new(Usd::from_dollars(limit as f64));
        let price = Price { prompt: 1e6, completion: 1e6, ..Price::free("openai:test") };
        (Metered::new(Arc::new(Priced(result)), price, budget.clone()), budget)
    }

    fn request(max_tokens: u32) -> Request {
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        Request { messages: vec![Message::user("abc")], sampling, ..Request::default() }
    }

    #[tokio::test]
    async fn a_call_is_charged_what_it_used_or_the_worst() {
        let usage = Usage { prompt: 3, completion: 2, ..Usage::default() };
        let unavailable = ModelError::Unavailable { model: "m".into(), tries: 1, message: String::new() };
        let refused = ModelError::Refused { model: "m".into(), message: String::new() };
        let worst = worst_usage(&request(10));
        assert_eq!((worst.prompt, worst.completion), ((3 + 24) / 3 + 8, 10));
        let cases = [
            (Ok(Reply { usage, ..Reply::default() }), 5),
            (Ok(Reply::default()), worst.prompt + 10),
            (Err(unavailable), worst.prompt + 10),
            (Err(refused), 0),
        ];
        for (result, dollars) in cases {
            let (model, budget) = dollar_a_token(100, result.clone());
            let replied = model.reply(&request(10)).await;
            let spent = Usd::from_dollars(dollars as f64);
            assert_eq!(replied, result.clone().map(|reply| Reply { cost: Some(spent), ..reply }));
            assert_eq!(budget.spent(), spent, "{result:?}");
        }
    }

    #[tokio::test]
    async fn a_call_that_does_not_fit_is_not_made() {
        let (model, budget) = dollar_a_token(20, Ok(Reply::default()));
        let error = model.reply(&request(10)).await.unwrap_err();
        assert!(error.ends_run());
        assert!(
            error.to_string().contains("budget of $20.00 is used up")
                && error.to_string().contains("--max-cost")
        );
        assert_eq!(budget.spent(), Usd(0));
    }
}
