//! Runs untrusted Python: zygote, isolation, protocol. Knows nothing of models or mathematics.
