//! The `peyvand` command.
fn main() {}
