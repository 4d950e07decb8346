//! The text of a reply as it grows: stop texts, and what may be shown already.

/// Bytes of a reply, with the stop texts that end it.
pub struct Text {
    bytes: Vec<u8>,
    stop: Vec<String>,
    /// Bytes already given out by [`Text::fresh`].
    shown: usize,
}

impl Text {
    pub fn new(stop: Vec<String>) -> Self {
        Self { bytes: Vec::new(), stop: stop.into_iter().filter(|s| !s.is_empty()).collect(), shown: 0 }
    }

    /// Adds a token's bytes; if that completes a stop text, cuts it off and returns it.
    pub fn push(&mut self, bytes: &[u8]) -> Option<String> {
        let longest = self.stop.iter().map(String::len).max().unwrap_or(0);
        let from = self.bytes.len().saturating_sub(longest);
        self.bytes.extend_from_slice(bytes);
        let find = |stop: &String| {
            let at = self.bytes[from..].windows(stop.len()).position(|w| w == stop.as_bytes())?;
            Some((from + at, stop.clone()))
        };
        let (at, stop) = self.stop.iter().filter_map(find).min_by_key(|(at, _)| *at)?;
        self.bytes.truncate(at);
        Some(stop)
    }

    /// What can be shown and was not yet: whole characters, before anything that may become a stop text. With `last`,
    /// everything.
    pub fn fresh(&mut self, last: bool) -> String {
        let mut end = self.bytes.len();
        if !last {
            let pending = |stop: &String| (1..stop.len()).rev().find(|&n| self.bytes.ends_with(&stop.as_bytes()[..n]));
            end -= self.stop.iter().filter_map(pending).max().unwrap_or(0);
            let tail = &self.bytes[self.shown.min(end)..end];
            end -= incomplete(tail);
        }
        let fresh = String::from_utf8_lossy(&self.bytes[self.shown.min(end)..end]).into_owned();
        self.shown = self.shown.max(end);
        fresh
    }

    /// All of it.
    pub fn whole(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// How many bytes at the end are the beginning of a character that may still be completed.
fn incomplete(bytes: &[u8]) -> usize {
    (1..=bytes.len().min(3))
        .find(|&n| {
            let lead = bytes[bytes.len() - n];
            let needs = match lead {
                0xC0..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF7 => 4,
                _ => 0,
            };
            needs > n
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_shown_when_no_stop_text_can_begin_in_them() {
        let mut text = Text::new(vec!["```output".into(), "END".into()]);
        let mut shown = Vec::new();
        for piece in ["a`", "``", "py", "\u{e9}x", "``", "`out"] {
            assert_eq!(text.push(piece.as_bytes()), None);
            shown.push(text.fresh(false));
        }
        assert_eq!(shown, ["a", "", "```py", "éx", "", ""]);
        assert_eq!(text.push(b"put and more"), Some("```output".into()));
        assert_eq!(text.fresh(true), "");
        assert_eq!(text.whole(), "a```pyéx");
    }

    #[test]
    fn characters_are_not_torn() {
        let mut text = Text::new(vec![]);
        let crab = "🦀".as_bytes();
        text.push(&crab[..2]);
        assert_eq!(text.fresh(false), "");
        text.push(&crab[2..]);
        assert_eq!(text.fresh(false), "🦀");
        text.push(&crab[..1]);
        assert_eq!(text.fresh(true), "\u{FFFD}");
    }
}
