//! Getting models from a hub and from wheels, with a hub of our own and a pip that copies.
