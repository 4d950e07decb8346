//! From names to things: models, toolboxes, adapters. What is big is opened once and shared by the stages of a command.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use tirade::hash::file_digest;
use tirade::model::local::LocalModel;
use tirade::model::name::ModelName;
use tirade::model::price::{Budget, Metered, Price, Prices, Usd};
use tirade::model::remote::batch::BatchServer;
use tirade::model::remote::{Observer, RemoteConfig, RemoteModel};
use tirade::model::scripted::ScriptedModel;
use tirade::model::{Model, ModelError, Reply, Request};
use tirade::stop::Stop;
use tirade::store::Store;
use tirade::store::batch::{BatchModel, BatchOptions};
use tirade::tool::{StandardToolbox, Toolbox};
use tirade_nn::engine::EngineOptions;
use tirade_sandbox::Sandbox;

use crate::commands::solve::{ForecastArgs, ShareArgs, ToolkitArgs};
use crate::download;
use crate::home::Home;
use crate::log::Log;
use crate::work::Work;

/// A model, and what it costs.
pub struct OpenModel {
    pub model: Arc<dyn Model>,
    pub price: Option<Price>,
}

/// What has been opened so far.
pub struct Opened<'a> {
    pub home: &'a Home,
    locals: HashMap<PathBuf, Arc<LocalModel>>,
    sandbox: Option<Arc<Sandbox>>,
    /// What all remote models of this command may spend together.
    budget: Budget,
    /// Hears of failed exchanges with servers.
    log: Option<Log>,
    /// Where batches are kept, and what ends the waiting for them.
    batches: Option<(Arc<Store>, Stop)>,
}

impl<'a> Opened<'a> {
    pub fn new(home: &'a Home) -> Self {
        Self {
            home,
            locals: HashMap::new(),
            sandbox: None,
            budget: Budget::default(),
            log: None,
            batches: None,
        }
    }

    /// For a command that works on an experiment: what models cost and where they fail is told there.
    pub fn for_work(home: &'a Home, work: &Work) -> Self {
        Self {
            budget: work.budget.clone(),
            log: Some(work.log.clone()),
            batches: Some((work.store.clone(), work.stop.clone())),
            ..Self::new(home)
        }
    }

    /// Lets go of models in memory; those still used by somebody stay.
    pub fn forget(&mut self) {
        self.locals.clear();
    }

    /// Opens a model by name, with an adapter where one is given. Known local models are downloaded first.
    pub async fn model(
        &mut self,
        name: &str,
        adapter: Option<&Path>,
        share: &ShareArgs,
    ) -> anyhow::Result<OpenModel> {
        let parsed: ModelName = name.parse()?;
        if adapter.is_some() && parsed.is_remote() {
            anyhow::bail!(
                "{name}: an adapter can only be put on a local model\n  hint: serve the merged model and name that"
            );
        }
        match &parsed {
            ModelName::Script(path) => {
                anyhow::ensure!(adapter.is_none(), "{name}: a scripted model has no weights to adapt");
                Ok(OpenModel { model: Arc::new(ScriptedModel::open(path)?), price: None })
            }
            ModelName::Local(_) | ModelName::File(_) => self.local(&parsed, adapter).await,
            ModelName::Hosted { .. } | ModelName::Server { .. } => self.remote(&parsed, share),
        }
    }

    fn remote(&self, name: &ModelName, share: &ShareArgs) -> anyhow::Result<OpenModel> {
        let price = price_of(&share.price_table()?, name);
        if let Some(limit) = share.max_cost {
            anyhow::ensure!(
                price.is_some(),
                "--max-cost needs a price for {name}, and none is known\n  hint: name a file with its price (--prices FILE), leave out --max-cost, \
                 or choose another model"
            );
            self.budget.limit_to(Usd::from_dollars(limit));
        }
        let config = self.remote_config(share);
        let (model, price): (Arc<dyn Model>, Option<Price>) = match (share.batch, &self.batches) {
            (true, Some((store, stop))) => {
                let server = BatchServer::new(name, &self.home.keys, config)?;
                let price = price.map(|price| price.batched());
                let options = BatchOptions { price: price.clone(), ..BatchOptions::default() };
                (Arc::new(BatchModel::new(server, store.clone(), stop.clone(), options)), price)
            }
            _ => (Arc::new(RemoteModel::new(name, &self.home.keys, config)?), price),
        };
        let Some(price) = price else { return Ok(OpenModel { model, price: None }) };
        let metered = Metered::new(model, price.clone(), self.budget.clone());
        Ok(OpenModel { model: Arc::new(metered), price: Some(price) })
    }

    fn remote_config(&self, share: &ShareArgs) -> RemoteConfig {
        let patience = Duration::from(share.call_timeout);
        let observer = self.log.clone().map(|log| {
            let observer: Observer = Arc::new(move |exchange| log.exchange(exchange));
            observer
        });
        RemoteConfig {
            in_flight: share.concurrency.max(1),
            requests_per_minute: share.rpm,
            tokens_per_minute: share.tpm,
            try_timeout: patience,
            deadline: patience * 6,
            proxy: self.home.proxy.clone(),
            observer,
            ..RemoteConfig::default()
        }
    }

    /// A model for a forecast: without a pilot no more than the name and price of a remote one, so that no key is needed.
    pub async fn for_forecast(
        &mut self,
        name: &str,
        adapter: Option<&Path>,
        share: &ShareArgs,
        forecast: &ForecastArgs,
    ) -> anyhow::Result<OpenModel> {
        let parsed: ModelName = name.parse()?;
        if forecast.pilot > 0 || !parsed.is_remote() {
            return self.model(name, adapter, share).await;
        }
        let price = price_of(&share.price_table()?, &parsed);
        Ok(OpenModel { price, model: Arc::new(NoModel(parsed.identity())) })
    }

    async fn local(&mut self, name: &ModelName, adapter: Option<&Path>) -> anyhow::Result<OpenModel> {
        let path = self.weights(name).await?;
        let base = match self.locals.get(&path) {
            Some(base) => base.clone(),
            None => {
                let identity = format!("{}@{}", bare_name(&path), &weights_digest(&path)?[..12]);
                let opened = LocalModel::open(&path, EngineOptions::default(), &identity);
                let opened = Arc::new(opened.with_context(|| format!("cannot open {name}"))?);
                self.locals.insert(path, opened.clone());
                opened
            }
        };
        let Some(folder) = adapter else { return Ok(OpenModel { model: base, price: None }) };
        let identity = file_digest(&folder.join("adapter_model.safetensors"))
            .with_context(|| format!("cannot read the adapter in {}", folder.display()))?;
        let adapted = base
            .with_adapter(folder, &identity[..12])
            .with_context(|| format!("cannot put the adapter in {} on {name}", folder.display()))?;
        Ok(OpenModel { model: Arc::new(adapted), price: None })
    }

    /// The file or folder with the weights of a local model; downloads known ones.
    pub async fn weights(&self, name: &ModelName) -> anyhow::Result<PathBuf> {
        match name {
            ModelName::File(path) => {
                anyhow::ensure!(
                    path.exists(),
                    "there is no model at {}\n  hint: a .gguf file, or a folder with safetensors",
                    path.display()
                );
                Ok(path.clone())
            }
            ModelName::Local(known) => download::model(known, self.home).await,
            other => anyhow::bail!(
                "{other} is not in this process\n  hint: training needs local:NAME or file:PATH"
            ),
        }
    }

    /// What names the weights in a run's identity.
    pub async fn weights_identity(&self, name: &ModelName) -> anyhow::Result<String> {
        let path = self.weights(name).await?;
        Ok(format!("{}@{}", bare_name(&path), &weights_digest(&path)?[..12]))
    }

    /// The toolkits asked for; the code toolkit where none is asked for.
    pub fn toolbox(&mut self, tools: &ToolkitArgs) -> anyhow::Result<Arc<dyn Toolbox>> {
        let sandbox = self.sandbox()?;
        Ok(Arc::new(StandardToolbox::new(tools.selection(), sandbox)))
    }

    /// The sandbox; sets up its Python environment first. It starts, and shows that it holds, when there is something to be run.
    pub fn sandbox(&mut self) -> anyhow::Result<Arc<Sandbox>> {
        if let Some(sandbox) = &self.sandbox {
            return Ok(sandbox.clone());
        }
        let sandbox = Arc::new(download::sandbox(self.home)?);
        self.sandbox = Some(sandbox.clone());
        Ok(sandbox)
    }
}

/// By the name as it was given, or by what identifies the model behind servers (`server:NAME`).
fn price_of(prices: &Prices, name: &ModelName) -> Option<Price> {
    prices.of(&name.to_string()).or_else(|| prices.of(&name.identity())).cloned()
}

fn bare_name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Hash of the weights: of the file, or of every safetensors file of a folder in order.
fn weights_digest(path: &Path) -> anyhow::Result<String> {
    let read = |path: &Path| file_digest(path).with_context(|| format!("cannot read {}", path.display()));
    if path.is_file() {
        return read(path);
    }
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "safetensors"));
    files.sort();
    anyhow::ensure!(!files.is_empty(), "{} has no .safetensors files", path.display());
    let digests = files.iter().map(|file| read(file)).collect::<Result<Vec<String>, _>>()?;
    Ok(tirade::hash::digest(&digests.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// A model that is not asked: `--way rules` needs none, and a forecast without a pilot needs no more than its name.
pub struct NoModel(pub String);

impl Default for NoModel {
    fn default() -> Self {
        Self("none".into())
    }
}

#[async_trait]
impl Model for NoModel {
    fn identity(&self) -> &str {
        &self.0
    }

    async fn reply(&self, _: &Request) -> Result<Reply, ModelError> {
        Err(ModelError::Refused { model: self.0.clone(), message: "this command asks no model".into() })
    }
}
