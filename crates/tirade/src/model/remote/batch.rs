//! OpenAI's Batch protocol: a file of requests goes up, a job works on it within a day at half the price, files of replies come down.
//!
//! The main type is [`BatchServer`]. It knows the protocol and nothing of who asks or where replies are kept: that is
//! [`crate::store::batch`].

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::config::RemoteConfig;
use super::exchange::{Answer, Client};
use super::failure::{Failure, classify};
use super::retry::Jitter;
use super::{Dialect, Keys, Target, decode, encode};
use crate::model::name::ModelName;
use crate::model::{ModelError, Reply, Request};

/// A server that takes batches.
pub struct BatchServer {
    identity: String,
    model: String,
    base_url: String,
    dialect: Dialect,
    client: Client,
    config: RemoteConfig,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    Running,
    /// No more replies will come; files with those that did.
    Ended {
        files: Vec<String>,
    },
    /// The provider did not accept the job.
    Failed {
        message: String,
    },
}

impl BatchServer {
    /// Asks no server yet.
    ///
    /// # Errors
    /// Where the name is of no remote model, its provider has no such protocol, or its key is missing.
    pub fn new(name: &ModelName, keys: &Keys, config: RemoteConfig) -> Result<Self, ModelError> {
        let target = Target::of(name, keys)?;
        if !target.batches {
            return Err(ModelError::Unusable {
                model: target.identity,
                message: "this provider has no batches as OpenAI has them".into(),
                hint: "leave --batch out, or name a model of openai: or groq:".into(),
            });
        }
        let client = target.client(&config)?;
        let Target { identity, model, mut base_urls, dialect, .. } = target;
        Ok(Self { identity, model, base_url: base_urls.swap_remove(0), dialect, client, config })
    }

    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// One line of a batch's file. `id` comes back with the reply.
    pub fn line(&self, id: &str, request: &Request) -> String {
        let body = encode::body(&self.model, &self.dialect, request, false);
        format!(
            "{{\"custom_id\":{},\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{body}}}\n",
            json!(id)
        )
    }

    /// Sends the lines as a job that carries our `tag`. Gives the provider's id of it.
    ///
    /// A job is never made twice: where it is not known whether the provider heard us, it is asked for the tag first.
    pub async fn submit(&self, lines: String, tag: &str) -> Result<String, ModelError> {
        let file = self.upload(lines, tag).await?;
        let job = json!({
            "input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"tirade": tag},
        });
        let mut tries = 0;
        let mut jitter = Jitter(super::hash(tag));
        loop {
            tries += 1;
            match self
                .try_json(Method::POST, "batches", Some(job.to_string().into()), "application/json")
                .await
            {
                Ok(created) => return self.id_of(&created),
                Err(failure) if failure.is_transient() && tries < self.config.retry.tries => {
                    sleep(self.config.retry.wait(tries, None, &mut jitter)).await;
                }
                Err(failure) => return Err(failure.into_error(&self.identity, tries)),
            }
            if let Some(job) = self.find(tag).await? {
                return Ok(job);
            }
        }
    }

    async fn upload(&self, lines: String, tag: &str) -> Result<String, ModelError> {
        let boundary = format!("tirade-{tag}");
        let part = |head: &str, body: &str| {
            format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
        };
        let file = "name=\"file\"; filename=\"batch.jsonl\"\r\nContent-Type: application/jsonl";
        let body = part("name=\"purpose\"", "batch") + &part(file, &lines) + &format!("--{boundary}--\r\n");
        let kind = format!("multipart/form-data; boundary={boundary}");
        let uploaded = self.json(Method::POST, "files", Some(body.into()), &kind).await?;
        self.id_of(&uploaded)
    }

    /// The job with our `tag`, if there is one.
    pub async fn find(&self, tag: &str) -> Result<Option<String>, ModelError> {
        let mut after = String::new();
        loop {
            let page = self.json(Method::GET, &format!("batches?limit=100{after}"), None, "").await?;
            let jobs = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(found) = jobs.iter().find(|job| job["metadata"]["tirade"] == tag) {
                return self.id_of(found).map(Some);
            }
            match jobs.last().and_then(|last| last["id"].as_str()).filter(|_| page["has_more"] == true) {
                Some(last) => after = format!("&after={last}"),
                None => return Ok(None),
            }
        }
    }

    pub async fn job(&self, id: &str) -> Result<Job, ModelError> {
        let job = self.json(Method::GET, &format!("batches/{id}"), None, "").await?;
        Ok(match job["status"].as_str().unwrap_or("") {
            "failed" => Job::Failed { message: decode::excerpt(&job["errors"].to_string()) },
            "completed" | "expired" | "cancelled" => {
                let file = |field: &str| job[field].as_str().map(str::to_owned);
                Job::Ended {
                    files: ["output_file_id", "error_file_id"].into_iter().filter_map(file).collect(),
                }
            }
            _ => Job::Running,
        })
    }

    /// The replies in a file of results, each with the id of its request. Lines that cannot be read are left out: their requests count as
    /// not answered.
    pub async fn results(&self, file: &str) -> Result<Vec<(String, Result<Reply, Failure>)>, ModelError> {
        let answer = self.whole(Method::GET, &format!("files/{file}/content"), None, "").await?;
        Ok(answer.body.lines().filter_map(result).collect())
    }

    fn id_of(&self, value: &Value) -> Result<String, ModelError> {
        value["id"].as_str().map(str::to_owned).ok_or_else(|| ModelError::Refused {
            model: self.identity.clone(),
            message: format!("the reply has no id: {}", decode::excerpt(&value.to_string())),
        })
    }

    async fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        kind: &str,
    ) -> Result<Value, ModelError> {
        let answer = self.whole(method, path, body, kind).await?;
        read(&answer).map_err(|failure| failure.into_error(&self.identity, 1))
    }

    async fn try_json(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        kind: &str,
    ) -> Result<Value, Failure> {
        read(&self.once(method, path, body, kind).await?)
    }

    /// A reply that is whole, tried as often as it takes.
    async fn whole(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        kind: &str,
    ) -> Result<Answer, ModelError> {
        let mut jitter = Jitter(super::hash(path));
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(method.clone(), path, body.clone(), kind).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Transient { wait, .. }) if tries < self.config.retry.tries => {
                    sleep(self.config.retry.wait(tries, wait, &mut jitter)).await;
                }
                Err(failure) => return Err(failure.into_error(&self.identity, tries)),
            }
        }
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        kind: &str,
    ) -> Result<Answer, Failure> {
        let mut request = self.client.request(method, &format!("{}/{path}", self.base_url));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let answer = self.client.send(request, false).await;
        answer.text()?;
        Ok(answer)
    }
}

fn read(answer: &Answer) -> Result<Value, Failure> {
    serde_json::from_str(&answer.body).map_err(|error| decode::broken(&error, &answer.body))
}

/// One line of a file of results: a reply, a refusal, or an error of the batch itself.
fn result(line: &str) -> Option<(String, Result<Reply, Failure>)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let id = line["custom_id"].as_str()?.to_owned();
    let response = &line["response"];
    let status = response["status_code"].as_u64().and_then(|status| u16::try_from(status).ok());
    let result = match status {
        Some(200..300) => decode::reply(&response["body"].to_string(), &[]),
        Some(status) => Err(classify(status, &response["body"].to_string())),
        None => Err(Failure::broken(decode::excerpt(&line["error"].to_string()))),
    };
    Some((id, result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_results() {
        let reply = json!({"custom_id": "a", "response": {"status_code": 200, "body": {"choices": [{"message": {"content": "4"}}]}}});
        let refused =
            json!({"custom_id": "b", "response": {"status_code": 400, "body": {"error": {"message": "no"}}}});
        let expired = json!({"custom_id": "c", "response": null, "error": {"code": "batch_expired"}});
        let read = |line: &Value| result(&line.to_string()).unwrap();
        assert_eq!(read(&reply).1.unwrap().text, "4");
        assert!(matches!(read(&refused).1, Err(Failure::Refused { .. })));
        assert!(read(&expired).1.unwrap_err().is_transient());
        assert_eq!((result("{}").is_none(), result("x").is_none()), (true, true));
    }
}
