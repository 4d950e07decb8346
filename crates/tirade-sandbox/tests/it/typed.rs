//! Typed workers: JSON in, JSON out.

use crate::sandbox;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tirade_sandbox::{Limits, ResultCache, SandboxError, Status};

const HANDLER: &str = "
import sympy
def handle(request):
    if request.get('loop'):
        while True: pass
    if request.get('raise'):
        raise ValueError(request['raise'])
    if 'echo' in request:
        return {'echo': request['echo']}
    x = sympy.Symbol('x')
    return {'result': [str(root) for root in sympy.solve(x**2 - request['square'], x)]}
";

#[test]
fn json_goes_in_and_out() {
    let Some(sandbox) = sandbox() else { return };
    let worker = sandbox.typed(HANDLER);
    let limits = Limits::default();
    let result = worker.call(&json!({"square": 4}), &limits).unwrap();
    assert_eq!((result.status, result.json), (Status::Ok, Some(json!({"result": ["-2", "2"]}))));
    let odd = json!({"echo": [1, 2.5, null, "é\n\u{0}\"", {"a": true}, i64::MAX]});
    assert_eq!(worker.call(&odd, &limits).unwrap().json, Some(odd));
}

#[test]
fn a_known_request_is_answered_from_the_cache() {
    let Some(sandbox) = sandbox() else { return };
    let worker = sandbox.typed(HANDLER).with_cache(Arc::new(ResultCache::new(1 << 20)));
    let limits = Limits::default();
    let first = worker.call(&json!({"square": 16, "b": 1}), &limits).unwrap();
    let again = worker.call(&json!({"b": 1, "square": 16}), &limits).unwrap();
    assert_eq!((first.cached, again.cached, first.json), (false, true, again.json));
    assert!(!worker.call(&json!({"square": 25, "b": 1}), &limits).unwrap().cached);
}

#[test]
fn a_bad_call_does_not_harm_the_next() {
    let Some(sandbox) = sandbox() else { return };
    let worker = sandbox.typed(HANDLER);
    let limits = Limits::default().within(Duration::from_millis(300));
    let raised = worker.call(&json!({"raise": "no"}), &limits).unwrap();
    assert_eq!(raised.status, Status::Error);
    assert!(raised.error.starts_with("ValueError: no"), "{}", raised.error);
    assert_eq!(worker.call(&json!({"loop": true}), &limits).unwrap().status, Status::Timeout);
    let next = worker.call(&json!({"square": 9}), &Limits::default()).unwrap();
    assert_eq!(next.json, Some(json!({"result": ["-3", "3"]})));
}

#[test]
fn a_handler_that_does_not_load_is_an_error() {
    let Some(sandbox) = sandbox() else { return };
    let error = sandbox.typed("def handle(request) return 1").prepare().err();
    assert!(matches!(error, Some(SandboxError::Handler(_))), "{error:?}");
}

#[test]
fn workers_serve_many_threads_and_are_recycled() {
    let Some(sandbox) = sandbox() else { return };
    let worker = sandbox.typed(
        "calls = 0\ndef handle(request):\n    global calls\n    calls += 1\n    return [request, calls]",
    );
    let highest = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let worker = worker.clone();
                scope.spawn(move || {
                    (0..200)
                        .map(|call| {
                            let request = json!([thread, call]);
                            let reply = worker.call(&request, &Limits::default()).unwrap().json.unwrap();
                            assert_eq!(reply[0], request);
                            reply[1].as_u64().unwrap()
                        })
                        .max()
                        .unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
    });
    assert!(highest <= u64::from(sandbox.config().typed_recycle), "{highest}");
}
