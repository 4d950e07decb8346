//! The inner loops: written once over [`simd::Simd`], compiled for each instruction set, chosen at run time.
//!
//! Every kernel computes each row of a batch with the same operations in the same order whatever the batch and
//! whatever the instruction set: lanes run over outputs, never over the summed dimension, and every multiply-add is
//! fused. So a reply does not depend on what else is being generated, nor on the machine.

#![warn(clippy::undocumented_unsafe_blocks)]

pub mod act;
pub mod attention;
pub mod kind;
pub mod matmul;
pub mod ops;
pub mod pack;
pub mod simd;
