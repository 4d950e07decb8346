//! Checkpoints: everything a run needs to go on as if it had not stopped.
//!
//! A checkpoint is a directory `checkpoints/step-000120` with the adapter, AdamW's state and `state.json`. It is written beside
//! under another name and renamed when it is whole, and only then is the one before removed; so a full disk, a crash or a power
//! cut leaves the last good one. Order and dropout need no state: they are functions of seed and step.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::optim::AdamW;
use super::options::TrainOptions;
use crate::adapter::as_bytes;
use crate::quant::DType;
use crate::safetensors::{self, Safetensors};

/// What is kept besides the vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Steps done.
    pub step: usize,
    pub options: TrainOptions,
    /// Digest of the tokens and weights of all examples.
    pub examples: String,
    /// Best validation loss so far, and validations since.
    pub best: Option<f64>,
    pub waited: usize,
}

/// The moving parts of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    pub state: State,
    pub adapter: Vec<f32>,
    pub optimiser: AdamW,
    /// The adapter with the best validation loss, when stopping early is possible.
    pub best: Option<Vec<f32>>,
}

/// Where the checkpoint after `step` steps lies.
pub(crate) fn folder(output: &Path, step: usize) -> PathBuf {
    output.join("checkpoints").join(format!("step-{step:06}"))
}

/// Writes a checkpoint under `output` and returns its path.
pub(crate) fn save(output: &Path, progress: &Progress) -> Result<PathBuf, TrainError> {
    let root = output.join("checkpoints");
    let (writing, done) = (root.join("writing"), folder(output, progress.state.step));
    if writing.exists() {
        fs::remove_dir_all(&writing).map_err(|e| TrainError::io(&writing, e))?;
    }
    fs::create_dir_all(&writing).map_err(|e| TrainError::io(&writing, e))?;
    let mut parts = vec![
        ("adapter", &progress.adapter),
        ("first", &progress.optimiser.first),
        ("second", &progress.optimiser.second),
    ];
    parts.extend(progress.best.as_ref().map(|best| ("best", best)));
    let bytes: Vec<([usize; 1], Cow<[u8]>)> =
        parts.iter().map(|(_, values)| ([values.len()], as_bytes(values))).collect();
    let entries: Vec<safetensors::Entry> = parts
        .iter()
        .zip(&bytes)
        .map(|((name, _), (shape, bytes))| (*name, DType::F32, &shape[..], &bytes[..]))
        .collect();
    safetensors::write(&writing.join("state.safetensors"), &entries, &[])?;
    let json = serde_json::to_string_pretty(&progress.state).expect("plain data");
    write_synced(&writing.join("state.json"), json.as_bytes())?;
    if done.exists() {
        fs::remove_dir_all(&done).map_err(|e| TrainError::io(&done, e))?;
    }
    fs::rename(&writing, &done).map_err(|e| TrainError::io(&done, e))?;
    sync_directory(&root)?;
    for old in steps_in(&root)?.into_iter().filter(|p| *p != done) {
        fs::remove_dir_all(&old).map_err(|e| TrainError::io(&old, e))?;
    }
    Ok(done)
}

/// The newest checkpoint under `output`, if there is one.
pub(crate) fn latest(output: &Path) -> Result<Option<PathBuf>, TrainError> {
    Ok(steps_in(&output.join("checkpoints"))?.pop())
}

/// Reads a checkpoint for a run with `options` and `examples` (a digest), refusing one of another run.
pub(crate) fn load(
    path: &Path,
    options: &TrainOptions,
    examples: &str,
    len: usize,
) -> Result<Progress, TrainError> {
    let file = path.join("state.json");
    let text = fs::read(&file).map_err(|e| TrainError::io(&file, e))?;
    let damaged =
        |what: String| TrainError::io(&file, std::io::Error::new(std::io::ErrorKind::InvalidData, what));
    let state: State = serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
    if let Some(difference) = difference(&state, options, examples) {
        return Err(TrainError::OtherRun { path: path.to_owned(), difference });
    }
    let tensors = Safetensors::open(&path.join("state.safetensors"))?;
    let vector =
        |name: &str| tensors.tensor(name).map(|(_, bytes)| from_bytes(bytes)).filter(|v| v.len() == len);
    let need = |name: &str| {
        vector(name).ok_or_else(|| damaged(format!("its tensor {name} is missing or not {len} long")))
    };
    let optimiser = AdamW { first: need("first")?, second: need("second")? };
    Ok(Progress { adapter: need("adapter")?, optimiser, best: vector("best"), state })
}

/// The first option in which two runs differ so that one cannot continue the other.
fn difference(state: &State, options: &TrainOptions, examples: &str) -> Option<String> {
    if state.examples != examples {
        return Some("other examples".into());
    }
    // These change where or when things happen, not what the weights become.
    let free = ["output", "name", "checkpoint_every", "resume", "memory_limit"];
    let (old, new) = (serde_json::to_value(&state.options).ok()?, serde_json::to_value(options).ok()?);
    let differs = |(name, value): (&String, &serde_json::Value)| {
        let changed = !free.contains(&name.as_str()) && new.get(name) != Some(value);
        changed.then(|| {
            format!("{name} = {value} instead of {}", new.get(name).unwrap_or(&serde_json::Value::Null))
        })
    };
    old.as_object()?.iter().find_map(differs)
}

fn steps_in(root: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TrainError::io(root, error)),
    };
    let is_step = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("step-"));
    let mut steps: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(is_step).collect();
    steps.sort();
    Ok(steps)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let write = || {
        let mut file = fs::File::create(path)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    };
    write().map_err(|e| TrainError::io(path, e))
}

fn sync_directory(path: &Path) -> Result<(), TrainError> {
    fs::File::open(path).and_then(|d| d.sync_all()).map_err(|e| TrainError::io(path, e))
}

fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(step: usize) -> Progress {
        Progress {
            state: State {
                step,
                options: TrainOptions::default(),
                examples: "d".into(),
                best: Some(0.1 + 0.2),
                waited: 1,
            },
            adapter: vec![0.1, f32::MIN_POSITIVE, -3.0],
            optimiser: AdamW { first: vec![1.0; 3], second: vec![2.0; 3] },
            best: Some(vec![0.5; 3]),
        }
    }

    #[test]
    fn what_is_saved_comes_back_and_only_the_last_stays() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(latest(dir.path()).unwrap(), None);
        save(dir.path(), &progress(5)).unwrap();
        let path = save(dir.path(), &progress(10)).unwrap();
        assert_eq!(latest(dir.path()).unwrap(), Some(path.clone()));
        assert_eq!(steps_in(&dir.path().join("checkpoints")).unwrap().len(), 1);
        assert_eq!(load(&path, &TrainOptions::default(), "d", 3).unwrap(), progress(10));
    }

    #[test]
    fn another_run_is_refused_with_the_difference() {
        let dir = tempfile::tempdir().unwrap();
        let path = save(dir.path(), &progress(5)).unwrap();
        let message =
            |options: &TrainOptions, digest| load(&path, options, digest, 3).unwrap_err().to_string();
        assert!(message(&TrainOptions::default(), "e").contains("other examples"));
        let other = TrainOptions { rank: 8, ..Default::default() };
        assert!(message(&other, "d").contains("rank = 16 instead of 8"));
        let free =
            TrainOptions { output: "elsewhere".into(), checkpoint_every: Some(3), ..Default::default() };
        load(&path, &free, "d", 3).unwrap();
    }

    #[test]
    fn a_half_written_checkpoint_is_no_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let good = save(dir.path(), &progress(5)).unwrap();
        fs::create_dir_all(dir.path().join("checkpoints/writing")).unwrap();
        fs::write(dir.path().join("checkpoints/writing/state.json"), "{").unwrap();
        assert_eq!(latest(dir.path()).unwrap(), Some(good.clone()));
        fs::write(good.join("state.safetensors"), "short").unwrap();
        assert!(load(&good, &TrainOptions::default(), "d", 3).is_err());
    }
}
