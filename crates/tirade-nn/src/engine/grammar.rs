//! Replies of a given form: JSON of a schema, a regular expression, a grammar.
//!
//! Before each token of such a reply, `llguidance` says which tokens may come next; all others get no probability. Each
//! reply has a matcher of its own, so constrained and free replies share a batch.

use std::sync::{Arc, OnceLock};

use llguidance::api::{GrammarWithLexer, TopLevelGrammar};
use llguidance::toktrie::{ApproximateTokEnv, SimpleVob, TokEnv, TokRxInfo, TokTrie};
use llguidance::{Matcher, ParserFactory};
use serde_json::Value as Json;

use crate::NnError;
use crate::tokenizer::Tokenizer;

/// The form a reply must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Grammar {
    /// JSON that satisfies this schema.
    JsonSchema(Json),
    /// Text that matches this regular expression from beginning to end.
    Regex(String),
    /// A grammar in llguidance's dialect of Lark; its rule `start` is the reply.
    Lark(String),
}

/// White space between the parts of a JSON text. Without a limit, a small model may go on with blanks for ever.
const WHITE_SPACE: &str = r"[\x20\x0A]{1,16}";

impl Grammar {
    fn compiled(&self) -> TopLevelGrammar {
        match self {
            Self::JsonSchema(schema) => {
                let mut schema = schema.clone();
                if let Json::Object(fields) = &mut schema {
                    let options = serde_json::json!({ "whitespace_pattern": WHITE_SPACE });
                    fields.entry("x-guidance").or_insert(options);
                }
                TopLevelGrammar::from_json_schema(schema)
            }
            Self::Regex(regex) => TopLevelGrammar::from_grammar(GrammarWithLexer::from_regex(regex)),
            Self::Lark(lark) => TopLevelGrammar::from_lark(lark.clone()),
        }
    }
}

/// Makes matchers for one vocabulary.
pub struct Grammars {
    tokenizer: Arc<Tokenizer>,
    /// Tokens the model gives logits for: at least the tokenizer's.
    vocab: usize,
    /// Built when the first grammar is asked for: it sorts the whole vocabulary.
    factory: OnceLock<Result<ParserFactory, String>>,
}

impl Grammars {
    pub fn new(tokenizer: Arc<Tokenizer>, vocab: usize) -> Self {
        Self { tokenizer, vocab, factory: OnceLock::new() }
    }

    /// A matcher at the beginning of a reply.
    ///
    /// # Errors
    /// If the grammar makes no sense, says what the library does not support, or is too large.
    pub fn matcher(&self, grammar: &Grammar) -> Result<Constraint, NnError> {
        let factory = self.factory.get_or_init(|| self.factory());
        let parser = factory
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|factory| factory.create_parser(grammar.compiled()).map_err(|e| e.to_string()))
            .map_err(|e| NnError::Request(format!("the reply's grammar: {e}")))?;
        Ok(Constraint(Matcher::new(Ok(parser))))
    }

    fn factory(&self) -> Result<ParserFactory, String> {
        let ends = self.tokenizer.end_tokens();
        let Some(&first) = ends.first() else {
            return Err("the model has no end token, so no reply could end".into());
        };
        let words: Vec<Vec<u8>> = (0..self.vocab as u32).map(|token| self.word(token)).collect();
        let info = TokRxInfo::new(self.vocab as u32, first);
        let trie = TokTrie::from(&info, &words).with_eos_tokens(ends);
        let env: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let mut factory = ParserFactory::new_simple(&env).map_err(|e| e.to_string())?;
        factory.quiet();
        factory.limits_mut().verbose_errors = false;
        Ok(factory)
    }

    /// What the library takes a token for: markup is marked, so that it never stands for text.
    fn word(&self, token: u32) -> Vec<u8> {
        let mut word = Vec::new();
        if self.tokenizer.is_special(token) {
            word.push(TokTrie::SPECIAL_TOKEN_MARKER);
        }
        word.extend_from_slice(self.tokenizer.bytes(token));
        word
    }
}

/// Where a reply stands in its grammar.
pub struct Constraint(Matcher);

impl Constraint {
    /// Takes all probability from tokens that may not come next.
    ///
    /// # Errors
    /// A sentence, if no token may, or computing them takes too much work.
    pub fn mask(&mut self, logits: &mut [f32]) -> Result<(), String> {
        let allowed: SimpleVob = self.0.compute_mask_or_eos().map_err(|e| e.to_string())?;
        if allowed.is_zero() {
            return Err("nothing may follow".into());
        }
        for (token, logit) in logits.iter_mut().enumerate() {
            if token >= allowed.len() || !allowed.get(token) {
                *logit = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    /// Goes on by a token; says whether the reply is complete and nothing can follow.
    ///
    /// # Errors
    /// A sentence, if the token may not come here.
    pub fn push(&mut self, token: u32) -> Result<bool, String> {
        self.0.consume_token(token).map_err(|e| e.to_string())?;
        Ok(self.0.is_stopped())
    }
}
