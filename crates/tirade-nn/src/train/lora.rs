//! The trainable part: y = x·Wᵀ + b + s·(drop(x)·Aᵀ)·B, with W frozen, A (rank × inputs) and B (rank × outputs) trained.
//!
//! All A and B of a model live in one flat vector ([`Plan`] says where), so the optimiser, clipping, checkpoints and resuming are
//! loops over one slice. B is kept transposed with respect to PEFT, which makes both products run along contiguous rows;
//! [`crate::adapter`] turns it on export.

use std::ops::Range;

use super::aligned::Floats;
use super::bytes::{Bytes, Frozen, Input, Memory, product};
use super::gemm::{Left, Right, Strips, View, gemm, strip_blocks, strips};
use super::ops;
use super::panels::Panels;
use super::random::Random;

/// The linear layers of a decoder layer that may carry an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Q = 0,
    K,
    V,
    O,
    Gate,
    Up,
    Down,
}

impl Module {
    /// All seven, in the order of their numbers.
    pub const ALL: [Module; 7] =
        [Module::Q, Module::K, Module::V, Module::O, Module::Gate, Module::Up, Module::Down];

    /// The name in the hub's checkpoints and in PEFT's `target_modules`.
    pub fn name(self) -> &'static str {
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"][self as usize]
    }

    /// The block of the layer it belongs to, as the hub names it.
    pub fn block(self) -> &'static str {
        if (self as usize) < 4 { "self_attn" } else { "mlp" }
    }
}

/// Where one adapter's A and B lie in the flat vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub start: usize,
    pub rank: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Slot {
    /// A, rank × inputs.
    pub fn a<'a>(&self, all: &'a [f32]) -> View<'a> {
        View::new(&all[self.start..][..self.rank * self.inputs], self.rank, self.inputs)
    }

    /// B transposed, rank × outputs.
    pub fn b<'a>(&self, all: &'a [f32]) -> View<'a> {
        let from = self.start + self.rank * self.inputs;
        View::new(&all[from..][..self.rank * self.outputs], self.rank, self.outputs)
    }

    fn both<'a>(&self, all: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        let (a, b) = all[self.start..].split_at_mut(self.rank * self.inputs);
        (a, &mut b[..self.rank * self.outputs])
    }
}

/// Which modules of which layers are trained, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Per layer, per [`Module`].
    pub slots: Vec<[Option<Slot>; 7]>,
    /// Length of the flat vector.
    pub len: usize,
    /// alpha / rank, or alpha / √rank for rsLoRA.
    pub scale: f32,
    /// Probability of dropping an input of A.
    pub dropout: f32,
}

impl Plan {
    /// Lays out `rank` for the chosen modules; `sizes` gives (inputs, outputs) of each module.
    pub fn new(
        layers: usize,
        sizes: [(usize, usize); 7],
        chosen: &[Module],
        rank: usize,
        scale: f32,
        dropout: f32,
    ) -> Self {
        let mut len = 0;
        let mut layer = || {
            Module::ALL.map(|module| {
                chosen.contains(&module).then(|| {
                    let (inputs, outputs) = sizes[module as usize];
                    let slot = Slot { start: len, rank, inputs, outputs };
                    len += rank * (inputs + outputs);
                    slot
                })
            })
        };
        let slots = (0..layers).map(|_| layer()).collect();
        Self { slots, len, scale, dropout }
    }

    /// Every slot with its layer and module.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Module, Slot)> + '_ {
        let of_layer = |(layer, slots): (usize, &[Option<Slot>; 7])| {
            let slots = *slots;
            Module::ALL.into_iter().filter_map(move |m| slots[m as usize].map(|slot| (layer, m, slot)))
        };
        self.slots.iter().enumerate().flat_map(of_layer)
    }

    /// PEFT's starting point: A uniform in ±1/√inputs, B zero, so that the adapter begins as nothing.
    pub fn initial(&self, seed: u64) -> Vec<f32> {
        let mut all = vec![0f32; self.len];
        for (layer, module, slot) in self.iter() {
            let mut random = Random::new(&[seed, 1, layer as u64, module as u64]);
            let bound = 1.0 / (slot.inputs as f32).sqrt();
            for x in &mut all[slot.start..][..slot.rank * slot.inputs] {
                *x = (random.unit() * 2.0 - 1.0) * bound;
            }
        }
        all
    }
}

/// A frozen linear layer.
pub(crate) struct Linear {
    pub weight: Panels,
    pub bias: Option<Vec<f32>>,
}

/// What to do with the memory a gradient is written to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Over,
    Add,
}

/// Reused memory of [`Linear`]'s passes.
#[derive(Default)]
pub(crate) struct Workspace {
    low: Left,
    dy: Input,
    /// B as a right operand.
    b: Panels,
    du: Floats,
    dropped: Floats,
    memory: Memory,
}

/// An adapter in use: its place, the flat vector and the scale.
#[derive(Clone, Copy)]
pub(crate) struct Adapter<'a> {
    pub slot: Slot,
    pub all: &'a [f32],
    pub scale: f32,
}

impl Linear {
    fn outputs(&self) -> usize {
        self.weight.shape().1
    }

    /// What an input has to be packed for.
    pub fn bytes(&self) -> Option<Bytes<'_>> {
        self.weight.bytes()
    }

    /// `out` = x·Wᵀ + b + low-rank part; `u` (tokens × rank) receives s·x·Aᵀ. `low_input` is x after dropout, or x itself.
    pub fn forward(
        &self,
        x: &Input,
        low_input: &Left,
        adapter: Option<Adapter>,
        out: &mut [f32],
        u: &mut [f32],
        w: &mut Workspace,
    ) {
        let outputs = self.outputs();
        if let Some(bias) = &self.bias {
            out.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
        }
        let add = self.bias.is_some();
        let weight = Frozen { floats: &self.weight, bytes: self.bytes() };
        let Some(Adapter { slot, all, scale }) = adapter else {
            return product(x, &weight, None, out, outputs, add, &mut w.memory);
        };
        gemm(&[(low_input.strips(), &slot.a(all).t())], u, slot.rank, false, &mut w.memory.floats);
        ops::scale(u, scale);
        w.low.pack(View::new(u, u.len() / slot.rank, slot.rank));
        product(x, &weight, Some((w.low.strips(), &slot.b(all))), out, outputs, add, &mut w.memory);
    }

    /// Given `dy`, adds the adapter's gradient to `gradient` and, if wanted, writes or adds d/dx.
    /// `low_input` is the (dropped) input row-major, `u` what [`Linear::forward`] saved, `mask` the dropout factors.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        dy: &[f32],
        low_input: &[f32],
        u: &[f32],
        mask: Option<&[f32]>,
        adapter: Option<Adapter>,
        gradient: &mut [f32],
        dx: Option<(Write, &mut [f32])>,
        w: &mut Workspace,
    ) {
        let (inputs, outputs) = self.weight.shape();
        let dy = View::new(dy, dy.len() / outputs, outputs);
        let base = self.weight.transposed();
        let weight = Frozen { floats: &base, bytes: self.bytes().map(Bytes::turned) };
        let bytes = weight.bytes.filter(|_| dx.is_some());
        if let Some(adapter) = adapter {
            let low_input = View::new(low_input, dy.rows, inputs);
            adapter_gradient(dy, low_input, u, adapter, gradient, bytes, w);
        } else {
            w.dy.pack(dy, bytes);
        }
        let Some((write, dx)) = dx else { return };
        let add = write == Write::Add;
        let Some(Adapter { slot, all, .. }) = adapter else {
            return product(&w.dy, &weight, None, dx, inputs, add, &mut w.memory);
        };
        w.low.pack(View::new(&w.du, dy.rows, slot.rank));
        let low = slot.a(all);
        let Some(mask) = mask else {
            return product(&w.dy, &weight, Some((w.low.strips(), &low)), dx, inputs, add, &mut w.memory);
        };
        product(&w.dy, &weight, None, dx, inputs, add, &mut w.memory);
        w.dropped.reshape(dx.len());
        gemm(&[(w.low.strips(), &low)], &mut w.dropped, inputs, false, &mut w.memory.floats);
        for ((dx, d), m) in dx.iter_mut().zip(&w.dropped[..]).zip(mask) {
            *dx += d * m;
        }
    }
}

/// Packs `dy` into `w.dy`, adds the gradient of A and B, and leaves d/du in `w.du`: all in blocks of rows, so that `dy` comes from
/// memory once.
fn adapter_gradient(
    dy: View,
    low_input: View,
    u: &[f32],
    Adapter { slot, all, scale }: Adapter,
    gradient: &mut [f32],
    bytes: Option<Bytes>,
    w: &mut Workspace,
) {
    let (rank, (da, db)) = (slot.rank, slot.both(gradient));
    w.dy.begin(dy.rows, dy.columns, bytes);
    w.b.pack(slot.b(all).t());
    w.du.reshape(dy.rows * rank);
    for block in strip_blocks(dy.rows) {
        for rows in strips(dy.rows).filter(|rows| block.contains(&rows.start)) {
            w.dy.pack_rows(dy, rows.start, rows, bytes);
        }
        let near = dy.some_rows(block.clone());
        gemm(&[(turned(u, rank, block.clone()), &near)], db, dy.columns, true, &mut w.memory.floats);
        let du = &mut w.du[block.start * rank..block.end * rank];
        gemm(&[(w.dy.floats.some_strips(block.clone()), &w.b)], du, rank, false, &mut w.memory.floats);
        ops::scale(du, scale);
        let near = low_input.some_rows(block.clone());
        gemm(&[(turned(&w.du, rank, block), &near)], da, low_input.columns, true, &mut w.memory.floats);
    }
}

/// The transpose of some rows of a narrow matrix.
fn turned(narrow: &[f32], rank: usize, rows: Range<usize>) -> Strips<'_> {
    Strips::lying(View::new(&narrow[rows.start * rank..rows.end * rank], rows.len(), rank).t())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::{check_gradient, noise};

    const TOKENS: usize = 9;
    const SIZE: (usize, usize) = (20, 33);

    fn forward(
        linear: &Linear,
        x: &[f32],
        mask: Option<&[f32]>,
        adapter: Option<Adapter>,
    ) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut low = x.to_vec();
        if let Some(mask) = mask {
            low.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
        }
        let (mut out, mut u) = (vec![7.0; TOKENS * SIZE.1], vec![0.0; TOKENS * 3]);
        let (mut input, view) = (Input::default(), |x| View::new(x, TOKENS, SIZE.0));
        input.pack(view(x), linear.bytes());
        linear.forward(&input, &Left::of(view(&low)), adapter, &mut out, &mut u, &mut Workspace::default());
        (out, u, low)
    }

    #[test]
    fn gradients_with_and_without_bias_and_dropout() {
        let plan = Plan::new(1, [SIZE; 7], &[Module::V], 3, 0.7, 0.0);
        let slot = plan.slots[0][Module::V as usize].unwrap();
        let (x, all, dy) = (noise(TOKENS * SIZE.0, 1), noise(plan.len, 2), noise(TOKENS * SIZE.1, 3));
        let mask: Vec<f32> = noise(x.len(), 4).iter().map(|v| if *v < -0.6 { 0.0 } else { 1.25 }).collect();
        for (bias, mask) in [(None, None), (Some(noise(SIZE.1, 5)), Some(&mask[..]))] {
            let linear = Linear { weight: Panels::weight(&noise(SIZE.0 * SIZE.1, 6), SIZE.1, SIZE.0), bias };
            let loss = |x: &[f32], all: &[f32]| {
                let (out, ..) = forward(&linear, x, mask, Some(Adapter { slot, all, scale: plan.scale }));
                out.iter().zip(&dy).map(|(y, d)| (y * d) as f64).sum()
            };
            let adapter = Some(Adapter { slot, all: &all, scale: plan.scale });
            let (_, u, low) = forward(&linear, &x, mask, adapter);
            let (mut dall, mut dx) = (vec![0.0; plan.len], vec![0.0; x.len()]);
            linear.backward(
                &dy,
                &low,
                &u,
                mask,
                adapter,
                &mut dall,
                Some((Write::Over, &mut dx)),
                &mut Workspace::default(),
            );
            check_gradient("dx", &x, &dx, |x| loss(x, &all));
            check_gradient("dA, dB", &all, &dall, |all| loss(&x, all));
        }
    }

    #[test]
    fn an_initial_adapter_changes_nothing() {
        let plan = Plan::new(1, [SIZE; 7], &[Module::V], 3, 2.0, 0.0);
        let all = plan.initial(1);
        let slot = plan.slots[0][Module::V as usize].unwrap();
        let linear =
            Linear { weight: Panels::weight(&noise(SIZE.0 * SIZE.1, 6), SIZE.1, SIZE.0), bias: None };
        let x = noise(TOKENS * SIZE.0, 1);
        let adapted = forward(&linear, &x, None, Some(Adapter { slot, all: &all, scale: plan.scale })).0;
        assert_eq!(adapted, forward(&linear, &x, None, None).0);
        let bound = 1.0 / (SIZE.0 as f32).sqrt();
        assert!(slot.a(&all).data.iter().all(|a| a.abs() <= bound && *a != 0.0));
    }

    #[test]
    fn slots_tile_the_vector() {
        let plan = Plan::new(2, [(4, 6); 7], &[Module::Q, Module::Down], 2, 1.0, 0.0);
        let starts: Vec<_> = plan.iter().map(|(layer, module, slot)| (layer, module, slot.start)).collect();
        let want = [(0, Module::Q, 0), (0, Module::Down, 20), (1, Module::Q, 40), (1, Module::Down, 60)];
        assert_eq!((starts, plan.len), (want.to_vec(), 80));
    }
}
