//! SentencePiece BPE as GGUF stores it: tokens with scores and no merges.
//!
//! A text is cut at its special tokens, spaces become `▁`, and then the adjacent pair whose union has the highest score is
//! merged, the leftmost first among equals, until no union is a token. What has no token is written as bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::Kind;

const SPACE: &str = "▁";

/// The bytes a token stands for.
pub(super) fn token_bytes(token: &str, kind: Kind) -> Box<[u8]> {
    match kind {
        Kind::Byte => byte_token(token).map_or_else(|| token.as_bytes().into(), |b| [b].into()),
        Kind::Control => token.as_bytes().into(),
        _ => token.replace(SPACE, " ").into_bytes().into(),
    }
}

/// The byte of a token such as `<0x0A>`.
pub(super) fn byte_token(token: &str) -> Option<u8> {
    u8::from_str_radix(token.strip_prefix("<0x")?.strip_suffix('>')?, 16).ok()
}

/// Tokens, scores, and the tokens that are looked for before anything else.
pub(super) struct Spm {
    ids: HashMap<String, u32>,
    scores: Vec<f32>,
    /// Special tokens by their first byte, longest first.
    special: HashMap<u8, Vec<(String, u32)>>,
    bytes: [u32; 256],
    prefix_space: bool,
}

impl Spm {
    pub(super) fn new(tokens: &[String], scores: &[f32], kinds: &[Kind], unknown: u32, prefix: bool) -> Self {
        let mut ids = HashMap::with_capacity(tokens.len());
        let mut special: HashMap<u8, Vec<(String, u32)>> = HashMap::new();
        let mut bytes = [unknown; 256];
        for (id, (token, kind)) in tokens.iter().zip(kinds).enumerate() {
            ids.entry(token.clone()).or_insert(id as u32);
            match (kind, token.bytes().next(), byte_token(token)) {
                (Kind::Control | Kind::User, Some(first), _) => {
                    special.entry(first).or_default().push((token.clone(), id as u32));
                }
                (Kind::Byte, _, Some(byte)) => bytes[byte as usize] = id as u32,
                _ => {}
            }
        }
        special.values_mut().for_each(|list| list.sort_by_key(|(text, _)| std::cmp::Reverse(text.len())));
        Self { ids, scores: scores.to_vec(), special, bytes, prefix_space: prefix }
    }

    pub(super) fn token(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        let mut out = Vec::with_capacity(text.len() / 3);
        let (mut from, mut at) = (0, 0);
        while at < text.len() {
            let Some((found, id)) = self.special_at(&text[at..]) else {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            self.encode_plain(&text[from..at], &mut out);
            out.push(id);
            at += found;
            from = at;
        }
        self.encode_plain(&text[from..], &mut out);
        out
    }

    /// The longest special token at the start of a text: its length and number.
    fn special_at(&self, text: &str) -> Option<(usize, u32)> {
        let list = self.special.get(text.as_bytes().first()?)?;
        list.iter().find(|(token, _)| text.starts_with(token)).map(|(token, id)| (token.len(), *id))
    }

    /// A stretch between special tokens; as in llama.cpp each begins with a blank if the model wants one.
    fn encode_plain(&self, text: &str, out: &mut Vec<u32>) {
        if text.is_empty() {
            return;
        }
        let prefix = if self.prefix_space { SPACE } else { "" };
        let text = format!("{prefix}{}", text.replace(' ', SPACE));
        for piece in self.merged(&text) {
            match self.ids.get(piece) {
                Some(&id) => out.push(id),
                None => out.extend(piece.bytes().map(|b| self.bytes[b as usize])),
            }
        }
    }

    /// Cuts a text into the pieces that remain when no two neighbours can be merged.
    fn merged<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> + use<'t> {
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(i, (start, c))| Symbol { start, len: c.len_utf8(), prev: i.wrapping_sub(1), next: i + 1 })
            .collect();
        let mut queue = BinaryHeap::new();
        for right in 1..symbols.len() {
            self.propose(text, &symbols, right - 1, right, &mut queue);
        }
        while let Some(Pair { left, right, len, .. }) = queue.pop() {
            // Either half may have been merged away since the pair was proposed.
            if symbols[left].len == 0
                || symbols[right].len == 0
                || symbols[left].len + symbols[right].len != len
            {
                continue;
            }
            symbols[left].len = len;
            symbols[right].len = 0;
            let (prev, next) = (symbols[left].prev, symbols[right].next);
            symbols[left].next = next;
            if next < symbols.len() {
                symbols[next].prev = left;
                self.propose(text, &symbols, left, next, &mut queue);
            }
            if prev < symbols.len() {
                self.propose(text, &symbols, prev, left, &mut queue);
            }
        }
        symbols.into_iter().filter(|s| s.len > 0).map(move |s| &text[s.start..s.start + s.len])
    }

    fn propose(
        &self,
        text: &str,
        symbols: &[Symbol],
        left: usize,
        right: usize,
        queue: &mut BinaryHeap<Pair>,
    ) {
        let len = symbols[left].len + symbols[right].len;
        let start = symbols[left].start;
        if let Some(&id) = self.ids.get(&text[start..start + len]) {
            queue.push(Pair { score: self.scores[id as usize], left, right, len });
        }
    }
}

struct Symbol {
    start: usize,
    /// Zero once merged into its left neighbour.
    len: usize,
    prev: usize,
    next: usize,
}

struct Pair {
    score: f32,
    left: usize,
    right: usize,
    len: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}
impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Pair {}

#[cfg(test)]
mod tests {
    use super::*;

    fn spm() -> Spm {
        let tokens = ["<unk>", "<s>", "<0xC3>", "<0xA9>", "a", "b", "ab", "aba", "▁", "▁a", "<s>x"];
        let scores = [0.0, 0.0, 0.0, 0.0, -9.0, -9.0, -1.0, -2.0, -9.0, -3.0, 0.0];
        let mut kinds = [Kind::Normal; 11];
        (kinds[1], kinds[2], kinds[3], kinds[10]) = (Kind::Control, Kind::Byte, Kind::Byte, Kind::User);
        Spm::new(&tokens.map(String::from), &scores, &kinds, 0, false)
    }

    #[test]
    fn best_pair_first_then_leftmost_then_bytes() {
        let cases: [(&str, &[u32]); 7] = [
            ("", &[]),
            ("ab", &[6]),
            ("abab", &[6, 6]),
            ("aba", &[7]),
            (" a", &[9]),
            ("é", &[2, 3]),
            ("a<s>b<s>x", &[4, 1, 5, 10]),
        ];
        for (text, expected) in cases {
            assert_eq!(spm().encode(text), expected, "{text:?}");
        }
    }
}
