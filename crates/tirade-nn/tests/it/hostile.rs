//! Files made to hurt: every number of a header replaced by extreme ones, weights that are no numbers. Nothing panics, and nothing
//! asks for more memory than the file's size justifies.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use super::engine::small;
use super::make::{Meta, Numbers, gguf, tiny_model};
use tirade_nn::engine::{Engine, GenerateRequest, Sampling};
use tirade_nn::gguf::Gguf;
use tirade_nn::quant::DType;
use tirade_nn::safetensors::{Safetensors, write_bytes};
use tirade_nn::template::ChatTemplate;
use tirade_nn::tokenizer::Tokenizer;
use tirade_nn::weights::Weights;

/// Remembers the largest allocation of each thread.
struct Watched;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all work is the system's; only sizes are noted, in a cell that needs neither allocation nor a destructor.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller's.
        unsafe { System.realloc(place, layout, size) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;

fn note(size: usize) {
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
}

/// The largest allocation of this thread while `work` runs.
fn largest_allocation(work: impl FnOnce()) -> usize {
    LARGEST.set(0);
    work();
    LARGEST.get()
}

const EXTREMES: [u64; 9] =
    [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, i64::MAX as u64, 1 << 63, u64::MAX - 31, u64::MAX];

#[test]
fn extreme_numbers_anywhere_in_a_gguf_header_are_harmless() {
    let good = gguf(
        &[
            ("general.architecture", Meta::Str("llama")),
            ("list", Meta::Strs(vec!["a".into(), "b".into()])),
            ("ints", Meta::Ints(vec![1, 2, 3])),
            ("general.alignment", Meta::U32(32)),
        ],
        &[
            ("w".into(), vec![2, 3], DType::F32, vec![0; 24]),
            ("v".into(), vec![32], DType::Q8_0, vec![0; 34]),
        ],
    );
    assert!(Gguf::from_bytes("good", good.clone()).is_ok());
    for at in 4..good.len() - 8 {
        for (value, width) in EXTREMES.into_iter().flat_map(|value| [(value, 4), (value, 8)]) {
            let mut bytes = good.clone();
            bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
            let largest = largest_allocation(|| {
                if let Ok(file) = Gguf::from_bytes("hostile", bytes) {
                    assert!(file.tensor_names().all(|name| file.tensor(name).is_some()));
                }
            });
            assert!(largest < 64 << 10, "{value:#x} at {at}: {largest} bytes at once");
        }
    }
}

#[test]
fn extreme_numbers_in_a_safetensors_header_are_harmless() {
    let bytes: Vec<u8> = (0..64).collect();
    let good = write_bytes(&[("a", DType::F32, &[4, 4], &bytes), ("b", DType::BF16, &[32], &bytes)], &[]);
    let header = String::from_utf8(good[8..good.len() - 128].to_vec()).unwrap();
    let extremes =
        ["0", "-1", "1e400", "1.5", "18446744073709551615", "18446744073709551616", "null", "[]", "\"4\""];
    let places: Vec<usize> = (0..header.len()).filter(|&i| header.as_bytes()[i].is_ascii_digit()).collect();
    for (at, extreme) in places.iter().flat_map(|at| extremes.map(|extreme| (*at, extreme))) {
        let changed = format!("{}{extreme}{}", &header[..at], &header[at + 1..]);
        for claimed in [changed.len() as u64, 0, u64::MAX, 1 << 40] {
            let file = [&claimed.to_le_bytes()[..], changed.as_bytes(), &[0; 128]].concat();
            let largest = largest_allocation(|| {
                if let Ok(file) = Safetensors::from_bytes("hostile", file) {
                    assert!(file.tensor_names().all(|name| file.tensor(name).is_some()));
                }
            });
            assert!(largest < 64 << 10, "{extreme} at {at}: {largest} bytes at once");
        }
    }
}

/// Whatever opens must also run: weights of any bits, metadata of any numbers.
#[test]
fn a_model_of_any_bits_is_refused_or_runs() {
    let good = tiny_model(1);
    let mut numbers = Numbers(11);
    let mut ran = 0;
    for round in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..=numbers.below(8) {
            // Half of the rounds spare the header.
            let from = if round % 2 == 0 { bytes.len() / 4 } else { 0 };
            let at = from + numbers.below(bytes.len() - from - 8);
            let value =
                if numbers.below(2) == 0 { numbers.next() } else { EXTREMES[numbers.below(EXTREMES.len())] };
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let Ok(file) = Gguf::from_bytes("hostile", bytes) else { continue };
        let Ok(tokenizer) = Tokenizer::from_gguf(&file) else { continue };
        let template = ChatTemplate::from_gguf(&file, &tokenizer).unwrap_or(None);
        let Ok(weights) = Weights::from_gguf(file) else { continue };
        let Ok(engine) = Engine::with_parts(weights, tokenizer, template, small()) else { continue };
        let sampling = Sampling { temperature: 1.0, top_p: 0.9, seed: round, ..Sampling::default() };
        let request = GenerateRequest {
            prompt: vec![4, 5, 6],
            max_tokens: 3,
            sampling,
            logprobs: true,
            ..Default::default()
        };
        match engine.submit(request).wait() {
            Ok(_) => ran += 1,
            Err(error) => assert!(!error.to_string().contains("has stopped"), "round {round}: {error}"),
        }
    }
    assert!(ran > 100, "only {ran} ran");
}
