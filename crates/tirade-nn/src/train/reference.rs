//! Loss, gradient norm and adapter after 1 and 20 steps against PyTorch, transformers and PEFT.
//!
//! `tests/reference/lora_tiny.py` made the stored numbers from the same weights, adapters and tokens; CI needs no PyTorch.

use super::engine::{Engine, Sequence};
use super::lora::{Module, Plan};
use super::optim::{AdamW, clip};
use super::testing::{TINY_KINDS, fill, tiny};

fn sequences() -> Vec<Sequence> {
    let make = |&(len, start): &(usize, usize)| Sequence {
        id: len.to_string(),
        tokens: (0..len).map(|i| ((i * i * 7 + len * 3) % 50) as u32).collect(),
        weights: (0..len).map(|i| (i >= start) as u8 as f32).collect(),
    };
    [(12, 4), (5, 2), (9, 8), (20, 1)].iter().map(make).collect()
}

fn starting_adapter(plan: &Plan) -> Vec<f32> {
    let mut all = vec![0f32; plan.len];
    for (layer, module, slot) in plan.iter() {
        let name = |m| {
            format!(
                "base_model.model.model.layers.{layer}.{}.{}.lora_{m}.default.weight",
                module.block(),
                module.name()
            )
        };
        let a = fill(&name("A"), slot.rank * slot.inputs, 0.3);
        let b = fill(&name("B"), slot.rank * slot.outputs, 0.3);
        all[slot.start..][..a.len()].copy_from_slice(&a);
        all[slot.start + a.len()..][..b.len()].copy_from_slice(&b);
    }
    all
}

fn check(what: &str, got: f64, want: &serde_json::Value, tolerance: f64) {
    let want = want.as_f64().unwrap();
    assert!((got - want).abs() <= tolerance * want.abs().max(0.05), "{what}: {got} but PEFT has {want}");
}

fn check_vector(what: &str, got: &[f32], want: &serde_json::Value, tolerance: f64) {
    let norm = got.iter().map(|&x| x as f64 * x as f64).sum::<f64>().sqrt();
    check(&format!("{what} norm"), norm, &want["norm"], tolerance);
    for i in 0..16 {
        check(&format!("{what} value {i}"), got[i * (got.len() / 16)] as f64, &want["values"][i], tolerance);
    }
}

#[test]
fn twenty_steps_follow_peft() {
    let all: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/reference/lora_tiny.json")).unwrap();
    for kind in TINY_KINDS {
        let (want, model, sequences) = (&all[kind], tiny(kind), sequences());
        let refs: Vec<&Sequence> = sequences.iter().collect();
        let plan = Plan::new(2, model.shape.sizes(), &Module::ALL, 3, 1.5, 0.0);
        let mut adapter = starting_adapter(&plan);
        check_vector(&format!("{kind} initial"), &adapter, &want["initial"], 1e-7);
        let mut engine = Engine::new(&model, &plan, 1);
        let (mut optimiser, mut gradient) = (AdamW::new(plan.len), vec![0f32; plan.len]);
        for step in 1..=20 {
            let outcome = engine.run(&adapter, &refs, None, Some(&mut gradient));
            let norm = clip(&mut gradient, 1.0);
            if step == 1 {
                check(&format!("{kind} loss"), outcome.loss, &want["loss"], 1e-6);
                check(&format!("{kind} gradient norm"), norm, &want["grad_norm"], 5e-6);
            }
            optimiser.update(&mut adapter, &gradient, 1e-2, 0.01, step);
            if let Some(after) = want.get(format!("after_{step}")) {
                let loss = engine.run(&adapter, &refs, None, None).loss;
                check(&format!("{kind} loss after {step}"), loss, &after["loss"], 2e-5);
                check_vector(&format!("{kind} adapter after {step}"), &adapter, after, 1e-3);
            }
        }
    }
}
