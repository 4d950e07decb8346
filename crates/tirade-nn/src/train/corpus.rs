//! Conversations to sequences with their supervised tokens, and every way in which that goes quietly wrong.
//!
//! Only what an assistant wrote is learnt, and the token that ends its turn with it: a model that never sees the end token
//! supervised never stops. What is left out, cut or suspicious is recorded in [`Notes`], never silently dropped.

use std::collections::HashMap;

use serde::Serialize;

use super::engine::Sequence;
use super::error::TrainError;
use super::options::{TooLong, TrainOptions};
use super::random::Random;
use crate::template::{ChatMessage, ChatTemplate};
use crate::tokenizer::Tokenizer;

/// One conversation to learn from: every assistant turn in it is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatExample {
    /// Named in reports and errors.
    pub id: String,
    /// The conversation.
    pub messages: Vec<ChatMessage>,
}

/// What happened to examples on the way to tokens: ids, in the order of the examples.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Notes {
    /// Longer than `max_length` and left out.
    pub dropped: Vec<String>,
    /// Longer than `max_length` and cut; their end is not learnt.
    pub truncated: Vec<String>,
    /// Without any supervised token, left out.
    pub unsupervised: Vec<String>,
    /// With an assistant turn that does not end in an end-of-turn token.
    pub unended: Vec<String>,
    /// (example, earlier example) with exactly the same tokens; both are kept.
    pub duplicates: Vec<(String, String)>,
    /// Beginning with two begin-of-text tokens.
    pub doubled_start: Vec<String>,
    /// With markup tokens inside what the assistant wrote, as if the text contained `<|im_end|>`.
    pub markup: Vec<String>,
}

/// The usable examples and what was noticed.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    pub sequences: Vec<Sequence>,
    pub notes: Notes,
}

/// How a model writes conversations.
pub(crate) struct Writer {
    pub tokenizer: Tokenizer,
    pub template: ChatTemplate,
}

impl Corpus {
    /// Tokenises every example.
    pub fn new(
        options: &TrainOptions,
        writer: &Writer,
        examples: &[ChatExample],
    ) -> Result<Self, TrainError> {
        let mut corpus = Self::default();
        let mut seen: HashMap<Vec<u32>, String> = HashMap::new();
        for example in examples {
            let Some(sequence) = corpus.sequence(options, writer, example)? else { continue };
            if let Some(earlier) = seen.get(&sequence.tokens) {
                corpus.notes.duplicates.push((example.id.clone(), earlier.clone()));
            } else {
                seen.insert(sequence.tokens.clone(), example.id.clone());
            }
            corpus.sequences.push(sequence);
        }
        Ok(corpus)
    }

    fn sequence(
        &mut self,
        options: &TrainOptions,
        writer: &Writer,
        example: &ChatExample,
    ) -> Result<Option<Sequence>, TrainError> {
        let failed = |what: String| TrainError::Example { id: example.id.clone(), what };
        let chat = writer
            .template
            .render_tokens(&writer.tokenizer, &example.messages, None)
            .map_err(|error| failed(error.to_string()))?;
        let (notes, id) = (&mut self.notes, &example.id);
        let mut weights = vec![0f32; chat.tokens.len()];
        for turn in &chat.assistant {
            weights[turn.clone()].fill(1.0);
            note_turn(notes, id, &chat.tokens[turn.clone()], &writer.tokenizer);
        }
        let mut tokens = chat.tokens;
        if let ([first, second, ..], Some(bos)) = (&tokens[..], writer.tokenizer.bos())
            && *first == bos
            && *second == bos
        {
            notes.doubled_start.push(id.clone());
        }
        if tokens.len() > options.max_length {
            match options.too_long {
                TooLong::Drop => {
                    notes.dropped.push(id.clone());
                    return Ok(None);
                }
                TooLong::Truncate => notes.truncated.push(id.clone()),
                TooLong::Refuse => {
                    return Err(failed(format!(
                        "{} tokens are more than max_length {}",
                        tokens.len(),
                        options.max_length
                    )));
                }
            }
            tokens.truncate(options.max_length);
            weights.truncate(options.max_length);
        }
        let sequence = Sequence { id: id.clone(), tokens, weights };
        if sequence.supervised() == 0 {
            notes.unsupervised.push(id.clone());
            return Ok(None);
        }
        Ok(Some(sequence))
    }

    /// Refuses tokens that the model has no embedding for, as when a tokenizer of another model lies beside it.
    pub fn refuse_unknown(&self, vocabulary: usize) -> Result<(), TrainError> {
        for s in &self.sequences {
            if let Some(token) = s.tokens.iter().find(|t| **t as usize >= vocabulary) {
                let what = format!(
                    "its token {token} is outside the model's vocabulary of {vocabulary}; is the tokenizer the model's own?"
                );
                return Err(TrainError::Example { id: s.id.clone(), what });
            }
        }
        Ok(())
    }

    /// Refuses a corpus without anything to learn, saying where the examples went.
    pub fn refuse_empty(&self, examples: usize, max_length: usize) -> Result<(), TrainError> {
        if !self.sequences.is_empty() {
            return Ok(());
        }
        if examples == 0 {
            return Err(TrainError::Corpus("there are no examples".into()));
        }
        Err(TrainError::Corpus(format!(
            "of {examples} examples {} have no assistant turn with a token to learn and {} are longer than max_length {max_length}",
            self.notes.unsupervised.len(),
            self.notes.dropped.len(),
        )))
    }
}

fn note_turn(notes: &mut Notes, id: &str, turn: &[u32], tokenizer: &Tokenizer) {
    let ended = turn.last().is_some_and(|last| tokenizer.end_tokens().contains(last));
    let text = &turn[..turn.len() - ended as usize];
    let once = |list: &mut Vec<String>| {
        if list.last().is_none_or(|last| last != id) {
            list.push(id.to_owned());
        }
    };
    if !ended {
        once(&mut notes.unended);
    }
    if text.iter().any(|&token| tokenizer.is_special(token)) {
        once(&mut notes.markup);
    }
}

/// Which sequences every step of the run averages over. Each epoch has its own order; its last step may be smaller.
pub(crate) fn steps(options: &TrainOptions, lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut steps = Vec::new();
    let wanted = options.max_steps.unwrap_or(usize::MAX);
    for epoch in 0.. {
        if steps.len() >= wanted || (options.max_steps.is_none() && epoch >= options.epochs) {
            break;
        }
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        Random::new(&[options.seed, 3, epoch as u64]).shuffle(&mut order);
        let rows =
            if options.packing { fill_rows(&order, lengths, options.max_length) } else { singles(order) };
        steps.extend(rows.chunks(options.examples_per_step()).map(|rows| rows.concat()));
    }
    steps.truncate(wanted);
    steps
}

fn singles(order: Vec<usize>) -> Vec<Vec<usize>> {
    order.into_iter().map(|i| vec![i]).collect()
}

/// Puts examples into rows of at most `room` tokens, each into the first of the last 32 rows that has room.
fn fill_rows(order: &[usize], lengths: &[usize], room: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<(usize, Vec<usize>)> = Vec::new();
    for &i in order {
        let recent = rows.len().saturating_sub(32);
        match rows[recent..].iter_mut().find(|(used, _)| used + lengths[i] <= room) {
            Some((used, row)) => {
                *used += lengths[i];
                row.push(i);
            }
            None => rows.push((lengths[i], vec![i])),
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(batch_size: usize, packing: bool) -> TrainOptions {
        TrainOptions {
            batch_size,
            gradient_accumulation: 1,
            epochs: 2,
            max_length: 10,
            packing,
            ..Default::default()
        }
    }

    #[test]
    fn every_epoch_visits_every_example_once_in_another_order() {
        for packing in [false, true] {
            let lengths = [3, 4, 9, 2, 5, 10, 1];
            let all = steps(&options(2, packing), &lengths);
            let (first, second) = all.split_at(all.len() / 2);
            for epoch in [first, second] {
                let mut seen = epoch.concat();
                seen.sort();
                assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6], "packing {packing}: {all:?}");
            }
            assert_ne!(first, second);
        }
    }

    #[test]
    fn tokens_without_an_embedding_are_refused() {
        let sequence = Sequence { id: "x".into(), tokens: vec![3, 10], weights: vec![0.0, 1.0] };
        let corpus = Corpus { sequences: vec![sequence], ..Corpus::default() };
        corpus.refuse_unknown(11).unwrap();
        let error = corpus.refuse_unknown(10).unwrap_err().to_string();
        assert!(error.contains("\"x\"") && error.contains("token 10"), "{error}");
    }

    #[test]
    fn batch_and_accumulation_only_count_as_a_product() {
        let lengths = [1; 13];
        let with = |batch_size, gradient_accumulation| {
            steps(&TrainOptions { batch_size, gradient_accumulation, ..options(1, false) }, &lengths)
        };
        assert_eq!(with(1, 4), with(4, 1));
        assert_eq!(with(2, 2), with(4, 1));
    }

    #[test]
    fn max_steps_override_epochs_both_ways() {
        let with = |max_steps| {
            steps(&TrainOptions { max_steps: Some(max_steps), ..options(2, false) }, &[1; 4]).len()
        };
        assert_eq!((with(1), with(3), with(50)), (1, 3, 50));
    }

    #[test]
    fn rows_are_never_overfull() {
        let lengths: Vec<usize> = (0..200).map(|i| i * 7 % 10 + 1).collect();
        let order: Vec<usize> = (0..200).collect();
        let rows = fill_rows(&order, &lengths, 10);
        assert!(rows.iter().all(|row| row.iter().map(|&i| lengths[i]).sum::<usize>() <= 10));
        let used: usize = lengths.iter().sum();
        assert!(rows.len() * 10 < used * 12 / 10, "{} rows for {used} tokens", rows.len());
    }
}
