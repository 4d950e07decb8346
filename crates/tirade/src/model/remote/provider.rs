//! The hosted providers we know by name, which protocol they speak, and in what their dialect of it differs.
//!
//! A new provider is a new row of [`PROVIDERS`]; a new peculiarity is a new field of [`Dialect`] and a test in `tests/it/remote`.

/// A hosted service.
#[derive(Debug, PartialEq)]
pub struct Provider {
    /// What comes before the colon of a model name.
    pub prefix: &'static str,
    /// What people call it, for errors.
    pub title: &'static str,
    pub base_url: &'static str,
    /// The environment variable that holds its key; read by the caller, never here.
    pub key_variable: &'static str,
    pub dialect: Dialect,
    /// Whether it takes batches as OpenAI does.
    pub batches: bool,
}

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// OpenAI's chat completions, which nearly everybody speaks.
    Chat,
    /// Anthropic's messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
}

impl Wire {
    /// Where a conversation is continued.
    pub(super) fn url(self, base_url: &str, model: &str) -> String {
        match self {
            Self::Chat => format!("{base_url}/chat/completions"),
            Self::Anthropic => format!("{base_url}/messages"),
            Self::Gemini => format!("{base_url}/models/{model}:generateContent"),
        }
    }
}

/// In what a server's protocol differs from the plainest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dialect {
    pub wire: Wire,
    /// The name of the field that limits the tokens of a reply.
    pub max_tokens: &'static str,
    /// The name of the field for the random seed, where there is one.
    pub seed: Option<&'static str>,
    /// Whether a tool may be marked `strict`, so that arguments keep to its schema.
    pub strict_tools: bool,
    /// Whether a past reply's reasoning may be sent back. Servers that check their input refuse fields they do not know.
    pub reasoning_back: bool,
    /// Whether tool call ids must be nine letters or digits.
    pub short_ids: bool,
    /// Whether its reasoning models (`o3`, `gpt-5` …) refuse sampling parameters.
    pub reasoning_models_fix_sampling: bool,
}

/// What vLLM, SGLang, llama.cpp, Ollama and most hosted services accept.
pub const PLAIN: Dialect = Dialect {
    wire: Wire::Chat,
    max_tokens: "max_tokens",
    seed: Some("seed"),
    strict_tools: false,
    reasoning_back: false,
    short_ids: false,
    reasoning_models_fix_sampling: false,
};

/// Self-hosted servers: as [`PLAIN`], and they read past reasoning (vLLM since January 2026 as `reasoning`, before as
/// `reasoning_content`).
pub const SELF_HOSTED: Dialect = Dialect { reasoning_back: true, ..PLAIN };

const OPENAI: Dialect = Dialect {
    max_tokens: "max_completion_tokens",
    strict_tools: true,
    reasoning_models_fix_sampling: true,
    ..PLAIN
};
const MISTRAL: Dialect = Dialect { seed: Some("random_seed"), short_ids: true, ..PLAIN };
const OPENROUTER: Dialect = Dialect { reasoning_back: true, ..PLAIN };
const WITHOUT_SEED: Dialect = Dialect { seed: None, ..PLAIN };

const ANTHROPIC: Dialect = Dialect { wire: Wire::Anthropic, ..PLAIN };
const GEMINI: Dialect = Dialect { wire: Wire::Gemini, ..PLAIN };

/// Every provider that has a prefix.
pub static PROVIDERS: &[Provider] = &[
    batching(hosted("openai", "OpenAI", "https://api.openai.com/v1", "OPENAI_API_KEY", OPENAI)),
    hosted("mistral", "Mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", MISTRAL),
    batching(hosted("groq", "Groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", PLAIN)),
    hosted("sambanova", "SambaNova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY", PLAIN),
    hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", OPENROUTER),
    hosted("together", "Together", "https://api.together.xyz/v1", "TOGETHER_API_KEY", PLAIN),
    hosted("deepseek", "DeepSeek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", WITHOUT_SEED),
    hosted("anthropic", "Anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY", ANTHROPIC),
    hosted("gemini", "Gemini", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY", GEMINI),
];

const fn hosted(
    prefix: &'static str,
    title: &'static str,
    base_url: &'static str,
    key_variable: &'static str,
    dialect: Dialect,
) -> Provider {
    Provider { prefix, title, base_url, key_variable, dialect, batches: false }
}

const fn batching(provider: Provider) -> Provider {
    Provider { batches: true, ..provider }
}

impl Dialect {
    /// Whether requests for `model` must leave temperature, nucleus, seed and stop texts out.
    pub fn fixes_sampling(&self, model: &str) -> bool {
        let reasons = |family| model.starts_with(family);
        self.reasoning_models_fix_sampling && ["o1", "o3", "o4", "gpt-5"].into_iter().any(reasons)
    }
}
