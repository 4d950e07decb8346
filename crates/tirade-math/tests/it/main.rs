//! Integration tests of tirade-math.

mod cas;
