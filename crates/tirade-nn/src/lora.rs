//! Adapters at work: each adapted product grows by scale · B·(A·x) for the rows that carry the adapter.
//!
//! The base weights stay as they are, so several adapters can serve one batch.

use std::collections::HashMap;

use crate::config::Config;
use crate::kernel::act::{Act, Forms};
use crate::kernel::matmul::matmul;
use crate::kernel::pack::Matrix;
use crate::kernel::simd::Isa;
use crate::pool::Pool;

/// The products of a layer that may be adapted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Module {
    Q,
    K,
    V,
    O,
    Gate,
    Up,
    Down,
}

impl Module {
    /// All of them, with their names on the hub.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Q, "self_attn.q_proj"),
        (Self::K, "self_attn.k_proj"),
        (Self::V, "self_attn.v_proj"),
        (Self::O, "self_attn.o_proj"),
        (Self::Gate, "mlp.gate_proj"),
        (Self::Up, "mlp.up_proj"),
        (Self::Down, "mlp.down_proj"),
    ];

    /// Outputs and inputs in a model.
    fn shape(self, config: &Config) -> (usize, usize) {
        let (q, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
        match self {
            Self::Q => (q, config.hidden),
            Self::K | Self::V => (kv, config.hidden),
            Self::O => (config.hidden, q),
            Self::Gate | Self::Up => (config.intermediate, config.hidden),
            Self::Down => (config.hidden, config.intermediate),
        }
    }
}

/// A and B of one product, packed.
struct Pair {
    a: Matrix,
    b: Matrix,
}

/// An adapter ready to run.
pub struct Lora {
    pairs: HashMap<(usize, Module), Pair>,
    scale: f32,
}

impl Lora {
    /// An adapter that changes nothing yet; products are scaled by `scale`.
    pub fn new(scale: f32) -> Self {
        Self { pairs: HashMap::new(), scale }
    }

    /// Adds A (`rank` rows of inputs) and B (outputs rows of `rank`) of the module with this name on the hub, such as
    /// `model.layers.3.self_attn.q_proj`.
    ///
    /// # Errors
    /// A sentence, if the model has no such module or the sizes do not fit it.
    pub fn insert(&mut self, config: &Config, name: &str, rank: usize, a: &[f32], b: &[f32]) -> Result<(), String> {
        let (layer, module) = parse(name).ok_or_else(|| format!("{name} is no linear layer of the model"))?;
        let (outputs, inputs) = module.shape(config);
        if layer >= config.layers || a.len() != rank * inputs || b.len() != outputs * rank {
            return Err(format!(
                "{name}: A and B of {} and {} numbers at rank {rank} do not fit {inputs} inputs and {outputs} \
                 outputs of {} layers; the adapter was made for another model",
                a.len(),
                b.len(),
                config.layers
            ));
        }
        let pair = Pair { a: Matrix::from_f32(a, rank, inputs), b: Matrix::from_f32(b, outputs, rank) };
        self.pairs.insert((layer, module), pair);
        Ok(())
    }

    /// Adds this adapter's part to `out` for all rows of `input`.
    pub fn add(&self, pool: &Pool, isa: Isa, layer: usize, module: Module, input: &[f32], out: &mut [f32]) {
        let Some(Pair { a, b }) = self.pairs.get(&(layer, module)) else { return };
        let rows = input.len() / a.cols();
        let forms = Forms { bytes: false, floats: true };
        let mut inner = vec![0.0; rows * a.rows()];
        let act = Act::new(pool, isa, input, rows, a.cols(), forms);
        matmul(pool, &act, &mut [(a, &mut inner)]);
        let act = Act::new(pool, isa, &inner, rows, a.rows(), forms);
        let mut delta = vec![0.0; rows * b.rows()];
        matmul(pool, &act, &mut [(b, &mut delta)]);
        out.iter_mut().zip(&delta).for_each(|(out, delta)| *out += self.scale * delta);
    }
}

fn parse(name: &str) -> Option<(usize, Module)> {
    let (layer, rest) = name.strip_prefix("model.layers.")?.split_once('.')?;
    let module = Module::ALL.iter().find(|(_, n)| *n == rest)?.0;
    Some((layer.parse().ok()?, module))
}
