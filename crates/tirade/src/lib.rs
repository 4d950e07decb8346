//! The pipeline as a library: problems go in on the left, a report comes out on the right.
