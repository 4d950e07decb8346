//! The file from the hub over HTTPS, going on where an earlier download stopped.

use std::time::Duration;

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use tokio::time::timeout;

use super::LocalModel;
use super::file::Partial;
use super::pull::{Problem, Reporter, Sources};

/// A silent hub is left for the next source soon.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);

/// Downloads `model` from `repository` into `partial`.
pub async fn download(
    model: &LocalModel,
    repository: &str,
    sources: &Sources,
    partial: &mut Partial,
    report: &mut Reporter<'_>,
) -> Result<(), Problem> {
    if partial.length() > model.bytes {
        partial.truncate(0)?;
    }
    if partial.length() == model.bytes {
        return Ok(());
    }
    let url = format!("{}/{repository}/resolve/main/{}", sources.hub_url.trim_end_matches('/'), model.file);
    let mut response = request(&url, partial.length(), sources).await?;
    let resumes = response.status() == StatusCode::PARTIAL_CONTENT
        && starts_at(&response).is_some_and(|start| start == partial.length());
    if !resumes {
        partial.truncate(0)?;
    }
    loop {
        report.at(partial.length());
        let chunk =
            timeout(SILENCE, response.chunk()).await.map_err(|_| Problem::network("the hub fell silent"))?;
        let Some(chunk) = chunk.map_err(network)? else { return Ok(()) };
        partial.append(&chunk)?;
        if partial.length() > model.bytes {
            return Ok(());
        }
    }
}

/// Models may be fetched here as they are asked elsewhere in `tirade::model`, the one place that opens connections.
#[allow(clippy::disallowed_methods)]
async fn request(url: &str, from: u64, sources: &Sources) -> Result<Response, Problem> {
    let mut builder = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT);
    if let Some(proxy) = &sources.proxy {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(network)?);
    }
    let request = builder.build().map_err(network)?.get(url).header(RANGE, format!("bytes={from}-"));
    let response =
        timeout(ANSWER, request.send()).await.map_err(|_| Problem::network("the hub does not answer"))?;
    let response = response.map_err(network)?;
    match response.status() {
        status if status.is_success() => Ok(response),
        status => Err(Problem::network(&format!("the hub answers {status}"))),
    }
}

/// Where the bytes of a partial reply begin: `bytes 100-199/200`.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn network(error: reqwest::Error) -> Problem {
    let mut text = error.without_url().to_string();
    if text.starts_with("error sending request") {
        text = "the hub cannot be reached".into();
    }
    Problem::network(&text)
}
