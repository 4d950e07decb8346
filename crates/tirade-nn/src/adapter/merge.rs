//! Merging (draft).
