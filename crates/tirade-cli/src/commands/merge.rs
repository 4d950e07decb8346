//! `tirade models merge`: a base model and an adapter become one model that needs no adapter.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use tirade_nn::adapter::merge::{Format, Parity, merge, parity};
use tirade_nn::quant::DType;

use crate::home::Home;
use crate::open::Opened;
use crate::work::Work;

/// What the merged and the adapted model are compared on.
const PROMPTS: [&str; 5] = [
    "What is 17 * 23?",
    "Solve for x: 3x + 5 = 20. Show your work.",
    "The sum of the first 10 positive integers is",
    "Two angles of a triangle measure 40 and 60 degrees. The third",
    "Let $f(x) = x^2 - 4$. Then $f(3) =",
];

/// Fold an adapter into its base model: as a GGUF file where the output's name ends in .gguf (llama.cpp and its relatives read it), else as a
/// folder in the hub's layout (transformers, vLLM). Both are then asked the same prompts; if their logits differ by more than a
/// twentieth of what the adapter changes, the command fails and says by how much.
#[derive(Args, Clone, Debug)]
pub struct MergeArgs {
    /// The base model: `local:NAME`, `file:model.gguf`, or `file:` and a folder with safetensors
    #[arg(long)]
    pub model: String,
    /// The adapter: a folder, a train run, or `latest`
    #[arg(long, default_value = "latest")]
    pub adapter: String,
    /// A .gguf file, or a folder; it must not exist yet
    #[arg(long)]
    pub output: PathBuf,
    /// How matrices are stored: f32, f16 (both), bf16 (folders), q8_0 (GGUF)
    #[arg(long, value_enum, default_value_t = Stored::F16)]
    pub dtype: Stored,
}

/// Storage types that both directions know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Stored {
    F32,
    F16,
    Bf16,
    #[value(name = "q8_0")]
    Q8,
}

pub async fn run(args: MergeArgs, dir: &Path, home: &Home) -> anyhow::Result<()> {
    anyhow::ensure!(
        !args.output.exists(),
        "{} is there already\n  hint: choose another --output, or remove it first",
        args.output.display()
    );
    let adapter = adapter(&args.adapter, dir)?;
    let base = Opened::new(home).weights(&args.model.parse()?).await?;
    merge(&base, &adapter, &args.output, format(&args.output, args.dtype))?;
    let parity = parity(&base, &adapter, &args.output, &PROMPTS)?;
    println!("written to {}", args.output.display());
    println!("{}", told(&parity));
    anyhow::ensure!(
        parity.holds(),
        "{} does not stand for the adapted model: it differs too much\n  hint: --dtype f16 or f32 keeps more",
        args.output.display()
    );
    Ok(())
}

fn adapter(name: &str, dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from(name);
    if folder.join("adapter_config.json").is_file() {
        return Ok(folder);
    }
    Work::existing(dir)?.adapter_folder(name)
}

fn format(output: &Path, stored: Stored) -> Format {
    let dtype = match stored {
        Stored::F32 => DType::F32,
        Stored::F16 => DType::F16,
        Stored::Bf16 => DType::BF16,
        Stored::Q8 => DType::Q8_0,
    };
    let gguf = output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"));
    if gguf { Format::Gguf(dtype) } else { Format::Hub(dtype) }
}

fn told(parity: &Parity) -> String {
    format!(
        "logits after {} prompts differ by at most {:.4} from base and adapter (logits up to {:.1}, which the adapter changes by up to {:.2}); \
         another likeliest token after {}",
        parity.prompts, parity.max_difference, parity.max_logit, parity.adapter_effect, parity.other_token
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outputs_name_decides_the_format() {
        for (name, stored, want) in [
            ("m.gguf", Stored::Q8, Format::Gguf(DType::Q8_0)),
            ("dir/M.GGUF", Stored::F16, Format::Gguf(DType::F16)),
            ("merged", Stored::Bf16, Format::Hub(DType::BF16)),
            ("merged.v2", Stored::F32, Format::Hub(DType::F32)),
        ] {
            assert_eq!(format(Path::new(name), stored), want, "{name}");
        }
    }
}
