//! Loss and gradient of a set of sequences: packing into chunks, threads, embedding, layers, head and back.
//!
//! The gradient of a step is that of the mean loss over *all* supervised tokens of the step, however the step was split, so
//! batch 1 × accumulation 4, 2 × 2 and 4 × 1 are the same computation. Memory is that of one chunk per thread, whatever the batch.

use super::aligned::Floats;
use super::attention::Segment;
use super::layer::{Context, Packed, Saved, Worker};
use super::lora::Plan;
use super::loss::{self, Recipe, Target, cross_entropy};
use super::model::Model;
use super::ops;

/// One example as numbers: `weights[i]` is the weight of predicting `tokens[i]` from those before it, 0 where it is only read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sequence {
    pub id: String,
    pub tokens: Vec<u32>,
    pub weights: Vec<f32>,
}

impl Sequence {
    /// Number of tokens that are learnt.
    pub fn supervised(&self) -> usize {
        self.weights.iter().skip(1).filter(|w| **w > 0.0).count()
    }

    fn targets(&self) -> impl Iterator<Item = (usize, Target)> + '_ {
        let pairs = self.tokens.iter().zip(&self.weights).enumerate().skip(1);
        pairs.filter(|(_, (_, w))| **w > 0.0).map(|(i, (&token, &weight))| (i - 1, Target { token, weight }))
    }
}

/// What stays the same during a run.
pub(crate) struct Engine<'a> {
    pub model: &'a Model,
    pub plan: &'a Plan,
    /// Keep only layer inputs and run each layer's forward again in the backward pass.
    pub checkpointing: bool,
    pub dft: bool,
    /// Sequences are put together up to this many tokens; a longer sequence is a chunk of its own.
    pub chunk_tokens: usize,
    threads: Vec<Thread>,
}

#[derive(Default)]
struct Thread {
    worker: Worker,
    loss: loss::Workspace,
    /// Empty in the first thread.
    gradient: Vec<f32>,
}

/// Sums over the sequences of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Mean loss per supervised token.
    pub loss: f64,
    /// Supervised tokens.
    pub supervised: usize,
    /// All tokens.
    pub tokens: usize,
    /// Ids of sequences whose loss is not a finite number.
    pub broken: Vec<String>,
}

impl<'a> Engine<'a> {
    /// An engine with `threads` ≥ 1 workers.
    pub fn new(model: &'a Model, plan: &'a Plan, threads: usize) -> Self {
        let threads = (0..threads.max(1)).map(|_| Thread::default()).collect();
        Self { model, plan, checkpointing: false, dft: false, chunk_tokens: 512, threads }
    }

    /// Mean loss of `sequences`; with `gradient`, overwrites it with the gradient with respect to `all`.
    /// `dropout` is (seed, step) when masks are to be drawn.
    pub fn run(
        &mut self,
        all: &[f32],
        sequences: &[&Sequence],
        dropout: Option<[u64; 2]>,
        mut gradient: Option<&mut [f32]>,
    ) -> Outcome {
        let supervised = sequences.iter().map(|s| s.supervised()).sum::<usize>();
        let tokens = sequences.iter().map(|s| s.tokens.len()).sum();
        let shares = share_out(sequences, self.threads.len(), self.chunk_tokens);
        let mut threads = std::mem::take(&mut self.threads);
        let job = Job { engine: self, all, sequences, dropout, factor: 1.0 / supervised.max(1) as f32 };
        let wanted = gradient.is_some();
        let losses: Vec<Vec<(usize, f64)>> = std::thread::scope(|scope| {
            let job = &job;
            let mut workers = threads.iter_mut().zip(&shares);
            let own = workers.next();
            let others: Vec<_> =
                workers.map(|(t, share)| scope.spawn(move || job.other_share(share, t, wanted))).collect();
            // This thread adds up where the sum belongs, the others in vectors of their own.
            let mut losses: Vec<_> =
                own.into_iter().map(|(t, share)| job.share(share, t, gradient.as_deref_mut())).collect();
            losses.extend(
                others.into_iter().map(|h| h.join().unwrap_or_else(|p| std::panic::resume_unwind(p))),
            );
            losses
        });
        if let Some(gradient) = &mut gradient {
            threads[1..].iter().zip(&shares[1..]).for_each(|(t, _)| ops::add(gradient, &t.gradient));
        }
        self.threads = threads;
        let mut by_sequence: Vec<(usize, f64)> = losses.into_iter().flatten().collect();
        by_sequence.sort_by_key(|(i, _)| *i);
        let broken = by_sequence
            .iter()
            .filter(|(_, l)| !l.is_finite())
            .map(|(i, _)| sequences[*i].id.clone())
            .collect();
        let loss = by_sequence.iter().map(|(_, l)| l).sum::<f64>() / supervised.max(1) as f64;
        Outcome { loss, supervised, tokens, broken }
    }
}

/// The chunks of each thread, as indices of sequences.
type Shares = Vec<Vec<Vec<usize>>>;

/// Longest first to the thread with the least so far, then each thread's sequences into chunks, first fit. The result depends
/// on nothing but the lengths, so a run repeats bit by bit with the same number of threads.
fn share_out(sequences: &[&Sequence], threads: usize, chunk: usize) -> Shares {
    let length = |i: usize| sequences[i].tokens.len();
    let mut order: Vec<usize> = (0..sequences.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(length(i)), i));
    let mut shares: Vec<(usize, Vec<Vec<usize>>)> = vec![(0, Vec::new()); threads];
    for i in order {
        let (load, chunks) = shares.iter_mut().min_by_key(|(load, _)| *load).expect("at least one thread");
        *load += length(i);
        match chunks.iter_mut().find(|c| c.iter().map(|&j| length(j)).sum::<usize>() + length(i) <= chunk) {
            Some(chunk) => chunk.push(i),
            None => chunks.push(vec![i]),
        }
    }
    shares.into_iter().map(|(_, chunks)| chunks).collect()
}

struct Job<'a> {
    engine: &'a Engine<'a>,
    all: &'a [f32],
    sequences: &'a [&'a Sequence],
    dropout: Option<[u64; 2]>,
    factor: f32,
}

impl Job<'_> {
    /// A share with its gradients summed in the thread's own vector.
    fn other_share(&self, chunks: &[Vec<usize>], thread: &mut Thread, wanted: bool) -> Vec<(usize, f64)> {
        let mut gradient = std::mem::take(&mut thread.gradient);
        if wanted {
            gradient.resize(self.all.len(), 0.0);
        }
        let losses = self.share(chunks, thread, wanted.then_some(&mut gradient[..]));
        thread.gradient = gradient;
        losses
    }

    /// One thread's chunks: (sequence, loss) of each; `gradient`, if wanted, becomes their sum.
    fn share(
        &self,
        chunks: &[Vec<usize>],
        thread: &mut Thread,
        mut gradient: Option<&mut [f32]>,
    ) -> Vec<(usize, f64)> {
        if let Some(gradient) = &mut gradient {
            gradient.fill(0.0);
        }
        let mut losses = Vec::new();
        for members in chunks {
            losses.extend(self.chunk(members, thread, gradient.as_deref_mut()));
        }
        losses
    }

    fn chunk(
        &self,
        members: &[usize],
        thread: &mut Thread,
        gradient: Option<&mut [f32]>,
    ) -> Vec<(usize, f64)> {
        let wanted = gradient.is_some();
        let (packed, rows, owners) = pack(self.sequences, members);
        let (engine, model) = (self.engine, self.engine.model);
        let context =
            Context { model, plan: engine.plan, all: self.all, packed: &packed, dropout: self.dropout };
        let worker = &mut thread.worker;
        worker.pool.begin(packed.tokens.len(), engine.chunk_tokens);
        let mut x = embed(model, &packed.tokens, worker);
        let mut saved: Vec<Saved> = Vec::with_capacity(model.layers.len());
        for (index, layer) in model.layers.iter().enumerate() {
            let (y, mut kept) = layer.forward(&context, index, x, worker);
            if engine.checkpointing || !wanted {
                let input = std::mem::take(&mut kept.x);
                kept.free(&mut worker.pool);
                kept = Saved::default();
                if wanted { kept.x = input } else { worker.pool.give(input) }
            }
            saved.push(kept);
            x = y;
        }
        let (losses, dx) = self.head(&rows, &x, worker, &mut thread.loss, wanted);
        worker.pool.give(x);
        if let (Some(mut dx), Some(gradient)) = (dx, gradient) {
            for (index, layer) in model.layers.iter().enumerate().rev() {
                let mut kept = saved.pop().expect("one per layer");
                if engine.checkpointing {
                    let (y, again) = layer.forward(&context, index, std::mem::take(&mut kept.x), worker);
                    worker.pool.give(y);
                    kept = again;
                }
                layer.backward(&context, index, kept, &mut dx, gradient, worker);
            }
            worker.pool.give(dx);
        }
        members
            .iter()
            .map(|&m| (m, losses.iter().zip(&owners).filter(|(_, o)| **o == m).map(|(l, _)| l).sum()))
            .collect()
    }

    /// Final norm, head and loss at the supervised positions only; the gradient comes back for all positions.
    fn head(
        &self,
        rows: &[(usize, Target)],
        x: &[f32],
        worker: &mut Worker,
        workspace: &mut loss::Workspace,
        wanted: bool,
    ) -> (Vec<f64>, Option<Floats>) {
        let (model, width) = (self.engine.model, self.engine.model.shape.hidden);
        let targets: Vec<Target> = rows.iter().map(|(_, target)| *target).collect();
        // Taken in the size of x and cut, so that the number of supervised rows makes no new sizes.
        let mut take = |len: usize| {
            let mut vector = worker.pool.take(x.len());
            vector.reshape(len);
            vector
        };
        let [mut hidden, mut normed] = [(); 2].map(|_| take(rows.len() * width));
        for (to, (row, _)) in hidden.chunks_exact_mut(width).zip(rows) {
            to.copy_from_slice(&x[row * width..][..width]);
        }
        let mut inverse = vec![0f32; rows.len()];
        ops::rms_norm(&hidden, &model.norm, model.shape.eps, &mut normed, &mut inverse);
        let recipe = Recipe { factor: self.factor, dft: self.engine.dft };
        let mut slope = take(if wanted { hidden.len() } else { 0 });
        let wish = wanted.then_some(&mut slope[..]);
        let losses = cross_entropy(model.head(), &normed, &targets, recipe, wish, workspace);
        let dx = wanted.then(|| {
            normed.fill(0.0);
            ops::rms_norm_backward_add(&hidden, &model.norm, &inverse, &slope, &mut normed);
            let mut dx = worker.pool.take(x.len());
            dx.fill(0.0);
            for (from, (row, _)) in normed.chunks_exact(width).zip(rows) {
                dx[row * width..][..width].copy_from_slice(from);
            }
            dx
        });
        [hidden, normed, slope].into_iter().for_each(|v| worker.pool.give(v));
        (losses, dx)
    }
}

/// Lays sequences end to end: the packed chunk, its supervised rows, and whose each row is.
fn pack(sequences: &[&Sequence], members: &[usize]) -> (Packed, Vec<(usize, Target)>, Vec<usize>) {
    let (mut packed, mut rows, mut owners) = (Packed::default(), Vec::new(), Vec::new());
    for &m in members {
        let (sequence, start) = (sequences[m], packed.tokens.len());
        packed.tokens.extend(&sequence.tokens);
        packed.segments.push(Segment { start, length: sequence.tokens.len() });
        packed.positions.extend(0..sequence.tokens.len());
        packed.sequences.push(m);
        rows.extend(sequence.targets().map(|(row, target)| (start + row, target)));
        owners.resize(rows.len(), m);
    }
    (packed, rows, owners)
}

fn embed(model: &Model, tokens: &[u32], worker: &mut Worker) -> Floats {
    let width = model.shape.hidden;
    let mut x = worker.pool.take(tokens.len() * width);
    for (row, &token) in x.chunks_exact_mut(width).zip(tokens) {
        model.embedding.column(token as usize, row);
    }
    if model.shape.embedding_scale != 1.0 {
        ops::scale(&mut x, model.shape.embedding_scale);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::lora::Module;
    use crate::train::testing::{TINY_KINDS, check_gradient, close, noise, tiny};

    fn sequences() -> Vec<Sequence> {
        let make = |id: &str, len: usize, from: usize| Sequence {
            id: id.into(),
            tokens: (0..len).map(|i| ((i * i * 7 + len * 3) % 50) as u32).collect(),
            weights: (0..len).map(|i| if i >= from { 1.0 } else { 0.0 }).collect(),
        };
        vec![make("a", 12, 4), make("b", 5, 2), make("c", 9, 8), make("d", 20, 1)]
    }

    fn plan(model: &Model, dropout: f32) -> Plan {
        Plan::new(model.layers.len(), model.shape.sizes(), &Module::ALL, 3, 1.5, dropout)
    }

    fn gradient(engine: &mut Engine, all: &[f32], sequences: &[&Sequence]) -> (Outcome, Vec<f32>) {
        let mut gradient = vec![0f32; all.len()];
        let outcome = engine.run(all, sequences, Some([5, 9]), Some(&mut gradient));
        (outcome, gradient)
    }

    #[test]
    fn whole_model_gradient_of_every_architecture() {
        let sequences = sequences();
        let refs: Vec<&Sequence> = sequences.iter().collect();
        for kind in TINY_KINDS {
            let model = tiny(kind);
            let plan = plan(&model, 0.0);
            let all: Vec<f32> = noise(plan.len, 3).iter().map(|x| x * 0.3).collect();
            let mut engine = Engine::new(&model, &plan, 1);
            let (outcome, got) = gradient(&mut engine, &all, &refs);
            assert!(outcome.loss > 1.0 && outcome.broken.is_empty() && outcome.supervised == 8 + 3 + 1 + 19);
            let engine = std::cell::RefCell::new(engine);
            check_gradient(kind, &all, &got, |all| engine.borrow_mut().run(all, &refs, None, None).loss);
        }
    }

    #[test]
    fn packing_threads_and_order_do_not_change_the_gradient() {
        let (model, sequences) = (tiny("llama"), sequences());
        let refs: Vec<&Sequence> = sequences.iter().collect();
        let plan = plan(&model, 0.25);
        let all: Vec<f32> = noise(plan.len, 3).iter().map(|x| x * 0.3).collect();
        let (want, reference) = gradient(&mut Engine::new(&model, &plan, 1), &all, &refs);
        for (threads, chunk) in [(1, 1), (1, 20), (2, 512), (3, 14)] {
            let mut engine = Engine::new(&model, &plan, threads);
            engine.chunk_tokens = chunk;
            let (outcome, got) = gradient(&mut engine, &all, &refs);
            assert!((outcome.loss - want.loss).abs() < 1e-6, "{threads} {chunk}");
            close(&got, &reference, 2e-5);
        }
    }

    #[test]
    fn checkpointing_gives_the_same_bits() {
        let (model, sequences) = (tiny("gemma3"), sequences());
        let refs: Vec<&Sequence> = sequences.iter().collect();
        let plan = plan(&model, 0.5);
        let all = noise(plan.len, 3);
        let mut engine = Engine::new(&model, &plan, 1);
        let plain = gradient(&mut engine, &all, &refs);
        engine.checkpointing = true;
        assert_eq!(gradient(&mut engine, &all, &refs), plain);
    }

    #[test]
    fn the_gradient_is_the_token_mean_over_the_step() {
        let (model, sequences) = (tiny("llama"), sequences());
        let plan = plan(&model, 0.0);
        let all = noise(plan.len, 3);
        let mut engine = Engine::new(&model, &plan, 1);
        let refs: Vec<&Sequence> = sequences.iter().collect();
        let (whole, got) = gradient(&mut engine, &all, &refs);
        let mut want = vec![0f32; all.len()];
        for s in &sequences {
            let (one, g) = gradient(&mut engine, &all, &[s]);
            let share = one.supervised as f32 / whole.supervised as f32;
            want.iter_mut().zip(&g).for_each(|(w, g)| *w += g * share);
        }
        close(&got, &want, 2e-5);
    }

    #[test]
    fn a_broken_sequence_is_named() {
        let (model, sequences) = (tiny("llama"), sequences());
        let plan = plan(&model, 0.0);
        let mut all = noise(plan.len, 3);
        all[0] = f32::NAN;
        let refs: Vec<&Sequence> = sequences[..2].iter().collect();
        assert_eq!(gradient(&mut Engine::new(&model, &plan, 1), &all, &refs).0.broken, ["a", "b"]);
    }

    #[test]
    fn shares_are_balanced_and_bounded() {
        let sequences = sequences();
        let refs: Vec<&Sequence> = sequences.iter().collect();
        let shares = share_out(&refs, 2, 20);
        assert_eq!(shares, [vec![vec![3], vec![1]], vec![vec![0], vec![2]]]);
    }
}
