//! Typed tool calls without a derivation of their own: explained from the arguments and the result, where `tirade-math` can check it.

/// The steps of a typed call, or why there are none.
///
/// # Errors
/// What no rule explains.
pub fn explain(name: &str, _arguments: &str, _result: &str) -> Result<String, String> {
    Err(format!("no rule explains the tool {name}"))
}
