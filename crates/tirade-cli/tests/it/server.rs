//! `tirade mock-server` as a process of a test, and what it says about itself.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::command::Place;

/// A server with the place's `script.jsonl`, ended with it.
pub struct Server {
    child: Child,
    /// As a model's name.
    pub url: String,
}

/// What the server knows of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Request {
    pub asked: u64,
    pub answered: u64,
}

impl Server {
    pub fn start(place: &Place, more: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", place, more)
    }

    /// At an address; port 0 takes a free one.
    pub fn start_at(address: &str, place: &Place, more: &[&str]) -> Self {
        let fixed = ["mock-server", "--script", "script.jsonl", "--listen", address];
        let mut command = place.command(&[&fixed[..], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            line.ok()?.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        Self { child, url: url.expect("the server says where it listens") }
    }

    fn get(&self, path: &str) -> Value {
        let address = self.address();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://").split('/').next().unwrap()
    }

    pub fn stats(&self, field: &str) -> u64 {
        self.get("/stats")[field].as_u64().unwrap()
    }

    /// Every request by the id of its reply, once the server is done with those of a process that is gone.
    pub fn requests(&self) -> BTreeMap<String, Request> {
        while self.stats("in_flight") > 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let number = |value: &Value, field: &str| value[field].as_u64().unwrap();
        let request =
            |value: &Value| Request { asked: number(value, "asked"), answered: number(value, "answered") };
        self.get("/requests")
            .as_object()
            .unwrap()
            .iter()
            .map(|(id, value)| (id.clone(), request(value)))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
