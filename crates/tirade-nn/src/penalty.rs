//! What makes tokens likelier or less likely than the model has them, before one is chosen.
//!
//! The meanings are those of other servers: `presence` and `frequency` are OpenAI's and count the reply alone, `repetition` is that of
//! transformers (CTRL, arXiv 1909.05858) and counts the prompt too, `bias` is OpenAI's `logit_bias`.

/// Changes of logits; the default changes none.
#[derive(Debug, Clone, PartialEq)]
pub struct Penalties {
    /// Taken from every token that the reply has.
    pub presence: f32,
    /// Taken from a token for each time the reply has it.
    pub frequency: f32,
    /// The positive logits of tokens of prompt and reply are divided by this, the negative ones multiplied; 1 for none.
    pub repetition: f32,
    /// Added to the logit of a token.
    pub bias: Vec<(u32, f32)>,
}

impl Default for Penalties {
    fn default() -> Self {
        Self { presence: 0.0, frequency: 0.0, repetition: 1.0, bias: Vec::new() }
    }
}

impl Penalties {
    /// What is wrong with the numbers, if anything, for a vocabulary of `vocab` tokens.
    pub fn problem(&self, vocab: usize) -> Option<String> {
        let outside = |what: &str, value: f32| {
            (!(-2.0..=2.0).contains(&value)).then(|| format!("{what} is {value} (-2 to 2)"))
        };
        let wrong_bias = |(token, bias): &(u32, f32)| match *token as usize >= vocab {
            true => Some(format!("a bias for token {token}, which is not in the vocabulary of {vocab}")),
            false => (!(-100.0..=100.0).contains(bias))
                .then(|| format!("the bias of token {token} is {bias} (-100 to 100)")),
        };
        let repetition = !(self.repetition > 0.0 && self.repetition.is_finite());
        outside("the presence penalty", self.presence)
            .or_else(|| outside("the frequency penalty", self.frequency))
            .or_else(|| {
                repetition.then(|| format!("the repetition penalty is {} (above 0)", self.repetition))
            })
            .or_else(|| self.bias.iter().find_map(wrong_bias))
    }

    /// Whether nothing would change.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Changes the logits of the token that follows `prompt` and `reply`; all their tokens are in the vocabulary.
    pub fn apply(&self, logits: &mut [f32], prompt: &[u32], reply: &[u32]) {
        if self.repetition != 1.0 {
            for token in distinct(&[prompt, reply]) {
                let logit = &mut logits[token as usize];
                *logit *= if *logit > 0.0 { 1.0 / self.repetition } else { self.repetition };
            }
        }
        for &token in reply {
            logits[token as usize] -= self.frequency;
        }
        if self.presence != 0.0 {
            distinct(&[reply]).into_iter().for_each(|token| logits[token as usize] -= self.presence);
        }
        for &(token, bias) in &self.bias {
            logits[token as usize] += bias;
        }
    }
}

fn distinct(parts: &[&[u32]]) -> Vec<u32> {
    let mut tokens = parts.concat();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected by hand: prompt 0 1, reply 1 2 2, logits 2, -2, 4, 1.
    #[test]
    fn each_counts_its_own_tokens() {
        let none = Penalties::default();
        let cases = [
            (none.clone(), [2.0, -2.0, 4.0, 1.0]),
            (Penalties { presence: 0.5, ..none.clone() }, [2.0, -2.5, 3.5, 1.0]),
            (Penalties { frequency: 0.5, ..none.clone() }, [2.0, -2.5, 3.0, 1.0]),
            (Penalties { repetition: 2.0, ..none.clone() }, [1.0, -4.0, 2.0, 1.0]),
            (Penalties { bias: vec![(3, 7.0), (0, -1.0)], ..none.clone() }, [1.0, -2.0, 4.0, 8.0]),
            (
                Penalties { repetition: 2.0, frequency: 1.0, presence: 1.0, bias: vec![(2, 1.0)] },
                [1.0, -6.0, 0.0, 1.0],
            ),
        ];
        for (penalties, expected) in cases {
            let mut logits = [2.0, -2.0, 4.0, 1.0];
            penalties.apply(&mut logits, &[0, 1], &[1, 2, 2]);
            assert_eq!(logits, expected, "{penalties:?}");
        }
    }

    #[test]
    fn impossible_numbers_are_named() {
        let none = Penalties::default();
        for (penalties, word) in [
            (Penalties { presence: 3.0, ..none.clone() }, "presence"),
            (Penalties { frequency: f32::NAN, ..none.clone() }, "frequency"),
            (Penalties { repetition: 0.0, ..none.clone() }, "repetition"),
            (Penalties { bias: vec![(9, 1.0)], ..none.clone() }, "vocabulary of 5"),
            (Penalties { bias: vec![(4, -101.0)], ..none.clone() }, "-101"),
        ] {
            assert!(penalties.problem(5).is_some_and(|said| said.contains(word)), "{penalties:?}");
        }
        assert_eq!(Penalties { bias: vec![(4, -100.0)], ..none }.problem(5), None);
    }
}
