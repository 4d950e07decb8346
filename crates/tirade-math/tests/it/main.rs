//! Tables of answers through the public interface.
mod completions;
mod pairs;
mod parsing;
mod properties;
mod statements;
