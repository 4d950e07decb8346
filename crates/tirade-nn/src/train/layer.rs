//! One decoder layer, forward and backward by hand.
//!
//! ```text
//! a = x + [norm] O·attention(rotate([norm] Q·n), rotate([norm] K·n), V·n)      n = norm(x)
//! y = a + [norm] Down·(act(Gate·m) ∘ (Up·m))                                   m = norm(a)
//! ```
//! The forward saves what the backward cannot cheaply recompute ([`Saved`]); norms and the gate's product are done again. Under
//! activation checkpointing only x is kept and the whole forward is done again.

use std::ops::Range;

use super::aligned::Floats;
use super::attention::{self, Segment};
use super::bytes::Input;
use super::gemm::{Left, View};
use super::lora::{self, Adapter, Module, Plan, Write};
use super::model::{Layer, Model};
use super::ops;
use super::pool::Pool;
use super::random::Random;

/// Several sequences end to end, to be pushed through the model together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    pub tokens: Vec<u32>,
    pub segments: Vec<Segment>,
    /// Position of each token in its own sequence.
    pub positions: Vec<usize>,
    /// Which sequence each segment is: dropout depends on it, not on how sequences were packed.
    pub sequences: Vec<usize>,
}

/// Everything a pass through the layers reads.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub model: &'a Model,
    pub plan: &'a Plan,
    /// The flat adapter vector.
    pub all: &'a [f32],
    pub packed: &'a Packed,
    /// Seed and step of the dropout masks; `None` evaluates without dropout.
    pub dropout: Option<[u64; 2]>,
}

/// One thread's reused memory.
#[derive(Default)]
pub(crate) struct Worker {
    pub pool: Pool,
    input: Input,
    low: Left,
    linear: lora::Workspace,
    attention: attention::Workspace,
}

/// What a layer's forward leaves for its backward.
#[derive(Default)]
pub(crate) struct Saved {
    pub x: Floats,
    input_inverse: Vec<f32>,
    /// Queries and keys before their norm (empty without one) with its 1/rms.
    raw: [Floats; 2],
    raw_inverse: [Vec<f32>; 2],
    /// Queries, keys (both rotated) and values.
    qkv: [Floats; 3],
    attended: Floats,
    logsum: Vec<f32>,
    /// Outputs of attention and of the MLP before their norm (Gemma), with its 1/rms.
    outs: [Floats; 2],
    outs_inverse: [Vec<f32>; 2],
    middle: Floats,
    middle_inverse: Vec<f32>,
    gate: Floats,
    up: Floats,
    /// s·x·Aᵀ of each module.
    low: [Floats; 7],
}

impl Saved {
    /// Returns every buffer to the pool.
    pub fn free(self, pool: &mut Pool) {
        let Saved { x, raw, qkv, attended, outs, middle, gate, up, low, .. } = self;
        let singles = [x, attended, middle, gate, up];
        singles.into_iter().chain(raw).chain(qkv).chain(outs).chain(low).for_each(|v| pool.give(v));
    }
}

/// The four places where an input is dropped before A.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Attention,
    AttentionOut,
    Mlp,
    MlpOut,
}

impl Site {
    /// A module that reads this input.
    fn first(self) -> Module {
        [Module::Q, Module::O, Module::Gate, Module::Down][self as usize]
    }
}

impl Context<'_> {
    fn tokens(&self) -> usize {
        self.packed.tokens.len()
    }

    fn adapter(&self, layer: usize, module: Module) -> Option<Adapter<'_>> {
        let slot = self.plan.slots[layer][module as usize]?;
        Some(Adapter { slot, all: self.all, scale: self.plan.scale })
    }

    /// Dropout factors (0 or 1/(1−p)) for the inputs of a site, or `None` when nothing is dropped.
    fn mask(&self, layer: usize, site: Site, width: usize, pool: &mut Pool) -> Option<Floats> {
        let [seed, step] = self.dropout.filter(|_| self.plan.dropout > 0.0)?;
        let (threshold, keep) = ((self.plan.dropout * 65536.0) as u64, 1.0 / (1.0 - self.plan.dropout));
        let mut mask = pool.take(self.tokens() * width);
        for (segment, &sequence) in self.packed.segments.iter().zip(&self.packed.sequences) {
            let mut random = Random::new(&[seed, 2, step, sequence as u64, layer as u64, site as u64]);
            for four in mask[segment.start * width..][..segment.length * width].chunks_mut(4) {
                let bits = random.bits();
                for (i, m) in four.iter_mut().enumerate() {
                    *m = if (bits >> (16 * i)) & 0xffff < threshold { 0.0 } else { keep };
                }
            }
        }
        Some(mask)
    }
}

fn multiply(x: &mut [f32], mask: &[f32]) {
    x.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
}

impl Layer {
    /// Runs layer `index` on `x` (tokens × hidden) and returns its output with what the backward needs.
    pub fn forward(&self, c: &Context, index: usize, x: Floats, w: &mut Worker) -> (Floats, Saved) {
        let (shape, tokens) = (&c.model.shape, c.tokens());
        let mut saved =
            Saved { input_inverse: vec![0.0; tokens], middle_inverse: vec![0.0; tokens], ..Saved::default() };
        let inverse = &mut saved.input_inverse;
        self.set_normed(c, index, Site::Attention, &x, &self.input_norm, inverse, w);
        let q = self.project(c, index, Module::Q, &mut saved, w);
        let k = self.project(c, index, Module::K, &mut saved, w);
        let v = self.project(c, index, Module::V, &mut saved, w);
        saved.qkv = [self.place(c, 0, q, &mut saved, w), self.place(c, 1, k, &mut saved, w), v];
        saved.attended = w.pool.take(saved.qkv[0].len());
        saved.logsum = vec![0.0; tokens * self.shape.heads.queries];
        let [q, k, v] = &saved.qkv;
        let heads = &self.shape.heads;
        attention::forward(
            heads,
            &c.packed.segments,
            [q, k, v],
            &mut saved.attended,
            &mut saved.logsum,
            &mut w.attention,
        );
        let (attended, width) = (&saved.attended, heads.queries * heads.width);
        self.set_input(c, index, Site::AttentionOut, width, w, |rows, to| {
            to.copy_from_slice(&attended[rows.start * width..rows.end * width]);
        });
        let out = self.project(c, index, Module::O, &mut saved, w);
        let mut middle = self.finish(c, 0, &self.attention_out_norm, out, &mut saved, w);
        ops::add(&mut middle, &x);
        saved.x = x;

        let inverse = &mut saved.middle_inverse;
        self.set_normed(c, index, Site::Mlp, &middle, &self.mlp_norm, inverse, w);
        saved.gate = self.project(c, index, Module::Gate, &mut saved, w);
        saved.up = self.project(c, index, Module::Up, &mut saved, w);
        let (gate, up, width) = (&saved.gate, &saved.up, shape.intermediate);
        self.set_input(c, index, Site::MlpOut, width, w, |rows, product| {
            let part = rows.start * width..rows.end * width;
            ops::gated(shape.activation, &gate[part.clone()], &up[part], product);
        });
        let out = self.project(c, index, Module::Down, &mut saved, w);
        let mut y = self.finish(c, 1, &self.mlp_out_norm, out, &mut saved, w);
        ops::add(&mut y, &middle);
        saved.middle = middle;
        (y, saved)
    }

    /// Packs the norm of `x` as the input of the projections that follow.
    #[allow(clippy::too_many_arguments)]
    fn set_normed(
        &self,
        c: &Context,
        index: usize,
        site: Site,
        x: &[f32],
        weight: &[f32],
        inverse: &mut [f32],
        w: &mut Worker,
    ) {
        let width = weight.len();
        self.set_input(c, index, site, width, w, |rows, to| {
            let part = rows.start * width..rows.end * width;
            ops::rms_norm(&x[part], weight, c.model.shape.eps, to, &mut inverse[rows]);
        });
    }

    /// Packs the input of the projections that follow, and its dropped form; `make` writes the rows it is asked for.
    fn set_input(
        &self,
        c: &Context,
        index: usize,
        site: Site,
        width: usize,
        w: &mut Worker,
        mut make: impl FnMut(Range<usize>, &mut [f32]),
    ) {
        let (tokens, bytes) = (c.tokens(), self.linear(site.first()).bytes());
        // In 8 bits most of what the loss suffers comes from here, and these products are the smallest.
        w.input.fine = site == Site::Attention;
        let Some(mut dropped) = c.mask(index, site, width, &mut w.pool) else {
            return w.input.pack_made((tokens, width), bytes, make);
        };
        let mut x = w.pool.take(tokens * width);
        make(0..tokens, &mut x);
        w.input.pack(View::new(&x, tokens, width), bytes);
        multiply(&mut dropped, &x);
        w.low.pack(View::new(&dropped, tokens, width));
        [x, dropped].into_iter().for_each(|v| w.pool.give(v));
    }

    fn project(
        &self,
        c: &Context,
        index: usize,
        module: Module,
        saved: &mut Saved,
        w: &mut Worker,
    ) -> Floats {
        let (_, outputs) = c.model.shape.sizes()[module as usize];
        let adapter = c.adapter(index, module);
        let mut out = w.pool.take(c.tokens() * outputs);
        let mut u = w.pool.take(c.tokens() * adapter.map_or(0, |a| a.slot.rank));
        let dropped = c.dropout.is_some() && c.plan.dropout > 0.0;
        let low = if dropped { &w.low } else { &w.input.floats };
        self.linear(module).forward(&w.input, low, adapter, &mut out, &mut u, &mut w.linear);
        saved.low[module as usize] = u;
        out
    }

    /// Norms (where the architecture does) and rotates queries (`which` 0) or keys (1).
    fn place(&self, c: &Context, which: usize, raw: Floats, saved: &mut Saved, w: &mut Worker) -> Floats {
        let heads = &self.shape.heads;
        let (norm, count) = [(&self.query_norm, heads.queries), (&self.key_norm, heads.keys)][which];
        let mut placed = raw;
        if let Some(weight) = norm {
            let mut normed = w.pool.take(placed.len());
            saved.raw_inverse[which] = vec![0.0; c.tokens() * count];
            ops::rms_norm(&placed, weight, c.model.shape.eps, &mut normed, &mut saved.raw_inverse[which]);
            saved.raw[which] = std::mem::replace(&mut placed, normed);
        }
        self.rotate(c, &mut placed, count, 1.0);
        placed
    }

    fn rotate(&self, c: &Context, x: &mut [f32], heads: usize, direction: f32) {
        let table = &c.model.rotary[self.shape.rotary];
        ops::rotate(
            x,
            heads,
            &c.packed.positions,
            &table.cos,
            &table.sin,
            self.shape.heads.width / 2,
            direction,
        );
    }

    /// Norms a block's output where the architecture does.
    fn finish(
        &self,
        c: &Context,
        which: usize,
        norm: &Option<Vec<f32>>,
        out: Floats,
        saved: &mut Saved,
        w: &mut Worker,
    ) -> Floats {
        let Some(weight) = norm else { return out };
        let mut normed = w.pool.take(out.len());
        saved.outs_inverse[which] = vec![0.0; c.tokens()];
        ops::rms_norm(&out, weight, c.model.shape.eps, &mut normed, &mut saved.outs_inverse[which]);
        saved.outs[which] = out;
        normed
    }

    /// Turns `dy`, the gradient at the layer's output, into the gradient at its input (for layer 0, whose input is not trained,
    /// it is left unfinished), and adds the adapters' gradients to `gradient`.
    pub fn backward(
        &self,
        c: &Context,
        index: usize,
        mut saved: Saved,
        dy: &mut [f32],
        gradient: &mut [f32],
        w: &mut Worker,
    ) {
        self.mlp_backward(c, index, &mut saved, dy, gradient, w);
        self.attention_backward(c, index, &mut saved, dy, gradient, w);
        saved.free(&mut w.pool);
    }

    fn mlp_backward(
        &self,
        c: &Context,
        index: usize,
        saved: &mut Saved,
        dy: &mut [f32],
        gradient: &mut [f32],
        w: &mut Worker,
    ) {
        let shape = &c.model.shape;
        let mut product = w.pool.take(saved.gate.len());
        ops::gated(shape.activation, &saved.gate, &saved.up, &mut product);
        let mut dproduct = w.pool.take(product.len());
        let dout = self.through_out_norm(1, &self.mlp_out_norm, saved, dy, w);
        let mut back = Back { layer: self, c, index, gradient, saved, w };
        back.site(
            Site::MlpOut,
            &product,
            &[(Module::Down, dout.as_deref().unwrap_or(dy))],
            Some(&mut dproduct),
        );
        w.pool.give(product);
        dout.into_iter().for_each(|d| w.pool.give(d));
        ops::gated_backward(shape.activation, &mut saved.gate, &mut saved.up, &dproduct);
        w.pool.give(dproduct);

        let (gate, up) = (std::mem::take(&mut saved.gate), std::mem::take(&mut saved.up));
        let (mut normed, mut dnormed) = (w.pool.take(dy.len()), w.pool.take(dy.len()));
        ops::rms_norm_again(&saved.middle, &self.mlp_norm, &saved.middle_inverse, &mut normed);
        let mut back = Back { layer: self, c, index, gradient, saved, w };
        back.site(Site::Mlp, &normed, &[(Module::Gate, &gate), (Module::Up, &up)], Some(&mut dnormed));
        ops::rms_norm_backward_add(&saved.middle, &self.mlp_norm, &saved.middle_inverse, &dnormed, dy);
        [normed, dnormed, gate, up].into_iter().for_each(|v| w.pool.give(v));
    }

    fn attention_backward(
        &self,
        c: &Context,
        index: usize,
        saved: &mut Saved,
        dy: &mut [f32],
        gradient: &mut [f32],
        w: &mut Worker,
    ) {
        let heads = &self.shape.heads;
        let mut dattended = w.pool.take(saved.attended.len());
        let dout = self.through_out_norm(0, &self.attention_out_norm, saved, dy, w);
        let mut back = Back { layer: self, c, index, gradient, saved, w };
        back.site(
            Site::AttentionOut,
            &saved.attended,
            &[(Module::O, dout.as_deref().unwrap_or(dy))],
            Some(&mut dattended),
        );
        dout.into_iter().for_each(|d| w.pool.give(d));

        let [q, k, v] = &saved.qkv;
        let [mut dq, mut dk, mut dv] = [q, k, v].map(|x| w.pool.take(x.len()));
        let forward = attention::Saved { q, k, v, out: &saved.attended, logsum: &saved.logsum };
        attention::backward(
            heads,
            &c.packed.segments,
            &forward,
            &dattended,
            [&mut dq, &mut dk, &mut dv],
            &mut w.attention,
        );
        w.pool.give(dattended);
        let dq = self.unplace(c, 0, dq, saved, w);
        let dk = self.unplace(c, 1, dk, saved, w);

        let (mut normed, mut dnormed) = (w.pool.take(dy.len()), w.pool.take(dy.len()));
        ops::rms_norm_again(&saved.x, &self.input_norm, &saved.input_inverse, &mut normed);
        let wanted = (index > 0).then_some(&mut dnormed[..]);
        let mut back = Back { layer: self, c, index, gradient, saved, w };
        back.site(Site::Attention, &normed, &[(Module::Q, &dq), (Module::K, &dk), (Module::V, &dv)], wanted);
        if index > 0 {
            ops::rms_norm_backward_add(&saved.x, &self.input_norm, &saved.input_inverse, &dnormed, dy);
        }
        [normed, dnormed, dq, dk, dv].into_iter().for_each(|v| w.pool.give(v));
    }

    /// The gradient before a block's output norm, or `None` where there is no such norm.
    fn through_out_norm(
        &self,
        which: usize,
        norm: &Option<Vec<f32>>,
        saved: &Saved,
        dy: &[f32],
        w: &mut Worker,
    ) -> Option<Floats> {
        let weight = norm.as_ref()?;
        let mut dout = w.pool.take(dy.len());
        dout.fill(0.0);
        ops::rms_norm_backward_add(&saved.outs[which], weight, &saved.outs_inverse[which], dy, &mut dout);
        Some(dout)
    }

    /// The gradient through [`Layer::place`].
    fn unplace(&self, c: &Context, which: usize, mut d: Floats, saved: &Saved, w: &mut Worker) -> Floats {
        let heads = &self.shape.heads;
        let (norm, count) = [(&self.query_norm, heads.queries), (&self.key_norm, heads.keys)][which];
        self.rotate(c, &mut d, count, -1.0);
        let Some(weight) = norm else { return d };
        let mut raw = w.pool.take(d.len());
        raw.fill(0.0);
        ops::rms_norm_backward_add(&saved.raw[which], weight, &saved.raw_inverse[which], &d, &mut raw);
        w.pool.give(d);
        raw
    }
}

/// What the backward of a site needs, gathered to keep calls short.
struct Back<'a> {
    layer: &'a Layer,
    c: &'a Context<'a>,
    index: usize,
    gradient: &'a mut [f32],
    saved: &'a Saved,
    w: &'a mut Worker,
}

impl Back<'_> {
    /// Backward of the modules that share the input `x`; `dx` receives the sum.
    fn site(&mut self, site: Site, x: &[f32], modules: &[(Module, &[f32])], mut dx: Option<&mut [f32]>) {
        let mask = self.c.mask(self.index, site, x.len() / self.c.tokens(), &mut self.w.pool);
        let dropped = mask.as_ref().map(|mask| {
            let mut dropped = self.w.pool.take(x.len());
            dropped.copy_from_slice(x);
            multiply(&mut dropped, mask);
            dropped
        });
        let x = dropped.as_deref().unwrap_or(x);
        for (i, &(module, dy)) in modules.iter().enumerate() {
            let write = if i == 0 { Write::Over } else { Write::Add };
            self.layer.linear(module).backward(
                dy,
                x,
                &self.saved.low[module as usize],
                mask.as_deref(),
                self.c.adapter(self.index, module),
                self.gradient,
                dx.as_deref_mut().map(|dx| (write, dx)),
                &mut self.w.linear,
            );
        }
        mask.into_iter().chain(dropped).for_each(|v| self.w.pool.give(v));
    }
}
